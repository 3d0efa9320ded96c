"""What a person does on the page, in either language, step by step as the founding document has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from tests.acceptance.service.server import Server

WORDS = {
    "run": {"en": "Run forecast", "id": "Jalankan Forecast"},
    "completed": {"en": "Completed", "id": "Selesai"},
    "rolled back": {"en": "Rolled back", "id": "Dibatalkan seluruhnya"},
    "ready": {"en": "The forecast is ready", "id": "Forecast sudah siap"},
    "download": {"en": "Download the forecast (CSV)", "id": "Download Hasil (CSV)"},
    "fix": {"en": "Fix and retry", "id": "Perbaiki & coba lagi"},
    "stop": {"en": "Stop batch", "id": "Hentikan Batch"},
    "stopped": {"en": "Stopped", "id": "Dihentikan"},
    "analysis": {"en": "Batch Analysis", "id": "Analisis Batch"},
    "failed": {"en": "1 Partition(s) Failed/Timeout", "id": "1 Partisi Gagal/Timeout"},
    "because": {
        "en": "Batch rolled back due to partition failures",
        "id": "Batch dibatalkan (rollback) karena kegagalan partisi",
    },
    "from checkpoint": {"en": "from checkpoint", "id": "dari checkpoint"},
    "order": {"en": "Work out the orders", "id": "Hitung pesanan"},
    "order from history": {"en": "Use the stock of the history", "id": "Pakai stok dari riwayat"},
    "change reading": {"en": "Change how this file is read", "id": "Ubah cara membaca file ini"},
    "reread": {"en": "Change how it is read", "id": "Ubah cara membacanya"},
    "read so": {"en": "Read the file this way", "id": "Baca file dengan cara ini"},
    "choose its columns": {"en": "Choose its columns first", "id": "Tentukan kolomnya dulu"},
}
SECONDS_OF_A_BATCH = 180_000


class Reader:
    """A person at a page of a server."""

    def __init__(self, page: Page, language: str, server: Server) -> None:
        self.page = page
        self.language = language
        self.server = server

    def word(self, name: str) -> str:
        """What the page says for this."""
        return WORDS[name][self.language]

    def choose(self, file: Path) -> None:
        """Choose a file, and wait until the page says what it holds."""
        self.page.set_input_files("#file", file)
        self.page.wait_for_url("**/files/*")

    @property
    def switch(self) -> Locator:
        """Auto Batch Processing."""
        return self.page.get_by_role("switch", name="Auto Batch Processing")

    def turn(self, *, on: bool) -> None:
        """Put the switch, and wait until the plan follows."""
        if self.switch.is_checked() != on:
            with self.page.expect_response("**/analysis"):
                self.switch.set_checked(on)

    def set(self, setting: str, value: str) -> None:
        """Fill in one of the advanced settings, and wait until the plan follows."""
        field = self.page.locator(f"#set-{setting}")
        if not field.is_visible():
            self.open_advanced()
        with self.page.expect_response("**/analysis"):
            field.fill(value)
            field.blur()

    def map(self, ours: str, name: str) -> None:
        """Choose a column of the file in the mapping step, and wait until the preview follows."""
        with self._previewed():
            self.page.locator(f"#pick-{ours}").select_option(f"{ours}={name}")

    def choose_rows(self, column: str, *values: str) -> None:
        """Choose rows by the values of a column, and wait until the preview follows."""
        with self._previewed():
            self.page.locator("#filter-column").select_option(column)
        for value in values:
            with self._previewed():
                self.page.get_by_role("checkbox", name=re.compile(rf"^{re.escape(value)}\b")).check()

    def choose_in_step(self, field: str, value: str) -> None:
        """Choose how dates, numbers or the sign are read, and wait until the preview follows."""
        if not self.page.locator(f"#set-{field}").is_visible():
            self.page.locator(".mapping-reading > summary").click()
        with self._previewed():
            self.page.locator(f"#set-{field}").select_option(value)

    def leave_out(self, period: str) -> None:
        """Uncheck a column among the periods of a wide table."""
        with self._previewed():
            self.page.get_by_role("checkbox", name=re.compile(rf"^{re.escape(period)}\b")).uncheck()

    def read_so(self) -> None:
        """Have the whole file read as was chosen."""
        self.page.get_by_role("button", name=self.word("read so")).click()
        self.page.locator("#checked").wait_for()

    @contextmanager
    def _previewed(self) -> Iterator[None]:
        with self.page.expect_response(lambda answer: "/mapping" in answer.url):
            yield
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)

    def open_advanced(self) -> None:
        """Unfold the settings that are seldom needed."""
        for group in self.page.locator(".group:not([open]) > summary").all()[::-1]:
            group.click()

    def run(self) -> str:
        """Press the one button; the id of the batch."""
        self.page.get_by_role("button", name=self.word("run")).click()
        self.page.wait_for_url(re.compile(r"/batches/[0-9a-f]{32}$"))
        return self.batch_id

    @property
    def batch_id(self) -> str:
        """Of the batch on the page."""
        return self.page.url.split("/batches/")[1][:32]

    @property
    def head(self) -> Locator:
        """Name and state of the batch."""
        return self.page.locator(".batch-head")

    @property
    def rows(self) -> Locator:
        """The partitions."""
        return self.page.locator("tr[data-partition]")

    def await_state(self, name: str) -> None:
        """Wait until the page, untouched, says that the batch stands so."""
        expect(self.head).to_contain_text(self.word(name), timeout=SECONDS_OF_A_BATCH)

    def figure(self, label: str) -> str:
        """A figure of a card by its label."""
        place = self.page.locator("dl.stats > div", has=self.page.get_by_text(label, exact=True)).first
        return place.locator("dd").inner_text()

    def order(self, stock: Path) -> None:
        """Send a stock file, and wait for the orders."""
        self.page.set_input_files("#file", stock)
        self.page.get_by_role("button", name=self.word("order")).click()
        expect(self.page.locator("#next-title")).to_be_visible(timeout=SECONDS_OF_A_BATCH)

    def order_from_history(self) -> None:
        """Choose the stock that the history carries, and wait for the orders."""
        self.page.get_by_role("button", name=self.word("order from history")).click()
        expect(self.page.locator("#next-title")).to_be_visible(timeout=SECONDS_OF_A_BATCH)

    def download(self) -> list[str]:
        """The lines of the forecast."""
        with self.page.expect_download() as found:
            self.page.get_by_role("button", name=self.word("download")).or_(
                self.page.get_by_role("link", name=self.word("download"))
            ).first.click()
        return Path(found.value.path()).read_text(encoding="utf-8-sig").splitlines()

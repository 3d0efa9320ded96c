"""Stock is answered on a phone with what to order and what to buy next, and the tables are saved."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.acceptance.page.reader import Reader
from tests.plugins.browser import PHONE, barriers

SAID = {
    "en": ("What to order", "Next units to buy", "Promised", "The whole list"),
    "id": ("Yang perlu dipesan", "Unit berikutnya yang dibeli", "Dijanjikan", "Seluruh daftar"),
}


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_phone_sends_the_stock_and_saves_the_list(open_page, site, lumpy_file, stock_file, language):
    what, following, promised, whole = SAID[language]
    batch_id = site.client.accepted(lumpy_file.read_bytes(), name=lumpy_file.name, horizon=3)
    assert site.client.await_end(batch_id)["status"] == "COMPLETED"
    page = open_page(f"{site.page}/batches/{batch_id}/results", language=language, size=PHONE)
    reader = Reader(page, language, site)

    page.get_by_role("button", name=what).click()
    reader.order(stock_file)

    expect(page.locator("#next-title")).to_have_text(following)
    expect(page.locator("#orders")).to_contain_text(promised)
    expect(page.locator("#orders [role=note]")).to_contain_text("X (Mars)")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert barriers(page) == []
    shown = page.locator("[aria-labelledby=next-title] tbody th a").first.inner_text()
    with page.expect_download() as saved:
        page.get_by_role("button", name=f"{whole}").first.click()
    rows = list(csv.DictReader(Path(saved.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0]["rank"] == "1"
    assert shown in rows[0]["partnumber"]
    assert len(rows) >= page.locator("[aria-labelledby=next-title] tbody tr").count()


LATEST = {"en": "Stock is taken from the latest of", "id": "Stok diambil dari yang terakhir di antara"}


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_phone_orders_from_the_stock_that_the_history_carries(open_page, site, carrying_file, language):
    batch_id = site.client.accepted(carrying_file.read_bytes(), name=carrying_file.name, horizon=3)
    assert site.client.await_end(batch_id)["status"] == "COMPLETED"
    page = open_page(f"{site.page}/batches/{batch_id}/orders", language=language, size=PHONE)
    reader = Reader(page, language, site)
    assert barriers(page) == []

    reader.order_from_history()

    expect(page.locator("#orders [role=note]").first).to_contain_text(LATEST[language])
    expect(page.locator("#orders")).to_contain_text(SAID[language][2])
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert barriers(page) == []
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").last.click()
    rows = list(csv.DictReader(Path(saved.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 24
    assert {row["on_hand"] for row in rows} <= {"0", "1", "2", "3"}

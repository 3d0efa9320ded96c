"""A real browser for tests: Debian's chromium, driven by Playwright; an error of a page fails its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.plugins.debian import find_chromium, skip_or_fail

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

PHONE = (390, 844)
TABLET = (800, 1000)
WIDE = (1280, 900)
SCREEN = (1920, 1080)
# What the short run walks in Indonesian, as planners do, the long one walks in English too.
LANGUAGES = ["id", pytest.param("en", marks=pytest.mark.long)]
_SECONDS = 60  # for what comes in a moment unless the machine is busy; a test that passes does not wait them
_LOCALES = {"en": "en-GB", "id": "id-ID"}
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class NoChromium(Exception):
    """The browser is not on this machine and cannot be installed."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, one for all tests of a process."""
    try:
        path = _find_chromium()
    except NoChromium as missing:
        skip_or_fail(str(missing))
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * _SECONDS)
    with sync_playwright() as playwright:
        # Its sandbox does not start as root, and it visits our own pages alone; a graphics card would be emulated.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, each as a reader of its own; no page may have an error or a request to another host."""
    watched: list[_Watched] = []

    def open_one(
        url: str,
        *,
        language: str = "en",
        theme: str = "light",
        size: tuple[int, int] = WIDE,
        javascript: bool = True,
        **options: Any,
    ) -> Page:
        context = chromium.new_context(
            locale=_LOCALES[language],
            color_scheme=theme,  # type: ignore[arg-type]
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=javascript,
            accept_downloads=True,
            **options,
        )
        context.set_default_timeout(1000 * _SECONDS)
        page = context.new_page()
        watched.append(_Watched(page, urlsplit(url).netloc))
        page.goto(url)
        return page

    yield open_one
    for one in watched:
        one.page.context.close()
    assert [error for one in watched for error in one.errors] == []


class _Watched:
    """Records the errors of a page."""

    def __init__(self, page: Page, host: str) -> None:
        self.page = page
        self._host = host
        self.errors: list[str] = []
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.errors.append(f"error: {error}"))
        page.on("request", self._note_request)
        page.on("dialog", self._note_dialog)

    def _note_message(self, message: ConsoleMessage) -> None:
        # A refused answer is for the test to judge; a page that is left breaks off what it was loading.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(f"console: {message.text}")

    def _note_dialog(self, dialog: Dialog) -> None:
        # No script of ours opens one, so a foreign script ran.
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note_request(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme not in ("data", "blob") and place.netloc != self._host:
            self.errors.append(f"another host: {request.url}")


def barriers(page: Page) -> list[str]:
    """Barriers to accessibility that axe finds on a page: one line for each rule that is broken, with where."""
    import axe_playwright_python

    script = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
    page.evaluate(script.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", _RULES)
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found["violations"]
        for node in one["nodes"][:3]
    ]


def _find_chromium() -> str:
    """The program; as root it is installed where it is missing."""
    found = find_chromium()
    if found is None:
        raise NoChromium("chromium is not installed: run `apt-get install chromium`")
    return found

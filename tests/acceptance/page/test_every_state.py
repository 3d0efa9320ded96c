"""Every state of every page: no barrier to accessibility, nothing cut off; `make screenshots` takes its picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.acceptance.page import states
from tests.acceptance.page.reader import Reader
from tests.plugins.browser import PHONE, SCREEN, TABLET, WIDE, barriers

from batchcast.app.installation.tokens import Role, new_token

pytestmark = pytest.mark.long

SCREENSHOTS = os.environ.get("SCREENSHOTS")  # folder; nothing is kept without it
LOOKS = [(size, theme) for size in (WIDE, PHONE, SCREEN) for theme in ("light", "dark")]
LOOKS.append((TABLET, "light"))
NAMES = {WIDE: "wide", PHONE: "phone", SCREEN: "screen", TABLET: "tablet"}
# Searching for barriers takes a while: between them the languages have both themes and both widths.
SEARCHED = {"en": (WIDE, "light"), "id": (PHONE, "dark")}


@pytest.fixture(params=["en", "id"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_dashboard(reader, files):
    look_at_all(reader, states.of_the_dashboard(reader, files))


def test_the_mapping_step(reader, files):
    look_at_all(reader, states.of_the_mapping_step(reader, files))


def test_a_batch(reader, files):
    look_at_all(reader, states.of_a_batch(reader, files))


def test_results(reader, files):
    look_at_all(reader, states.of_results(reader, files))


def test_help(reader):
    look_at_all(reader, states.of_help(reader))


def test_access(open_page, make_server, language):
    viewer, first = new_token("ani", Role.VIEWER)
    admin, second = new_token("budi", Role.ADMIN)
    server = make_server(tokens=f"{first},{second}").start()
    reader = Reader(open_page(server.page, language=language), language, server)

    look_at_all(reader, states.of_access(reader, viewer, admin))


def look_at_all(reader: Reader, found: Iterator[str]) -> None:
    """Look at each state in its looks; everything that is wrong is told, not only the first."""
    searched = SEARCHED[reader.language]
    others = [(size, searched[1]) for size in (WIDE, TABLET, PHONE) if size != searched[0]]
    looks = LOOKS if SCREENSHOTS else [searched, *others]
    wrong = []
    for name in found:
        for size, theme in looks:
            show(reader.page, size, theme)
            told = shortcomings(reader.page, is_searched=(size, theme) == searched)
            wrong += [f"{name}, {theme}, {size}: {one}" for one in told]
            if SCREENSHOTS:
                path = Path(SCREENSHOTS) / reader.language / f"{name}-{NAMES[size]}-{theme}.png"
                take_picture(reader.page, path, size)
        show(reader.page, WIDE, "light")
    assert wrong == []


def show(page: Page, size: tuple[int, int], theme: str) -> None:
    """Show the page so."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # a change of colours takes a while
    if page.viewport_size != {"width": size[0], "height": size[1]}:
        page.set_viewport_size({"width": size[0], "height": size[1]})


def take_picture(page: Page, path: Path, size: tuple[int, int]) -> None:
    """Of the whole page, as a window of its height would show it: what sticks to the window's edge is at the edge."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size[0], "height": max(height, size[1])})
    page.screenshot(path=path, caret="initial")  # hiding it would be an inline style, which the page does not allow
    page.set_viewport_size({"width": size[0], "height": size[1]})


# Tables in sight that reach beyond what they stand in: their figures show only after a scroll to the side.
CUT_OFF = """() => [...document.querySelectorAll("main table")]
  .filter(table => table.checkVisibility() && !table.matches(".hidden-visually"))
  .filter(table => {
    const around = table.closest(".card, .alert, main");
    return table.getBoundingClientRect().right > around.getBoundingClientRect().right + 1;
  })
  .map(table => table.outerHTML.slice(0, 80))"""


def shortcomings(page: Page, *, is_searched: bool) -> list[str]:
    """What is wrong with the page as it is shown."""
    wanted, there = page.evaluate("[innerWidth, document.documentElement.scrollWidth]")
    found = [f"it is {there} wide and has {wanted}"] if there > wanted else []
    found += [f"a table is cut off: {one}" for one in page.evaluate(CUT_OFF)] if wanted == PHONE[0] else []
    return found + (barriers(page) if is_searched else [])

"""The page where a forecast begins: what was typed stays."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.acceptance.page.reader import Reader
from tests.acceptance.page.states import UNKNOWN_COLUMNS

TYPED = {"horizon": "6", "service_level": "0.98", "rounding": "ceiling", "number_style": "point", "seed": "7"}


def test_what_was_typed_survives_every_upload(open_page, site, small_file, unknown_file):
    reader = Reader(open_page(site.page), "en", site)
    page = reader.page
    reader.switch.check()
    type_in(page, TYPED)
    page.locator("#set-seed").blur()
    page.wait_for_url("**seed=7**")
    page.reload()
    assert held(reader) == TYPED | {"switch": True}

    reader.choose(small_file)
    assert held(reader) == TYPED | {"switch": True}
    page.reload()
    assert held(reader) == TYPED | {"switch": True}
    page.locator("[formaction$='/discard']").click()
    page.wait_for_url("**/?*")
    assert held(reader) == TYPED | {"switch": True}

    reader.choose(unknown_file)  # no column is known
    page.locator("#step").wait_for()
    for ours, name in UNKNOWN_COLUMNS.items():
        reader.map(ours, name)
    reader.choose_in_step("date_order", "day_first")
    reader.read_so()
    assert held(reader) == TYPED | {"switch": True}
    expect(page.locator("#checked")).to_contain_text("198")
    page.reload()
    expect(page.locator("#checked")).to_contain_text("198")
    assert held(reader) == TYPED | {"switch": True}


def type_in(page: Page, typed: dict[str, str]) -> None:
    """Fill in the fields of settings, unfolded or not."""
    page.evaluate("for (const one of document.querySelectorAll('#forecast details')) one.open = true")
    for name, text in typed.items():
        field = page.locator(f"#set-{name}")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)


def held(reader: Reader) -> dict[str, str | bool]:
    """What those fields and the switch hold."""
    values = {name: reader.page.locator(f"#set-{name}").input_value() for name in TYPED}
    return values | {"switch": reader.switch.is_checked()}

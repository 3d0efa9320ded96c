"""The page where a forecast begins: what was typed stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.page.reader import Reader
from tests.acceptance.page.states import UNKNOWN_COLUMNS
from tests.plugins.browser import PHONE

TYPED = {"horizon": "6", "service_level": "98%", "rounding": "ceiling", "number_style": "point", "seed": "7"}


def test_what_was_typed_survives_every_upload(open_page, site, small_file, unknown_file):
    reader = Reader(open_page(site.page), "en", site)
    page = reader.page
    with page.expect_response("**/settings"):
        reader.switch.check()
    type_in(page, TYPED)
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


def test_a_setting_that_is_wrong_is_marked_at_its_field_until_it_is_right(open_page, site, small_file):
    reader = Reader(open_page(site.page, language="id"), "id", site)
    reader.choose(small_file)
    field, help_text = reader.page.locator("#set-lead_time"), reader.page.locator("#help-lead_time")

    reader.set("lead_time", "0")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(help_text).to_contain_text("nilainya harus angka dari 1 sampai")
    expect(reader.page.locator("#checked")).to_contain_text("1.000")  # the file stays in view

    reader.set("lead_time", "5")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(help_text).not_to_contain_text("nilainya harus")


LAPTOP = (1366, 768)
OVER_THE_FOCUS = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  if (!box.width || one === document.body || y < 0 || y >= innerHeight) return one.id + " is out of sight";
  const top = document.elementFromPoint(x, y);
  return top && (one.contains(top) || top.contains(one) || top.closest("label")?.control === one) ? "" : one.outerHTML;
}"""


@pytest.mark.parametrize("name", ["small", "large", "carrying", "lumpy"])
def test_on_a_phone_the_button_is_in_sight_when_a_file_was_chosen(open_page, site, files, name):
    reader = Reader(open_page(site.page, language="id", size=PHONE), "id", site)
    run = reader.page.get_by_role("button", name=reader.word("run"))
    reader.choose(files[name])
    expect(run).to_be_in_viewport(ratio=1)
    assert reader.page.evaluate("scrollY") == 0

    reader.page.locator("#set-horizon").scroll_into_view_if_needed()
    covered = "one => getComputedStyle(one).position"  # it follows the file and lies over nothing
    assert {run.evaluate(covered), reader.page.locator(".rail").evaluate(covered)} == {"static"}


@pytest.mark.parametrize("has_file", [False, True])
def test_the_enter_key_in_a_setting_keeps_it_and_leaves_the_page_where_it_is(open_page, site, small_file, has_file):
    reader = Reader(open_page(site.page), "en", site)
    page = reader.page
    if has_file:
        reader.choose(small_file)
    place = page.url.partition("?")[0]
    horizon = page.locator("#set-horizon")
    horizon.fill("9")
    with page.expect_response("**/analysis" if has_file else "**/settings"):
        horizon.press("Enter")
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.reload()
    assert page.url.partition("?")[0] == place
    expect(horizon).to_have_value("9")


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_nothing_lies_over_what_has_the_focus(open_page, site, large_file, spoilt_file, size):
    reader = Reader(open_page(site.page, size=size), "en", site)
    page = reader.page
    reader.choose(large_file)
    if size == LAPTOP:  # the first screen has the switch, the sites and the button
        for place in (reader.switch, page.locator("#run li").first, page.get_by_role("button", name="Run forecast")):
            expect(place).to_be_in_viewport(ratio=1)
    page.goto(site.page)
    reader.choose(spoilt_file)

    covered, seen = [], set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.textContent.trim()"))
        covered.append(page.evaluate(OVER_THE_FOCUS))
        if "Run without these rows" in seen and page.evaluate("document.activeElement.closest('.group') !== null"):
            break
    assert [one for one in covered if one] == []
    assert {"Run without these rows", "Download these rows with their reasons"} <= seen
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def type_in(page: Page, typed: dict[str, str]) -> None:
    """Fill in the fields of settings, unfolded or not, and wait until each is kept."""
    page.evaluate("for (const one of document.querySelectorAll('#forecast details')) one.open = true")
    for name, text in typed.items():
        expect(page.locator(".htmx-request")).to_have_count(0)  # else the next change breaks off what this one asks
        field = page.locator(f"#set-{name}")
        with page.expect_response("**/settings"):
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text)
                field.blur()


def held(reader: Reader) -> dict[str, str | bool]:
    """What those fields and the switch hold."""
    values = {name: reader.page.locator(f"#set-{name}").input_value() for name in TYPED}
    return values | {"switch": reader.switch.is_checked()}

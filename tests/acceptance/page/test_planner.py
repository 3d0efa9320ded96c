"""What planners leave is kept on the server: ticks, marks in a chart and named views, with and without scripts."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect
from tests.plugins.browser import LANGUAGES, PHONE, WIDE, barriers

WORDS = {
    "en": {
        "mark": "Mark",
        "marks": "Marks",
        "open": "Open",
        "out": "Out of stock",
        "coming": "used from the next run on",
    },
    "id": {
        "mark": "Tandai",
        "marks": "Tanda",
        "open": "Belum diperiksa",
        "out": "Stok habis",
        "coming": "dipakai mulai proses berikutnya",
    },
}
SETTLED = "() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"


@pytest.fixture
def batch_id(site, lumpy_file) -> str:
    """A result with a part that needs attention."""
    accepted = site.client.accepted(lumpy_file.read_bytes(), name=lumpy_file.name, horizon=3, models="naive")
    assert site.client.await_end(accepted)["status"] == "COMPLETED"
    return accepted


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_part_is_ticked_by_the_keyboard_filtered_and_opened_again(open_page, site, batch_id, language):
    results = f"{site.page}/batches/{batch_id}/results"
    page = open_page(results, language=language, size=PHONE)
    box = page.locator("#tick-1")
    box.focus()
    with page.expect_response("**/results*"):
        page.keyboard.press("Space")
    page.wait_for_function(SETTLED)

    expect(box).to_be_checked()
    expect(box).to_be_focused()
    expect(page.locator(".looks .done .seen")).to_have_count(1)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    first = page.locator(".looks .id a").first.inner_text()
    page.get_by_role("link", name=WORDS[language]["open"], exact=True).click()
    page.wait_for_url("**looked=open")
    expect(page.locator(".looks .done")).to_have_count(0)
    page.goto(f"{results}?looked=done")
    expect(page.locator(".looks .id a")).to_have_text([first])
    page.locator("#tick-1").click()
    expect(page.locator(".looks")).to_have_count(0)


def test_a_part_is_ticked_without_scripts(open_page, site, batch_id):
    page = open_page(f"{site.page}/batches/{batch_id}/results", javascript=False)

    page.locator("#tick-1").click()
    expect(page.locator("#tick-1")).to_be_checked()
    page.locator(".looks .done .id a").click()
    expect(page.locator("#looked")).to_be_checked()
    page.locator("#looked").click()

    expect(page.locator("#looked")).not_to_be_checked()
    assert page.url.startswith(f"{site.page}/batches/{batch_id}/series/one?")


def of_part(site, batch_id) -> str:
    row = site.client.http.get(f"/api/batch/series/{batch_id}").json()["series"][0]
    key = urlencode({name: row[name] for name in ("site_code", "partnumber")})
    return f"{site.page}/batches/{batch_id}/series/one?{key}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_period_is_marked_by_a_click_or_the_slider_listed_and_removed(open_page, site, batch_id, language):
    words = WORDS[language]
    page = open_page(of_part(site, batch_id), language=language)
    page.locator(".plot .u-over").scroll_into_view_if_needed()
    size = page.locator(".plot .u-over").bounding_box()
    page.locator(".plot .u-over").hover(position={"x": size["width"] * 0.4, "y": 90})
    page.locator(".plot .u-over").click(position={"x": size["width"] * 0.4, "y": 90})
    clicked = page.locator("[name=first]").input_value()
    page.locator("[data-period]").focus()
    page.keyboard.press("ArrowRight")

    expect(page.locator("[data-period]")).to_have_attribute("aria-valuetext", re.compile(r"\d"))
    first = page.locator("[name=first]").input_value()
    assert first > clicked
    assert page.locator("[name=last]").input_value() >= first
    page.locator("[name=kind][value=stock_out]").check()
    page.locator("[name=reason]").fill("kapal terlambat")
    page.get_by_role("button", name=words["mark"], exact=True).click()
    kept = page.locator(".marks li")
    expect(kept).to_contain_text([f"{words['out']}"])
    expect(kept).to_contain_text(["kapal terlambat"])
    expect(kept).to_contain_text([words["coming"]])
    assert barriers(page) == []
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(f"{site.page}/marks")
    expect(page.get_by_role("heading", level=1)).to_have_text(words["marks"])
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.locator(".marks").first.get_by_role("button").first.click()
    expect(page.locator("details .marks")).to_contain_text("kapal terlambat")


def test_days_are_marked_without_scripts_and_the_next_run_uses_them(open_page, site, batch_id):
    page = open_page(of_part(site, batch_id), javascript=False)
    page.locator("#mark-days summary").click()
    expect(page.locator(".period")).to_be_hidden()
    page.locator("[name=reason]").fill("one project")
    page.get_by_role("button", name="Mark", exact=True).click()
    expect(page.locator(".marks li")).to_contain_text("used from the next run on")

    again = site.client.retry(batch_id).json()
    assert site.client.await_end(again["batch_id"])["status"] == "COMPLETED"
    assert any("Marks of planners that are used: 1" in note for note in again["analysis"]["report"]["notes"])
    page.goto(of_part(site, again["batch_id"]))
    expect(page.locator(".marks li")).to_contain_text("used in this result")
    page.locator(".marks li button").click()
    expect(page.locator(".marks li")).to_have_count(0)


def test_a_view_is_kept_for_other_people_and_results(open_page, site, batch_id):
    table = f"{site.page}/batches/{batch_id}/series?sort=units_short&descending=true"
    page = open_page(table)
    page.locator(".keep-view summary").click()
    page.locator(".keep-view [name=name]").fill("Short first")
    page.locator(".keep-view button").click()
    expect(page.get_by_role("link", name="Short first")).to_have_attribute("aria-current", "true")

    other = open_page(f"{site.page}/batches/{batch_id}/series")
    other.get_by_role("link", name="Short first").click()
    other.wait_for_url("**sort=units_short**")
    other.locator(".view button").click()
    expect(other.get_by_role("link", name="Short first")).to_have_count(0)


MOST_WORDS = 400
VISIBLE_WORDS = (
    r"() => document.querySelector('main').innerText.split(/\s+/).filter(w => /[\p{L}\p{N}]/u.test(w)).length"
)


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_screen_of_a_result_is_short_and_the_rest_is_folded(open_page, site, large_file, language):
    """On the founding sample, whose thirteen sites and hundreds of marked parts could fill pages."""
    accepted = site.client.accepted(large_file.read_bytes(), name=large_file.name, horizon=30, batch_mode="on")
    assert site.client.await_end(accepted, seconds=180)["status"] == "COMPLETED"
    page = open_page(f"{site.page}/batches/{accepted}/results", language=language)

    assert 0 < page.evaluate(VISIBLE_WORDS) <= MOST_WORDS
    for fold in page.locator("main details > summary").all():
        fold.click()
    assert page.evaluate(VISIBLE_WORDS) > 2 * MOST_WORDS


def test_charts_and_pages_grow_with_the_screen(open_page, site, batch_id):
    page = open_page(f"{site.page}/batches/{batch_id}/results", size=(1600, 900))

    def place(selector):
        return page.locator(selector).bounding_box()

    widths = []
    for width in (1600, 2560):
        page.set_viewport_size({"width": width, "height": 1200})
        card, beside = place(".summary .o-1"), place(".summary .o-4")
        assert beside["x"] >= card["x"] + card["width"]  # two columns
        assert page.locator(".bars:visible").count() == 1
        widths.append(place(".bars:visible")["width"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert widths[1] > 1.4 * widths[0]


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_chart_of_a_history_has_its_reorder_point_at_the_level_that_is_chosen(open_page, site, batch_id, size):
    page = open_page(f"{site.page}/batches/{batch_id}/series?search=SEAL-005", size=size)
    page.locator("#series-table").get_by_role("link", name="SEAL-005").first.click()
    page.locator(".uplot").wait_for()
    canvas = "() => document.querySelector('#history canvas').toDataURL()"
    drawn, point = page.evaluate(canvas), page.locator("#history-level data").get_attribute("value")

    with page.expect_response("**service_level=*"):
        page.locator(".stops label").first.click()
    expect(page.locator("#history-level data")).not_to_have_attribute("value", point)
    page.wait_for_function(f"drawn => ({canvas})() !== drawn", arg=drawn)
    assert page.locator("#history-level data").get_attribute("value") == page.evaluate(
        "() => document.querySelector('#figures dd').innerText.replace(',', '') + '.0'"
    )

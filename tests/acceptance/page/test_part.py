"""The page of a part answers another service level, with the keyboard, on a phone and without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.acceptance.page.conftest import HOSTILE_SITES
from tests.plugins.browser import LANGUAGES, PHONE, barriers


@pytest.fixture
def part(site, lumpy_file) -> str:
    """The address of a part with rare demand."""
    batch_id = site.client.accepted(lumpy_file.read_bytes(), name=lumpy_file.name, horizon=3)
    assert site.client.await_end(batch_id)["status"] == "COMPLETED"
    return f"{site.page}/batches/{batch_id}/series?search=SEAL-003"


POINT = {"en": r"Order when the stock falls to (\d+)", "id": r"Pesan begitu stok tinggal (\d+)"}

SETTLED = "() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_level_is_chosen_with_the_arrow_keys_and_moves_the_reorder_point(open_page, part, language):
    page = open_page(part, language=language, size=PHONE)
    page.locator("#series-table").get_by_role("link", name="SEAL-003").first.click()
    answer = page.locator("#answer")
    expect(answer).to_have_text(re.compile(POINT[language]))
    before = int(re.search(POINT[language], answer.inner_text())[1])

    page.locator(".stops :checked").focus()
    for _ in range(2):
        with page.expect_response("**/series/one?**"):
            page.keyboard.press("ArrowRight")
        page.wait_for_function(SETTLED)

    expect(page.locator(".stops :checked")).to_have_value("99")
    expect(page.locator(".stops :checked")).to_be_focused()
    after = int(re.search(POINT[language], answer.inner_text())[1])
    assert after > before
    expect(page.locator("#figures dd").first).to_have_text(str(after))
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_any_level_and_the_table_are_there_without_scripts(open_page, part):
    page = open_page(part, javascript=False)
    page.locator("#series-table").get_by_role("link", name="SEAL-003").first.click()

    page.locator("#typed-level").fill("99.5")
    page.locator(".typed button").click()

    expect(page.locator(".stops :checked")).to_have_value("99.5")
    expect(page.locator(".chances").nth(1)).to_be_visible()
    assert HOSTILE_SITES[1] in page.locator(".part").inner_text()

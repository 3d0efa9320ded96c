"""What the backtest found is read on a phone, and leads to the worst parts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.plugins.browser import LANGUAGES, PHONE, barriers

SAID = {
    "en": ("At 95% service you would have covered", "short", "backtest"),
    "id": ("Dengan service level 95%, stok Anda", "kurang", "backtest"),
}


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_reads_the_words_and_goes_to_the_worst_part(open_page, site, lumpy_file, language):
    covered, short, backtest = SAID[language]
    batch_id = site.client.accepted(lumpy_file.read_bytes(), name=lumpy_file.name, horizon=3)
    assert site.client.await_end(batch_id)["status"] == "COMPLETED"

    page = open_page(f"{site.page}/batches/{batch_id}/results", language=language, size=PHONE)

    expect(page.locator(".findings li").first).to_contain_text(covered)
    page.locator(".worst-fold > summary").click()
    expect(page.locator(".worst-parts li").first).to_contain_text(short)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert barriers(page) == []
    part = page.locator(".worst-parts li a").first.inner_text()
    page.locator(".worst-parts li a").first.click()
    expect(page.locator(".part").get_by_text(part, exact=True)).to_be_visible()
    expect(page.locator(".sentences li").first).to_contain_text(backtest)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]

"""Stock is answered on a phone with what to order and what to buy next, and the tables are saved."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.acceptance.page.reader import Reader
from tests.plugins.browser import LANGUAGES, PHONE, barriers

SAID = {
    "en": ("Send a stock file", "Next units to buy", "Promised", "The whole list"),
    "id": ("Kirim file stok", "Unit berikutnya yang dibeli", "Dijanjikan", "Seluruh daftar"),
}


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_sends_the_stock_and_saves_the_list(open_page, site, lumpy_file, stock_file, language):
    what, following, promised, whole = SAID[language]
    batch_id = site.client.accepted(lumpy_file.read_bytes(), name=lumpy_file.name, horizon=3)
    assert site.client.await_end(batch_id)["status"] == "COMPLETED"
    page = open_page(f"{site.page}/batches/{batch_id}/results", language=language, size=PHONE)
    reader = Reader(page, language, site)

    page.get_by_role("button", name=what).click()
    page.wait_for_url("**/orders")
    reader.order(stock_file)

    expect(page.locator("#next-title")).to_have_text(following)
    expect(page.locator("#orders")).to_contain_text(promised)
    expect(page.locator("#orders [role=note]")).to_contain_text("X (Mars)")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert barriers(page) == []
    assert "draft=" in page.url
    page.locator("#budget").fill("100")
    page.locator("#budget").press("Enter")
    expect(page.locator("#budget-title")).to_contain_text("100")
    page.reload()
    expect(page.locator("#budget-title")).to_contain_text("100")
    shown = page.locator("[aria-labelledby=next-title] tbody th a").first.inner_text()
    with page.expect_download() as saved:
        page.get_by_role("button", name=f"{whole}").first.click()
    rows = list(csv.DictReader(Path(saved.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0]["rank"] == "1"
    assert shown in rows[0]["partnumber"]
    assert len(rows) >= page.locator("[aria-labelledby=next-title] tbody tr").count()


@pytest.fixture
def ordering(chromium, site, lumpy_file, tmp_path):
    """A page on which stock is sent, and a file for it; console messages of failed requests are ignored."""
    batch_id = site.client.accepted(lumpy_file.read_bytes(), name=lumpy_file.name, horizon=3, models="naive")
    assert site.client.await_end(batch_id)["status"] == "COMPLETED"
    page = chromium.new_context(locale="en-GB").new_page()
    page.goto(f"{site.page}/batches/{batch_id}/orders")
    path = tmp_path / "stok.csv"
    path.write_text("part,stok\nSEAL-003,many\n", encoding="utf-8")
    page.set_input_files("#file", path)
    yield page, path
    page.context.close()


def test_what_is_shown_is_of_the_file_that_was_asked_about_last(ordering, site, stock_file):
    page, bad = ordering
    send = page.get_by_role("button", name="Work out the orders")
    send.click()
    expect(page.locator("#notice")).to_contain_text("stock on hand is 'many' in line 2 of stok.csv")

    page.set_input_files("#file", stock_file)
    send.click()
    expect(page.locator("#next-title")).to_be_visible()
    expect(page.locator("#notice")).to_be_empty()
    page.set_input_files("#file", bad)
    expect(page.locator("#orders")).to_be_empty()
    send.click()

    expect(page.locator("#notice")).to_contain_text("stock on hand is 'many'")
    expect(page.locator("#orders")).to_be_empty()


def test_a_file_that_was_corrected_after_it_was_chosen_is_asked_for_again(ordering, stock_file):
    page, path = ordering
    send = page.get_by_role("button", name="Work out the orders")
    send.click()
    expect(page.locator("#notice")).to_contain_text("stock on hand is 'many'")
    path.write_bytes(stock_file.read_bytes())
    os.utime(path, (1, 1))

    send.click()
    expect(page.locator("#notice")).to_contain_text("changed or moved since it was chosen; choose it again")
    page.set_input_files("#file", path)
    send.click()

    expect(page.locator("#next-title")).to_be_visible()


def test_a_server_that_does_not_answer_is_told(ordering):
    page, _ = ordering
    page.route("**/orders", lambda route: route.abort())

    page.get_by_role("button", name="Work out the orders").click()

    expect(page.locator("#notice")).to_contain_text("The server did not answer")


LATEST = {"en": "Stock is taken from the latest of", "id": "Stok diambil dari yang terakhir di antara"}


@pytest.mark.parametrize("language", LANGUAGES)
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
        page.get_by_role("button", name="CSV").first.click()
    rows = list(csv.DictReader(Path(saved.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 24
    assert {row["on_hand"] for row in rows} <= {"0", "1", "2", "3"}

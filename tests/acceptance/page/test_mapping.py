"""A file that is not understood is read right by clicking alone, without scripts too, and is known the next time."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.acceptance.page.reader import Reader
from tests.acceptance.page.states import STOCK_COLUMNS, UNKNOWN_COLUMNS
from tests.plugins.browser import PHONE

UNITS = 11 * (3 + 4 + 7) * 3 * 2  # of one of the two kinds of the unknown file


def figure(reader: Reader, english: str, indonesian: str) -> str:
    """A figure of the preview."""
    return reader.figure(english if reader.language == "en" else indonesian)


def test_a_file_of_unknown_columns_is_mapped_by_clicking_run_and_known_the_next_time(reader, unknown_file):
    reader.choose(unknown_file)
    for ours, name in UNKNOWN_COLUMNS.items():
        reader.map(ours, name)
    reader.choose_in_step("date_order", "day_first")
    total = figure(reader, "Total demand", "Total permintaan")
    assert total == (f"{2 * UNITS:,}" if reader.language == "en" else f"{2 * UNITS:,}".replace(",", "."))
    reader.choose_rows("Jenis", "Rutin")
    assert figure(reader, "Total demand", "Total permintaan") == str(UNITS)
    expect(reader.page.locator(".mapping-table tbody tr")).to_have_count(10)

    reader.read_so()
    expect(reader.page.locator("#checked")).to_contain_text("198")
    batch_id = reader.run()
    status = reader.server.client.await_end(batch_id)
    assert status["status"] == "COMPLETED"
    assert (status["analysis"]["report"]["rows_filtered"], status["analysis"]["plan"]["parts"]) == (198, 3)
    assert (status["analysis"]["plan"]["first_date"], status["analysis"]["plan"]["last_date"]) == (
        "2024-01-01",
        "2024-11-12",
    )

    reader.page.goto(reader.server.page)
    reader.choose(unknown_file)
    expect(reader.page.locator("#checked")).to_contain_text("pengeluaran-2024")
    reader.page.get_by_role("button", name=reader.word("change reading")).click()
    expect(reader.page.locator("#pick-date")).to_have_value("date=Kapan")
    expect(reader.page.get_by_role("checkbox", name=re.compile("^Rutin"))).to_be_checked()


def test_a_wide_table_is_mapped_on_a_phone_by_its_key_and_its_periods(open_page, site, wide_file):
    reader = Reader(open_page(site.page, language="id", size=PHONE), "id", site)
    reader.choose(wide_file)
    expect(reader.page.locator("#layout-wide")).to_be_checked()
    reader.map("partnumber", "Kode")
    expect(reader.page.locator(".mapping-preview")).to_contain_text("'Fbe-23' (D)")
    reader.leave_out("Fbe-23")

    assert reader.figure("Total permintaan") == "924"
    assert reader.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    reader.read_so()
    expect(reader.page.locator("#checked")).to_contain_text("132")


def test_the_focus_stays_on_what_was_chosen_and_the_keyboard_is_enough(open_page, site, unknown_file):
    reader = Reader(open_page(site.page), "en", site)
    reader.choose(unknown_file)
    pick = reader.page.locator("#pick-date")
    pick.focus()
    with reader.page.expect_response("**/mapping"):
        reader.page.keyboard.press("K")  # chooses Kapan, as native drop-downs do
    expect(reader.page.locator("#pick-date")).to_have_value("date=Kapan")
    expect(reader.page.locator("#pick-date")).to_be_focused()
    reader.page.keyboard.press("Tab")
    expect(reader.page.locator("#pick-partnumber")).to_be_focused()


@pytest.mark.long
def test_without_scripts_a_button_shows_the_preview(open_page, site, unknown_file):
    page = open_page(site.page, javascript=False)
    page.set_input_files("#file", unknown_file)
    page.get_by_role("button", name="Send and check the file").click()
    page.wait_for_url("**/files/*")
    for ours, name in UNKNOWN_COLUMNS.items():
        page.locator(f"#pick-{ours}").select_option(f"{ours}={name}")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Day first, from").click()
    page.locator("#filter-column").select_option("Jenis")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("checkbox", name=re.compile("^Proyek")).check()
    page.get_by_role("button", name="Preview").click()

    reader = Reader(page, "en", site)
    assert reader.figure("Total demand") == str(UNITS)
    reader.read_so()
    reader.run()
    reader.await_state("completed")


@pytest.mark.long
def test_a_stock_file_of_unknown_columns_is_mapped_by_clicking(reader, small_file, stock_unknown_file):
    client, page = reader.server.client, reader.page
    batch_id = client.accepted(small_file.read_bytes(), name=small_file.name, models="naive")
    client.await_end(batch_id)
    page.goto(f"{reader.server.page}/batches/{batch_id}/orders")
    page.set_input_files("#file", stock_unknown_file)
    page.get_by_role("button", name=reader.word("order")).click()
    page.wait_for_url("**/orders/mapping/*")

    for ours, name in STOCK_COLUMNS.items():
        reader.map(ours, name)
    assert figure(reader, "Units on hand", "Unit dalam stok") == "80"
    page.get_by_role("button", name=reader.word("order")).click()
    expect(page.locator("#next-title")).to_be_visible()
    expect(page.get_by_role("button", name=reader.word("reread"))).to_be_visible()
    expect(page.locator("main")).to_contain_text("saldo.csv")
    with page.expect_download() as found:
        page.locator("#orders button", has_text="CSV").first.click()
    assert found.value.suggested_filename.endswith(".csv")

    page.goto(f"{reader.server.page}/batches/{batch_id}/orders")
    reader.order(stock_unknown_file)  # known by its recipe
    expect(page.locator("#orders")).to_contain_text("saldo-stock-")

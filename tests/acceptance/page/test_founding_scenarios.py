"""The founding document's scenarios and tests, step by step, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

ALERT_LINES = 5


def test_scenario_1_a_small_file_is_forecast_at_once_for_the_sites_that_were_chosen(reader, small_file):
    reader.choose(small_file)
    expect(reader.switch).not_to_be_checked()
    expect(reader.page.locator("#switch-info")).to_be_hidden()
    with reader.page.expect_response("**/analysis"):
        reader.page.get_by_label("Sofifi").check()

    reader.run()
    reader.await_state("completed")
    lines = reader.download()

    assert {line.split(",")[2] for line in lines[1:]} == {"Sofifi"}
    expect(reader.rows).to_have_count(1)


def test_scenario_2_a_large_file_is_partitioned_by_site_and_followed_to_its_one_result(reader, large_file):
    reader.choose(large_file)
    expect(reader.switch).to_be_checked()
    info = reader.page.locator("#switch-info")
    expect(info.locator("li")).to_have_count(ALERT_LINES)
    expect(info).to_contain_text("11,919" if reader.language == "en" else "11.919")
    expect(info).to_contain_text("5 min" if reader.language == "en" else "5 mnt")
    expect(reader.page.locator("fieldset.sites")).to_be_hidden()

    reader.run()
    expect(reader.page.get_by_role("heading", name=reader.word("analysis"))).to_be_visible()
    expect(reader.rows).to_have_count(13)
    reader.await_state("completed")

    expect(reader.rows.get_by_text(reader.word("completed"), exact=True)).to_have_count(13)
    expect(reader.page.get_by_text(reader.word("ready"))).to_be_visible()
    lines = reader.download()
    assert len({line.split(",")[2] for line in lines[1:]}) == 13
    assert len(lines) == 1 + 7 * 2_917


@pytest.mark.long
def test_test_1_a_small_file_with_the_switch_on_has_a_partition_for_each_site(reader, small_file):
    reader.choose(small_file)
    reader.turn(on=True)
    expect(reader.page.locator("#run details.planned li")).to_have_count(3)

    reader.run()
    reader.await_state("completed")

    expect(reader.rows).to_have_count(3)
    assert reader.figure({"en": "Total rows", "id": "Total baris"}[reader.language]) in ("1,000", "1.000")
    assert len(reader.download()) > 1


@pytest.mark.long
def test_test_2_the_analysis_has_the_figures_of_the_file(reader, large_file):
    reader.choose(large_file)

    reader.run()

    point = "," if reader.language == "en" else "."
    labels = {"en": ("Total rows", "Part numbers", "Partitions"), "id": ("Total baris", "Part number", "Partisi")}
    rows, parts, partitions = (reader.figure(label) for label in labels[reader.language])
    assert (rows, parts, partitions) == (f"11{point}919", f"2{point}070", "13")
    speed_up = reader.figure({"en": "Speed-up", "id": "Percepatan"}[reader.language])
    assert re.fullmatch(r"[\d.,]+×", speed_up)
    reader.await_state("completed")


def test_test_3_and_the_rollback_walkthrough(reader, small_file):
    site = "Sofifi"
    reader.server.set_fault(site, "hold")
    reader.choose(small_file)
    reader.turn(on=True)
    reader.set("max_execution_time", "5")  # enough for the other sites, also on a busy machine
    failed = reader.run()
    reader.await_state("rolled back")
    reader.server.lift_fault(site)

    alert = reader.page.get_by_role("alert")
    expect(alert).to_contain_text(reader.word("failed"))
    expect(alert).to_contain_text(reader.word("because"))
    expect(alert).to_contain_text("Exceeded 5s" if reader.language == "en" else "5 dtk")
    expect(alert).to_contain_text(site)
    expect(reader.page.get_by_text(reader.word("ready"))).to_have_count(0)
    assert reader.server.client.download(failed).status_code == 409

    alert.get_by_role("button", name=reader.word("fix")).or_(alert.get_by_role("link", name=reader.word("fix"))).click()
    reader.page.wait_for_url("**/retry")
    expect(reader.page.locator(".field-cure")).to_have_count(3)
    for name in ("max_execution_time", "partition_strategy", "max_rows_per_partition"):  # smaller by rows, not by site
        expect(reader.page.locator(".field-cure").locator(f"#set-{name}")).to_have_count(1)
    expect(reader.page.locator("#set-max_execution_time")).to_have_value("5")
    reader.set("max_execution_time", "60")
    again = reader.run()
    reader.await_state("completed")

    assert again != failed
    done_before = [p for p in reader.server.client.status(failed)["partitions"] if p["status"] == "COMPLETED"]
    expect(reader.rows.get_by_text(reader.word("from checkpoint"))).to_have_count(len(done_before))
    assert len(reader.download()) > 1


def test_a_batch_is_stopped_once_that_is_confirmed(reader, small_file):
    reader.server.set_fault("Sofifi", "hold")
    try:
        reader.choose(small_file)
        reader.turn(on=True)
        reader.run()
        reader.page.locator("[data-dialog]").click()
        dialog = reader.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        reader.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()

        reader.page.locator("[data-dialog]").click()
        dialog.get_by_role("button", name=reader.word("stop")).click()
        reader.await_state("stopped")
    finally:
        reader.server.lift_fault("Sofifi")

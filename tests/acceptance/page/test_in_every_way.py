"""The page as people meet it: large files, slow lines, servers that die, no mouse, no scripts, harmful names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.acceptance.page.conftest import HOSTILE_PARTS, HOSTILE_SITES
from tests.acceptance.page.reader import SECONDS_OF_A_BATCH, Reader
from tests.acceptance.service.sample import demand
from tests.acceptance.service.server import free_ports
from tests.plugins.browser import PHONE

MEGABYTE = 2**20
HELD = "Sofifi"


@pytest.fixture(scope="session")
def heavy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demand history of 50 MB, most of it names of parts, so that it is heavy and soon checked."""
    path = tmp_path_factory.mktemp("samples") / "heavy.csv"
    rows = (f"2025-{k % 12 + 1:02}-01,{k % 400:0190},S{k % 3},{k % 9}\n" for k in range(50 * MEGABYTE // 206))
    path.write_text("date,partnumber,site_code,demand_qty\n" + "".join(rows))
    assert path.stat().st_size >= 49.9 * MEGABYTE
    return path


@pytest.mark.long
def test_50_mb_are_sent_with_visible_progress_and_can_be_called_back(open_page, site, heavy_file):
    page = open_page(site.page)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    speed = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 6 * MEGABYTE}
    line.send("Network.emulateNetworkConditions", speed)
    bar = page.locator("[data-upload-bar]")

    page.set_input_files("#file", heavy_file)
    expect(page.locator("[data-upload-bytes]")).to_have_text(re.compile(r"^[1-9][\d.]* MB of 50 MB$"))
    expect(page.locator("[data-upload-left]")).to_have_text(re.compile(r"^about \d+ s left$"))
    seen = [bar.evaluate("bar => bar.value")]
    page.wait_for_function("seen => document.querySelector('[data-upload-bar]').value > seen + 5", arg=seen[0])

    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-upload-ask]")).to_be_visible()
    expect(page.locator("[data-upload-progress]")).to_be_hidden()

    line.send("Network.emulateNetworkConditions", speed | {"uploadThroughput": -1})
    page.set_input_files("#file", heavy_file)
    page.wait_for_url("**/files/*", timeout=SECONDS_OF_A_BATCH)
    expect(page.locator("#checked")).to_contain_text("254,508")


@pytest.mark.long
def test_a_page_heals_by_itself_when_the_server_was_killed_and_came_back(open_page, make_server, small_file):
    server = make_server(max_parallel=2, lease_seconds=3)
    server.ports = tuple(free_ports(2))
    server.start()
    server.set_fault(HELD, "hold")
    reader = Reader(open_page(server.page), "en", server)
    reader.choose(small_file)
    reader.turn(on=True)
    reader.run()
    expect(reader.rows.get_by_text("Completed", exact=True)).to_have_count(2)
    lost = reader.page.locator("#connection")
    expect(lost).to_be_hidden()

    server.kill()
    expect(lost).to_be_visible()
    expect(lost).to_contain_text("The connection to the server was lost")
    server.start()
    server.lift_fault(HELD)

    expect(lost).to_be_hidden(timeout=SECONDS_OF_A_BATCH)
    reader.await_state("completed")
    expect(reader.rows.get_by_text("Completed", exact=True)).to_have_count(3)


@pytest.mark.parametrize("where", ["dialog", "page"])
def test_a_batch_is_not_stopped_while_no_server_answers_and_the_page_says_so(chromium, site, small_file, where):
    site.set_fault(HELD, "hold")
    page = chromium.new_context(locale="en-GB").new_page()  # its console may speak of failed requests
    try:
        batch_id = site.client.accepted(small_file.read_bytes(), batch_mode="on", models="naive")
        page.goto(f"{site.page}/batches/{batch_id}" + ("/stop" if where == "page" else ""))
        if where == "dialog":
            page.locator("[data-dialog]").click()
        page.route("**/stop", lambda route: route.abort())

        page.get_by_role("button", name="Stop batch").last.click()
        expect(page.locator("#notice")).to_contain_text("The server did not answer")
        assert f"/batches/{batch_id}" in page.url

        page.unroute("**/stop")
        if where == "dialog":
            page.locator("[data-dialog]").click()
        page.get_by_role("button", name="Stop batch").last.click()
        Reader(page, "en", site).await_state("stopped")
    finally:
        page.context.close()
        site.lift_fault(HELD)


@pytest.mark.long
def test_the_time_of_submission_stays_the_readers_own_while_the_batch_runs(open_page, site, small_file):
    site.set_fault(HELD, "hold")
    try:
        reader = Reader(open_page(site.page, timezone_id="Asia/Makassar"), "en", site)
        reader.choose(small_file)
        reader.turn(on=True)
        reader.run()
        submitted = reader.page.locator("#overview time")
        at_first = submitted.inner_text()
        expect(reader.rows.get_by_text("Completed", exact=True)).to_have_count(2)  # fragments have come

        assert submitted.inner_text() == at_first
        assert "UTC" not in at_first
    finally:
        site.lift_fault(HELD)


@pytest.mark.long
def test_10_000_partitions_are_shown_by_fifties_and_by_how_they_stand(open_page, site):
    sites = [f"S{number:05}" for number in range(10_000)]
    held = sites[:2]
    for name in held:
        site.set_fault(name, "hold")
    batch_id = site.client.accepted(
        demand(sites, months=1), batch_mode="on", models="naive", horizon=1, max_partitions=10_000
    )
    try:
        page = open_page(f"{site.page}/batches/{batch_id}")
        reader = Reader(page, "en", site)
        for name in held:
            site.await_job(name)
        filters = page.get_by_role("navigation", name="Which partitions")
        expect(filters).to_contain_text("All 10,000")
        expect(reader.rows).to_have_count(50)
        expect(page.get_by_text("page 1 of 200")).to_be_visible()

        page.get_by_role("link", name="Next page").click()
        expect(reader.rows.first).to_contain_text("#50")
        expect(reader.rows).to_have_count(50)
        page.go_back()
        expect(reader.rows.first).to_contain_text("#0")

        filters.get_by_role("link", name="At work").click()
        expect(reader.rows).to_have_count(2)
        assert page.evaluate("document.querySelectorAll('*').length") < 1_500
    finally:
        site.client.cancel(batch_id)
        for name in held:
            site.lift_fault(name)
    reader.await_state("stopped")
    site.client.delete(batch_id)


@pytest.mark.long
def test_100_000_series_are_searched_sorted_and_paged(open_page, site):
    lines = ["date,partnumber,site_code,demand_qty"]
    lines += [
        f"2025-{month:02}-01,P{part:06},S{part % 7},{part % 5 + 1}" for part in range(100_000) for month in (1, 3)
    ]
    batch_id = site.client.accepted("\n".join(lines).encode(), models="naive", horizon=1, batch_mode="on")
    assert site.client.await_end(batch_id, seconds=120)["status"] == "COMPLETED"

    page = open_page(f"{site.page}/batches/{batch_id}/series")
    expect(page.locator("#series-count")).to_contain_text("100,000 series")
    expect(page.get_by_text("page 1 of 2,000")).to_be_visible()
    searches: list[str] = []
    page.on("request", lambda request: searches.append(request.url) if "/series?" in request.url else None)
    page.get_by_role("combobox", name="Site").select_option("S4")
    expect(page.locator("#series-count")).to_contain_text("14,286 series")
    page.get_by_label("Part or site").fill("P012345")
    expect(page.locator("#series-count")).to_contain_text("1 series")
    page.get_by_role("link", name="P012345").click()
    expect(page.locator(".part").get_by_text("P012345", exact=True)).to_be_visible()
    page.locator(".uplot").wait_for()
    assert len(searches) == 2  # leaving the box searches no third time, which would take away the link under the click


def test_the_service_level_moves_the_stock_figures_and_has_a_range(open_page, site, lumpy_file):
    batch_id = site.client.accepted(lumpy_file.read_bytes(), name=lumpy_file.name)
    site.client.await_end(batch_id)
    page = open_page(f"{site.page}/batches/{batch_id}/series?search=SEAL-005")
    page.locator("#series-table").get_by_role("link", name="SEAL-005").first.click()
    typed, figures = page.locator("#typed-level"), page.locator("#figures")
    before = figures.inner_text()

    typed.fill("99.5")
    typed.press("Enter")
    expect(page.locator(".stops :checked")).to_have_value("99.5")
    after = figures.inner_text()
    assert after != before

    page.locator("#typed-level").fill("120")
    page.locator(".typed button").click()
    assert page.locator("#typed-level").evaluate("field => field.validity.rangeOverflow")
    assert figures.inner_text() == after


def test_the_keyboard_alone_is_enough(open_page, site, small_file):
    page = open_page(site.page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.on("filechooser", lambda chooser: chooser.set_files(small_file))
    go_to(page, page.locator("#file"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/files/*")

    switch = page.get_by_role("switch")
    go_to(page, switch)
    with page.expect_response("**/analysis"):
        page.keyboard.press("Space")
    expect(switch).to_be_checked()
    go_to(page, page.get_by_role("button", name="Run forecast"))
    page.keyboard.press("Enter")
    reader = Reader(page, "en", site)
    reader.await_state("completed")
    go_to(page, page.get_by_role("button", name="Download the forecast (CSV)"))
    with page.expect_download() as found:
        page.keyboard.press("Enter")
    assert Path(found.value.path()).stat().st_size > 0


@pytest.mark.long
def test_two_browsers_see_the_same_batch(open_page, site, small_file):
    site.set_fault(HELD, "hold")
    try:
        first = Reader(open_page(site.page), "en", site)
        first.choose(small_file)
        first.turn(on=True)
        batch_id = first.run()
        second = Reader(open_page(f"{site.page}/batches/{batch_id}", language="id", size=PHONE), "id", site)
        expect(second.rows.get_by_text("Selesai", exact=True)).to_have_count(2)

        first.page.locator("[data-dialog]").click()
        first.page.get_by_role("dialog").get_by_role("button", name="Stop batch").click()
        first.await_state("stopped")
        second.await_state("stopped")
    finally:
        site.lift_fault(HELD)


def test_names_that_would_do_harm_are_shown_as_text(open_page, site, lumpy_file):
    page = open_page(site.page)
    reader = Reader(page, "en", site)
    reader.choose(lumpy_file)
    for name in HOSTILE_SITES:
        expect(page.get_by_label(name, exact=True)).to_be_visible()
    reader.turn(on=True)
    reader.run()
    reader.await_state("completed")
    for name in HOSTILE_SITES:
        expect(reader.rows.get_by_text(name, exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=lumpy_file.name)).to_be_visible()

    page.get_by_role("link", name="All series").click()
    for name in HOSTILE_PARTS:
        expect(page.locator("#series-table").get_by_role("link", name=name, exact=True)).to_have_count(2)
    for name in HOSTILE_PARTS:
        page.locator("#series-table").get_by_role("link", name=name, exact=True).first.click()
        expect(page.locator(".part b").get_by_text(name, exact=True)).to_be_visible()
        page.locator(".uplot").wait_for()
        page.go_back()
    assert page.evaluate("document.querySelectorAll('main img, main [onload], main [onerror]').length") == 0


def test_it_works_without_scripts(open_page, site, small_file):
    page = open_page(site.page, javascript=False)
    page.set_input_files("#file", small_file)
    page.get_by_role("button", name="Send and check the file").click()
    page.wait_for_url("**/files/*")
    expect(page.locator("#checked")).to_contain_text("1,000")
    reader = Reader(page, "en", site)
    reader.run()
    reader.await_state("completed")  # the page refreshes itself
    assert len(reader.download()) > 1


def go_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(80):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted}")

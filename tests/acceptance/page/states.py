"""Every state that a page can be in, one after the other, as a reader brings them about.

Each function goes through some of them and yields the name of each while the page is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import expect
from tests.acceptance.page.reader import Reader
from tests.acceptance.service.sample import demand

SEEN = {"large": "40163218", "lumpy": "SEAL-003"}  # a part of each file, whose series is looked at
UNKNOWN_COLUMNS = {"date": "Kapan", "partnumber": "Barangnya", "site_code": "Tempat", "demand_qty": "Banyaknya"}
STOCK_COLUMNS = {"partnumber": "Barangnya", "site_code": "Tempat", "on_hand": "Saldo Akhir", "on_order": "Akan datang"}
HELD = "Sofifi"  # a site of the small file


def of_the_dashboard(reader: Reader, files: Mapping[str, Path]) -> Iterator[str]:
    """From the first visit to what the file holds."""
    page, site = reader.page, reader.server.page
    yield "dashboard"
    page.goto(f"{site}/history")
    yield "history-empty"
    page.goto(site)
    reader.choose(files["small"])
    yield "file-small"
    reader.open_advanced()
    yield "settings-advanced"
    reader.set("lead_time", "0")
    yield "settings-refused"
    page.goto(site)
    reader.choose(files["carrying"])
    yield "file-with-stock"
    page.goto(site)
    reader.choose(files["large"])
    yield "file-large"
    page.goto(site)
    reader.choose(files["spoilt"])
    yield "file-with-refused-rows"
    page.goto(site)
    reader.choose(files["foreign"])
    yield "file-refused"


def of_the_mapping_step(reader: Reader, files: Mapping[str, Path]) -> Iterator[str]:
    """A file whose columns are unknown, a wide one, one with receipts and issues, and a stock file."""
    page, server = reader.page, reader.server
    reader.choose(files["unknown"])
    yield "mapping-unknown"
    for ours, name in UNKNOWN_COLUMNS.items():
        reader.map(ours, name)
    yield "mapping-question"
    reader.choose_in_step("date_order", "day_first")
    reader.choose_rows("Jenis", "Rutin")
    yield "mapping-read"
    page.goto(server.page)
    reader.choose(files["wide"])
    yield "mapping-wide"
    reader.map("partnumber", "Kode")
    yield "mapping-wide-refused"
    reader.leave_out("Fbe-23")
    yield "mapping-wide-read"
    page.goto(server.page)
    reader.choose(files["spoilt"])
    page.get_by_role("button", name=reader.word("change reading")).click()
    page.locator("#step").wait_for()
    yield "mapping-refused-rows"
    batch_id = server.client.accepted(files["small"].read_bytes(), name=files["small"].name, models="naive")
    server.client.await_end(batch_id)
    page.goto(f"{server.page}/batches/{batch_id}/orders")
    page.set_input_files("#file", files["stock_unknown"])
    page.get_by_role("button", name=reader.word("order")).click()
    page.wait_for_url("**/orders/mapping/*")
    yield "mapping-stock"
    for ours, name in STOCK_COLUMNS.items():
        reader.map(ours, name)
    yield "mapping-stock-read"


def of_a_batch(reader: Reader, files: Mapping[str, Path]) -> Iterator[str]:
    """From waiting to each of the ends."""
    page, server = reader.page, reader.server
    server.set_fault(HELD, "hold")
    page.goto(server.page)
    reader.choose(files["small"])
    reader.turn(on=True)
    stopped = reader.run()
    server.await_job(HELD)
    expect(reader.rows.get_by_text(reader.word("completed"), exact=True)).to_have_count(2)
    yield "batch-running"
    page.locator("[data-dialog]").click()
    yield "batch-stop-dialog"
    page.keyboard.press("Escape")
    waiting = [server.client.accepted(demand(seed=seed), batch_mode="on", models="naive") for seed in (1, 2, 3)]
    page.goto(f"{server.page}/batches/{waiting[-1]}")
    yield "batch-waiting"
    page.goto(f"{server.page}/history")
    yield "history-live"
    page.goto(f"{server.page}/batches/{stopped}/stop")
    yield "batch-stop"
    page.get_by_role("button", name=reader.word("stop")).click()
    reader.await_state("stopped")
    yield "batch-stopped"

    server.lift_fault(HELD)
    server.set_fault(HELD, "crash")
    page.goto(f"{server.page}/batches/{stopped}/retry")
    yield "batch-again"
    reader.run()
    reader.await_state("rolled back")
    yield "batch-rolled-back"
    page.get_by_role("alert").get_by_role("button").click()
    page.wait_for_url("**/retry")
    yield "batch-fix-and-retry"
    server.lift_fault(HELD)
    for batch_id in waiting:
        server.client.await_end(batch_id)


def of_results(reader: Reader, files: Mapping[str, Path]) -> Iterator[str]:
    """What was published, down to one series."""
    page, server = reader.page, reader.server
    for name in ("large", "lumpy"):
        batch_id = server.client.accepted(files[name].read_bytes(), name=files[name].name, batch_mode="on")
        page.goto(f"{server.page}/batches/{batch_id}")
        reader.await_state("completed")
        if name == "large":
            yield "batch-completed"
        page.goto(f"{server.page}/batches/{batch_id}/results")
        yield f"results-{name}"
        page.goto(f"{server.page}/batches/{batch_id}/series")
        yield f"series-{name}"
        page.goto(f"{server.page}/batches/{batch_id}/series?search={SEEN[name]}")
        page.locator("#series-table").get_by_role("link", name=SEEN[name]).first.click()
        page.locator(".uplot").wait_for()
        yield f"one-series-{name}"
    page.goto(f"{server.page}/batches/{batch_id}/orders")
    yield "orders-empty"
    reader.order(files["stock"])
    yield "orders-made"
    carrying = server.client.accepted(files["carrying"].read_bytes(), name=files["carrying"].name, models="naive")
    page.goto(f"{server.page}/batches/{carrying}")
    reader.await_state("completed")
    page.goto(f"{server.page}/batches/{carrying}/orders")
    yield "orders-offered"
    for summary in page.locator(".orders-reading summary").all():
        summary.click()
    yield "orders-read-so"
    reader.order_from_history()
    yield "orders-from-history"
    page.goto(f"{server.page}/batches/{carrying}/series?group=Pemasok")
    yield "series-grouped"
    page.locator("#series-table tbody th a").last.click()
    page.locator(".uplot").wait_for()
    yield "one-series-attributes"
    yield from of_what_planners_leave(reader, carrying)
    page.goto(f"{server.page}/batches/{carrying}/results?by=Pemasok")
    yield "results-by-supplier"
    page.goto(f"{server.page}/batches/{carrying}/compare?other={batch_id}")
    yield "compare"
    page.goto(f"{server.page}/batches/{batch_id}/series?search=nothing-like-it")
    yield "series-none"
    page.goto(f"{server.page}/batches/{batch_id}/series/one?site_code=x&partnumber=y")
    yield "problem-no-series"
    page.goto(f"{server.page}/history")
    yield "history"
    page.goto(f"{server.page}/history?search=nothing-like-it")
    yield "history-none"
    page.goto(f"{server.page}/batches/{batch_id}/delete")
    yield "batch-delete"


def of_what_planners_leave(reader: Reader, batch_id: str) -> Iterator[str]:
    """From a part of a result: marks in its history, and the tick of one that needs attention."""
    page, site = reader.page, reader.server.page
    page.locator("#mark-days > summary").click()
    yield "mark-days"
    page.locator("#mark-days [name=reason]").fill("Overhaul <b>")
    page.locator("#mark-days button").click()
    page.locator(".marks").wait_for()
    yield "one-series-marked"
    page.goto(f"{site}/marks")
    yield "marks"
    page.locator(".marks button").first.click()
    page.goto(f"{site}/marks")
    yield "marks-removed"
    page.goto(f"{site}/batches/{batch_id}/results")
    page.locator("#tick-1").click()
    page.locator(".looks .done").wait_for()
    yield "results-ticked"
    page.goto(f"{site}/batches/{batch_id}/results?looked=done")
    yield "results-looked-at"


def of_help(reader: Reader) -> Iterator[str]:
    """What is explained, and what is not there."""
    for path, name in (
        ("/help", "help"),
        ("/help/settings", "help-settings"),
        ("/help/errors", "help-errors"),
        ("/help/errors?search=nothing-like-it", "help-errors-none"),
        ("/help/look", "help-look"),
        ("/no-such-page", "problem-no-page"),
        (f"/batches/{'0' * 32}", "problem-no-batch"),
    ):
        reader.page.goto(f"{reader.server.page}{path}")
        yield name


def of_access(reader: Reader, viewer: str, admin: str) -> Iterator[str]:
    """Who comes to a server with tokens: one that may look only, and one that may do all."""
    page, site = reader.page, reader.server.page
    yield "sign-in"
    page.locator("#token").fill("not a token")
    page.locator("main form button").click()
    yield "sign-in-refused"
    page.locator("#token").fill(viewer)
    page.locator("main form button").click()
    page.wait_for_url(f"{site}/")
    yield "dashboard-viewer"
    page.goto(f"{site}/history")
    yield "history-viewer"
    page.locator('header form[action="/sign-out"] button').click()
    page.locator("#token").fill(admin)
    page.locator("main form button").click()
    page.wait_for_url(f"{site}/")
    for path in ("sessions", "audit", "recipes", "marks"):
        page.goto(f"{site}/{path}")
        yield f"{path}-admin"

"""The page of orders: a stock file, what it is answered with, and the tables as files."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace
from itertools import chain

import pytest
from tests.integration.api.conftest import demand_file

from batchcast.domain.batch import BatchState
from batchcast.domain.recipe import FILE_KINDS, PACKED_KINDS

pytestmark = pytest.mark.xdist_group("page")

STOCK = b"site;part;stok;harga\nKendari;0012;0;2,5\nKendari;A/1 b;50;\nMars;<b>X;1;1\n"


@pytest.fixture
def url(finished_batch):
    return f"/batches/{finished_batch.batch_id}/orders"


def file_of(content: bytes = STOCK) -> dict[str, tuple[str, bytes]]:
    return {"file": ("stok.csv", content)}


def test_the_results_lead_to_it_and_it_says_what_the_file_must_look_like(browser, finished_batch, url):
    assert f'href="{url}"' in browser.get(f"/batches/{finished_batch.batch_id}/results").text

    page = browser.get(url)

    assert page.status_code == 200
    for column in ("on_hand", "unit_cost", "pack_size", "lead_time"):
        assert f"<code>{column}</code>" in page.text
    assert "Next units to buy" not in page.text


def test_the_page_offers_every_kind_of_file_that_is_read_and_leaves_bad_rows_out_on_request(browser, url):
    page = browser.get(url).text

    assert f'accept="{",".join(chain(*FILE_KINDS.values(), *PACKED_KINDS.values()))}"' in page
    assert f'accept="{",".join(chain(*FILE_KINDS.values(), *PACKED_KINDS.values()))}"' in browser.get("/").text
    bad = file_of(STOCK.replace(b"A/1 b;50", b"A/1 b;fifty"))
    refused = browser.post(url, files=bad, data={"bad_rows": "skip"})
    assert refused.status_code == 422
    said = html.unescape(refused.text)
    assert "1 of 3 rows of stok.csv can't be read, 33.3% of them" in said, said[said.index("<main") :]
    answer = browser.post(url, files=bad, data={"bad_rows": "skip", "max_refused_share": "0.34"})
    assert "1 cell can't be read and counts as unknown" in html.unescape(answer.text)


def test_a_stock_file_is_answered_on_a_whole_page_without_a_script(browser, url):
    page = browser.post(url, files=file_of())

    assert page.status_code == 200
    assert "<html" in page.text
    assert "Next units to buy" in page.text
    assert "1 part to order" in page.text
    assert "Promised and achieved" in page.text
    assert "with a forecast: 1 (&lt;b&gt;X (Mars))" in page.text


def test_a_script_gets_the_answer_alone_in_the_language_of_the_reader(indonesian, url):
    answer = indonesian.post(url, files=file_of(), headers={"hx-request": "true", "hx-target": "orders"})

    assert answer.text.lstrip().startswith('<div class="head"')
    assert "Unit berikutnya yang dibeli" in answer.text
    assert "<html" not in answer.text


PRICED = b"site;part;stok;dipesan;harga\nKendari;0012;0;0;2500\nKendari;A/1 b;0;1;100\nSorowako;0012;1;0;700000\n"


def parts_of(page):
    """The parts of the list of orders, in order, each with its quantity."""
    listed = page.text.partition('id="lines-title"')[2].partition("<section")[0]
    return re.findall(r"<bdi>([^<]*)</bdi></a><br><small><bdi>([^<]*)</bdi>", listed)


def test_the_orders_have_an_address_where_they_are_filtered_sorted_and_priced(browser, url):
    page = browser.post(url, files=file_of(PRICED))
    again = browser.get(str(page.url))
    address = f"{page.url}&"

    by_part = browser.get(f"{address}sort=partnumber")
    of_one_site = browser.get(f"{address}site_code=Sorowako")
    empty = browser.get(f"{address}empty=true")
    little = browser.get(f"{address}budget=3.000")
    nonsense = browser.get(f"{address}budget=much&sort=none&search=zzz")

    assert "draft=" in str(page.url)
    assert parts_of(again) == parts_of(page) == [("0012", "Sorowako"), ("0012", "Kendari"), ("A/1 b", "Kendari")]
    assert [part for part, _ in parts_of(by_part)] == ["0012", "0012", "A/1 b"]
    assert parts_of(of_one_site) == [("0012", "Sorowako")]
    assert ("0012", "Sorowako") not in parts_of(empty)
    assert "3 parts to order, " in page.text
    assert "With 3,000 you reach" in little.text
    assert re.search(r"With [\d,]{6,} you reach", nonsense.text)
    assert "No order matches" in nonsense.text
    assert re.search(r"stock 0, on order 1; reorder point \d", page.text)


def test_each_part_stands_once_in_a_run_of_the_list(browser, url):
    page = browser.post(url, files=file_of(b"site;part;stok\nKendari;0012;0\n"))

    listed = page.text.partition('id="next-title"')[2]

    assert len(re.findall(r"<bdi>0012</bdi>", listed)) == 1


@pytest.mark.parametrize("kind", ["orders", "next_units"])
def test_the_tables_are_files(browser, url, kind):
    answer = browser.post(f"{url}/{kind}.csv", files=file_of())

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.headers["content-type"].startswith("text/csv")
    assert rows[0]["partnumber"] == "0012"
    assert browser.post(f"{url}/{kind}.xlsx", files=file_of()).content[:2] == b"PK"
    assert browser.post(f"{url}/{kind}.pdf", files=file_of()).status_code == 404


def test_a_file_that_can_not_be_read_gets_a_sentence(browser, url):
    page = browser.post(url, files=file_of(b"part,stok\nA,many\n"))
    note = browser.post(url, files=file_of(b""), headers={"hx-request": "true", "hx-target": "orders"})

    assert "stock on hand is &#39;many&#39; in line 2 of stok.csv" in page.text
    assert note.headers["hx-retarget"] == "#notice"
    assert "is empty: a stock file has a header" in note.text


@pytest.fixture(scope="session")
def carrying(run_batch):
    """A batch whose history has columns of stock."""
    header, *rows = demand_file().decode().splitlines()
    lines = [f"{header},stok", *(f"{row},{n % 2}" for n, row in enumerate(rows))]
    return run_batch("\n".join(lines).encode(), name="erp.csv")


def test_without_a_script_a_refused_file_leads_back_to_where_it_was_sent(browser, url):
    ours, other = "http://localhost", "http://elsewhere.example"

    refused = browser.post(url, files=file_of(b""), headers={"referer": f"{ours}{url}?a=1"})

    assert f'<a href="{url}?a=1">Back to the page before</a>' in refused.text
    for foreign in (f"{other}{url}", f"{ours}//elsewhere.example/x", f"{ours}/a\\b", "http://["):
        answer = browser.post(url, files=file_of(b""), headers={"referer": foreign})
        assert answer.status_code == 422
        assert "Back to the page before" not in answer.text


def test_a_history_with_columns_of_stock_is_offered_and_answers(browser, indonesian, carrying):
    url = f"/batches/{carrying.batch_id}/orders"
    offered = browser.get(url).text

    whole = browser.post(url).text
    answer = indonesian.post(url, headers={"hx-request": "true", "hx-target": "orders"}).text

    assert "The uploaded history has stock columns: use them" in offered
    assert "erp.csv has stok. For each part the last value by date counts; the history ends on" in offered
    assert "Or send a newer stock file" in offered
    assert "Stock is taken from the latest of" in whole
    assert 'form="history-stock"' in whole
    assert 'form="kept-stock"' not in whole
    assert "Stok diambil dari yang terakhir" in answer
    rows = list(csv.DictReader(io.StringIO(browser.post(f"{url}/orders.csv").content.decode("utf-8-sig"))))
    assert {row["on_hand"] for row in rows} <= {"0", "1"}
    assert 'form="kept-stock"' in browser.post(url, files=file_of()).text


def test_numbers_of_a_history_that_read_two_ways_are_answered_once_the_page_is_told(browser, run_batch):
    header, *rows = demand_file().decode().splitlines()
    lines = [f"{header};stok;harga".replace(",", ";"), *(f"{row.replace(',', ';')};1;1.500" for row in rows)]
    batch = run_batch("\n".join(lines).encode())
    url = f"/batches/{batch.batch_id}/orders"
    assert 'name="number_style"' in browser.get(url).text

    asked, told = browser.post(url).text, browser.post(f"{url}/next_units.csv", {"number_style": "comma"}).text

    assert "Set “Decimal sign: Point” or “Decimal sign: Comma”" in asked
    assert {row["cost"] for row in csv.DictReader(io.StringIO(told))} == {"1500"}


def test_a_history_without_them_is_not_offered_and_an_empty_form_gets_a_sentence(browser, url):
    assert "history-stock" not in browser.get(url).text

    page = browser.post(url)

    assert page.status_code == 422
    assert "has no column of stock. Send a stock file, or run the history again with one of the columns" in page.text


def test_a_file_whose_dates_read_two_ways_is_answered_once_the_page_is_told(browser, url):
    stock = file_of(b"date,part,site,stock\n03/04/2025,0012,Kendari,5\n04/03/2025,0012,Kendari,3\n")
    assert 'name="date_order"' in browser.get(url).text

    asked, told = (
        browser.post(url, {"date_order": "auto"}, files=stock),
        browser.post(url, {"date_order": "month_first"}, files=stock),
    )

    assert "Set “Date order: Day first” or “Date order: Month first”" in asked.text
    assert "Stock on hand is as of 3 April 2025 to 3 April 2025" in told.text


def test_a_form_of_another_page_is_refused(browser, url):
    browser.get(url)

    assert browser.post(url, {"csrf": "stolen"}, files=file_of()).status_code == 403


def test_a_batch_without_a_result_has_no_orders(browser, service, finished_batch, url, monkeypatch):
    status = service.status(finished_batch.batch_id)
    stopped = replace(status.batch, state=BatchState.CANCELLED, result=None)
    monkeypatch.setattr(service, "status", lambda _: replace(status, batch=stopped))

    page = browser.get(url)

    assert page.status_code == 409
    assert "retry it to get one" in page.text


def test_a_history_with_a_price_alone_is_not_offered(browser, run_batch):
    header, *rows = demand_file().decode().splitlines()
    batch = run_batch("\n".join([f"{header},price", *(f"{row},2" for row in rows)]).encode(), name="priced.csv")

    assert "The uploaded history has stock columns" not in browser.get(f"/batches/{batch.batch_id}/orders").text


def test_how_a_stock_file_is_read_is_kept_once_it_was_said(browser, url):
    twice = b"site;part;stok;harga\nKendari;0012;1,500;1\nKendari;A/1 b;2,250;1\n"
    assert "number_style" in browser.post(url, files=file_of(twice)).text

    said = browser.post(url, {"number_style": "point"}, files=file_of(twice))
    again = browser.post(url, files=file_of(twice.replace(b"2,250", b"7,250")))

    assert "is kept as the recipe &#39;stok-stock-" in said.text
    assert "Read by the recipe &#39;stok-stock-" in again.text
    assert "(stock file)" in browser.get("/recipes").text


def test_a_part_that_is_held_back_is_ordered_once_it_is_released(browser, run_batch):
    lines = ["date,partnumber,demand_qty", "2024-03-01,HUGE,5000"]
    for part in range(30):
        months = range(part % 6, 24, 7 + part % 5)
        lines += [f"{2024 + m // 12}-{m % 12 + 1:02}-01,P{part},{4 + (part + m) % 6}" for m in months]
    batch = run_batch("\n".join(lines).encode(), name="held.csv", frequency="M", horizon="12", models="auto")

    held = browser.post(f"/batches/{batch.batch_id}/orders", files=file_of(b"partnumber,on_hand\nHUGE,0\nP1,0\n"))
    link = html.unescape(re.search(r'href="([^"]*release=[^"]*)"', held.text)[1])
    released = browser.get(link)

    assert "Held back: 1 part<" in held.text
    assert ("HUGE", "ALL") not in parts_of(held)
    assert "Held back: 1 part" not in released.text
    assert ("HUGE", "ALL") in parts_of(released)


def test_a_stock_file_without_a_question_keeps_no_recipe(service, browser, url):
    """The form sends its settings at their defaults; none of them is an answer."""
    sent = {"era": "common", "bad_rows": "fail", "number_style": "auto"}

    page = browser.post(url, sent, files={"file": ("tanpa.csv", b"site;part;stok\nKendari;0012;0\n")})

    assert "Next units to buy" in page.text
    assert not [recipe for recipe in service.recipes() if recipe.source == "tanpa.csv"]


def test_what_a_column_of_stock_is_called_on_the_page_is_no_key(indonesian, url):
    twice = indonesian.post(url, files={"file": ("dua.csv", b"site;part;stok;stock\nKendari;0012;0;1\n")})
    wrong = indonesian.post(url, files={"file": ("salah.csv", b"site;part;stok\nKendari;0012;banyak\n")})

    assert "dua kolom yang berarti stok di tangan" in twice.text
    assert "stok di tangan adalah &#39;banyak&#39; di baris 2" in wrong.text


def test_orders_are_totalled_filtered_and_written_by_supplier(browser, run_batch):
    header, *rows = demand_file().decode().splitlines()
    lines = [f"{header},Pemasok,stok,harga", *(f"{row},PT {row.split(',')[1][:1]},0,{len(row)}000" for row in rows)]
    batch = run_batch("\n".join(lines).encode())
    url = f"/batches/{batch.batch_id}/orders"

    page = browser.post(url).text
    names = re.findall(r'<a href="([^"]*supplier=[^"]*)"[^>]*><bdi>(PT [^<]*)</bdi>', page)
    assert sorted(name for _, name in names) == sorted({f"PT {row.split(',')[1][:1]}" for row in rows})
    first, name = names[0]
    listed = browser.get(first.replace("&amp;", "&")).text
    assert set(re.findall(r"<small><bdi>[^<]*</bdi> · <bdi>([^<]*)</bdi>", listed)) == {name}
    assert re.search(r"\d+ parts to order, ", listed).group() in page  # the heading is of all
    answer = browser.post(f"{url}/orders.csv", {"stock": "history", "supplier": name})
    written = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["supplier"] for row in written} == {name}
    everything = browser.post(f"{url}/orders.csv", {"stock": "history"}).content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(everything)))) > len(written)


def test_the_suppliers_of_a_stock_file_alone_have_totals(browser, url):
    header, *rows = PRICED.decode().splitlines()
    lines = [f"{header};vendor", *(f"{row};PT Sumber" for row in rows)]

    page = browser.post(url, files=file_of("\n".join(lines).encode())).text

    assert "By supplier" in page
    assert "<bdi>PT Sumber</bdi>" in page


def test_without_a_supplier_nothing_is_said_of_one(browser, url):
    assert "By supplier" not in browser.post(url, files=file_of(PRICED)).text

"""The mapping step as a browser without scripts sees it: what is chosen, what is then read, and what is kept of it."""

from __future__ import annotations

import html
import re

import pytest
from tests.integration.web.conftest import await_end
from tests.integration.web.test_start import FAST, draft_of, send

pytestmark = pytest.mark.xdist_group("page")

FILE = "Kapan;Brg;Depo;Banyak;Gerak\n" + "".join(
    f"{day:02}/{month:02}/2024;{part};{site};{day};{kind}\n"
    for month in (1, 2, 3)
    for day in (13, 14, 27)
    for part in ("X", "Y")
    for site in ("Kolaka", "Raha")
    for kind in ("a", "b")
)
COLUMNS = ["date=Kapan", "partnumber=Brg", "site_code=Depo", "demand_qty=Banyak"]
STEP = FAST | {"mapped": "1", "layout": "long", "column_mapping": COLUMNS}


@pytest.fixture(autouse=True)
def _no_recipes(service):
    for recipe in service.recipes():
        service.delete_recipe(recipe.name)


def chosen(page: str) -> list[str]:
    """The values of the options that are chosen, and of the boxes that are checked."""
    found = re.findall(r'<option value="([^"]*)" selected>|value="([^"]*)" checked>', page)
    return [html.unescape(one or other) for one, other in found]


def test_a_file_that_is_not_understood_is_shown_with_its_columns_to_choose_from(browser, indonesian):
    page = send(browser, FILE.encode()).text
    told = send(indonesian, FILE.encode()).text

    assert "Not every column was recognised" in page
    assert page.count("<mark>please choose</mark>") == 3
    assert '<option value="date=Kapan">Kapan · 13/01/2024 · 14/01/2024 · 27/01/2024</option>' in page
    assert "Depo (found by its name) · Kolaka · Raha" in page
    assert 'id="done" disabled' in page
    for word in ("Kolom tanggal", "Kolom nomor part", "Jumlah permintaan", "Masih harus dipilih"):
        assert word in told


def test_advice_on_the_table_itself_is_not_folded_away(browser):
    months = "Fiskal,Kode Barang,Jan,Feb,Mar,Apr\n2023,X,1,2,3,4\n2024,X,1,2,3,4\n"

    page = send(browser, months.encode()).text

    assert "has a column for each month, but no year in their headers" in page
    assert "The reason in full" not in page


def test_what_is_chosen_is_previewed_read_run_kept_and_used_for_the_next_file(browser, service):
    draft = draft_of(send(browser, FILE.encode()))

    previewed = browser.post(f"/files/{draft}/mapping", STEP | {"only_rows": "Gerak=a"})
    read = browser.post(f"/files/{draft}/analysis", STEP | {"only_rows": "Gerak=a"})
    run = browser.post(f"/files/{draft}/run", STEP | {"only_rows": "Gerak=a"}, follow_redirects=False)
    batch = await_end(service, run.headers["location"].split("/")[-1])
    again = send(browser, FILE.encode())

    assert "<dt>Total demand</dt><dd>648</dd>" in previewed.text
    assert "<dt>Left out</dt><dd>36</dd>" in previewed.text
    assert [*COLUMNS, "Gerak=a"] == [one for one in chosen(previewed.text) if "=" in one]
    assert 'name="mapped" value="1"' in read.text
    assert "36 rows were left out" in read.text
    assert batch.source.report.rows_filtered == 36
    assert sum(site.rows for site in batch.source.facts.sites) == 36
    assert "Read by the recipe &#39;demand-" in again.text
    assert "36 rows were left out" in again.text


def test_what_a_recipe_has_chosen_can_be_taken_back_in_the_step(browser, service):
    draft = draft_of(send(browser, FILE.encode()))
    run = browser.post(f"/files/{draft}/run", STEP | {"only_rows": "Gerak=a"}, follow_redirects=False)
    await_end(service, run.headers["location"].split("/")[-1])
    draft = draft_of(send(browser, FILE.encode()))

    opened = browser.get(f"/files/{draft}/mapping").text
    changed = browser.post(f"/files/{draft}/analysis", STEP).text

    assert [*COLUMNS, "Gerak=a"] == [one for one in chosen(opened) if "=" in one]
    assert "<span>72 rows</span>" in changed
    assert "Read by the recipe" not in changed


def test_the_settings_of_the_dashboard_come_back_from_the_step(browser):
    draft = draft_of(send(browser, FILE.encode()))

    page = browser.post(f"/files/{draft}/mapping", STEP | {"horizon": "4", "batch_mode": "on", "rounding": "ceiling"})

    for name, value in (("horizon", "4"), ("batch_mode", "on"), ("rounding", "ceiling"), ("shown", "1")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page.text


def test_a_script_gets_the_step_alone(browser):
    draft = draft_of(send(browser, FILE.encode()))
    headers = {"hx-request": "true", "hx-target": "step"}

    part = browser.post(f"/files/{draft}/mapping", STEP | {"filter_column": "Gerak"}, headers=headers).text

    assert part.lstrip().startswith('<div id="step"')
    assert "Read only rows whose Gerak is" in part
    assert 'name="only_rows" value="Gerak=a">' in part


def test_an_answer_to_a_question_is_a_choice_of_the_step(browser):
    ambiguous = FILE.replace("13/", "03/").replace("14/", "04/").replace("27/", "07/")
    draft = draft_of(send(browser, ambiguous.encode()))

    asked = browser.post(f"/files/{draft}/mapping", STEP).text
    told = browser.post(f"/files/{draft}/mapping", STEP | {"answer": "date_order=day_first"}).text

    assert "One question before it can be read" in asked
    assert "One question is still open." in asked
    assert '<option value="day_first" selected>' in told
    assert "3 Jan 2024" in told


def test_a_setting_that_can_not_be_is_told_at_its_field(browser):
    draft = draft_of(send(browser, FILE.encode()))

    page = browser.post(f"/files/{draft}/mapping", STEP | {"max_refused_share": "700"}).text

    assert page.count('aria-invalid="true"') == 1
    assert 'value="700%"' in page
    assert "<dt>Rows</dt><dd>72</dd>" in page
    assert 'id="done" disabled' in page


WIDE = "Kode,Depo,Jan-23,Fbe-23,Mar-23,Semua\nX,Kolaka,1,2,3,6\nX,Raha,4,5,6,15\nY,Kolaka,7,8,9,24\n"


def test_the_columns_of_a_wide_table_that_are_no_periods_are_left_out(browser, service):
    draft = draft_of(send(browser, WIDE.encode()))
    step = FAST | {"mapped": "1", "layout": "wide", "column_mapping": ["partnumber=Kode"]}
    among = ["Jan-23", "Fbe-23", "Mar-23", "Semua"]

    refused = browser.post(f"/files/{draft}/mapping", step | {"among": among, "period": among}).text
    fields = step | {"among": among, "period": ["Jan-23", "Mar-23"]}
    previewed = browser.post(f"/files/{draft}/mapping", fields).text
    read = browser.post(f"/files/{draft}/analysis", fields).text
    run = browser.post(f"/files/{draft}/run", step | {"ignore_columns": ["Fbe-23", "Semua"]}, follow_redirects=False)

    assert "Columns among the periods are no periods: &#39;Fbe-23&#39; (D)" in refused
    assert "<dt>Total demand</dt><dd>30</dd>" in previewed
    assert [one for one in chosen(previewed) if one in among] == ["Jan-23", "Mar-23"]
    assert '<input type="hidden" name="ignore_columns" value="Fbe-23">' in read
    assert "Columns that are left out, as asked for: &#39;Fbe-23&#39;, &#39;Semua&#39;." in read
    batch = await_end(service, run.headers["location"].split("/")[-1])
    assert batch.settings.ignore_columns == ("Fbe-23", "Semua")


def test_a_column_that_is_no_period_is_told_once_where_the_preview_is_and_by_what_the_step_offers(browser):
    typo = WIDE.replace("Kode", "part").replace(";Semua", ";Apr-23")

    page = send(browser, typo.encode()).text

    assert page.count("Columns among the periods are no periods: &#39;Fbe-23&#39; (D)") == 1
    assert "It can&#39;t be read this way" in page
    assert "The file can&#39;t be forecast as it is" not in page
    assert "mapping-preview asks" in page  # on a phone it stands above the columns
    assert "Columns to leave out" not in page
    assert "/help/errors#" in page


def test_the_file_of_a_batch_is_mapped_again_for_a_retry(browser, run_batch, service):
    batch = run_batch(FILE.encode(), column_mapping=", ".join(COLUMNS))
    url = f"/batches/{batch.batch_id}/retry"

    opened = browser.get(f"{url}/mapping")
    changed = browser.post(f"{url}/analysis", STEP | {"only_rows": "Gerak=b"})
    run = browser.post(url, STEP | {"only_rows": "Gerak=b"}, follow_redirects=False)

    assert [one for one in chosen(opened.text) if "=" in one] == COLUMNS
    assert "36 rows were left out" in changed.text
    again = await_end(service, run.headers["location"].split("/")[-1])
    assert again.source.report.rows_filtered == 36


STOCK = b"Brg;Depo;Saldo Akhir;Datang\nX;Kolaka;0;0\nX;Raha;500;0\nY;Kolaka;0;100\n"
STOCK_COLUMNS = ["partnumber=Brg", "site_code=Depo", "on_hand=Saldo Akhir", "on_order=Datang"]


@pytest.fixture
def orders(run_batch):
    """The address of the orders of a batch."""
    return f"/batches/{run_batch(FILE.encode(), column_mapping=', '.join(COLUMNS)).batch_id}/orders"


def test_a_stock_file_that_is_not_understood_leads_to_the_step_and_its_orders_are_kept_as_a_recipe(browser, orders):
    step = browser.post(orders, files={"file": ("stok.csv", STOCK)})
    draft = re.search(r"/orders/mapping/([0-9a-f]{32})", str(step.url))[1]
    fields = {"mapped": "1", "draft": draft, "column_mapping": STOCK_COLUMNS}

    previewed = browser.post(f"{orders}/mapping/{draft}", fields).text
    ordered = browser.post(orders, fields)
    table = browser.post(f"{orders}/orders.csv", fields)
    again = browser.post(orders, files={"file": ("stok.csv", STOCK)})

    assert step.text.count("<mark>please choose</mark>") == 2
    assert "<dt>Units on hand</dt><dd>500</dd>" in previewed
    assert [one for one in chosen(previewed) if "=" in one] == STOCK_COLUMNS
    assert re.search(r"[1-3] parts? to order", ordered.text)
    assert f'formaction="{orders}/mapping/{draft}">Change how it is read' in ordered.text
    assert "Stock of stok.csv." in ordered.text
    assert table.content.decode("utf-8-sig").startswith("site_code,partnumber,on_hand")
    assert "Read by the recipe &#39;stok-stock-" in again.text


def test_the_column_of_suppliers_is_chosen_in_the_step(browser, orders):
    stock = STOCK.replace(b";Datang", b";Datang;Rekanan").replace(b"0;0\n", b"0;0;PT Sumber\n")
    stock = stock.replace(b"500;0\n", b"500;0;\n").replace(b"0;100\n", b"0;100;\n")
    step = browser.post(orders, files={"file": ("stok.csv", stock)})
    draft = re.search(r"/orders/mapping/([0-9a-f]{32})", str(step.url))[1]
    mapped = [*STOCK_COLUMNS, "supplier=Rekanan"]

    fields = {"mapped": "1", "draft": draft, "column_mapping": mapped}
    previewed = browser.post(f"{orders}/mapping/{draft}", fields).text
    ordered = browser.post(orders, fields).text

    assert '<option value="supplier=Rekanan">Rekanan' in step.text
    assert "supplier=Rekanan" in chosen(previewed)
    assert "PT Sumber" in ordered


@pytest.mark.parametrize("order", [("Netto", "Nilai", "Keluarnya"), ("Keluarnya", "Nilai", "Netto")])
def test_columns_that_may_be_the_quantity_are_offered_before_money_and_text(browser, order):
    cells = {"Netto": "9.500,00", "Nilai": "19.500,50", "Keluarnya": "3"}
    header = ";".join(["Kapan", "Brg", *order, "Catatan"])
    row = ";".join(["13/01/2024", "X", *(cells[one] for one in order), "segera"])

    page = send(browser, f"{header}\n{row}\n{row.replace('X', 'Y')}\n".encode()).text

    offered = re.findall(r'<option value="demand_qty=([^"=]+)"', page)
    assert offered.index("Keluarnya") < offered.index("Nilai") < offered.index("Catatan")
    assert re.findall(r'<option value="partnumber=([^"=]+)"', page) == ["Kapan", "Brg", *order, "Catatan"]


def test_the_columns_of_a_stock_file_can_be_chosen_before_anything_is_worked_out(browser, orders):
    known = b"part,site,stok,kedatangan\nX,Kolaka,0,7\n"

    step = browser.post(f"{orders}/mapping", {"number_style": "point"}, files={"file": ("stok.csv", known)})
    script = browser.post(
        orders, files={"file": ("s.csv", STOCK)}, headers={"hx-request": "true", "hx-target": "orders"}
    )
    nothing = browser.post(f"{orders}/mapping")

    assert "stok (found by its name)" in step.text
    assert '<option value="point" selected>' in step.text
    assert script.headers["hx-redirect"].startswith(f"{orders}/mapping/")
    assert nothing.status_code == 422


def test_the_year_of_months_without_one_is_chosen_from_a_list(browser):
    draft = draft_of(send(browser, b"Kode Barang,Jan,Feb,Mar\nX,1,2,4\nY,1,2,4\n"))
    asked = browser.post(f"/files/{draft}/mapping", FAST | {"mapped": "1"}).text

    given = browser.post(f"/files/{draft}/mapping", FAST | {"mapped": "1", "layout": "long", "first_year": "2023"}).text

    assert '<option value="">Choose the year</option>' in asked
    assert 'id="layout-wide" name="layout" value="wide" checked' in asked
    assert "Still to be chosen: Year of the first period<" in asked
    assert "Date column" not in asked
    assert "first_year=" not in asked
    assert "--first-year" not in asked
    assert "<option selected>2023</option>" in given
    assert "<dt>Total demand</dt><dd>14</dd>" in given


def test_each_of_two_columns_of_one_name_and_one_without_a_name_is_a_choice(browser):
    content = "Tanggal,Part No,Qty,Qty,\n" + "".join(f"2024-{m:02}-01,A,1,10,100\n" for m in range(1, 13))
    draft = draft_of(send(browser, content.encode()))

    totals = {}
    for column in ("Qty (column C)", "Qty (column D)", "(column E)"):
        sent = FAST | {"mapped": "1", "layout": "long", "column_mapping": f"demand_qty={column}"}
        page = browser.post(f"/files/{draft}/mapping", sent).text
        assert f"demand_qty={column}" in chosen(page)
        totals[column] = re.findall(r"<dt>Total demand</dt><dd>([\d,]+)</dd>", page)

    assert totals == {"Qty (column C)": ["12"], "Qty (column D)": ["120"], "(column E)": ["1,200"]}
    assert "Qty (column D) · 10" in page
    assert "Column E, without a name · 100" in page


DOWN = "date,site,07-4410,1R-0751\n" + "".join(f"2024-{m:02}-01,Kolaka,{m},1\n" for m in range(1, 13))


def test_a_table_with_dates_down_is_read_by_the_names_of_its_columns(browser):
    draft = draft_of(send(browser, DOWN.encode()))
    asked = browser.post(f"/files/{draft}/mapping", FAST | {"mapped": "1", "layout": "long"}).text
    sent = FAST | {"mapped": "1", "layout": "long", "column_mapping": "partnumber=(header)"}

    given = browser.post(f"/files/{draft}/mapping", sent).text

    assert "partnumber=(header)" in asked
    assert "partnumber=(header)" in chosen(given)
    assert "<dt>Total demand</dt><dd>90</dd>" in given
    assert "Quantity demanded" not in given
    assert "as it was chosen" not in given

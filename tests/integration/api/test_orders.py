"""A stock file, answered over HTTP."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

pytestmark = pytest.mark.xdist_group("api")

STOCK = b"gudang;kode barang;stok;harga\nKendari;0012;0;2,5\nKendari;A/1 b;50;\nMakassar;0012;;1\nMars;X;1;1\n"


@pytest.fixture
def send(client, completed):
    """Sends a stock file."""

    def send(content=STOCK, *, batch_id=completed, language="en", settings=None, **query):
        return client.post(
            f"/api/batch/orders/{batch_id}",
            params=query,
            files={"file": ("stok juni.csv", content)},
            data=settings,
            headers={"accept-language": language},
        )

    return send


def test_a_stock_file_is_answered_with_orders_and_the_units_to_buy_next(client, completed, send):
    answer = send().json()

    series = client.get(f"/api/batch/series/{completed}", params={"limit": 1000}).json()["series"]
    reorder_points = {(one["site_code"], one["partnumber"]): one["reorder_point"] for one in series}
    assert (answer["parts"], answer["to_order"], answer["without_on_hand"]) == (3, 1, 1)
    assert (answer["unknown"], answer["unknown_named"]) == (1, [["Mars", "X"]])
    (order,) = answer["orders"]
    assert (order["site_code"], order["partnumber"], order["on_hand"]) == ("Kendari", "0012", 0)
    assert order["reorder_point"] == reorder_points["Kendari", "0012"] > 0
    assert order["order_qty"] == order["order_up_to"] >= order["reorder_point"]
    assert order["fill_rate_now"] < order["fill_rate_after"]
    first = answer["next_units"][0]
    assert (first["rank"], first["partnumber"], first["units"], first["cost"]) == (1, "0012", 1, 2.5)
    assert answer["promise"]["service_level"] == 0.95
    assert any("with a forecast: 1 (X (Mars))" in sentence for sentence in answer["sentences"])


def test_the_sentences_are_in_the_language_that_was_asked_for(send):
    answer = send(language="id")

    assert answer.headers["content-language"] == "id"
    assert any("file stok" in sentence for sentence in answer.json()["sentences"])


@pytest.mark.parametrize("kind", ["orders", "next_units"])
def test_a_whole_table_comes_as_csv_or_xlsx(completed, send, kind):
    text, book = send(kind=kind), send(kind=kind, format="xlsx")

    rows = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert list(next(sheet.iter_rows(values_only=True))) == rows[0]
    assert sheet.max_row == len(rows) > 1
    assert text.headers["content-disposition"] == f'attachment; filename="{kind}-demand_2024-{completed[:8]}.csv"'
    assert {row[rows[0].index("partnumber")] for row in rows[1:]} <= {"0012", "A/1 b"}


def test_a_stock_file_that_can_not_be_read_is_named_as_its_sender_does(send):
    problem = send(b"part,stok\nA,many\n")

    assert problem.status_code == 422
    assert problem.json()["code"] == "invalid-stock-file"
    assert "on_hand is 'many' in line 2 of stok juni.csv" in problem.json()["detail"]


def test_what_is_no_stock_file_is_refused(send, client, completed):
    assert send(b"%PDF-1.7 whatever").json()["code"] == "unknown-format"
    assert send(b"").json()["code"] == "invalid-stock-file"
    assert send(batch_id="0" * 32).status_code == 404
    assert client.post(f"/api/batch/orders/{completed}", files={"x": (None, "y")}).status_code == 422


def test_a_stock_file_of_other_parts_is_refused(send):
    problem = send(b"site,part,stok\nkendari,0012,1\n").json()

    assert problem["code"] == "stock-of-other-parts"
    assert "it has '0012' of site 'kendari', the forecast has '0012' of site 'Kendari'" in problem["detail"]


def test_dates_that_read_two_ways_are_asked_for_and_can_be_said(send):
    stock = b"date,part,site,stock\n03/04/2025,0012,Kendari,5\n04/03/2025,0012,Kendari,3\n"

    problem = send(stock).json()
    told = {order: send(stock, settings={"date_order": order}).json() for order in ("day_first", "month_first")}

    assert problem["code"] == "ambiguous-dates"
    assert [one["on_hand"] for one in told["day_first"]["orders"]] == [5]
    assert [one["on_hand"] for one in told["month_first"]["orders"]] == [3]
    assert any("as of 3 April 2025 to 3 April 2025" in sentence for sentence in told["month_first"]["sentences"])


@pytest.fixture(scope="session")
def carrying(submit, ended, demand):
    """The id of a batch whose history has columns of stock, dates day first, and a row that was left out."""
    header, *rows = demand().decode().splitlines()
    lines = [f"{header},Stok,harga"]
    for n, row in enumerate(rows):
        day, rest = row.split(",", 1)
        year, month, date = day.split("-")
        lines.append(f"{date}/{month}/{year},{rest},{n % 3},{n % 5 + 1}.5")
    content = "\n".join([*lines, "31/02/2024,0012,Kendari,1,9,9"]).encode()
    batch_id = submit(content, bad_rows="skip", date_order="day_first").json()["batch_id"]
    assert ended(batch_id)["status"] == "COMPLETED"
    return batch_id, lines


def test_a_history_with_columns_of_stock_needs_no_second_file(client, carrying):
    batch_id, lines = carrying

    answer = client.post(f"/api/batch/orders/{batch_id}").json()

    header = lines[0].split(",")
    last = {}
    for line in lines[1:]:
        row = dict(zip(header, line.split(","), strict=True))
        last[row["site_code"], row["partnumber"]] = float(row["Stok"])  # the rows of a part come by date
    assert (answer["parts"], answer["unknown"], answer["without_on_hand"]) == (len(last), 0, 0)
    assert {one["on_hand"] for one in answer["orders"]} <= {0, 1, 2}
    assert all(one["on_hand"] == last[one["site_code"], one["partnumber"]] for one in answer["orders"])
    assert answer["next_units"][0]["cost"] is not None
    assert any(f"the latest of {len(lines):,} rows" in sentence for sentence in answer["sentences"])
    assert any(sentence.startswith("1 row whose date, part or site") for sentence in answer["sentences"])
    assert any(sentence.startswith("Service level: 95.0% promised") for sentence in answer["sentences"])
    report = client.get(f"/api/batch/status/{batch_id}").json()["analysis"]["report"]
    assert report["stock_columns"] == {"unit_cost": "harga", "on_hand": "Stok"}


def test_the_same_is_asked_for_by_an_empty_form_and_gives_whole_tables(client, carrying):
    batch_id, _ = carrying
    path = f"/api/batch/orders/{batch_id}"

    by_form = client.post(path, files={"date_order": (None, "day_first")}).json()
    table = client.post(path, params={"kind": "orders"})

    assert by_form == client.post(path, json={}).json()
    assert len(table.text.splitlines()) == 1 + by_form["parts"]
    assert client.post(path, data={"date_order": "sideways"}).json()["code"] == "invalid-settings"


def test_a_newer_file_counts_where_one_is_sent(send, carrying):
    answer = send(batch_id=carrying[0]).json()

    assert (answer["parts"], answer["unknown"]) == (3, 1)


def test_a_history_without_such_columns_asks_for_a_stock_file(client, completed):
    problem = client.post(f"/api/batch/orders/{completed}")

    assert problem.status_code == 422
    assert problem.json()["code"] == "invalid-stock-file"
    assert problem.json()["detail"].startswith(
        "demand 2024.csv, the demand history of this batch, has no column of stock. Send a stock file, or run the "
    )
    assert client.post(f"/api/batch/orders/{'0' * 32}").status_code == 404


def test_nothing_of_it_is_kept(send, service):
    folder = service._folder
    send(b"part,stok\nA,many\n")
    before = {path for path in folder.rglob("*") if path.is_file()}

    send()

    assert {path for path in folder.rglob("*") if path.is_file()} == before


def test_the_column_of_suppliers_is_named_as_a_field(send):
    header, *rows = STOCK.splitlines()
    named = b"\n".join([header + b";rekanan", *(row + b";PT Sumber" for row in rows)])

    order = send(named, settings={"column_mapping": "supplier=rekanan"}).json()["orders"][0]

    assert order["supplier"] == "PT Sumber"
    assert send(named).json()["orders"][0]["supplier"] is None


def test_how_a_stock_file_was_read_is_kept_used_listed_and_deleted(client, send, completed):
    counted = STOCK.replace(b";stok;", b";Hasil Opname;")
    assert send(counted).status_code == 422

    first = send(counted, settings={"column_mapping": "on_hand=Hasil Opname", "save_recipe": "opname"}).json()
    again = send(counted).json()
    listed = client.get("/api/recipes").json()["recipes"]

    assert any("kept as the recipe 'opname'" in sentence for sentence in first["sentences"])
    assert any("by the recipe 'opname', kept from stok juni.csv" in sentence for sentence in again["sentences"])
    assert again["orders"] == first["orders"]
    assert [(one["name"], one["file_kind"]) for one in listed] == [("opname", "stock")]
    history = client.post(
        "/api/batch/analyze", files={"file": ("x.csv", b"date,part,qty\n")}, data={"recipe": "opname"}
    )
    assert "of another kind, stok juni.csv: a stock file" in history.json()["detail"]
    own = client.post(f"/api/batch/orders/{completed}", data={"recipe": "opname"})
    assert own.status_code == 422
    assert client.delete("/api/recipes/opname").status_code == 204
    assert send(counted).status_code == 422

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

    def send(content=STOCK, *, batch_id=completed, language="en", **query):
        return client.post(
            f"/api/batch/orders/{batch_id}",
            params=query,
            files={"file": ("stok juni.csv", content)},
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
    assert any("1 parts of the stock file (X (Mars))" in sentence for sentence in answer["sentences"])


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


def test_nothing_of_it_is_kept(send, service):
    folder = service._folder
    send(b"part,stok\nA,many\n")
    before = {path for path in folder.rglob("*") if path.is_file()}

    send()

    assert {path for path in folder.rglob("*") if path.is_file()} == before

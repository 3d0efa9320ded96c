"""The first rows of a file over the API, for programs that map its columns."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("api")

FILE = b"Kapan;Brg;Banyak;Jenis\n25/02/2024;X;3;a\n26/02/2024;X;many;b\n27/02/2024;Y;-4;a\n"
STOCK = b"Brg;Saldo Akhir\nX;3\nY;4\n"


def preview(client, content=FILE, *, kind="history", language="en", **fields):
    files, headers = {"file": ("keluar.csv", content)}, {"accept-language": language}
    return client.post(f"/api/batch/preview?kind={kind}", files=files, data=fields, headers=headers)


def test_a_file_whose_columns_are_unknown_is_told_with_samples_and_counts(client):
    found = preview(client).json()

    assert found["missing"] == ["date", "partnumber", "demand_qty"]
    assert found["refusal"]["slug"] == "missing-column"
    assert [column["name"] for column in found["columns"]] == ["Kapan", "Brg", "Banyak", "Jenis"]
    assert found["columns"][0]["samples"] == ["25/02/2024", "26/02/2024", "27/02/2024"]
    assert (found["counts"], found["rows"]) == (None, [])


def test_the_rows_are_as_they_would_be_read_with_these_settings(client):
    mapping = ["date=Kapan", "partnumber=Brg", "demand_qty=Banyak"]
    found = preview(client, column_mapping=mapping, demand_sign="positive", language="id").json()

    assert found["refusal"] is None
    assert [(row["date"], row["demand_qty"]) for row in found["rows"]] == [
        ("2024-02-25", 3),
        ("2024-02-26", None),
        ("2024-02-27", -4),
    ]
    assert found["rows"][1]["reason"] == "bukan angka"
    assert (found["counts"]["rows_read"], found["counts"]["rows_refused"], found["counts"]["total"]) == (3, 1, -1)
    assert found["settings"]["column_mapping"] == {"date": "Kapan", "partnumber": "Brg", "demand_qty": "Banyak"}


def test_a_stock_file_is_told_likewise(client):
    unknown = preview(client, STOCK, kind="stock").json()
    found = preview(client, STOCK, kind="stock", column_mapping=["partnumber=Brg", "on_hand=Saldo Akhir"]).json()

    assert unknown["missing"] == ["partnumber", "on_hand"]
    assert [(item["partnumber"], item["on_hand"]) for item in found["items"]] == [("X", 3), ("Y", 4)]


def test_what_is_no_table_is_a_problem(client):
    assert preview(client, b"").status_code == 422
    assert preview(client, b"").json()["code"] == "empty-input"
    assert preview(client, column_mapping="nothing").json()["code"] == "invalid-settings"
    assert preview(client, kind="other").status_code == 422

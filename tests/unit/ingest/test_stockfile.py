"""Stock files as people export them, and the sentences about those that can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchcast.domain.inventory import StockItem
from batchcast.ingest import read_stock
from batchcast.ingest.problems import InvalidStockFile, UnreadableInput


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "stok.csv"
        path.write_text(text, encoding=encoding)
        return path

    return write


def test_every_column_by_our_names(write) -> None:
    items = read_stock(
        write("site_code,partnumber,lead_time,unit_cost,on_hand,pack_size\nA,00123,14,12.5,0,6\nA,B,,,,\n")
    )

    assert items == (
        StockItem(site_code="A", partnumber="00123", lead_time=14, unit_cost=12.5, on_hand=0, pack_size=6),
        StockItem(site_code="A", partnumber="B"),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_indonesian_names_in_any_dialect(write, delimiter: str, encoding: str) -> None:
    rows = [["Gudang", "Kode Barang", "Stok", "Harga-Satuan", "ISI_KEMASAN", "waktu tunggu"]]
    rows.append(["Côte", "X 1", "3", '"1.250,5"', "2", "7"])

    items = read_stock(write("\n".join(delimiter.join(row) for row in rows), encoding))

    assert items == (
        StockItem(site_code="Côte", partnumber="X 1", on_hand=3, unit_cost=1250.5, pack_size=2, lead_time=7),
    )


def test_one_number_decides_for_all(write) -> None:
    items = read_stock(write("part;stok;harga\nA;1;15.000\nB;2;1,5\n"))

    assert [item.unit_cost for item in items] == [15000, 1.5]
    assert {item.site_code for item in items} == {"ALL"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("site,stok\nA,1\n", r"no column partnumber; it has 'site', 'stok'\. Name one of them"),
        ("part,colour\nA,1\n", "says nothing of stock; it has 'part', 'colour'"),
        ("part,stok,stock\nA,1,1\n", "two columns that are on_hand: 'stok' and 'stock'"),
        ("part,stok\nA,1\nA,2\n", "'A' of site 'ALL' in line 2 and again in line 3"),
        ("part,stok\nA,1\nB\n", "Line 3 of stok.csv does not have the 2 cells"),
        ('part,stok\nA,"1\nB,2\n', "Line 2 of stok.csv does not have the 2 cells"),
        ("part,stok\n,1\n", "Line 2 of stok.csv names no partnumber"),
        ("part,stok,site\nA,1,\n", "Line 2 of stok.csv names no site_code"),
        ("part,stok\nA,many\n", "on_hand is 'many' in line 2 of stok.csv; write a number of 0 or more"),
        ("part,stok\nA,-1\n", "on_hand is '-1'"),
        ("part,pack\nA,0\n", "pack_size is '0' in line 2 of stok.csv; write a number above 0"),
        ("part,harga\nA,nan\n", "unit_cost is 'nan'"),
        ("part;harga\nA;1.500\n", "'1.500' in line 2 of stok.csv reads with a decimal point and with a decimal comma"),
    ],
)
def test_what_can_not_be_read_is_said_in_a_sentence(write, text: str, sentence: str) -> None:
    with pytest.raises(InvalidStockFile, match=sentence) as error:
        read_stock(write(text))

    assert error.value.slug == "invalid-stock-file"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput):
        read_stock(tmp_path / "none.csv")

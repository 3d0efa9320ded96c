"""Stock files as people export them, and the sentences about those that can't be read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.domain.inventory import StockItem
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import (
    AmbiguousNumbers,
    DamagedFile,
    InvalidStockFile,
    MixedNumberStyles,
    ReceiptsAndIssues,
    SeveralUnits,
    UnclosedQuote,
    UnknownFormat,
    UnknownMapping,
    UnreadableInput,
)
from batchcast.ingest.stock.stockfile import read_stock


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
    ).items

    assert items == (
        StockItem(site_code="A", partnumber="00123", lead_time=14, unit_cost=12.5, on_hand=0, pack_size=6),
        StockItem(site_code="A", partnumber="B"),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_indonesian_names_in_any_dialect(write, delimiter: str, encoding: str) -> None:
    rows = [["Gudang", "Kode Barang", "Stok", "Harga-Satuan", "ISI_KEMASAN", "waktu tunggu"]]
    rows.append(["Côte", "X 1", "3", '"1.250,5"', "2", "7"])

    items = read_stock(write("\n".join(delimiter.join(row) for row in rows), encoding)).items

    assert items == (
        StockItem(site_code="Côte", partnumber="X 1", on_hand=3, unit_cost=1250.5, pack_size=2, lead_time=7),
    )


@pytest.mark.parametrize(
    ("header", "rows", "suppliers"),
    [
        ("part;stok;Pemasok", ["A;1;PT Sumber", "B;2;"], ["PT Sumber", None]),
        ("part;stok;Vendor Code;Vendor", ["A;1;V-7;CV  Makmur "], ["CV Makmur"]),
        ("part;stok;vendor_name", ["A;1;PT A", "A;2;PT B", "B;1;"], ["PT B", None]),  # two places of one part
        ("tanggal;part;stok;pemasok", ["2025-01-01;A;1;PT A", "2025-02-01;A;2;"], ["PT A"]),
        ("part;stok;nama", ["A;1;Seal"], [None]),
    ],
)
def test_the_supplier_of_a_part_is_the_last_that_is_named(write, header: str, rows: list[str], suppliers) -> None:
    found = read_stock(write("\n".join([header, *rows])))

    assert [item.supplier for item in found.items] == suppliers


@pytest.mark.parametrize(
    ("mapped", "suppliers"),
    [
        ("Rekanan", ["PT Sumber", None]),
        ("Kode Rekanan + Rekanan", ["7-PT Sumber", None]),
        ("", [None, None]),
        ("=PT Satu", ["PT Satu", "PT Satu"]),
    ],
    ids=["a column", "two joined", "none", "one for all"],
)
def test_the_column_of_suppliers_can_be_mapped(write, mapped: str, suppliers) -> None:
    file = write("part;stok;Kode Rekanan;Rekanan;Pemasok\nA;1;7;PT Sumber;x\nB;2;8;;y\n")

    found = read_stock(file, BatchSettings(column_mapping={"supplier": mapped or "="}))

    assert [item.supplier for item in found.items] == suppliers


def test_a_supplier_that_is_mapped_to_no_column_is_refused(write) -> None:
    with pytest.raises(UnknownMapping, match="'Rekan', which is not a column; did you mean 'Rekanan'"):
        read_stock(write("part;stok;Rekanan\nA;1;x\n"), BatchSettings(column_mapping={"supplier": "Rekan"}))


def test_a_column_of_suppliers_is_read_and_others_of_them_are_named(write) -> None:
    found = read_stock(write("part;stok;Vendor Code;Vendor\nA;1;V-7;CV Makmur\n"))

    assert [str(note).partition(":")[2][:15] for note in found.notes if "not read" in str(note)] == [" 'Vendor Code'."]


def test_one_number_decides_for_all(write) -> None:
    items = read_stock(write("part;stok;harga\nA;1;15.000\nB;2;1,5\n")).items

    assert [item.unit_cost for item in items] == [15000, 1.5]
    assert {item.site_code for item in items} == {"ALL"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("part,name\nA,1\n", "says nothing of stock; it has 'part', 'name'"),
        ("part,stok\n", "stok.csv has a header and no rows under it: export it again"),
        ("site,stok\nA,1\n", r"no column partnumber; it has 'site', 'stok'\. Add one of the parts"),
        (
            "part,colour\nA,1\n",
            "the stock on hand; it has 'part', 'colour'. Say which it is with column_mapping=on_hand=colour",
        ),
        (
            "part,stok,stock\nA,1,1\n",
            "two columns that are on_hand: 'stok' and 'stock'; rename one, or say which with column_mapping=on_hand=",
        ),
        ("part,stok\nA,2\nA,2\n", "'A' of site 'ALL' in line 2 and again, with the same figures, in line 3"),
        ("part,stok\nA,1\nB\n", "Line 3 of stok.csv does not have the 2 cells"),
        ("part,stok\n,1\n", "partnumber is empty in line 2 of stok.csv; correct it"),
        ("part,stok,site\nA,1,\n", "site_code is empty in line 2 of stok.csv; correct it"),
        ("part,stok\n#N/A,1\n", "partnumber '#N/A' is an error value of a spreadsheet in line 2"),
        (
            "part,stok\nA,many\n",
            "on_hand is 'many' in line 2 of stok.csv; write a number, at most 1,000,000,000,000,000, or",
        ),
        ("part,stok,dipesan\nA,1,-1\n", "on_order is '-1' in line 2 of stok.csv; write a number from 0"),
        ("part,pack\nA,0\n", "pack_size is '0' in line 2 of stok.csv; write a number above 0"),
        ("part,stok\nA,1e300\n", "on_hand is '1e300' in line 2 of stok.csv; write a number, at most 1,000"),
        ("part,harga\nA,nan\n", "unit_cost is 'nan'"),
        ("part,harga\nA,-1\n", "unit_cost is '-1'"),
        ("part,lead_time\nA,20250801\n", "lead_time is '20250801' in line 2 of stok.csv; write periods, above 0"),
        ("part,lead_time\nA,0\n", "lead_time is '0' in line 2 of stok.csv; write periods, above 0 and at most 3,650"),
        ('part,stok\nA,"1" x\nB,2\n', "Line 2 of stok.csv does not have the 2 cells of the header, or a quote in it"),
    ],
)
def test_what_can_not_be_read_is_said_in_a_sentence(write, text: str, sentence: str) -> None:
    with pytest.raises(InvalidStockFile, match=sentence) as error:
        read_stock(write(text))

    assert error.value.slug == "invalid-stock-file"


def test_every_cell_that_can_not_be_read_is_told_of_at_once(write) -> None:
    one = r"'x' in line 2 of .* One more can't be read either, in line 3: correct it too"
    with pytest.raises(InvalidStockFile, match=one):
        read_stock(write("part,stok\nA,x\nB,z\n"))

    same_row = r"'x' in line 3 of .* One more can't be read either, in line 3: correct it too"
    with pytest.raises(InvalidStockFile, match=same_row):
        read_stock(write("part,stok,harga\nA,1,1\nB,x,y\n"))

    few = r"'x' in line 2 of .* 2 more can't be read either, in lines 4: correct"
    with pytest.raises(InvalidStockFile, match=few):
        read_stock(write("part,stok,harga\nA,x,1\nB,2,3\nC,one,free\n"))

    many = r"13 more can't .* in lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …: correct"
    with pytest.raises(InvalidStockFile, match=many):
        read_stock(write("part,stok\n" + "".join(f"P{k},x\n" for k in range(14))))


def test_rows_of_no_part_do_not_hide_the_cells(write) -> None:
    rows = r"partnumber is empty in line 3 of .* 3 more can't be read either, in lines 4, 2: correct"
    with pytest.raises(InvalidStockFile, match=rows):
        read_stock(write("part,stok,harga\nA,x,y\n,2,3\n,1,1\n"))

    undecided = r"partnumber is empty in line 3 of [a-z.]+; correct it, or take the line out\.$"
    with pytest.raises(InvalidStockFile, match=undecided):  # whether 1.500 can be read is not known yet
        read_stock(write("part;stok\nA;1.500\n;2\n"))


def test_stock_below_zero_counts_as_it_is(write) -> None:
    (item,) = read_stock(write("part,stok,dipesan\nA,-2,7\n")).items

    assert (item.on_hand, item.on_order) == (-2, 7)


def test_rows_of_several_storage_locations_are_summed_and_said(write) -> None:
    text = "part,bin,stok,on_order,harga\nA,b1,3,,10\nB,b1,5,,4\nA,b2,-1,6,10\nA,b3,2.5,1,10\nB,b2,5,,4\n"

    for dated in (
        text,
        text.replace("part,bin", "date,part,bin").replace("\nA", "\n2025-01-31,A").replace("\nB", "\n2025-01-31,B"),
    ):
        held = read_stock(write(dated))

        assert [(i.partnumber, i.on_hand, i.on_order, i.unit_cost) for i in held.items] == [
            ("A", 4.5, 7, 10),
            ("B", 10, None, 4),
        ]
        assert "Parts with several rows: 2, such as A (ALL) with 3." in str(held.notes[0])


def test_a_stock_list_that_was_exported_twice_is_refused(write) -> None:
    rows = "A,1\nB,2\nC,3\n"

    with pytest.raises(InvalidStockFile, match="the list may have been exported twice"):
        read_stock(write("part,stok\n" + rows + rows))


@pytest.mark.parametrize("column", ["Saldo Akhir", "Qty Akhir", "Bestand gesamt", "jml_sisa", "Hasil Opname"])
def test_a_stock_column_that_is_not_known_is_refused_with_the_mapping_that_reads_it(write, column) -> None:
    path = write(f"part;nama barang;{column};harga\nA;Filter;7;10\n")

    with pytest.raises(InvalidStockFile, match=f'column_mapping="?on_hand={column}"?, or'):
        read_stock(path)

    assert read_stock(path, BatchSettings(column_mapping={"on_hand": column})).items[0].on_hand == 7
    assert read_stock(path, BatchSettings(column_mapping={"on_hand": "="})).items[0].on_hand is None


def test_what_can_not_be_read_is_left_out_where_that_is_asked_for(write) -> None:
    text = "part,stok\nA,1\n,5\nB,many\nC\nD,-4\n"

    held = read_stock(write(text), BatchSettings(bad_rows="skip", max_refused_share=0.6))

    assert [(item.partnumber, item.on_hand) for item in held.items] == [("A", 1), ("B", None), ("D", -4)]
    said = " ".join(map(str, held.notes))
    assert "1 cells can't be read and count as unknown: on_hand is 'many' in line 4" in said
    assert "2 rows whose date, part or site can't be read are left out" in said


@pytest.mark.parametrize(
    ("bad", "share", "enough"),
    [
        (["P0,x"], 0.01, 0.01),
        (["P0,x", ",5", "P2"], 0.03, 0.03),
        (["P0,x", ",5", "P2", "P3,-", "P4,x", ",5", "P6", "P7,x"], 0.08, 0.08),
    ],
)
def test_more_of_it_than_may_be_is_not_left_out(write, bad: list[str], share: float, enough: float) -> None:
    path = write("part,stok\n" + "\n".join(bad + [f"P{i},1" for i in range(len(bad), 100)]))
    below, at = (BatchSettings(bad_rows="skip", max_refused_share=most) for most in (share - 0.005, share))

    with pytest.raises(InvalidStockFile) as error:
        read_stock(path, below)

    said = str(error.value)
    assert f"{len(bad)} of 100 rows of stok.csv can't be read, {share:.1%} of them" in said
    assert f"Or set max_refused_share={enough} to go on" in said
    assert len(read_stock(path, at).items) == 100 - sum("," not in row or row == ",5" for row in bad)


def test_of_a_stock_history_the_parts_count_whose_last_value_can_not_be_read(write) -> None:
    """One of ten parts, in one of a thousand rows."""
    days = [f"2025-{month:02}-{day:02}" for month in range(1, 11) for day in range(1, 11)]
    rows = [f"{day},P{i},{'x' if i == 3 and day == days[-1] else 5}" for day in days for i in range(10)]
    path = write("date,part,stok\n" + "\n".join(rows))

    with pytest.raises(InvalidStockFile, match=r"1 of 10 rows .*, 10\.0%.* on_hand is 'x' in line 995"):
        read_stock(path, BatchSettings(bad_rows="skip"))
    held = read_stock(path, BatchSettings(bad_rows="skip", max_refused_share=0.1))
    assert [item.on_hand for item in held.items].count(None) == 1


def test_places_in_an_archive_name_their_member(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "stok.zip", "w") as archive:
        archive.writestr("a.csv", "part,stok\nA,x\nB,2\n")
        archive.writestr("b.csv", "part,stok\nC,1\nD,z\nE,y\n")

    with pytest.raises(
        InvalidStockFile, match=r"line 2 of a\.csv.* 2 more .* lines 3 \(b\.csv\), 4 \(b\.csv\): correct"
    ):
        read_stock(tmp_path / "stok.zip")


def test_a_cost_of_zero_is_none_as_exports_write_it(write) -> None:
    free, dear = read_stock(write("part,stok,harga\nA,1,0\nB,1,2\n")).items

    assert (free.unit_cost, dear.unit_cost) == (None, 2)


@pytest.fixture
def workbook(tmp_path: Path):
    def workbook(rows: list[list[object]]) -> Path:
        path = tmp_path / "stok.xlsx"
        book = openpyxl.Workbook()
        book.active.append(["part"])
        sheet = book.create_sheet("Stok")
        for row in rows:
            sheet.append(row)
        book.save(path)
        return path

    return workbook


def test_a_workbook_with_a_title_over_its_header(workbook) -> None:
    rows = [
        ["Stock of June"],
        [],
        ["Part No", "Gudang", "Stok", "Harga"],
        [123, "A", 0, 2.5],
        [],
        ["007", "A", "1,5", ""],
    ]

    assert read_stock(workbook(rows)).items == (
        StockItem(site_code="A", partnumber="123", on_hand=0, unit_cost=2.5),
        StockItem(site_code="A", partnumber="007", on_hand=1.5),
    )


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([["part", "dipesan"], ["A", -2]], "on_order is '-2' in line 2 of stok.xlsx"),
        ([["part", "stok"], ["A", True]], "on_hand is 'TRUE' in line 2 of stok.xlsx"),
        ([["part", "pack"], ["A", 0]], "pack_size is '0' in line 2 of stok.xlsx"),
        ([["colour"], ["red"]], "has no column partnumber; it has 'colour'"),
    ],
)
def test_what_a_workbook_can_not_hold(workbook, rows: list[list[object]], sentence: str) -> None:
    with pytest.raises(InvalidStockFile, match=sentence):
        read_stock(workbook(rows))


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        (b"PAR1rest", DamagedFile, "stok.csv is not a whole Parquet file"),
        (b"\x1f\x8brest", DamagedFile, "stok.csv is cut short"),
        (b"%PDF-1.7", UnknownFormat, "stok.csv is a PDF; send a CSV"),
        (b'part,stok\nA,"1\nB,2\n', UnclosedQuote, "A quote that opens in line 2 of stok.csv never closes"),
        (b"part;harga\nA;1.500\n", AmbiguousNumbers, r"column harga reads both ways: is '1.500' \(line 2\)"),
        (b"part;harga;stok\nA;1.5;1,5\n", MixedNumberStyles, "numbers of column harga, stok are in two styles"),
    ],
)
def test_what_no_file_may_be_is_said_as_of_a_demand_history(tmp_path: Path, content: bytes, error, sentence) -> None:
    path = tmp_path / "stok.csv"
    path.write_bytes(content)

    with pytest.raises(error, match=sentence):
        read_stock(path)


def test_the_style_of_numbers_can_be_said(write) -> None:
    path = write("part;harga\nA;1.500\n")

    said = [read_stock(path, BatchSettings(number_style=style)).items[0].unit_cost for style in ("point", "comma")]

    assert said == [1.5, 1500]


def test_a_column_can_be_mapped_or_be_one_value_for_all(write) -> None:
    settings = BatchSettings(column_mapping={"unit_cost": "price", "lead_time": "=14", "partnumber": "What"})

    held = read_stock(write("what,cost,price\nA,9,2\nB,9,3\n"), settings)

    assert held.items == (
        StockItem(site_code="ALL", partnumber="A", unit_cost=2, lead_time=14),
        StockItem(site_code="ALL", partnumber="B", unit_cost=3, lead_time=14),
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput):
        read_stock(tmp_path / "none.csv")


def test_columns_of_text_or_of_a_description_are_not_taken_for_stock(write) -> None:
    """Without a column that may be stock, the file says what it says: here, the price."""
    (item,) = read_stock(write("part;Robinia;kontrak;bin;harga\nA;wood;yes;7;10\n")).items

    assert (item.on_hand, item.unit_cost) == (None, 10)


@pytest.mark.parametrize(
    ("header", "likely"),
    [
        ("Gudang;part;Saldo Awal;Masuk;Keluar;Saldo Akhir", "Saldo Akhir"),
        ("Plant;part;SLoc;Quality;Stock Unrestr;Value Unrestr", "Stock Unrestr"),
        ("Site;part;Stock Value;Stock Qty;Reserved", "Stock Qty"),
        ("Site;part;Planned Qty;Projected Qty;Actual Stock", "Actual Stock"),
        ("Lokasi;part;Stok Minimum;Stok Tersedia", "Stok Tersedia"),
        ("Location;part;Quantity;Reserved Quantity", "Quantity"),
        ("Warehouse;part;Actual Qty;Planned Qty;Projected Qty", "Actual Qty"),
        ("Gudang;part;Kuantitas", "Kuantitas"),
    ],
)
def test_the_likeliest_column_of_stock_is_no_money_and_no_other_day(write, header, likely) -> None:
    path = write(f"{header}\nK;A;{';'.join('7' for _ in header.split(';')[2:])}\n")

    with pytest.raises(InvalidStockFile, match=f'column_mapping="?on_hand={likely}"?, or'):
        read_stock(path)


@pytest.mark.parametrize("column", ["On PO", "Open PO Qty", "In Transit", "En commande", "Qty. on Purch. Order"])
def test_what_is_on_order_is_counted_under_the_names_of_other_systems(write, column) -> None:
    assert read_stock(write(f"part;stok;{column}\nA;7;4\n")).items[0].on_order == 4


def test_a_column_that_may_be_what_is_on_order_is_named(write) -> None:
    held = read_stock(write("part;stok;Purchase qty\nA;7;4\n"))

    assert held.items[0].on_order is None
    assert "'Purchase qty' is not read; if it is what is on order" in " ".join(map(str, held.notes))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("part,on_hand\nA,5\nB,7\nTotal,12\n", ["A", "B"]),
        ("part,stok\nA,5.5\nB,7\nTOTAL KESELURUHAN,12.5\n", ["A", "B"]),
        ("part,on_hand\nA,-5\nB,7\nC,1\nJumlah,3\n", ["A", "B", "C"]),
        ("site,part,on_hand\nK,A,5\nK,B,7\nL,A,3\nK,Jumlah,12\nL,Jumlah,3\nTotal,Grand Total,15\n", ["A", "B", "A"]),
        ("part,on_hand\nA,5\nB,7\nSubtotal,12\nC,3\nD,4\nSubtotal Oli,7\nTotal,19\n", ["A", "B", "C", "D"]),
        ("part,on_order\nA,5\nB,7\nSumme,12\n", ["A", "B"]),
        ("date,part,on_hand\n2024-01-01,A,5\n2024-02-01,A,6\n2024-02-01,B,1\n2024-02-01,Total,7\n", ["A", "B"]),
        ("part,on_hand\nTotal,12\nA,5\nB,7\n", ["A", "B"]),
    ],
)
def test_rows_of_totals_are_left_out_of_the_stock_and_said(write, text: str, left: list[str]) -> None:
    stock = read_stock(write(text))

    assert [item.partnumber for item in stock.items] == left
    assert any(str(note).startswith("Rows of totals are left out") for note in stock.notes)


@pytest.mark.parametrize("name", ["Total", "Total Station 5", "Sum"])
def test_a_part_of_the_stock_that_is_only_called_total_is_kept_and_said(write, name: str) -> None:
    stock = read_stock(write(f"part,on_hand\nA,5\nB,7\n{name},9\n"))

    assert [item.partnumber for item in stock.items] == ["A", "B", name]
    assert any(f"{name!r} (ALL) is named like a total but does not hold" in str(note) for note in stock.notes)


@pytest.mark.parametrize(
    ("header", "days"),
    [
        ("Lead Time (days)", 6),
        ("lead_time_in_weeks", 42),
        ("LeadTimeDays", 6),
        ("Waktu Tunggu (minggu)", 42),
        ("Lama Kirim hari", 6),
        ("Lieferzeit in Tagen", 6),
        ("Wiederbeschaffungszeit (Wochen)", 42),
        ("Délai de livraison (jours)", 6),
        ("Plazo de entrega (semanas)", 42),
        ("Prazo de entrega (meses)", 6 * 30.4375),
        ("Lead Time (working days)", 8.4),
        ("Срок поставки, дней", 6),
        ("PLIFZ", 6),
    ],
)
def test_lead_times_with_their_unit_in_the_name_are_days(write, header, days) -> None:
    (item,) = read_stock(write(f"part;stok;{header}\nA;7;6\n")).items

    assert (item.lead_time, item.lead_time_days) == (None, pytest.approx(days))


def test_lead_times_with_their_unit_in_the_cells_are_days(write) -> None:
    held = read_stock(write("part;stok;Lead Time\nA;7;6 weeks\nB;7;10 hari\nC;7;2W\nD;7;\n"))

    assert [item.lead_time_days for item in held.items] == [42, 10, 14, None]
    with pytest.raises(InvalidStockFile, match=r"lead_time is '6 weeks' in line 5 of .*write periods"):
        read_stock(write("part;stok;lead time\nA;7;3\nB;7;3\nC;7;3\nD;7;6 weeks\n"))


@pytest.mark.parametrize("header", ["Lieferzeit", "Delivery Lead Time", "Délai de livraison"])
def test_lead_times_without_a_unit_are_not_guessed(write, header) -> None:
    path = write(f"part;stok;{header}\nA;7;30\n")
    (note,) = map(str, read_stock(path).notes)
    mapped = read_stock(path, BatchSettings(column_mapping={"lead_time_days": header}))

    assert note.startswith(f"Column '{header}' is not read, as it does not say whether its lead times are days")
    assert (mapped.items[0].lead_time_days, mapped.notes) == (30, ())


def test_every_column_that_is_not_read_is_named_once(write) -> None:
    held = read_stock(write("part;stok;Reserved;Open PO in days;Bin;Deskripsi;Reorder Point\nA;7;1;2;B1;Kampas;4\n"))

    said = "\n".join(map(str, held.notes))
    assert "not read: 'Bin', 'Deskripsi', 'Reorder Point'" in said
    assert all(said.count(repr(name)) == 1 for name in ("Reserved", "Open PO in days", "Bin", "Reorder Point"))


KINDS = "part;site;Stock Type;Qty on Hand\n" + "".join(
    f"P{n};K;{kind};{units}\n"
    for n in range(9)
    for kind, units in (("Unrestricted", n), ("Blocked", 4), ("Quality", 1))
)


def test_rows_of_stock_that_can_not_be_used_are_a_question(write) -> None:
    with pytest.raises(
        ReceiptsAndIssues, match="'Blocked' \\(9\\), 'Quality' \\(9\\), 'Unrestricted' \\(9\\)"
    ) as asked:
        read_stock(write(KINDS))

    free, every = (choice.settings["only_rows"] for choice in asked.value.choices)
    assert free == "Stock Type=Unrestricted"
    held = read_stock(write(KINDS), BatchSettings(only_rows=(free,)))
    assert [item.on_hand for item in held.items] == list(range(9))
    assert "18 rows are left out: 'Blocked' (9), 'Quality' (9)" in "\n".join(map(str, held.notes))
    assert read_stock(write(KINDS), BatchSettings(only_rows=(every,))).items[2].on_hand == 7


@pytest.mark.parametrize(
    "text",
    [
        KINDS.replace("Blocked", "A").replace("Quality", "B"),  # no word of stock that can't be used
        "part;Status;stok\n" + "".join(f"P{n};{'Blocked' if n % 2 else 'Free'};3\n" for n in range(9)),  # of the part
    ],
)
def test_other_columns_of_kinds_are_no_question(write, text) -> None:
    assert len(read_stock(write(text)).items) == 9


def test_stock_in_several_units_is_a_question(write) -> None:
    path = write("part;stok\n" + "".join(f"P{n};{n} {'BOX' if n % 3 else 'PCS'}\n" for n in range(1, 10)))
    with pytest.raises(SeveralUnits, match="several units: box, pcs") as asked:
        read_stock(path)

    assert [choice.settings["quantity_units"] for choice in asked.value.choices] == ["box", "pcs", "box,pcs"]
    assert read_stock(path, BatchSettings(quantity_units=("box", "pcs"))).items[0].on_hand == 1
    with pytest.raises(InvalidStockFile, match="on_hand is '3 PCS' in line 4"):
        read_stock(path, BatchSettings(quantity_units=("box",)))


def test_what_a_report_has_around_its_rows_is_left_out_and_said(write) -> None:
    rows = [f"P{n};{site};{n}" for site in "KS" for n in range(6)]
    report = [
        *rows[:4],
        "Halaman 2;;",
        "part;site;stok",
        *rows[4:],
        "Total K;;15",
        "Grand Total;;30",
        "*** selesai ***;;",
    ]
    held = read_stock(write("part;site;stok\n" + "\n".join(report) + "\n"))

    said = "\n".join(map(str, held.notes))
    assert [f"{item.partnumber};{item.site_code};{item.on_hand:g}" for item in held.items] == rows
    assert "3 rows that repeat the header or say nothing of any stock are left out" in said
    assert "Rows of totals are left out: 'Total K' (ALL), 'Grand Total' (ALL)" in said
    with pytest.raises(InvalidStockFile, match="site_code is empty in line 14"):
        read_stock(write("part;site;stok\n" + "\n".join([*rows, "P9;;7"]) + "\n"))


def test_a_cost_may_have_a_currency_and_a_lead_time_of_0_days_is_none(write) -> None:
    held = read_stock(write("part;stok;harga;Lead Time (days)\nA;1;Rp 15.000,50;0\nB;2;IDR 1.000,25;7\n"))

    assert [(item.unit_cost, item.lead_time_days) for item in held.items] == [(15000.5, None), (1000.25, 7)]
    assert "Lead times of 0 are none: 1 rows" in "\n".join(map(str, held.notes))


def test_a_second_column_of_what_is_coming_is_said(write) -> None:
    text = "part;stok;In Transit;On Order\nA;1;5;2\n"

    assert read_stock(write(text)).items[0].on_order == 2
    assert "Column 'In Transit' is not added to 'On Order'" in str(read_stock(write(text)).notes[0])
    assert "is not added" not in str(read_stock(write(text.replace(";5;", ";0;"))).notes[0])


@pytest.mark.parametrize(
    ("header", "row", "sentence"),
    [
        (
            "date;part;site;Qty;Movement type",
            "2026-11-01;A;K;-3;201",
            "lists movements and says nothing of what is left",
        ),
        ("PO Number;Part;Open Qty;Due Date", "450001;A;3;2026-12-01", "lists what is ordered"),
    ],
)
def test_lists_of_something_else_are_told_as_such(write, header, row, sentence) -> None:
    with pytest.raises(InvalidStockFile, match=sentence) as refused:
        read_stock(write(f"{header}\n{row}\n"))

    assert "PO Number=" not in str(refused.value)


@pytest.mark.parametrize(
    ("header", "row", "part"),
    [
        ("Kode,Gudang,Saldo Awal,Saldo Akhir", "P-{i},X,5,6", "Kode"),
        ("Varasto;Nimike;Saldo", "X;07-44{i};5", "Nimike"),
        ("Keterangan,Nomor stok,Stok", "baik,P-{i},4", "Nomor stok"),
    ],
)
def test_a_file_whose_part_has_an_unknown_name_says_how_to_map_it(write, header: str, row: str, part: str) -> None:
    with pytest.raises(InvalidStockFile) as refused:
        read_stock(write("\n".join([header, *(row.format(i=i) for i in range(4))])))

    assert f"partnumber={part}" in str(refused.value)
    assert len(str(refused.value)) < 500, "a sentence that people read"


def test_lists_of_two_days_in_one_archive_are_never_summed(tmp_path: Path) -> None:
    november, december = "part,site,on hand\nA,X,5\nB,X,2\n", "part,site,on hand\nB,X,3\nC,X,1\n"
    for name, second in (("days", december), ("sites", december.replace("X", "Y"))):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr("11.csv", november)
            archive.writestr("12.csv", second)

    with pytest.raises(InvalidStockFile, match=r"Part 'B' of site 'X' is in 11\.csv and in 12\.csv of days\.zip"):
        read_stock(tmp_path / "days.zip")
    assert [item.on_hand for item in read_stock(tmp_path / "sites.zip").items] == [5, 2, 3, 1]


ORDERS = {
    "english": "PO,Item,Open Qty,Due date\n4500,P-1,10,2025-08-01\n4501,P-1,5,2025-08-02\n",
    "sap": "Purchasing Document,Material,Plant,Still to be delivered (qty)\n4500,P-1,A,10\n4501,P-1,A,5\n",
    "indonesian": "No PO,Kode Barang,Gudang,Sisa PO\nPO1,P-1,KDI,10\nPO2,P-1,KDI,5\n",
    "received": "Nomor Pesanan Pembelian,Kode Barang,Jumlah Dipesan,Jumlah Diterima,Sisa\nA,P-1,14,4,10\nB,P-1,5,0,5\n",
    "german": "Bestellung;Material;Werk;Offene Menge\n45;P-1;A;10\n46;P-1;A;5\n",
    "odoo": "Order Reference,Product,Quantity,Received Qty\nP001,P-1,10,4\nP002,P-1,5,0\n",
    "known": "PO,Item,On order\n4500,P-1,10\n4502,P-1,5\n",
}


@pytest.mark.parametrize("orders", ORDERS)
def test_a_list_of_open_orders_is_no_list_of_the_stock(write, orders: str) -> None:
    file = write(ORDERS[orders])
    with pytest.raises(InvalidStockFile, match="lists what is ordered") as refused:
        read_stock(file)
    values = refused.value.message.values
    again = settings_of_texts({"column_mapping": [str(values["example"]).strip('"')]})
    item = read_stock(file, again).items[0]
    assert (item.on_order, item.on_hand) == (15, None)


def test_a_list_of_the_stock_with_its_orders_is_one(write) -> None:
    item = read_stock(
        write("Item,Stok Akhir,PO\nP-1,3,10\n"), settings_of_texts({"column_mapping": ["on_hand=Stok Akhir"]})
    )
    assert item.items[0].on_hand == 3


@pytest.mark.parametrize(
    "header",
    [
        "Article;Stock;En commande",
        "Artículo;Existencias;Pedido",
        "Artigo;Estoque;Em pedido",
        "Articolo;Giacenza;In ordine",
        "Artikel;Voorraad;In bestelling",
        "Material;Bestand;Bestellmenge",
    ],
)
def test_what_is_on_order_is_known_in_the_languages_of_the_files(write, header: str) -> None:
    item = read_stock(write(f"{header}\nP-1;-3;20\n")).items[0]
    assert (item.on_hand, item.on_order) == (-3, 20)


def test_the_ages_of_a_stock_are_not_the_stock(write) -> None:
    with pytest.raises(InvalidStockFile, match="in bands, such as ages"):
        read_stock(write("Part,Site,0-30,31-60,>60\nP-1,A,1,2,3\n"))
    with pytest.raises(InvalidStockFile, match="on_hand=Total"):
        read_stock(write("Part,Site,0-30,31-60,>60,Total\nP-1,A,1,2,3,6\n"))

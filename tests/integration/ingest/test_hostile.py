"""Hostile and damaged files are refused in a sentence, at a cost that does not grow faster than they do."""

from __future__ import annotations

import difflib
import random
import struct
import time
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.integration.ingest.workbooks import ods_members, packed, record, xls_bytes, xlsb_members, xlsb_sheet

from batchcast.domain.errors import BatchcastError
from batchcast.ingest.common import problems as found
from batchcast.ingest.common.problems import DamagedFile
from batchcast.ingest.files.markup import SPREADSHEET
from batchcast.ingest.layout import missing

CASES = Path(__file__).parents[2] / "acceptance/cases/files"
HEADER = "date,partnumber,site_code,demand_qty\n"
TEXT = HEADER + "".join(f"2024-01-{day:02d},{part},Köln,{day}\n" for day in range(1, 29) for part in ("A", '"B ""2"'))


@pytest.mark.parametrize("mapping", [{}, {"date": "dat"}])
def test_names_of_any_length_are_never_compared(read, monkeypatch, mapping):
    compared: list[int] = []
    real = difflib.SequenceMatcher

    class Counted(real):
        def set_seq1(self, a):
            compared.append(len(a))
            super().set_seq1(a)

    monkeypatch.setattr(difflib, "SequenceMatcher", Counted)

    with pytest.raises((found.MissingColumn, found.UnknownMapping)):
        read("a" * 2_000_000 + ",b" * 2_000 + "\n", column_mapping=mapping)

    assert max(compared, default=0) <= 200
    assert len(compared) <= 20_000  # of the first 200 columns, whatever their number


def test_a_parquet_column_whose_name_is_no_utf8_is_refused(read, tmp_path):
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({"date": ["2024-01-01"], "partnumber": ["A"], "qtyqtyqty": [1]}), path)
    path.write_bytes(path.read_bytes().replace(b"qtyqtyqty", b"qty\xff\xfeqtyq"))

    with pytest.raises(DamagedFile):
        read(path)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with a bit flipped, some bytes put in or taken out, or cut short."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 2:
                del data[at : at + chance.randint(1, 20)]
            case _:
                del data[max(at, 1) :]
        data = data or bytearray(b"x")
    return bytes(data)


def samples(tmp_path) -> dict[str, bytes]:
    """A file of each kind, by its name."""
    import gzip
    import io
    import zipfile

    several = io.BytesIO()
    with zipfile.ZipFile(several, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT.replace("2024", "2025"))
    rows = [line.split(",") for line in TEXT.replace('"', "").splitlines()]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    pq.write_table(
        pa.table({name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}), tmp_path / "x.parquet"
    )
    lines = ["<tr><td>" + "<td>".join(row) + "</tr>" for row in rows]
    page = "\n".join(["<html><meta charset=utf-8><table>", *lines, "</table>"])
    cells = [[f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row] for row in rows]
    table = "".join("<Row>" + "".join(row) + "</Row>" for row in cells)
    sheet = f'<Worksheet ss:Name="x"><Table>{table}</Table></Worksheet>'
    names = f'xmlns="{SPREADSHEET}" xmlns:ss="{SPREADSHEET}"'
    bars = "\n".join(["-" * 40, *("|" + "|".join(row) + "|" for row in rows), "-" * 40])
    return {
        "x.xls": page.encode(),
        "w.xls": page.encode("utf-16"),
        "x.mhtml": b"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" + page.encode(),
        "x.xml": f'<?xml version="1.0"?><Workbook {names}>{sheet}</Workbook>'.encode(),
        "bars.txt": bars.encode(),
        "x.ods": (CASES / "ods/x.ods").read_bytes(),
        "old.xls": xls_bytes(rows),
        "x.xlsb": packed(xlsb_members(rows)),
        "x.csv": TEXT.encode(),
        "y.csv": TEXT.encode("utf-16"),
        "x.csv.gz": gzip.compress(TEXT.encode()),
        "x.zip": several.getvalue(),
        "x.xlsx": (tmp_path / "x.xlsx").read_bytes(),
        "x.parquet": (tmp_path / "x.parquet").read_bytes(),
    }


def mutated_inside(content: bytes, chance: random.Random) -> bytes:
    """A workbook one of whose members is mutated, in a sound archive: its reader gets to see what is in it."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    name = chance.choice([name for name, member in members.items() if member and name.endswith((".xml", ".bin"))])
    return packed(members | {name: mutated(members[name], chance)})


def sweep(read, tmp_path, count: int, seed: int) -> None:
    """Read mutated files; anything but a result or a refusal in a sentence is raised."""
    chance = random.Random(seed)
    for name, content in samples(tmp_path).items():
        said = []
        for _ in range(count):
            is_inside = name.endswith((".xlsx", ".xlsb", ".ods")) and chance.random() < 0.8
            data = mutated_inside(content, chance) if is_inside else mutated(content, chance)
            try:
                said.append(str(read(data, name=name, bad_rows=chance.choice(["fail", "skip"])).report.format))
            except BatchcastError as error:
                said.append(str(error))
        assert len(said) == count
        assert all(said)


def test_mutated_files_of_every_kind_are_read_or_refused_in_a_sentence(read, tmp_path):
    sweep(read, tmp_path, count=25, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_many_mutated_files_are_read_or_refused_in_a_sentence(read, tmp_path, seed):
    sweep(read, tmp_path, count=85, seed=100 + seed)


@pytest.mark.parametrize("name", ["period", "part"])
def test_a_header_of_more_columns_than_a_sheet_has_is_refused_before_it_is_read(read, name):
    names = ",".join([f"{name} {i}" for i in range(200_000)])
    started = time.process_time()
    with pytest.raises(found.OverTheLimit, match="at most 16,384"):
        read(names + "\n" + "1," * 199_999 + "1\n")
    assert time.process_time() - started < 3


def test_the_advice_of_a_refused_workbook_is_made_for_one_of_its_rows(read, tmp_path, monkeypatch):
    """Of 30 rows that could be the header, each of 200 columns over 400 rows."""
    book = openpyxl.Workbook()
    for i in range(430):
        book.active.append([f"text {i % 7} {column}" for column in range(200)])
    book.save(tmp_path / "x.xlsx")
    made: list[object] = []
    real = missing._example
    monkeypatch.setattr(missing, "_example", lambda *given: made.append(given) or real(*given))

    with pytest.raises(found.MissingColumn, match="Name them with column_mapping="):
        read(tmp_path / "x.xlsx")

    assert len(made) == 1


@pytest.mark.alone
def test_many_sites_are_read_at_the_cost_of_few(read):
    """What is found out for each site looks at its own series, not at those of all sites."""

    def cost(sites: int) -> float:
        chance = random.Random(5)
        days = [f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}" for _ in range(40)]
        rows = [f"{chance.choice(days)},P{i // sites},S{i % sites},{i % 7 + 1}" for i in range(90_000)]
        started = time.process_time()
        assert len(read(HEADER + "\n".join(rows)).history.facts.sites) == sites
        return time.process_time() - started

    assert cost(300) < 4 * cost(3)


SMALL = [["date", "part", "qty"], ["2024-01-01", "A", 1.0]]


def changed(content: bytes, at: int, number: int, size: int = 4) -> bytes:
    return content[:at] + number.to_bytes(size, "little") + content[at + size :]


def xls_with(kind: int, change) -> bytes:
    """An XLS file whose records of a kind are changed in place: `change(file, place of the content)`."""
    content = xls_bytes(SMALL)
    at = content.index(struct.pack("<H", 0x0809))
    while at + 4 <= len(content):
        found, size = struct.unpack_from("<HH", content, at)
        content = change(content, at + 4) if found == kind else content
        at += 4 + size
    return content


HOSTILE_XLS = {
    "tables larger than the file": lambda: changed(xls_bytes(SMALL), 44, 0xFFFFFFFF),
    "a sheet of four thousand million rows": lambda: xls_with(
        0x0200, lambda file, at: changed(file, at + 4, 0xFFFFFFF0)
    ),
    "a cell in the last column of all": lambda: xls_with(0x027E, lambda file, at: changed(file, at + 2, 65535, 2)),
    "a sheet that starts where no record does": lambda: xls_with(0x0085, lambda file, at: changed(file, at, 2)),
}


@pytest.mark.parametrize("name", HOSTILE_XLS)
def test_an_old_workbook_that_claims_what_it_has_not_is_refused_at_once(read, name):
    started = time.process_time()
    with pytest.raises((found.UnknownFormat, found.OverTheLimit)):
        read(HOSTILE_XLS[name](), name="x.xls")
    assert time.process_time() - started < 3


def test_a_list_of_sectors_in_a_circle_is_not_followed(read):
    assert read(changed(xls_bytes(SMALL), 68, 0), name="x.xls").report.rows_kept == 1


def test_a_chain_of_sectors_in_a_circle_ends(read):
    content = bytearray(xls_bytes(SMALL))
    table = 512 * (1 + struct.unpack_from("<I", content, 76)[0])
    for sector in range(128):
        struct.pack_into("<I", content, table + 4 * sector, sector)

    with pytest.raises(found.UnknownFormat):
        read(bytes(content), name="x.xls")


def xlsb_with(sheet: bytes) -> bytes:
    return packed(xlsb_members(SMALL) | {"xl/worksheets/sheet1.bin": sheet})


def xlsb_row(number: int) -> bytes:
    return record(0, struct.pack("<IIHHBIII", number, 0, 300, 0, 0, 1, 0, 0))


def test_an_xlsb_sheet_that_spans_too_many_cells_is_refused_before_it_is_opened(read):
    head = record(129) + record(148, bytes(16)) + record(145)
    last = b"".join(
        xlsb_row(row) + record(5, struct.pack("<IId", column, 0, 1)) for row, column in [(0, 0), (999_999, 40)]
    )

    with pytest.raises(found.OverTheLimit, match="1000000 rows by 41 columns"):
        read(xlsb_with(head + last + record(146)), name="x.xlsb")


@pytest.mark.parametrize(
    "cells",
    [
        record(6, struct.pack("<III", 0, 0, 500) + b"a") + record(6) * 3,  # a text longer than its record
        record(5, b"1234"),
        record(7, struct.pack("<III", 20_000, 0, 0)),
    ],
)
def test_an_xlsb_record_that_holds_less_than_it_must_is_refused(read, cells):
    sheet = xlsb_sheet(SMALL, {}).replace(record(146), cells + record(146))

    with pytest.raises(DamagedFile, match="not a whole workbook"):
        read(xlsb_with(sheet), name="x.xlsb")


FULL = '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="16384"/>'


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (f'<table:table-row table:number-rows-repeated="1048576">{FULL}</table:table-row>', "1048576 rows"),
        (f"<table:table-row>{FULL}</table:table-row>" * 3000, "at most 30000000 cells"),
    ],
)
def test_an_ods_sheet_of_more_cells_than_are_held_is_refused_before_it_is_opened(read, rows, said):
    with pytest.raises(found.OverTheLimit, match=said):
        read(packed(ods_members(SMALL, rows)), name="x.ods")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: text.index("</table:table>")],
        lambda text: text[: text.index("</table:table-row>")],
        lambda text: text.replace("</table:table>", ""),
        lambda text: (
            text.replace("</table:table-cell></table:table-row></table:table>", "</table:table>")
            + "</table:table-cell>"
        ),
        lambda text: text.replace("<text:p>A", '<text:p><text:s text:c="99999999999"/>A'),
        lambda text: text.replace("<table:table-row>", '<table:table-row table:number-rows-repeated="&#49;">'),
    ],
)
def test_an_ods_document_whose_reader_would_not_end_is_refused(read, change):
    members = ods_members(SMALL)

    with pytest.raises(DamagedFile, match="not a whole workbook"):
        read(packed(members | {"content.xml": change(members["content.xml"])}), name="x.ods")

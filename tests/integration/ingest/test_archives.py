from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from batchcast.ingest.common import problems as found

HEADER = "date,partnumber,site_code,demand_qty\n"


def zipped(members: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


MEMBERS = {
    "2024/b.csv": HEADER + "2024-01-02,A,S,2\n2024-01-02,A,S,?\n",
    "2024/a.csv": HEADER.replace(",", ";") + "2024-01-01;A;S;1\n",
    "__MACOSX/a.csv": "junk",
    ".hidden.csv": "junk",
    "empty.csv": "",
    "notes.pdf": "junk",
}


@pytest.fixture
def folder(tmp_path):
    for name, content in MEMBERS.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "folder/2024/c.csv.gz").write_bytes(gzip.compress((HEADER + "2024-01-03,A,S,3\n").encode()))
    return tmp_path / "folder"


def test_zip_of_csvs_is_one_history_with_lines_by_member(read, series, rejected):
    ingested = read(zipped(MEMBERS), name="export.zip")

    assert list(series(ingested)[("S", "A")].values()) == [1.0, 2.0]
    assert [(p.file, p.line) for p in ingested.report.problems] == [("2024/b.csv", 3)]
    assert rejected(ingested)[0]["file"] == "2024/b.csv"
    notes = " ".join(map(str, ingested.report.notes))
    for words in ("2 CSV files", "passed over: empty.csv", "left alone: notes.pdf"):
        assert words in notes


def test_folder_of_csvs_is_one_history(read, series, folder):
    ingested = read(folder)

    assert list(series(ingested)[("S", "A")].values()) == [1.0, 2.0, 3.0]
    assert ingested.history.input_sha256 == read(folder).history.input_sha256


def test_member_with_another_header_is_named(read):
    with pytest.raises(found.DifferentHeader, match=r"b\.csv has other columns than a\.csv"):
        read(zipped({"a.csv": HEADER, "b.csv": "part,date,qty\n"}))


def test_mixed_date_orders_name_their_files(read):
    members = {"a.csv": HEADER + "13/01/2024,A,S,1\n", "b.csv": HEADER + "01/13/2024,A,S,1\n"}

    with pytest.raises(found.MixedDateOrders, match=r"line 2 of a\.csv.*line 2 of b\.csv"):
        read(zipped(members))


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({}, found.EmptyInput),
        ({"a.csv": "", "b.csv": "\n"}, found.EmptyInput),
        ({"a.xlsx": "x"}, found.UnknownFormat),
        ({"a.csv": HEADER, "b.csv": HEADER}, found.NoRows),
    ],
)
def test_archives_without_rows_are_refused(read, tmp_path, members, error):
    with pytest.raises(error):
        read(zipped(members), name="export.zip")


def test_encrypted_member_is_refused(read):
    content = bytearray(zipped({"a.csv": HEADER + "2024-01-01,A,S,1\n"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(found.DamagedFile, match="encrypted"):
        read(bytes(content))


def test_a_member_without_our_columns_is_named(read, tmp_path):
    path = tmp_path / "exports.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("2024/colours.csv", "colour,taste\nred,sweet\nblue,sour\n")

    with pytest.raises(found.MissingColumn, match=r"^2024/colours\.csv"):
        read(path)


@pytest.mark.parametrize("name", ["b.csv.gz", "b.gz", "B.TXT.GZ"])
def test_gzipped_members_of_a_zip_are_read(read, series, name):
    packed = gzip.compress((HEADER + "2024-01-02,A,S,2\n").encode())

    ingested = read(zipped({"a.csv": HEADER + "2024-01-01,A,S,1\n", name: packed}), name="history.zip")

    assert sum(sum(days.values()) for days in series(ingested).values()) == 3


def test_a_damaged_gzipped_member_is_named(read):
    packed = gzip.compress((HEADER + "2024-01-02,A,S,2\n" * 200).encode())

    with pytest.raises(found.DamagedFile, match=r"b\.csv\.gz is cut short"):
        read(zipped({"b.csv.gz": packed[:-20]}), name="history.zip")


@pytest.mark.parametrize("inner", ["inner.zip", "inner.7z", "inner.tar.gz"])
def test_archives_within_an_archive_are_named_with_what_to_do(read, inner):
    with pytest.raises(found.UnknownFormat, match=rf"but archives: {inner}\. Unpack them"):
        read(zipped({inner: b"PK"}), name="history.zip")

    ingested = read(zipped({"a.csv": HEADER + "2024-01-01,A,S,1\n", inner: b"PK"}), name="history.zip")

    assert any(f"left alone: {inner}. Unpack them" in str(note) for note in ingested.report.notes)

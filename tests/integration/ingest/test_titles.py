from __future__ import annotations

import shutil

import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import AmbiguousDates, DifferentHeader, MissingColumn
from batchcast.ingest.reader import ingest_file


def read(tmp_path, text):
    (tmp_path / "report.csv").write_text(text, encoding="utf-8")
    return ingest_file(tmp_path / "report.csv", into=tmp_path / "out", settings=BatchSettings()).report


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("titles", ["Usage report\nFrom 2024, all sites\n\n", 'PT "A";;\nPrinted, 3 May\n'])
def test_titles_above_the_header_are_passed_over_and_said(tmp_path, delimiter, titles):
    rows = "\n".join(delimiter.join(row) for row in (["date", "part", "qty"], ["2024-01-05", "A", "3"]))
    report = read(tmp_path, titles.replace(";", delimiter).replace('"', "") + rows + "\n")

    assert report.rows_kept == 1
    assert any(f"header stands in line {titles.count(chr(10)) + 1}" in str(note) for note in report.notes)


def test_refused_rows_keep_their_line(tmp_path):
    report = read(tmp_path, "Usage\n\ndate,part,qty\n2024-01-05,A,3\n2024-01-06,A,x\n")
    assert [one.line for one in report.problems] == [5]


def test_years_above_months(tmp_path):
    report = read(tmp_path, "Part,2023,,2024\n,Nov,Dec,Jan\nA,1,2,3\nB,4,5,6\n")

    assert report.rows_kept == 6
    assert any("two rows, 1 and 2" in str(note) for note in report.notes)


def test_without_a_header_the_first_row_is_what_is_told(tmp_path):
    with pytest.raises(MissingColumn, match="'a', 'b'"):
        read(tmp_path, "a,b\n1,2\n3,4\n")


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_titles_above_the_header_of_members_are_passed_over(tmp_path, kind):
    folder = tmp_path / "months"
    folder.mkdir()
    for month, titles in ((1, "Usage\n\n"), (2, "Usage of February\nAll sites\n\n"), (3, "")):
        (folder / f"{month}.csv").write_text(f"{titles}date,part,qty\n2024-0{month}-05,A,{month}\n", encoding="utf-8")
    if kind == "zip":
        shutil.make_archive(str(tmp_path / "months"), "zip", folder)
    source = folder if kind == "folder" else tmp_path / "months.zip"

    ingested = ingest_file(source, into=tmp_path / "out", settings=BatchSettings())

    assert (ingested.report.rows_kept, ingested.report.rows_refused) == (3, 0)
    assert any("header stands in line 3" in str(note) for note in ingested.report.notes)


def test_a_member_with_another_header_under_its_titles_is_refused(tmp_path):
    for name, header in (("a", "date,part,qty"), ("b", "date,part,site,qty")):
        (tmp_path / f"{name}.csv").write_text(f"Usage\n\n{header}\n2024-01-05,A,3,4\n", encoding="utf-8")

    with pytest.raises(DifferentHeader):
        ingest_file(tmp_path, into=tmp_path.parent / "out", settings=BatchSettings())


def test_a_question_of_the_header_under_titles_is_asked(tmp_path):
    with pytest.raises(AmbiguousDates):
        read(tmp_path, "Usage\n\npart,01/02/2024,01/03/2024,01/04/2024\nA,1,2,3\n")

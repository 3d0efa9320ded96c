"""What is there twice is said, taken once where it is the same, and asked where it is not; nothing is summed unsaid."""

from __future__ import annotations

import io
import random
import warnings
import zipfile

import pytest

from batchcast.ingest.common.problems import OverlappingFiles

HEADER = "date,partnumber,site_code,demand_qty\n"


def rows(days, quantity=1, parts="ABC", site="S"):
    return "".join(f"2024-01-{day:02d},{part},{site},{quantity}\n" for day in days for part in parts)


def zipped(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        for name, content in members:
            info = zipfile.ZipInfo(name or "none")
            info.filename = name  # zipfile itself writes no member without a name
            with archive.open(info, "w") as file:
                file.write(content.encode())
    return packed.getvalue()


@pytest.fixture
def total(read, series):
    """The sum of all quantities of a zip, and what the report says."""

    def of(*members, **settings):
        ingested = read(zipped(members), name="export.zip", **settings)
        report = ingested.report
        assert report.rows_read == report.rows_kept + report.rows_summed + report.rows_refused + report.rows_ignored
        return sum(sum(days.values()) for days in series(ingested).values()), "\n".join(map(str, report.notes))

    return of


@pytest.mark.parametrize("quantity", [1, 2.5, "1e-7"])
def test_rows_that_two_files_have_in_common_are_counted_once_and_said(total, quantity):
    one, other = HEADER + rows(range(1, 21), quantity), HEADER + rows(range(11, 31), quantity)

    found, said = total(("jan.csv", one), ("feb.csv", other))

    assert found == pytest.approx(90 * float(quantity), rel=1e-12)
    assert said.startswith("Files overlap: feb.csv and jan.csv have the same rows from 2024-01-11 to 2024-01-20.")
    assert "30 rows of 30" in said


def test_files_that_differ_on_the_same_days_are_a_question_whose_choices_do_what_they_say(total):
    members = ("a.csv", HEADER + rows(range(1, 21))), ("b.csv", HEADER + rows(range(11, 31), 2.5))

    with pytest.raises(OverlappingFiles, match=r"a\.csv and b\.csv differ from 2024-01-11 to 2024-01-20") as asked:
        total(*members)

    assert asked.value.setting == "overlaps"
    told = {choice.settings["overlaps"]: str(choice.reading) for choice in asked.value.choices}
    assert set(told) == {"latest", "earliest", "sum"}
    for overlaps, units in {"latest": 180.0, "earliest": 135.0, "sum": 210.0}.items():
        found, said = total(*members, overlaps=overlaps)
        assert found == units
        assert f"{units:g} units" in told[overlaps]
        assert "a.csv and b.csv differ" in said


def test_a_partial_export_beside_the_full_one_is_asked(total):
    full, partial = HEADER + rows(range(1, 31), 2), HEADER + rows(range(1, 10), 2) + rows([10], 1)

    with pytest.raises(OverlappingFiles):
        total(("full.csv", full), ("part.csv", partial))

    assert total(("full.csv", full), ("part.csv", partial), overlaps="earliest")[0] == 180


def test_files_of_other_parts_sites_or_days_are_one_history_without_a_question(total):
    found, said = total(
        ("parts.csv", HEADER + rows(range(1, 11))),
        ("others.csv", HEADER + rows(range(1, 11), parts="XY")),
        ("site.csv", HEADER + rows(range(1, 11), site="T")),
        ("later.csv", HEADER + rows(range(11, 21))),
    )

    assert found == 110
    assert "overlap" not in said


def test_three_files_that_overlap_in_a_chain_are_counted_once(total):
    found, said = total(*((f"{n}.csv", HEADER + rows(range(n, n + 10))) for n in (1, 6, 11)))

    assert found == 60
    assert "and 1 more pairs of files do" in said


def test_a_copy_of_a_file_is_read_once_and_said(total):
    text = HEADER + rows(range(1, 11))

    found, said = total(("a.csv", text), ("b.csv", text))

    assert found == 30
    assert "b.csv = a.csv" in said


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".c.csv", "Hidden files"),
        ("", "Files without a name"),
        ("__MACOSX/._a.csv", "macOS"),
        ("notes.pdf", "other kinds"),
        ("folder/", "1 CSV files"),
    ],
)
def test_every_member_is_read_or_named_with_the_reason(total, name, reason):
    found, said = total(("../a.csv", HEADER + rows([1])), (name, "" if name.endswith("/") else "junk"))

    assert found == 3
    line = next(line for line in said.splitlines() if reason in line)
    assert name in line or name == "folder/"


def test_two_members_of_one_name_are_a_question(total):
    members = ("a.csv", HEADER + rows([1])), ("a.csv", HEADER + rows([2, 3]))

    with pytest.raises(OverlappingFiles, match=r"2 files named 'a\.csv'") as asked:
        total(*members)

    assert [choice.settings for choice in asked.value.choices] == [
        {"overlaps": name} for name in ("latest", "earliest", "sum")
    ]
    assert [total(*members, overlaps=name)[0] for name in ("latest", "earliest", "sum")] == [6, 3, 9]


def test_a_file_pasted_twice_is_said_at_the_top_of_the_report(read):
    body = rows(range(1, 21))

    report = read(HEADER + body + body).report

    assert "Every row is there twice or more, 120 rows in all" in str(report.notes[0])


def test_a_shuffled_file_with_each_row_twice_is_said_and_one_row_less_is_not(read):
    lines = 2 * [f"2024-01-{day:02d},{part},S,{day % 7}.5" for day in range(1, 29) for part in "ABC"]
    random.Random(7).shuffle(lines)

    assert "twice" in str(read(HEADER + "\n".join(lines) + "\n").report.notes[0])
    assert not any("twice" in str(note) for note in read(HEADER + "\n".join(lines[1:]) + "\n").report.notes)


def test_rows_that_repeat_among_others_that_do_not_are_left_alone(read):
    report = read(HEADER + rows(range(1, 21)) + rows([1, 2])).report

    assert not any("twice" in str(note) for note in report.notes)

"""A second run of rows through the dates and parts of the first is asked about; lists of transactions are not."""

from __future__ import annotations

import random

import pytest

from batchcast.ingest.common.problems import OverlappingFiles

DAYS = [f"2024-{month:02d}-01" for month in range(1, 13)]
PARTS = [f"P{number:02d}" for number in range(12)]


def export(days=DAYS, parts=PARTS, *, by_part=False, add=0, kind=""):
    """Rows of one export: by date or by part, with other quantities where something is added to every third."""
    keys = (
        [(day, part) for part in parts for day in days] if by_part else [(day, part) for day in days for part in parts]
    )
    rows = [(day, part, 5 + int(part[1:]) + (add if i % 3 == 0 else 0)) for i, (day, part) in enumerate(keys)]
    return [f"{day},{part},{quantity}{f',{kind}' if kind else ''}" for day, part, quantity in rows]


def text(*rows, header="date,part,qty"):
    return "\n".join([header, *(row for run in rows for row in run)])


def total(series, ingested):
    return sum(sum(days.values()) for days in series(ingested).values())


def sum_of(*rows):
    return sum(int(row.split(",")[2]) for run in rows for row in run)


@pytest.mark.parametrize("by_part", [False, True])
@pytest.mark.parametrize(
    "later", [DAYS, DAYS[5:], [*DAYS[8:], "2025-01-01", "2025-02-01"]], ids=["all", "last", "further"]
)
def test_a_second_export_that_differs_is_a_question_whose_choices_do_what_they_say(read, series, by_part, later):
    first, second = export(by_part=by_part), export(later, by_part=by_part, add=2)
    content = text(first, second)

    with pytest.raises(OverlappingFiles, match=rf"rows 1 to 144 and rows 145 to {144 + len(second)}") as asked:
        read(content)

    found = {}
    for choice in asked.value.choices:
        ingested = read(content, **choice.settings)
        found[choice.settings["overlaps"]] = total(series, ingested)
        assert f"{total(series, ingested):,.15g} units in all" in str(choice.reading) or "summed" in str(choice.reading)
        assert str(ingested.report.notes[0]).startswith("The file has two runs through the same dates, parts and sites")
    again = {row.rsplit(",", 1)[0] for row in second}
    kept = [row for row in first if row.rsplit(",", 1)[0] not in again]
    assert found["latest"] == sum_of(kept, second)
    assert found["sum"] == sum_of(first, second)
    assert found["latest"] < found["sum"]


def test_exports_of_transactions_may_have_several_rows_a_day(read):
    first = [row for row in export() for _ in range(2)]
    second = [row for row in export(add=3) for _ in range(2)]

    with pytest.raises(OverlappingFiles):
        read(text(first, second))


def test_what_is_there_twice_alike_is_said_as_before(read):
    assert str(read(text(export(), export())).report.notes[0]).startswith("Every row is there twice or more, 288 rows")


def test_runs_that_a_column_tells_apart_are_summed_and_said(read, series):
    content = text(export(kind="Regular"), export(add=2, kind="Project"), header="date,part,qty,Order Type")

    ingested = read(content)

    assert total(series, ingested) == sum_of(export(), export(add=2))
    assert "which column 'Order Type' tells apart ('Regular', 'Project'): they are summed" in str(
        ingested.report.notes[0]
    )


def test_a_reversal_of_each_issue_behind_them_is_no_second_run(read):
    issues = [f"{row},261" for row in export()]
    backwards = [",".join((*row.split(",")[:2], "-1", "262")) for row in export()[::6]]

    notes = read(text(issues, backwards, header="date,part,qty,Movement type")).report.notes

    assert not any("two runs" in str(note) for note in notes)


def transactions(order, rng):
    rows = [(day, part, rng.randint(1, 9)) for day in DAYS for part in PARTS for _ in range(rng.randint(1, 4))]
    rng.shuffle(rows)
    return [",".join(map(str, row)) for row in (sorted(rows, key=order) if order else rows)]


@pytest.mark.parametrize(
    "order",
    [
        None,
        lambda row: row[0],
        lambda row: row[1],
        lambda row: row[:2],
        lambda row: (row[1], row[0]),
        lambda row: row[2],
    ],
    ids=["none", "date", "part", "date and part", "part and date", "quantity"],
)
@pytest.mark.parametrize("seed", range(3))
def test_lists_of_transactions_are_no_second_run(read, order, seed):
    content = text(transactions(order, random.Random(seed)))

    assert read(content).report.rows_summed > 50


@pytest.mark.parametrize("customers", [3, 4, 7, 10])
def test_a_list_by_customers_is_none(read, customers):
    assert read(text(*(export(add=number) for number in range(customers)))).report.rows_kept == 144


@pytest.mark.parametrize("parts", [["P01"], PARTS])
def test_rows_that_go_through_the_dates_many_times_are_none(read, parts):
    content = text(*(export(parts=parts, add=number % 4) for number in range(12)))

    assert read(content).report.rows_kept == len(DAYS) * len(parts)


# Wide tables: a line has the demand of a part in all periods, and a second run of lines is asked about just so.


def table(parts=PARTS, months=DAYS, *, add=0, kind=""):
    lines = []
    for number, part in enumerate(parts):
        quantities = [
            str(5 + number + month + (add if (number + month) % 3 == 0 else 0)) for month in range(len(months))
        ]
        lines.append(",".join([part, *([kind] if kind else []), *quantities]))
    return lines


def in_columns(*runs, months=DAYS, others=""):
    return "\n".join([f"Part,{others}{','.join(months)}", *(line for run in runs for line in run)])


@pytest.mark.parametrize("again", [PARTS, PARTS[:6], [*PARTS[4:], "P90", "P91"], PARTS[::-1]], ids=len)
def test_a_wide_table_that_was_pasted_twice_with_other_quantities_is_a_question(read, series, again):
    first, second = table(), table(again, add=7)
    content = in_columns(first, second)

    with pytest.raises(OverlappingFiles, match=rf"rows 1 to 12 and rows 13 to {12 + len(again)}") as asked:
        read(content)

    found = {
        choice.settings["overlaps"]: total(series, read(content, **choice.settings)) for choice in asked.value.choices
    }
    kept = [line for line in first if line.split(",")[0] not in again]
    assert found["latest"] == total(series, read(in_columns(kept, second)))
    assert found["sum"] == total(series, read(in_columns(first))) + total(series, read(in_columns(second)))


def test_dates_down_that_were_pasted_twice_are_a_question_too(read):
    rows = [f"{day},{','.join(str(number + i % 7) for number in range(8))}" for i, day in enumerate(DAYS)]
    again = [f"{day},{','.join(str(number + i % 5) for number in range(8))}" for i, day in enumerate(DAYS)]
    content = "\n".join([f"date,{','.join(PARTS[:8])}", *rows, *again])

    with pytest.raises(OverlappingFiles, match="rows 1 to 12 and rows 13 to 24"):
        read(content, column_mapping={"partnumber": "(header)"})


def test_lines_of_two_customers_of_a_wide_table_are_summed_and_said(read, series):
    first, second = table(kind="C1"), table(add=7, kind="C2")

    ingested = read(in_columns(first, second, others="Customer,"))

    assert "which column 'Customer' tells apart ('C1', 'C2'): they are summed" in str(ingested.report.notes[0])


@pytest.mark.parametrize("seed", range(3))
def test_lines_of_a_wide_table_in_no_order_are_no_second_run(read, seed):
    lines = [line for add in (0, 3, 5) for line in table(add=add)]
    random.Random(seed).shuffle(lines)

    assert read(in_columns(lines)).report.rows_kept == 144


@pytest.mark.parametrize("rows", [export(), export(DAYS[:4], PARTS[:2])], ids=["long", "short"])
def test_a_file_pasted_twice_with_its_header_is_a_question_whose_choices_do_what_they_say(read, series, rows):
    content = text(rows, ["date,part,qty"], rows)

    with pytest.raises(OverlappingFiles, match="pasted twice") as asked:
        read(content, bad_rows="skip")

    found = {one.settings["overlaps"]: total(series, read(content, **one.settings)) for one in asked.value.choices}
    assert found == {"latest": sum_of(rows), "earliest": sum_of(rows), "sum": 2 * sum_of(rows)}


def test_a_header_between_other_rows_is_no_question(read, series):
    first, second = export(DAYS[:6]), export(DAYS[6:])

    ingested = read(text(first, ["date,part,qty"], second), bad_rows="skip", max_refused_share=1)

    assert total(series, ingested) == sum_of(first, second)
    assert ingested.report.rows_refused == 1


def test_a_wide_table_pasted_twice_with_its_header_is_a_question(read, series):
    header = ",".join(["part", *(day[:7] for day in DAYS)])
    rows = [",".join([part, *(str(int(part[1:]) ** 2 + number) for number in range(12))]) for part in PARTS]
    content = text(rows, [header], rows, header=header)

    with pytest.raises(OverlappingFiles, match="pasted twice"):
        read(content, bad_rows="skip", max_refused_share=1)

    once = read(content, bad_rows="skip", max_refused_share=1, overlaps="latest")
    assert total(series, once) == sum(int(cell) for row in rows for cell in row.split(",")[1:])


# A stretch of the file that stands there again.


def mixed(count=300, *, seed=1, values=9):
    """Rows of issues as they were booked: days in order, parts in none."""
    rng = random.Random(seed)
    days = sorted(f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}" for _ in range(count))
    return [f"{day},{rng.choice(PARTS)},{rng.randint(1, values)}" for day in days]


@pytest.mark.parametrize("at", ["end", "middle", "begin"])
@pytest.mark.parametrize("share", [0.2, 0.33, 0.6])
@pytest.mark.parametrize("rows", [mixed(), export()], ids=["issues", "months"])
def test_a_part_that_was_appended_again_is_a_question_whose_choices_do_what_they_say(read, series, rows, share, at):
    begin, length = (20, int(share * len(rows)))
    part = rows[begin : begin + length]
    place = {"end": len(rows), "middle": begin + length + 7, "begin": 0}[at]
    content = text(rows[:place], part, rows[place:])

    with pytest.raises(OverlappingFiles, match=f"the same {length} rows again, in the same order") as asked:
        read(content)

    found = {one.settings["overlaps"]: total(series, read(content, **one.settings)) for one in asked.value.choices}
    assert found == {"earliest": sum_of(rows), "sum": sum_of(rows, part)}
    assert total(series, read(content, overlaps="latest")) == sum_of(rows)


@pytest.mark.parametrize("changed", [60, 90])
def test_a_second_run_that_corrects_a_few_rows_is_no_stretch(read, series, changed):
    first = export()
    second = [f"{row[:-1]}77" if i == changed else row for i, row in enumerate(first)]

    with pytest.raises(OverlappingFiles, match=r"two runs through the same dates.* 1 of them with other quantities"):
        read(text(first, second))
    assert total(series, read(text(first, second), overlaps="latest")) == sum_of(second)


def test_all_stretches_that_were_appended_again_are_counted_once(read, series):
    rows = mixed()
    content = text(rows, rows[40:90], rows[150:190])

    with pytest.raises(OverlappingFiles, match=r"the same 90 rows again.* and 1 more stretches do so"):
        read(content)

    ingested = read(content, overlaps="earliest")
    assert total(series, ingested) == sum_of(rows)
    assert "they are counted once: 90 rows are left out" in str(ingested.report.notes[0])


def test_rows_that_stand_three_times_are_a_question_too(read, series):
    rows = mixed()

    with pytest.raises(OverlappingFiles, match="the same 600 rows again"):
        read(text(rows, rows, rows))
    assert total(series, read(text(rows, rows, rows), overlaps="earliest")) == sum_of(rows)


@pytest.mark.parametrize("kind", ["documents", "channels"])
def test_rows_that_another_column_tells_apart_are_not_the_same(read, series, kind):
    rows = mixed()
    part = rows[50:150]
    telling = {
        "documents": (
            [f"{row},{4000 + i}" for i, row in enumerate(rows)],
            [f"{row},{i}" for i, row in enumerate(part)],
        ),
        "channels": ([f"{row},Shop" for row in rows], [f"{row},Web" for row in part]),
    }[kind]

    assert total(series, read(text(*telling, header="date,part,qty,Note"))) == sum_of(rows, part)


@pytest.mark.parametrize("first", [1, 501])
def test_numbers_of_rows_do_not_tell_them_apart(read, series, first):
    rows = mixed()
    numbered = [f"{row},{first + i}" for i, row in enumerate([*rows, *rows[50:150]])]

    with pytest.raises(OverlappingFiles, match="the same 100 rows again"):
        read(text(numbered, header="date,part,qty,No"))


def test_numbers_of_rows_do_not_tell_two_runs_apart(read):
    rows = export()[:60]
    corrected = [f"{row.rpartition(',')[0]},{i + 7}" for i, row in enumerate(rows)]
    numbered = [f"{row},{i + 1}" for i, row in enumerate([*rows, *corrected])]

    with pytest.raises(OverlappingFiles, match="two runs through the same dates"):
        read(text(numbered, header="date,part,qty,No"))


@pytest.mark.parametrize(
    "rows",
    [mixed(400, values=1), [f"{row[:-1]}0" for row in mixed(400)], mixed(12)],
    ids=["ones", "zeros", "few"],
)
def test_a_stretch_that_chance_may_repeat_is_not_asked_about(read, rows):
    content = text(rows, rows[: len(rows) // 2], ["2024-12-30,P01,4"])

    assert read(content).report.rows_read == content.count("\n")

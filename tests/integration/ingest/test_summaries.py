from __future__ import annotations

import datetime as dt
import math
import random

import numpy as np
import pyarrow.parquet as pq
import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import GroupRows
from batchcast.ingest.reader import ingest_file


@pytest.fixture
def read(tmp_path):
    def read_it(text, **settings):
        (tmp_path / "demand.csv").write_text(text, encoding="utf-8")
        ingested = ingest_file(tmp_path / "demand.csv", into=tmp_path / "out", settings=BatchSettings(**settings))
        table = pq.read_table(ingested.history.path)
        return ingested.report, table["site_code"].to_pylist(), table["partnumber"].to_pylist()

    return read_it


@pytest.mark.parametrize("word", ["Grand Total", "JUMLAH", "Summe", "Gesamtergebnis", "* Total"])
def test_the_total_of_a_wide_table_is_left_out_and_said(read, word):
    report, _, parts = read(f"part;2024-01-01;2024-02-01\nA;1;2\nB;3;4,5\n{word};4;6,5\n")

    assert parts == ["A", "B"]
    assert (report.rows_kept, report.rows_ignored) == (4, 2)
    assert any(f"'{word}'" in str(note) and "left out" in str(note) for note in report.notes)


def test_subtotals_of_sites_and_the_total_of_all(read):
    rows = ["K,A,1,2", "K,B,3,4", "K Total,Total,4,6", "L,A,5,6", "L,Total,5,6", "Total,Total,9,12"]
    report, sites, parts = read("\n".join(["site,part,2024-01-01,2024-02-01", *rows]))

    assert list(zip(sites, parts, strict=True)) == [("K", "A"), ("K", "B"), ("L", "A")]
    assert report.rows_ignored == 6


def test_totals_of_a_part_over_sites_in_a_long_file(read):
    rows = [f"2024-0{m}-01,{site},A,{m}" for m in (1, 2) for site in ("K", "L")]
    totals = [f"2024-0{m}-01,All,A Total,{2 * m}" for m in (1, 2)]
    _, sites, parts = read("\n".join(["date,site,part,qty", *rows, *totals]))

    assert list(zip(sites, parts, strict=True)) == [("K", "A"), ("L", "A")]


def test_a_part_that_is_only_called_total_is_kept_and_said(read):
    report, _, parts = read("part,2024-01-01,2024-02-01\nA,1,2\nB,3,4\nTotal,5,6\nTotal Station 5,4,7\n")

    assert parts == ["A", "B", "Total", "Total Station 5"]
    assert any("is not the sum of other rows" in str(note) for note in report.notes)


def long_file(bad, *, days=28, parts=20):
    """Parts by day with the total of each day; `bad` tells the cell of each (day, part) that can't be read."""
    rows = ["date,part,qty"]
    for day in range(1, days + 1):
        for part in range(1, parts + 1):
            rows.append(f"2024-01-{day:02d},P{part},{bad.get((day, part), day + part)}")
        rows.append(f"2024-01-{day:02d},Grand Total,{sum(day + part for part in range(1, parts + 1))}")
    return "\n".join(rows)


@pytest.mark.parametrize(
    "bad",
    [
        {(3, 5): "x"},  # one row of one day
        {(day, 5): "x" for day in range(1, 29)},  # one row of every day
        {(day, part): "#N/A" for day in (1, 2) for part in range(1, 11)},  # half of two days
    ],
)
def test_a_total_that_counted_refused_rows_is_left_out_all_the_same(read, bad):
    report, _, parts = read(long_file(bad), bad_rows="skip", max_refused_share=0.1)

    assert "Grand Total" not in parts
    assert report.rows_ignored == 28
    assert any("as far as rows that were refused" in str(note) for note in report.notes)


def test_a_total_of_one_day_that_counted_a_refused_row_is_left_out(read):
    _, _, parts = read("part,2024-01-01\nA,10\nB,x\nGrand Total,30", bad_rows="skip", max_refused_share=0.5)
    assert parts == ["A"]


def test_a_total_net_of_returns_is_left_out_where_returns_are(read):
    rows = [f"2024-01-{day:02d},{part},{qty}" for day in range(1, 9) for part, qty in (("A", 5), ("B", 7))]
    rows += ["2024-01-03,A,-2", *(f"2024-01-{day:02d},Total,{10 if day == 3 else 12}" for day in range(1, 9))]
    _, _, parts = read("\n".join(["date,part,qty", *rows]), returns="ignore")
    assert parts == ["A", "B"]


def test_refused_rows_make_no_part_a_total(read):
    """Its quantities are not the sum of others, with or without the row that is refused."""
    text = long_file({(3, 5): "x"}).replace("Grand Total", "Total Station")
    rows = [row if "Station" not in row else row.rsplit(",", 1)[0] + ",9" for row in text.splitlines()]
    report, _, parts = read("\n".join(rows), bad_rows="skip")

    assert "Total Station" in parts
    assert any("not the sum of other rows" in str(note) for note in report.notes)


WIDE = "part,2024-01,2024-02,2024-03\nA,1,2,3\nB,0,5,6\nC,7,8,0\n"


def test_a_part_in_two_rows_of_a_wide_table_is_said(read):
    report, *_ = read(WIDE + "B,0,5,6\n")

    assert report.rows_summed == 3
    assert any("3 values have the date, part and site of another, such as of part 'B'" in str(n) for n in report.notes)


def test_a_few_values_of_one_day_are_said_and_many_are_not(read):
    rows = "".join(f"2024-01-{day:02},P{part},1\n" for day in range(1, 29) for part in range(9))

    few, *_ = read("date,part,qty\n" + rows + "2024-01-05,P3,4\n")
    many, *_ = read(
        "date,part,qty\n" + "".join(f"{row}{row.replace(',1', ',2')}" for row in rows.splitlines(keepends=True))
    )

    assert any("1 values have the date, part and site of another, such as of part 'P3'" in str(n) for n in few.notes)
    assert not any("have the date, part and site of another" in str(note) for note in many.notes)


def test_a_few_blank_cells_where_others_say_zero_are_said(read):
    notes = read(WIDE.replace("7,8,0", "7,,0"))[0].notes
    blank_is_zero = read(WIDE.replace(",0", ","))[0].notes

    assert any("1 cells of periods are blank where others say 0, such as that of C in 2024-02" in str(n) for n in notes)
    assert not any("where others say 0" in str(note) for note in blank_is_zero)


def wide(rows):
    months = [f"2024-{month:02d}-01" for month in range(1, 7)]
    return "\n".join([f"site,part,{','.join(months)}", *(",".join(map(str, row)) for row in rows)])


A, B, C = [4, 0, 7, 2, 9, 1], [1, 3, 0, 5, 2, 8], [10, 12, 11, 9, 14, 13]


def added(*rows):
    return [sum(column) for column in zip(*rows, strict=True)]


NAMES = "Rekap,Semua,(All),*,総計,총합계,الإجمالي,סך הכל,Eindtotaal,Overall Result"


@pytest.mark.parametrize("word", NAMES.split(","))
def test_a_sum_under_any_name_is_left_out_and_said(read, word):
    report, _, parts = read(wide([["K", "a", *A], ["K", "b", *B], ["K", "c", *C], ["K", word, *added(A, B, C)]]))

    assert parts == ["a", "b", "c"]
    assert any(word in str(note) and "left out" in str(note) for note in report.notes)


def test_a_region_beside_its_sites_is_left_out_and_said(read):
    rows = [["K", "a", *A], ["K", "b", *B], ["L", "a", *C], ["L", "b", *A]]
    report, sites, _ = read(wide([*rows, ["Sulawesi", "a", *added(A, C)], ["Sulawesi", "b", *added(B, A)]]))

    assert sites == ["K", "K", "L", "L"]
    assert any("Sulawesi" in str(note) for note in report.notes)


def test_two_sites_with_the_same_demand_are_both_kept(read):
    _, sites, _ = read(wide([["K", "a", *A], ["K", "b", *B], ["L", "a", *A], ["L", "b", *B]]))

    assert sites == ["K", "K", "L", "L"]


@pytest.mark.parametrize("word", ["Average", "Rata-rata", "Moyenne", "Promedio"])
def test_an_average_is_left_out(read, word):
    average = [round(value / 3, 2) for value in added(A, B, C)]
    _, _, parts = read(wide([["K", "a", *A], ["K", "b", *B], ["K", "c", *C], ["K", word, *average]]))

    assert parts == ["a", "b", "c"]


def test_a_total_of_totals_is_left_out(read):
    rows = [["K", "a", *A], ["K", "b", *B], ["K", "K Total", *added(A, B)], ["L", "a", *C], ["L", "L Total", *C]]
    _, _, parts = read(wide([*rows, ["L", "Grand Total", *added(A, B, C)]]))

    assert parts == ["a", "b", "a"]


@pytest.mark.parametrize("resets", [True, False])
def test_running_totals_are_said(read, resets):
    rows, total = ["date,part,qty"], {"a": 0, "b": 0}
    for month in range(24):
        for part, before in total.items():
            total[part] = (0 if resets and not month % 12 else before) + month % 5 + 1
            rows.append(f"{2023 + month // 12}-{month % 12 + 1:02d}-01,{part},{total[part]}")

    report, _, _ = read("\n".join(rows))

    assert "rise from date to date" in str(report.notes[0])


@pytest.mark.parametrize("first", [1, 4, 7], ids=lambda month: f"year from month {month}")
@pytest.mark.parametrize("returns", [0.1, 0.3])
def test_so_are_those_of_a_year_with_returns(read, first, returns):
    draw, rows, total = random.Random(first), ["date,part,qty"], dict.fromkeys("abcde", 0)
    for month in range(30):
        for part in total:
            begins = (month + 1 - first) % 12 == 0
            taken_back = not begins and draw.random() < returns
            total[part] = (0 if begins else total[part]) + (-draw.randint(1, 4) if taken_back else draw.randint(1, 40))
            rows.append(f"{2022 + month // 12}-{month % 12 + 1:02d}-01,{part},{max(0, total[part])}")

    report, _, _ = read("\n".join(rows))

    assert "rise from date to date" in str(report.notes[0])


@pytest.mark.parametrize("shape", ["season", "growth", "chance"])
def test_demand_of_single_periods_is_no_running_total(read, shape):
    draw, rows = random.Random(7), ["date,part,qty"]
    for month in range(36):
        level = {"season": 20 + 15 * math.sin(month * math.pi / 6), "growth": 5 + month, "chance": 10}[shape]
        rows += [f"{2022 + month // 12}-{month % 12 + 1:02d}-01,{p},{draw.randint(0, int(2 * level))}" for p in "abcde"]

    report, _, _ = read("\n".join(rows))

    assert not any("rise from date" in str(note) for note in report.notes)


def test_demand_that_goes_up_and_down_is_no_running_total(read):
    rows = [f"2023-{m:02d}-{d:02d},a,{(m * d) % 7 + 1}" for m in range(1, 13) for d in (3, 9, 12 + m)]
    report, _, _ = read("\n".join(["date,part,qty", *rows]))

    assert not any("rise from date" in str(note) for note in report.notes)


# Rows of groups


def table(rows):
    return "\n".join(["part,Jan-24,Feb-24,Mar-24,Apr-24", *(",".join(map(str, row)) for row in rows)])


GROUP = [["F", 5, 7, 9, 11], ["a", 1, 2, 3, 4], ["b", 4, 5, 6, 7]]


@pytest.mark.parametrize(
    "rows",
    [
        [*GROUP, ["H", 4, 4, 4, 4], ["c", 1, 1, 1, 1], ["d", 3, 3, 3, 3]],
        [["x", 1, 9, 3, 2], *GROUP, ["y", 3, 3, 1, 2]],
        [*GROUP, ["z", "", "", 8, 1]],
    ],
)
def test_rows_of_groups_above_what_they_hold_refuse_the_table(read, rows):
    with pytest.raises(GroupRows, match="'F'"):
        read(table(rows))


@pytest.mark.parametrize(
    "rows",
    [
        [["Total", 5, 7, 9, 11], *GROUP[1:], ["c", 8, 1, 2, 3]],
        [["a", 1, 2, 3, 4], ["b", 4, 5, 6, 7], ["c", 5, 7, 9, 12]],
        [["a", 0, 0, 0, 2], ["b", 0, 0, 0, 1], ["c", 0, 0, 0, 1], ["d", 1, 2, 3, 4]],
        [GROUP[0], *GROUP[1:]],
    ],
)
def test_rows_that_only_resemble_groups_are_read(read, rows):
    assert read(table(rows))[0].rows_refused == 0


def pivot(groups, members, seed=0):
    """Groups of so many rows each under a row of their sums."""
    rng, rows = np.random.default_rng(seed), []
    for group in range(groups):
        quantities = rng.integers(0, 40, (members, 4))
        rows.append([f"G{group}", *quantities.sum(axis=0).tolist()])
        rows += [[f"P{group}-{k}", *one] for k, one in enumerate(quantities.tolist())]
    return rows


@pytest.mark.parametrize(
    "rows",
    [
        pivot(2, 700),  # a group of more rows than are looked at beforehand
        [*([f"x{k}", 1 + k % 7, k % 3, k % 11, 5] for k in range(900)), *pivot(3, 40)],  # groups that begin far below
        [*pivot(2, 3), *[[f"z{k}", 0, 0, 0, 0] for k in range(500)]],
    ],
)
def test_groups_are_found_wherever_they_stand(read, rows):
    with pytest.raises(GroupRows, match="'G0'"):
        read(table(rows))


def test_groups_of_quantities_with_decimals_are_found(read):
    rows = [[name, *[value / 8 for value in values]] for name, *values in pivot(2, 5)]

    with pytest.raises(GroupRows):
        read(table(rows))


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_a_large_table_of_few_demands_are_no_groups(read, seed):
    quantities = np.random.default_rng(seed).binomial(1, 0.3, (6000, 4)).tolist()

    report, *_ = read(table([[f"P{k}", *one] for k, one in enumerate(quantities)]))

    assert report.rows_kept == 24_000


# Totals that are dated otherwise than the rows they are the sum of


@pytest.mark.parametrize(
    ("dates", "word"),
    [
        (["2023-12-31", "2024-12-31"], "Total"),
        (["2023-12-31", "2024-12-31"], "P1 Total"),
        ([f"{year}-{month}-28" for year in (2023, 2024) for month in ("03", "06", "09", "12")], "Subtotal"),
        (["2024-12-31"], "Grand Total"),
    ],
)
def test_totals_of_years_quarters_and_all_are_left_out_and_said(read, dates, word):
    days = [dt.date(2023 + k // 12, k % 12 + 1, 5) for k in range(24)]
    parts = ["P1", "P2", "P3"]
    demand = {(day, part): 7 + (day.month * (k + 2)) % 11 for day in days for k, part in enumerate(parts)}
    rows = [f"{day},{site},{part},{qty}" for (day, part), qty in demand.items() for site in ("A", "B")]
    before = dt.date(2022, 12, 31)
    for date in map(dt.date.fromisoformat, dates):
        of_word = parts if word.split()[0] in {"Total", "Subtotal", "Grand"} else [word.split()[0]]
        total = sum(2 * qty for (day, part), qty in demand.items() if before < day <= date and part in of_word)
        rows.append(f"{date},All,{word},{total}")
        before = date

    report, _, found = read("\n".join(["date,site,part,qty", *rows]), frequency="M")

    assert set(found) == set(parts)
    assert report.rows_ignored == len(dates)
    assert any(word in str(note) and "left out" in str(note) for note in report.notes)


def test_a_part_called_total_with_dates_of_its_own_is_kept(read):
    rows = [f"2024-{m:02d}-01,{part},{m * k + 3}" for m in range(1, 13) for k, part in enumerate("ABC", 1)]
    rows += [f"2024-{m:02d}-15,Total Station,{m % 4 + 1}" for m in (2, 5, 11)]

    _, _, parts = read("\n".join(["date,part,qty", *rows]))

    assert "Total Station" in parts


def test_thousands_of_totals_are_left_out(read):
    rows = [f"S{s},{part},{s % 7 + k},{s % 5 + k}" for s in range(1200) for k, part in enumerate(("a", "b"), 1)]
    rows += [f"S{s},Total,{2 * (s % 7) + 3},{2 * (s % 5) + 3}" for s in range(1200)]

    report, _, parts = read("\n".join(["site,part,2024-01-01,2024-02-01", *rows]))

    assert set(parts) == {"a", "b"}
    assert report.rows_ignored == 2400


def test_a_sum_without_a_word_is_found_in_a_large_file(read):
    quantities = np.random.default_rng(0).integers(0, 50, (7000, 6))
    rows = [["K", f"P{k}", *one] for k, one in enumerate(quantities.tolist())]

    _, _, parts = read(wide([*rows, ["K", "Rekap", *quantities.sum(axis=0).tolist()]]))

    assert "Rekap" not in parts
    assert len(parts) == 7000


@pytest.mark.parametrize("name", ["P1 Total", "P1 Total {year}", "Total P1"])
def test_totals_of_a_part_by_year_are_left_out(read, name):
    rows = [
        f"{year}-{m:02d}-01,{part},{m * k}"
        for year in (2023, 2024)
        for m in range(1, 13)
        for k, part in ((3, "P1"), (5, "P2"))
    ]
    rows += [f"{year}-12-31,{name.format(year=year)},{3 * 78}" for year in (2023, 2024)]

    _, _, parts = read("\n".join(["date,part,qty", *rows]))

    assert parts == ["P1", "P2"]

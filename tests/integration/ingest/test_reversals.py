"""A booking that is reversed later was never demanded: the return counts on the day of the booking, and it is said."""

from __future__ import annotations

import datetime as dt

import pytest

HEADER = "date,partnumber,site_code,demand_qty\n"
MONTHLY = "".join(f"2024-{month:02d}-10,{part},S,10\n" for month in range(1, 13) for part in "ABCDE")


@pytest.fixture
def net(read, series):
    """The days of a part, month by month, and what the report says of reversals."""

    def of(rows, part="A", **settings):
        ingested = read(HEADER + MONTHLY + rows, frequency="M", **settings)
        report = ingested.report
        assert report.rows_read == report.rows_kept + report.rows_summed + report.rows_refused + report.rows_ignored
        months = dict.fromkeys(range(1, 13), 0.0)
        for day, quantity in series(ingested)[("S", part)].items():
            months[(dt.date(1970, 1, 1) + dt.timedelta(days=day)).month] += quantity
        return months, " ".join(str(note) for note in report.notes if "reverse" in str(note))

    return of


@pytest.mark.parametrize(
    ("booked", "back"),
    [
        ("2024-03-20", "2024-04-02"),
        ("2024-03-10", "2024-04-10"),
        ("2024-03-20", "2024-06-20"),
        ("2024-03-31", "2024-04-01"),
    ],
)
@pytest.mark.parametrize("quantity", [1000, 2.75])
def test_a_booking_and_its_reversal_leave_nothing_in_any_month(net, booked, back, quantity):
    months, said = net(f"{booked},A,S,{quantity}\n{back},A,S,-{quantity}\n")

    assert months == dict.fromkeys(range(1, 13), 10.0)
    assert f"netted on its day: 1, {quantity:,} units" in said
    assert f"of part 'A' at site 'S', booked on {booked}, reversed on {back}" in said


def test_rows_may_come_in_any_order(net):
    assert net("2024-04-02,A,S,-1000\n2024-03-20,A,S,1000\n")[0][3] == 10


@pytest.mark.parametrize(
    "rows",
    [
        "2024-03-20,A,S,1000\n2024-04-02,A,S,-900\n",  # another quantity
        "2024-03-20,B,S,1000\n2024-04-02,A,S,-1000\n",  # of another part
        "2024-03-20,A,T,1000\n2024-04-02,A,S,-1000\n",  # at another site
        "2024-03-20,A,S,1000\n2024-06-21,A,S,-1000\n",  # too long after it
        "2024-04-20,A,S,1000\n2024-03-02,A,S,-1000\n",  # before it
    ],
)
def test_other_returns_stay_where_they_are(net, rows):
    months, said = net(rows)

    assert min(months.values()) < 0
    assert said == ""


def test_each_booking_is_reversed_once_the_latest_first(net):
    months, said = net("2024-03-20,A,S,500\n2024-05-20,A,S,500\n2024-06-02,A,S,-500\n2024-07-02,A,S,-500\n")

    assert (months[3], months[5], months[6], months[7]) == (510, 10, 10, -490)  # March is too long before July
    assert "netted on its day: 1, 500 units" in said


def test_a_reversal_in_the_same_day_is_not_said(net):
    months, said = net("2024-03-20,A,S,500\n2024-03-20,A,S,-500\n")

    assert months[3] == 10
    assert said == ""


def test_returns_that_are_ignored_reverse_nothing(net):
    months, said = net("2024-03-20,A,S,500\n2024-04-02,A,S,-500\n", returns="ignore")

    assert months[3] == 510
    assert said == ""


def test_too_many_rows_to_compare_are_said(net, monkeypatch):
    monkeypatch.setattr("batchcast.ingest.rows.reversals._MOST_ROWS", 50)

    months, said = net("2024-03-20,A,S,500\n2024-04-02,A,S,-500\n")

    assert months[3] == 510
    assert "62 rows are too many to look for the bookings that they reverse" in said


def test_a_row_that_two_files_have_is_reversed_once(tmp_path, read, series):
    folder = tmp_path / "files"
    folder.mkdir()
    rows = MONTHLY + "2024-03-20,A,S,500\n2024-04-02,A,S,-500\n"
    (folder / "a.csv").write_text(HEADER + rows)
    (folder / "b.csv").write_text(HEADER + rows + "2024-12-20,B,S,7\n")

    found = series(read(folder, frequency="M"))[("S", "A")]

    assert set(found.values()) == {10.0}


def test_a_total_row_is_still_known_as_one(read, series):
    rows = "2024-03-20,A,S,500\n2024-04-02,A,S,-500\n2024-03-20,Total,S,500\n2024-04-02,Total,S,-500\n"
    totals = "".join(f"2024-{month:02d}-10,Total,S,50\n" for month in range(1, 13))

    ingested = read(HEADER + MONTHLY + totals + rows, frequency="M")

    assert ("S", "Total") not in series(ingested)
    assert "Rows of totals are left out" in " ".join(map(str, ingested.report.notes))

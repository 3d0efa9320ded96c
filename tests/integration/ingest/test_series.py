"""One series of a history is found without reading the others."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from batchcast.domain.calendar import day_of
from batchcast.domain.errors import UnknownSeries
from batchcast.domain.history import DemandHistory
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.history.stored import read_series
from batchcast.ingest.reader import ingest_file

DAY = 20_000


@pytest.fixture
def history(tmp_path: Path) -> DemandHistory:
    """Some 9,000 series in three row groups; the n-th part has demand n on the day 20,000 + n % 50."""
    lines = ["date,partnumber,site_code,demand_qty"]
    for n in range(9000):
        date = np.datetime64(DAY + n % 50, "D")
        lines.append(f"{date},P{n},{'Zürich' if n % 3 else 'Aceh'},{n}")
    lines += ["2025-03-01,=A1,Aceh,5", "2025-03-01,=A1,Aceh,-7", "2025-02-01,=A1,Aceh,0", "2025-03-09,=A1,Aceh,2"]
    path = tmp_path / "demand.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    history = ingest_file(path, into=tmp_path / "history", settings=BatchSettings()).history
    assert history is not None
    return history


@pytest.mark.parametrize("number", [1, 2, 3, 4096, 5000, 8998, 8999])
def test_every_series_is_found_wherever_it_stands(history: DemandHistory, number: int) -> None:
    site = "Zürich" if number % 3 else "Aceh"

    days, quantities, first_day = read_series(history, site, f"P{number}")

    assert days.tolist() == [DAY + number % 50]
    assert quantities.tolist() == [number]
    assert first_day == DAY + number % 50


def test_totals_are_net_and_begin_at_the_first_row(history: DemandHistory) -> None:
    days, quantities, first_day = read_series(history.path, "Aceh", "=A1")

    assert days.tolist() == [day_of(dt.date(2025, 3, 1)), day_of(dt.date(2025, 3, 9))]
    assert quantities.tolist() == [-2.0, 2.0]
    assert first_day == day_of(dt.date(2025, 2, 1))


def test_a_series_without_demand_has_no_days(history: DemandHistory) -> None:
    days, quantities, first_day = read_series(history, "Aceh", "P0")

    assert (days.tolist(), quantities.tolist(), first_day) == ([], [], DAY)


@pytest.mark.parametrize(
    ("site", "part"), [("Aceh", "P1"), ("Aceh", "p0"), ("A", "P0"), ("Zürich", "Q"), ("Medan", "P5"), ("", "")]
)
def test_an_unknown_series_is_named(history: DemandHistory, site: str, part: str) -> None:
    with pytest.raises(UnknownSeries) as unknown:
        read_series(history, site, part)

    assert str(unknown.value).startswith(f"There is no part {part!r} of site {site!r} here.")

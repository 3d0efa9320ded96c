"""Runs of the command whose files say more than demand, and sums of what they published, as the library has them."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import batchcast

pytestmark = pytest.mark.xdist_group("runs")
MONTHS = [dt.date(2022 + k // 12, k % 12 + 1, 10) for k in range(36)]
PROJECT, LIFT = 400, 3.0
CAMPAIGNS = [dt.date(2024, 6, 3), dt.date(2024, 11, 4), dt.date(2025, 1, 13)]  # Mondays; the last one is to come


def demand_rows(*, with_projects: bool):
    """Six parts; a project of the first took 400 in each of four months."""
    draw = np.random.default_rng(6)
    for k in range(6):
        for place, day in enumerate(MONTHS):
            yield day, f"P{k}", "Kendari", int(draw.poisson(4 + 3 * k)) + 1, "no"
            if with_projects and k == 0 and place % 9 == 4:
                yield day, "P0", "Kendari", PROJECT, "yes"


def weekly_rows():
    draw = np.random.default_rng(7)
    for week in range(60):
        monday = dt.date(2024, 12, 23) - dt.timedelta(weeks=59 - week)
        for k in range(6):
            lift = LIFT if monday in CAMPAIGNS else 1.0
            yield monday, f"P{k}", "Kendari", int(draw.poisson(20 * lift))


def write_rows(path: Path, header, rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def read_rows(path: Path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


COLUMNS = ("date", "partnumber", "site_code", "demand_qty")
MONTHLY = ("--frequency", "M", "--horizon", "6", "--lead-time", "3")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    write_rows(folder / "projects.csv", (*COLUMNS, "project"), demand_rows(with_projects=True))
    write_rows(folder / "plain.csv", (*COLUMNS, "project"), demand_rows(with_projects=False))
    write_rows(folder / "weeks.csv", COLUMNS, weekly_rows())
    write_rows(folder / "events.csv", ("date", "name"), [(day, "Campaign") for day in CAMPAIGNS])
    return folder


@pytest.fixture
def run(command, made: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a file of the folder into a folder beside it, once."""
    monkeypatch.setenv("BATCHCAST_HOME", str(made / "home"))

    def run(name: str, out: str, *options: str) -> Path:
        if not (made / out).exists():
            done = command("run", str(made / name), "-o", str(made / out / "forecast.csv"), *options)
            assert done.code == 0, done.err
        return made / out

    return run


def stock_of(folder: Path):
    return read_rows(folder / "stock.csv")


def test_excluded_rows_change_no_figure_by_command_or_library(run, made: Path):
    excluded = run("projects.csv", "excluded", *MONTHLY, "--map", "exclude=project")
    plain = run("plain.csv", "plain", *MONTHLY)
    counted = batchcast.forecast(made / "projects.csv", frequency="M", horizon=6, lead_time=3)
    settings = {"frequency": "M", "horizon": 6, "lead_time": 3, "column_mapping": {"exclude": "project"}}
    of_library = batchcast.forecast(made / "projects.csv", **settings)

    assert stock_of(excluded) == stock_of(plain)
    assert (excluded / "forecast.csv").read_bytes() == (plain / "forecast.csv").read_bytes()
    points = of_library.stock.set_index("partnumber")["reorder_point"]
    assert {row["partnumber"]: float(row["reorder_point"]) for row in stock_of(excluded)} == dict(points)
    assert counted.stock.set_index("partnumber")["reorder_point"]["P0"] > 5 * points["P0"]


def test_events_of_a_file_lift_their_weeks_by_command_as_by_library(run, made: Path):
    weekly = ("--frequency", "W", "--horizon", "4", "--models", "ses,naive")
    lifted = run("weeks.csv", "lifted", *weekly, "--events", str(made / "events.csv"))
    plain = run("weeks.csv", "unlifted", *weekly)
    settings = {"frequency": "W", "horizon": 4, "models": ("ses", "naive"), "events": made / "events.csv"}
    of_library = batchcast.forecast(made / "weeks.csv", **settings)

    def by_week(rows):
        found: dict[str, float] = {}
        for row in rows:
            found[str(row["date"])[:10]] = found.get(str(row["date"])[:10], 0.0) + float(row["forecast_raw"])
        return found

    with_it, without = (by_week(read_rows(folder / "forecast.csv")) for folder in (lifted, plain))
    assert by_week(of_library.forecasts.to_dict("records")) == pytest.approx(with_it)
    ratio = {week: with_it[week] / without[week] for week in with_it}
    assert ratio.pop("2025-01-13") > 2.0
    assert max(ratio.values()) < 1.3


def test_sums_are_those_of_the_library_and_never_fall_as_the_window_grows(run, made: Path, command):
    folder = run("plain.csv", "plain", *MONTHLY)
    of_library = batchcast.forecast(made / "plain.csv", frequency="M", horizon=6, lead_time=3)

    (usual,) = command("sums", str(folder), "--json").told
    windows = (
        "--window",
        "1",
        "--window",
        "2.5",
        "--window",
        "3",
        "--window",
        "6",
        "--level",
        "0.5",
        "--level",
        "0.95",
    )
    (chosen,) = command("sums", str(folder / "forecast.csv"), *windows, "--json").told

    assert usual["rows"] == of_library.sums().to_dict("records")
    assert chosen["rows"] == of_library.sums(windows=(1, 2.5, 3, 6), levels=(0.5, 0.95)).to_dict("records")
    assert (usual["kind"], usual["total"], usual["file"], usual["notes"]) == ("sums", 6, None, [])
    by_part: dict[str, list[float]] = {}
    for row in chosen["rows"]:
        by_part.setdefault(row["partnumber"], []).append(row["p95"])
    assert all(levels == sorted(levels) and levels[0] < levels[-1] for levels in by_part.values())
    points = {row["partnumber"]: float(row["reorder_point"]) for row in stock_of(folder)}
    assert {part: levels[2] for part, levels in by_part.items()} == points


def test_sums_of_some_parts_are_shown_and_written(run, command, tmp_path: Path):
    folder = run("plain.csv", "plain", *MONTHLY)
    options = ("--part", "P1", "--part", "P5", "--site", "Kendari", "--window", "3")

    shown = command("sums", str(folder), *options, "--level", "0.9").out
    for suffix in ("csv", "parquet"):
        assert command("sums", str(folder), *options, "-o", f"new/sums.{suffix}").code == 0

    assert "3 months" in shown
    assert "P1" in shown
    assert "P0" not in shown
    written = read_rows(tmp_path / "new" / "sums.csv")
    assert [row["partnumber"] for row in written] == ["P1", "P5"]
    figures = pq.read_table(tmp_path / "new" / "sums.parquet").to_pylist()
    assert [float(row["mean"]) for row in written] == [row["mean"] for row in figures]
    assert not list((tmp_path / "new").glob(".sums-*"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--window", "7"), "A window of 7 periods; windows can be up to 6"),
        (("--window", "soon"), "--window is 'soon'; it must be a number, such as 3."),
        (("--level", "1"), "A level of 1"),
        (("--part", "p1"), "has no such part: part numbers and sites count to the letter ('p1')"),
        (("-o", "/dev/null/sums.csv"), "The sums can't be written to /dev/null/sums.csv"),
    ],
)
def test_what_sums_can_not_be_told_of_is_said(run, command, options, said):
    folder = run("plain.csv", "plain", *MONTHLY)

    told = command("sums", str(folder), *options)

    assert told.code != 0
    assert said in " ".join(told.err.split())


def test_sums_need_a_result(command, tmp_path: Path):
    assert "RESULT is missing" in command("sums").err
    assert "is no published result" in " ".join(command("sums", str(tmp_path)).err.split())

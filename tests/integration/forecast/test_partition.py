"""A partition is written whole, accounted for, and the same in any plan."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.calendar import Calendar, Frequency, day_of
from batchcast.forecast import forecaster, partition
from batchcast.forecast import panel as panel_module
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.metrics import merge_statistics
from batchcast.forecast.models.table import FALLBACK_NAME
from batchcast.forecast.moments import DEMAND_CLASSES
from batchcast.forecast.panel import NO_DEMAND, Panel
from batchcast.forecast.partition import forecast_panel, forecast_partition, warm
from batchcast.forecast.prepare import learn_knowledge, prepare_knowledge

DAYS = Calendar(frequency=Frequency.DAILY)
MONTHS = Calendar(frequency=Frequency.MONTHLY)
LAST_DAY = day_of(dt.date(2026, 10, 31))
FILES = ("forecast.parquet", "stock.parquet", "accuracy.parquet", "figures.parquet")


def daily_panel(count: int, last: int = LAST_DAY) -> Panel:
    """Sparse days with a week, of series that begin at different times."""
    rng = np.random.default_rng(17)
    lengths = rng.integers(5, 160, count)
    histories = []
    for length in lengths:
        weekdays = (last - np.arange(length)[::-1] + 3) % 7
        rate = rng.gamma(0.7, 2.0) * np.array([1.5, 1.2, 1, 1, 1, 0.6, 0.1])[weekdays]
        histories.append(rng.poisson(rate).astype(float))
    sold = [np.flatnonzero(y) for y in histories]
    ends = [last - len(y) + 1 + s[-1] if len(s) else NO_DEMAND for y, s in zip(histories, sold, strict=True)]
    return Panel(
        values=np.concatenate(histories),
        offsets=np.cumsum([0, *lengths], dtype=np.int64),
        site_codes=[f"S{k % 4}" for k in range(count)],
        partnumbers=[f"{k:05d}" for k in range(count)],
        last_demand=np.array(ends, dtype=np.int32),
        last_period=last,
    )


def run(path: Path, ranges, request, knowledge, into: Path) -> list[float]:
    into.mkdir()
    shares: list[float] = []
    forecast_partition(path, ranges, request, knowledge, into=into, on_progress=shares.append)
    return shares


def rows(folder: Path, name: str) -> list[dict[str, object]]:
    return pq.read_table(folder / name).to_pylist()


def statistics(folder: Path):
    return json.loads((folder / "summary.json").read_text())["statistics"]


@pytest.fixture
def batch(write_history, make_request):
    panel = daily_panel(150)
    request = make_request(LAST_DAY, DAYS, 7)
    path = write_history(panel, DAYS, row_group=40)
    return panel, path, request, prepare_knowledge(path, request, len(panel))


def test_the_tables_of_a_partition_are_as_agreed(batch, tmp_path: Path):
    panel, path, request, knowledge = batch

    shares = run(path, [(0, 150)], request, knowledge, tmp_path / "out")

    forecast, stock, accuracy, figures = (pq.read_table(tmp_path / "out" / name) for name in FILES)
    assert forecast.column_names == [
        "date", "partnumber", "site_code", "forecast_qty", "forecast_raw", "p10", "p50", "p90", "model",
    ]  # fmt: skip
    assert stock.column_names == [
        "site_code", "partnumber", "demand_class", "last_demand", "lead_time", "service_level", "lead_time_mean",
        "lead_time_quantile", "safety_stock", "reorder_point", "expected_fill_rate", "flag",
        "extreme_date", "extreme_qty", "reorder_point_with_extreme",
        "level_date", "level_before", "level_after",
    ]  # fmt: skip
    assert accuracy.column_names[:18] == [
        "site_code", "partnumber", "demand_class", "model", "folds", "lead_time_pinball", "lead_time_pinball_naive",
        "covered_at_service_level", "bias", "value_added_vs_naive", "units_short", "units_over",
        "flag", "extreme_date", "extreme_qty", "level_date", "level_before", "level_after",
    ]  # fmt: skip
    candidates = set(accuracy.column_names[18:])
    assert candidates == {f"score_{name}" for name in (*knowledge.candidates, "zero", "naive", "empirical", "pooled")}
    assert figures.column_names == [
        "site_code", "partnumber", "levels", "quantiles",
        "cutoff", "actual", "forecast", "low", "median", "high", "stock", "windows", "window_means",
    ]  # fmt: skip
    assert forecast.schema.field("date").type == pa.date32()
    assert stock.schema.field("last_demand").type == pa.date32()
    assert stock.schema.field("lead_time").type == accuracy.schema.field("folds").type == pa.int32()
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    dates = forecast["date"].to_pylist()
    assert dates[:7] == [dt.date(2026, 11, 1) + dt.timedelta(days=k) for k in range(7)]
    assert dates[7:14] == dates[:7]
    keys = [(row["site_code"], row["partnumber"]) for row in stock.to_pylist()]
    assert keys == sorted(zip(panel.site_codes, panel.partnumbers, strict=True))
    told = dict(zip(zip(panel.site_codes, panel.partnumbers, strict=True), panel.last_demand.tolist(), strict=True))
    for row in stock.to_pylist():
        last = told[row["site_code"], row["partnumber"]]
        assert row["last_demand"] == (None if last == NO_DEMAND else dt.date(1970, 1, 1) + dt.timedelta(days=last))


def test_the_figures_of_a_series_are_those_that_stock_and_accuracy_were_made_of(batch, tmp_path: Path):
    panel, path, request, knowledge = batch
    demand = {key: panel.series(k) for k, key in enumerate(zip(panel.site_codes, panel.partnumbers, strict=True))}

    run(path, [(0, 150)], request, knowledge, tmp_path / "out")

    _, stock, accuracy, figures = (rows(tmp_path / "out", name) for name in FILES)
    assert sum(len(row["cutoff"]) for row in figures) > 100
    for one, its_stock, its_accuracy in zip(figures, stock, accuracy, strict=True):
        ladder = dict(zip(one["levels"], one["quantiles"], strict=True))
        assert round(ladder[request.service_level], 9) == its_stock["lead_time_quantile"]
        assert one["levels"] == sorted(one["levels"])
        assert one["quantiles"] == sorted(one["quantiles"])
        assert len(one["cutoff"]) == its_accuracy["folds"]
        values = demand[one["site_code"], one["partnumber"]]
        for place, cutoff in enumerate(one["cutoff"]):
            begin = len(values) - (request.last_period - cutoff)
            assert one["actual"][place] == values[begin : begin + request.horizon].sum()
            assert one["low"][place] <= one["median"][place] <= one["high"][place] <= one["stock"][place]
        if its_accuracy["bias"] is not None:
            assert its_accuracy["bias"] == pytest.approx(sum(one["forecast"]) / sum(one["actual"]) - 1)
        beyond = [actual - stock for actual, stock in zip(one["actual"], one["stock"], strict=True)]
        if beyond:
            assert its_accuracy["units_short"] == pytest.approx(sum(max(units, 0.0) for units in beyond))
            assert its_accuracy["units_over"] == pytest.approx(sum(max(-units, 0.0) for units in beyond))
        else:
            assert its_accuracy["units_short"] is its_accuracy["units_over"] is None


def test_the_preparation_tells_how_far_it_is_by_cutoffs_and_fits(batch):
    panel, path, request, _ = batch
    shares: list[float] = []

    prepare_knowledge(path, request, len(panel), shares.append)

    assert len(shares) > len(request.quantiles) + 4
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5 < shares[-1] <= 1


def test_the_summary_accounts_for_every_series(batch, tmp_path: Path):
    _, path, request, _ = batch
    earlier = replace(request, last_period=LAST_DAY - 60)
    knowledge = prepare_knowledge(path, earlier, 150)

    run(path, [(0, 150)], earlier, knowledge, tmp_path / "out")

    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["series"] == 150 == summary["forecast"] + len(summary["refused"])
    assert len(summary["refused"]) > 20
    assert {reason for _, _, reason in summary["refused"]} == {partition.AFTER_CUTOFF}
    assert pq.read_table(tmp_path / "out" / "stock.parquet").num_rows == summary["forecast"]
    assert summary["flagged"] == sum("fenced" in (row["flag"] or "") for row in rows(tmp_path / "out", "stock.parquet"))


@pytest.mark.parametrize("plan", [[[(0, 61)], [(61, 150)]], [[(100, 150)], [(0, 3), (7, 100)], [(3, 7)]]])
def test_no_plan_changes_a_bit(batch, tmp_path: Path, plan):
    _, path, request, knowledge = batch
    run(path, [(0, 150)], request, knowledge, tmp_path / "whole")

    for k, ranges in enumerate(plan):
        run(path, ranges, request, knowledge, tmp_path / str(k))

    folders = [tmp_path / str(k) for k in range(len(plan))]
    for name in FILES:
        parts = [row for folder in folders for row in rows(folder, name)]
        assert sorted(map(str, parts)) == sorted(map(str, rows(tmp_path / "whole", name)))
    whole = merge_statistics([statistics(tmp_path / "whole")])
    assert merge_statistics([statistics(folder) for folder in folders]) == whole


@pytest.mark.parametrize(
    ("series", "cells"),
    [pytest.param(1, 10, marks=pytest.mark.long), pytest.param(4096, 500, marks=pytest.mark.long), (7, 10**6)],
)
def test_no_size_of_chunks_changes_a_bit(batch, tmp_path: Path, monkeypatch, series: int, cells: int):
    _, path, request, knowledge = batch
    run(path, [(0, 150)], request, knowledge, tmp_path / "usual")
    monkeypatch.setattr(forecaster, "CHUNK_SERIES", series)
    monkeypatch.setattr(forecaster, "CHUNK_CELLS", cells)
    monkeypatch.setattr(partition, "READ_SERIES", 13)

    run(path, [(0, 150)], request, knowledge, tmp_path / "chunked")

    for name in FILES:
        assert list(map(str, rows(tmp_path / "chunked", name))) == list(map(str, rows(tmp_path / "usual", name)))
    assert merge_statistics([statistics(tmp_path / "chunked")]) == merge_statistics([statistics(tmp_path / "usual")])


def test_in_memory_and_on_disk_are_the_same_numbers(batch, tmp_path: Path):
    panel, path, request, knowledge = batch
    run(path, [(0, 150)], request, knowledge, tmp_path / "out")

    result = forecast_panel(panel, request, knowledge)

    for table, name in ((result.forecast, FILES[0]), (result.stock, FILES[1]), (result.accuracy, FILES[2])):
        assert sorted(map(str, table.to_pylist())) == sorted(map(str, rows(tmp_path / "out", name)))


def test_ranges_are_read_at_most_a_row_group_at_a_time(monkeypatch):
    monkeypatch.setattr(partition, "READ_SERIES", 10)

    groups = partition._cut([(3, 5), (8, 27), (30, 31), (38, 44)])

    assert groups == [[(3, 5), (8, 10)], [(10, 20)], [(20, 27), (30, 31), (38, 40)], [(40, 44)]]


def test_a_saved_knowledge_gives_the_same_numbers(batch, tmp_path: Path):
    panel, _, request, knowledge = batch
    knowledge.save(tmp_path / "knowledge.json")

    again = forecast_panel(panel, request, SharedKnowledge.load(tmp_path / "knowledge.json"))

    assert again.forecast.to_pylist() == forecast_panel(panel, request, knowledge).forecast.to_pylist()


def test_the_knowledge_of_a_large_batch_is_that_of_its_sample(batch, monkeypatch):
    _, path, request, _ = batch
    monkeypatch.setattr(panel_module, "SAMPLE_SIZE", 60)

    knowledge = prepare_knowledge(path, request, 150)

    assert 0 < knowledge.cases.max() <= 60
    assert prepare_knowledge(path, request, 150).losses.tolist() == knowledge.losses.tolist()


def test_what_a_fold_is_forecast_knows_nothing_of_what_came(make_request):
    # The outcomes of the latest fold change: what `auto` held in stock there, chosen by other folds, must not.
    request = make_request(600, MONTHS, 3, folds=2)
    rng = np.random.default_rng(3)
    histories = [rng.negative_binomial(0.6, 0.15, 40).astype(float) for _ in range(80)]

    def panel_of(ends: list[np.ndarray]) -> Panel:
        return Panel(
            values=np.concatenate([np.append(y[:-3], e) for y, e in zip(histories, ends, strict=True)]),
            offsets=np.arange(0, 80 * 40 + 1, 40, dtype=np.int64),
            site_codes=["s"] * 80,
            partnumbers=[str(k) for k in range(80)],
            last_demand=np.full(80, 600, dtype=np.int32),
            last_period=600,
        )

    before, after = panel_of([y[-3:] for y in histories]), panel_of([np.full(3, 10_000.0 * k) for k in range(80)])
    knowledge = learn_knowledge(before, request)

    def bias_times_actual(panel: Panel) -> list[float]:
        accuracy = forecast_panel(panel, replace(request, folds=1), replace(
            knowledge, cutoffs=(3,), losses=knowledge.losses[:1], common=knowledge.common[:1],
            cases=knowledge.cases[:1], steps=None,
        )).accuracy  # fmt: skip
        actual = [panel.series(k)[-3:].sum() for k in range(80)]
        return [
            (b + 1) * a for b, a in zip(accuracy["bias"].to_pylist(), actual, strict=True) if a > 0 and b is not None
        ]

    forecasts, others = bias_times_actual(before), bias_times_actual(after)
    assert len(forecasts) > 50
    matched = {round(x, 6) for x in others}
    assert sum(round(x, 6) in matched for x in forecasts) >= len(forecasts) - 2


def test_days_are_forecast_with_their_week(make_request):
    panel = daily_panel(200)
    request = make_request(LAST_DAY, DAYS, 14)
    knowledge = learn_knowledge(panel, request)

    result = forecast_panel(panel, request, knowledge)

    by_weekday = np.zeros(7)
    for date, raw in zip(result.forecast["date"].to_pylist(), result.forecast["forecast_raw"].to_pylist(), strict=True):
        by_weekday[date.weekday()] += raw
    assert knowledge.profile is not None
    assert by_weekday.argmax() == 0
    assert by_weekday.argmin() == 6


def test_a_later_start_cuts_what_is_published(make_request):
    panel = daily_panel(40)
    request = make_request(LAST_DAY, DAYS, 8, lead_time=9)
    later = replace(request, skip=5, horizon=3)

    whole, cut = (forecast_panel(panel, one, learn_knowledge(panel, one)) for one in (request, later))

    assert cut.forecast["date"].to_pylist()[:3] == [dt.date(2026, 11, k) for k in (6, 7, 8)]
    assert cut.forecast.to_pylist() == [row for row in whole.forecast.to_pylist() if row["date"].day >= 6]
    assert (cut.stock.to_pylist(), cut.accuracy.to_pylist()) == (whole.stock.to_pylist(), whole.accuracy.to_pylist())


def test_where_every_model_fails_the_fallback_is_told_and_the_series_named(make_request, caplog):
    caplog.set_level("INFO", logger="batchcast")
    panel = daily_panel(40)
    request = make_request(LAST_DAY, DAYS, 7, models=("empirical",))

    result = forecast_panel(panel, request, learn_knowledge(panel, request))

    short = sum(int(length) < 9 for length in panel.lengths)  # under three windows of seven days
    assert short > 0
    assert result.summary["fallbacks"] == {FALLBACK_NAME: short}
    assert result.stock["reorder_point"].to_numpy().min() >= 0
    assert result.forecast["model"].to_pylist().count(FALLBACK_NAME) == 7 * short
    assert sum("stands in" in line and "part '" in line for line in caplog.messages) == short


def test_a_forecast_beyond_the_fence_is_held_back_and_flagged(make_request):
    # one huge demand among small ones: the spread of a single step exceeds what was ever seen
    history = np.zeros(60)
    history[[3, 30]] = [1.0, 1.0]
    panel = Panel(
        values=history,
        offsets=np.array([0, 60], dtype=np.int64),
        site_codes=["s"],
        partnumbers=["p"],
        last_demand=np.array([571], dtype=np.int32),
        last_period=600,
    )
    request = make_request(600, MONTHS, 1, quantiles=(0.5, 0.9999999999), models=("ses",))
    knowledge = learn_knowledge(panel, request)
    wide = replace(knowledge.calibration, steps=[(4.0, 1.0)] * len(DEMAND_CLASSES))

    result = forecast_panel(panel, request, replace(knowledge, calibration=wide))

    assert result.forecast["p99.99999999"].to_numpy().max() <= 5.0
    assert result.summary["flagged"] == 1
    assert result.stock["flag"].to_pylist() == ["fenced"]


def test_an_empty_panel_has_empty_tables(make_request):
    panel = daily_panel(3).chunk(0, 0)
    request = make_request(LAST_DAY, DAYS, 7)

    result = forecast_panel(panel, request, learn_knowledge(panel, request))

    assert (result.forecast.num_rows, result.stock.num_rows, result.summary["series"]) == (0, 0, 0)
    assert "p90" in result.forecast.column_names


def test_warming_passes_through_every_kernel():
    warm()

"""What a result adds up to is what a loop over its rows adds up to, to the bit whatever the partitions."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.accuracy import Overview
from batchcast.domain.calendar import Calendar, Frequency, date_of
from batchcast.domain.codec import decode
from batchcast.domain.plan import ForecastRequest
from batchcast.publish.certificate import ResultRejected
from batchcast.results.files import PublishedFolder, publish_files
from batchcast.results.overview import PeriodDemand, SitePeriods, read_periods_of

LAST_DAY = 20_000


def published(batch: Any, folder: Path) -> PublishedFolder:
    return publish_files(batch.partitions, history=batch.history, certificate=batch.certificate, folder=folder)


def overview_in(folder: PublishedFolder) -> Overview:
    overview: Overview = decode(json.loads(folder.files["overview", "json"].read_text(encoding="utf-8")))
    return overview


def rows_of(folder: PublishedFolder, kind: str) -> list[dict[str, str]]:
    with folder.files[kind, "csv"].open(encoding="utf-8", newline="") as file:
        return [{name: text.removeprefix("'") for name, text in row.items()} for row in csv.DictReader(file)]


def series_of(folder: PublishedFolder) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder.files["series", "parquet"]).to_pylist()
    return rows


def test_totals_by_site_and_period_are_those_of_the_published_rows(batch, out) -> None:
    folder = published(batch, out)
    sites: dict[str, float] = defaultdict(float)
    dates: dict[str, float] = defaultdict(float)
    for row in rows_of(folder, "forecast"):
        sites[row["site_code"]] += float(row["forecast_qty"])
        dates[row["date"]] += float(row["forecast_qty"])

    overview = overview_in(folder)

    assert {site.site_code: site.forecast_total for site in overview.sites} == sites
    assert {one.date.isoformat(): one.total for one in overview.periods if one.is_forecast} == dates
    assert overview.forecast_total == sum(sites.values())
    assert [site.forecast_total for site in overview.sites] == sorted(sites.values(), reverse=True)


def test_past_demand_by_site_and_period_is_that_of_the_history(batch, out) -> None:
    """The n-th series has demand 1, 2, ... on its last n days."""
    folder = published(batch, out)
    demand: dict[tuple[str, int], float] = defaultdict(float)
    for number, (site, _) in enumerate(batch.keys):
        for place in range(number):
            demand[site, LAST_DAY - number + 1 + place] += place + 1.0

    overview = overview_in(folder)

    history = [one for one in overview.periods if not one.is_forecast]
    assert [one.date for one in history] == [date_of(day) for day in range(LAST_DAY - 3, LAST_DAY + 1)]
    assert [one.total for one in history] == [
        sum(quantity for (_, day), quantity in demand.items() if day == LAST_DAY - back) for back in (3, 2, 1, 0)
    ]
    for total in overview.sites:
        mine = {day: quantity for (site, day), quantity in demand.items() if site == total.site_code}
        rows = read_periods_of(folder.files["periods", "parquet"], total.site_code)
        past = {row["date"]: row["total"] for row in rows if not row["is_forecast"]}
        assert past == {one.date: mine.get((one.date - date_of(0)).days, 0.0) for one in history}
        assert total.history_total == sum(mine.values())
        assert total.history_mean == sum(mine.values()) / 4


def test_the_history_is_kept_whole_and_the_mean_of_a_site_is_of_its_last_periods() -> None:
    last, periods = LAST_DAY, 400
    calendar = Calendar(frequency=Frequency.DAILY)
    request = ForecastRequest(
        calendar=calendar,
        last_period=last,
        skip=0,
        horizon=2,
        lead_time=2,
        quantiles=(0.5,),
        models=(),
        service_level=0.95,
        rounding="none",
        zero_threshold=0.0,
        folds=1,
        seed=0,
    )
    totals = SitePeriods(request)
    site = pa.array(["S"])
    totals.add_forecast(site, np.ones((1, 2)))
    totals.add_demand(
        PeriodDemand(
            sites=site,
            owners=np.zeros(periods, dtype=np.int64),
            periods=np.arange(last - periods + 1, last + 1, dtype=np.int32),
            quantities=np.where(np.arange(periods) < periods - 91, 7.0, 3.0),
        )
    )

    past = [row for row in totals.table().to_pylist() if not row["is_forecast"]]

    assert [past[0]["date"], past[-1]["date"]] == [date_of(last - periods + 1), date_of(last)]
    assert sum(row["total"] for row in past) == 7.0 * (periods - 91) + 3.0 * 91
    assert totals.recent_mean.tolist() == [3.0]


def test_classes_and_parts_are_weighted_by_their_cases(finish_batch, out) -> None:
    batch = finish_batch()
    folds, pinball, naive = [3, 0], [0.5, None], [1.0, None]
    batch.change(1, "accuracy", lambda table: _with(table, "folds", pa.array(folds, pa.int32())))
    batch.change(1, "accuracy", lambda table: _with(table, "lead_time_pinball", pa.array(pinball, pa.float64())))
    batch.change(1, "accuracy", lambda table: _with(table, "lead_time_pinball_naive", pa.array(naive, pa.float64())))
    for kind in ("stock", "accuracy"):
        batch.change(1, kind, lambda table: _with(table, "demand_class", pa.array(["smooth", "dead"])))

    folder = published(batch, out)

    overview = overview_in(folder)
    series = series_of(folder)
    for one in overview.classes:
        mine = [row for row in series if one.demand_class == row["demand_class"]]
        cases = sum(row["folds"] for row in mine)
        assert (one.series, one.cases) == (len(mine), cases)
        assert one.history_total == sum(row["history_total"] for row in mine)
        losses = sum((row["lead_time_pinball"] or 0.0) * row["folds"] for row in mine)
        assert one.pinball == pytest.approx(losses / cases) if cases else math.isnan(one.pinball)
    assert sum(one.history_share for one in overview.classes) == pytest.approx(1.0)
    assert [one.demand_class for one in overview.classes] == ["lumpy", "dead", "smooth"]
    smooth = overview.classes[-1]
    assert (smooth.pinball, smooth.pinball_naive, smooth.skill) == (0.5, 1.0, 0.5)
    assert [part.loss_share for part in overview.worst] == pytest.approx([0.4, 0.2, 0.2, 0.2])  # 1.5 and 3 x 0.75
    assert [(part.partnumber, part.gain_share) for part in overview.best] == [("00123", 0.5)]


def test_bias_is_that_of_all_folds_together(batch, out) -> None:
    folder = published(batch, out)
    rows = pq.read_table(folder.files["figures", "parquet"]).to_pylist()

    overview = overview_in(folder)

    forecast, actual = (sum(sum(row[name]) for row in rows) for name in ("forecast", "actual"))
    assert actual > 0
    assert [one.bias for one in overview.classes] == [pytest.approx(forecast / actual - 1)]  # all of one class


def test_the_partitions_change_nothing_at_all(finish_batch, tmp_path) -> None:
    keys = [(f"S{n // 10}", f"{n:04}") for n in range(40)]
    layouts = [[[(0, 40)]], [[(0, 13), (30, 40)], [(13, 30)]], [[(n, n + 1)] for n in range(40)]]

    folders = [published(finish_batch(keys=keys, layout=layout), tmp_path / str(len(layout))) for layout in layouts]

    texts = [folder.files["overview", "json"].read_text(encoding="utf-8") for folder in folders]
    assert len(set(texts)) == 1
    for kind in ("periods", "figures"):
        tables = [pq.read_table(folder.files[kind, "parquet"]) for folder in folders]
        assert all(table.equals(tables[0]) for table in tables)


def test_a_refused_series_is_counted_and_in_no_total(finish_batch, out) -> None:
    batch = finish_batch(refused=[("Kendari", "ÅÄÖ")])

    overview = overview_in(published(batch, out))

    assert (overview.series, overview.refused) == (4, 1)
    assert next(site for site in overview.sites if site.site_code == "Kendari").series == 1


def test_a_partition_that_an_earlier_version_finished_is_published_without_them(batch, out) -> None:
    (batch.partitions[0][1] / "figures.parquet").unlink()

    folder = published(batch, out)

    assert ("series", "parquet") in folder.files
    assert not {"figures", "periods", "overview"} & {kind for kind, _ in folder.files}


@pytest.mark.parametrize(
    ("column", "broken"),
    [
        ("quantiles", [[1.0, 2.0]] * 2),
        ("actual", [[0.5], []]),
        ("stock", [[math.nan, 1.0], [math.nan, 1.0]]),
    ],
)
def test_figures_that_do_not_fit_together_are_not_published(
    finish_batch: Callable[..., Any], out: Path, column: str, broken: list[list[float]]
) -> None:
    batch = finish_batch()
    for name in ("cutoff", "actual", "forecast", "low", "median", "high", "stock"):
        whole = pa.array([[1, 2], [3, 4]], pa.list_(pa.int32() if name == "cutoff" else pa.float64()))
        batch.change(1, "figures", lambda table, name=name, whole=whole: _with(table, name, whole))

    batch.change(1, "figures", lambda table: _with(table, column, pa.array(broken, pa.list_(pa.float64()))))

    with pytest.raises(ResultRejected, match=r"Partition 1.*goes with"):
        published(batch, out)


def _with(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)

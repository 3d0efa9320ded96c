"""A finished batch to publish: a history and the result folders of its partitions, in the schema they all have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.history import DemandHistory, HistoryFacts, SiteFacts
from batchcast.domain.plan import ForecastRequest, Partition
from batchcast.domain.settings import BatchSettings
from batchcast.publish.certificate import Certificate, engine_versions
from batchcast.publish.publisher import commit_result, stage_accuracy, stage_result

LAST_DAY = 20_000
KEYS = (("Bahodopi", "1E5"), ("Bahodopi", "=1+1"), ("Kendari", "00123"), ("Kendari", "ÅÄÖ"), ("Morowali", "A,B"))
REASON = "begins after the cutoff"


class Published:
    """A result that is in its place."""

    def __init__(self, files: dict[str, Path]) -> None:
        self.files = files  # by kind
        self.sha256 = {kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in files.items()}
        counts = Certificate.read(files["certificate"]).counts
        self.series, self.forecast, self.refused = counts["series"], counts["forecast"], counts["refused"]


@dataclass(kw_only=True)
class FinishedBatch:
    """A batch whose partitions are all done."""

    folder: Path
    keys: Sequence[tuple[str, str]] = KEYS
    layout: Sequence[Sequence[tuple[int, int]]] = (((0, 2), (4, 5)), ((2, 4),))  # ranges of each partition
    refused: Sequence[tuple[str, str]] = ()
    horizon: int = 3
    skip: int = 0
    partitions: list[tuple[Partition, Path]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        pq.write_table(self._history_table(), self.folder / "history.parquet", row_group_size=2)
        for number, ranges in enumerate(self.layout):
            self._finish_partition(number, ranges)

    @property
    def history(self) -> DemandHistory:
        sites = tuple(SiteFacts(site_code=s, rows=1, series=1) for s in sorted({site for site, _ in self.keys}))
        date = np.datetime64(LAST_DAY, "D").astype(object)
        facts = HistoryFacts(
            rows=len(self.keys),
            series=len(self.keys),
            parts=len({part for _, part in self.keys}),
            sites=sites,
            first_date=date,
            last_date=date,
            frequency=Frequency.DAILY,
            weekdays=(True,) * 7,
            is_integer=True,
        )
        return DemandHistory(path=self.folder / "history.parquet", facts=facts, input_sha256="ab" * 32)

    @property
    def request(self) -> ForecastRequest:
        return ForecastRequest(
            calendar=Calendar(frequency=Frequency.DAILY),
            last_period=LAST_DAY,
            skip=self.skip,
            horizon=self.horizon,
            lead_time=self.horizon,
            quantiles=(0.1, 0.5, 0.9),
            models=(),
            service_level=0.95,
            rounding="keep_total",
            zero_threshold=0.5,
            folds=3,
            seed=0,
        )

    @property
    def certificate(self) -> Certificate:
        return Certificate(
            input_name="demand.csv",
            input_sha256=self.history.input_sha256,
            settings=BatchSettings(horizon=self.horizon),
            request=self.request,
            partitions=tuple(partition for partition, _ in self.partitions),
            versions=engine_versions(),
            counts={"rows_read": 7, "rows_kept": 5, "rows_refused": 2},
            leaderboard=({"model": "ses", "lead_time_pinball": 0.25},),
            timings={"ingest": 0.5},
        )

    def publish(self, out: Path, rejected_rows: Path | None = None) -> Published:
        stage = stage_result(
            self.partitions, history=self.history, certificate=self.certificate, out=out, rejected_rows=rejected_rows
        )
        return Published(commit_result(stage))

    def publish_accuracy(self, out: Path) -> Path:
        stage = stage_accuracy(self.partitions, history=self.history, request=self.request, out=out)
        return commit_result(stage)["accuracy"]

    def change(self, partition: int, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
        """Change a table of a partition's result."""
        path = self.partitions[partition][1] / f"{name}.parquet"
        pq.write_table(change(pq.read_table(path)), path)

    def _finish_partition(self, number: int, ranges: Sequence[tuple[int, int]]) -> None:
        folder = self.folder / f"partition-{number}"
        folder.mkdir()
        keys = [self.keys[row] for start, stop in ranges for row in range(start, stop)]
        done = [key for key in keys if key not in self.refused]
        pq.write_table(self._forecast(done), folder / "forecast.parquet", row_group_size=4 + len(keys))
        pq.write_table(_stock(done, self.horizon), folder / "stock.parquet", row_group_size=1 + len(keys) // 9)
        pq.write_table(_accuracy(done), folder / "accuracy.parquet")
        pq.write_table(_figures(done), folder / "figures.parquet")
        refused = [[*key, REASON] for key in keys if key in self.refused]
        summary = {"series": len(keys), "forecast": len(done), "refused": refused}
        (folder / "summary.json").write_text(json.dumps(summary))
        partition = Partition(
            number=number,
            ranges=tuple(ranges),
            sites=tuple(sorted({site for site, _ in keys})),
            rows=len(keys),
            parts=len({part for _, part in keys}),
            series=len(keys),
            cells=len(keys) * 10,
        )
        self.partitions.append((partition, folder))

    def _history_table(self) -> pa.Table:
        """The n-th series has demand 1, 2, ... on its last n days; the first none at all."""
        site, part = (pa.array(column, pa.string()) for column in zip(*self.keys, strict=True))
        counts = range(len(self.keys))
        columns = {
            "site_code": site,
            "partnumber": part,
            "first_day": pa.array([LAST_DAY - 30 for _ in counts], pa.int32()),
            "day": pa.array([list(range(LAST_DAY - n + 1, LAST_DAY + 1)) for n in counts], pa.list_(pa.int32())),
            "quantity": pa.array([[k + 1.0 for k in range(n)] for n in counts], pa.list_(pa.float64())),
        }
        return pa.table(columns)

    def _forecast(self, keys: Sequence[tuple[str, str]]) -> pa.Table:
        first = LAST_DAY + 1 + self.skip
        days = np.tile(np.arange(first, first + self.horizon, dtype=np.int32), len(keys))
        raw = np.array([abs(hash_of(key)) % 97 / 8 for key in keys]).repeat(self.horizon)
        site, part = _key_columns(keys, self.horizon)
        columns = {
            "date": pa.array(days).cast(pa.date32()),
            "partnumber": part,
            "site_code": site,
            "forecast_qty": np.round(raw),
            "forecast_raw": raw,
            "p10": np.floor(raw / 2),
            "p50": np.floor(raw),
            "p90": np.ceil(raw * 2),
            "model": pa.array(["negbin_ses"] * len(days), pa.string()),
        }
        return pa.table(columns)


def hash_of(key: tuple[str, str]) -> int:
    """The same number for a series in every process."""
    return sum(ord(letter) * (place + 1) for place, letter in enumerate("/".join(key)))


def _key_columns(keys: Sequence[tuple[str, str]], times: int) -> tuple[Any, Any]:
    repeated = [key for key in keys for _ in range(times)]
    return tuple(pa.array([key[i] for key in repeated], pa.string()).dictionary_encode() for i in (0, 1))  # type: ignore[return-value]


def _stock(keys: Sequence[tuple[str, str]], lead_time: int) -> pa.Table:
    site, part = _key_columns(keys, 1)
    count = len(keys)
    columns = {
        "site_code": site,
        "partnumber": part,
        "demand_class": pa.array(["lumpy"] * count, pa.string()),
        "last_demand": pa.array([LAST_DAY] * count, pa.int32()).cast(pa.date32()),
        "lead_time": pa.array([lead_time] * count, pa.int32()),
        "service_level": pa.array([0.95] * count, pa.float64()),
        "lead_time_mean": pa.array([2.5] * count, pa.float64()),
        "lead_time_quantile": pa.array([2.0] * count, pa.float64()),
        "safety_stock": pa.array([-0.5] * count, pa.float64()),
        "reorder_point": pa.array([2.0] * count, pa.float64()),
        "expected_fill_rate": pa.array([0.99] * count, pa.float64()),
        "flag": pa.array([None] * count, pa.string()),
    }
    return pa.table(columns)


def _accuracy(keys: Sequence[tuple[str, str]]) -> pa.Table:
    site, part = _key_columns(keys, 1)
    count = len(keys)
    columns = {
        "site_code": site,
        "partnumber": part,
        "demand_class": pa.array(["lumpy"] * count, pa.string()),
        "model": pa.array(["negbin_ses"] * count, pa.string()),
        "folds": pa.array([3] * count, pa.int32()),
        "lead_time_pinball": pa.array([0.25] * count, pa.float64()),
        "lead_time_pinball_naive": pa.array([None] * count, pa.float64()),
        "covered_at_service_level": pa.array([1.0] * count, pa.float64()),
        "bias": pa.array([-0.125] * count, pa.float64()),
        "value_added_vs_naive": pa.array([None] * count, pa.float64()),
        "units_short": pa.array([1.5] * count, pa.float64()),
        "units_over": pa.array([4.0] * count, pa.float64()),
        "score_negbin_ses": pa.array([0.25] * count, pa.float64()),
        "score_empirical": pa.array([None] * count, pa.float64()),
    }
    return pa.table(columns)


def _figures(keys: Sequence[tuple[str, str]]) -> pa.Table:
    """Two folds for every other series, none for the rest."""
    site, part = _key_columns(keys, 1)
    folds = [hash_of(key) % 2 * 2 for key in keys]
    names = ("actual", "forecast", "low", "median", "high", "stock")
    columns = {
        "site_code": site,
        "partnumber": part,
        "levels": pa.array([[0.5, 0.95, 0.999]] * len(keys), pa.list_(pa.float64())),
        "quantiles": pa.array([[1.0, 2.0, 6.0]] * len(keys), pa.list_(pa.float64())),
        "cutoff": pa.array([[LAST_DAY - 3, LAST_DAY - 6][:count] for count in folds], pa.list_(pa.int32())),
    }
    columns |= {
        name: pa.array([[place + 0.1, place + 0.7][:count] for count in folds], pa.list_(pa.float64()))
        for place, name in enumerate(names)
    }
    return pa.table(columns)


@pytest.fixture
def finish_batch(tmp_path: Path) -> Callable[..., FinishedBatch]:
    """Makes a finished batch; give fields of FinishedBatch to change it."""
    return lambda **changed: FinishedBatch(folder=tmp_path / f"batch-{len(list(tmp_path.iterdir()))}", **changed)


@pytest.fixture
def batch(finish_batch: Callable[..., FinishedBatch]) -> FinishedBatch:
    """Five series of three sites in two partitions, all forecast."""
    return finish_batch()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder to publish to, which is not there yet."""
    return tmp_path / "results"

"""Real panels, and histories written as ingest writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.panel import Panel

MONTHS = Calendar(frequency=Frequency.MONTHLY)
WEEKS = Calendar(frequency=Frequency.WEEKLY)


@pytest.fixture(scope="session")
def read_set(shared_data: Path) -> Callable[[str, Calendar], Panel]:
    """A real set as a panel: every series that lasts to the end of the calendar."""

    def read(name: str, calendar: Calendar) -> Panel:
        rows = pq.read_table(shared_data / name / f"{name}.parquet")
        spans = pq.read_table(shared_data / name / "series.parquet")
        first, last = (_periods(spans["first_date"], calendar), _periods(spans["last_date"], calendar))
        keys = list(zip(spans["site_code"].to_pylist(), spans["partnumber"].to_pylist(), strict=True))
        cutoff = int(last.max())
        kept = sorted((key, int(start)) for key, start, end in zip(keys, first, last, strict=True) if end == cutoff)
        histories = {key: np.zeros(cutoff - start + 1) for key, start in kept}
        starts = dict(kept)
        cells = zip(
            zip(rows["site_code"].to_pylist(), rows["partnumber"].to_pylist(), strict=True),
            _periods(rows["date"], calendar).tolist(),
            rows["demand_qty"].to_pylist(),
            strict=True,
        )
        for key, period, quantity in cells:
            if key in starts:
                histories[key][period - starts[key]] += quantity
        return Panel(
            values=np.maximum(np.concatenate(list(histories.values())), 0.0),
            offsets=np.cumsum([0, *map(len, histories.values())], dtype=np.int64),
            site_codes=[site for (site, _), _ in kept],
            partnumbers=[part for (_, part), _ in kept],
            last_demand=np.full(len(kept), cutoff, dtype=np.int32),
            last_period=cutoff,
        )

    return read


@pytest.fixture(scope="session")
def make_request() -> Callable[..., ForecastRequest]:
    """A request for a panel: three folds, defaults of the product."""

    def make(panel_end: int, calendar: Calendar, horizon: int, **changes: object) -> ForecastRequest:
        values: dict[str, object] = {
            "calendar": calendar,
            "last_period": panel_end,
            "skip": 0,
            "horizon": horizon,
            "lead_time": horizon,
            "quantiles": (0.1, 0.5, 0.9),
            "models": (),
            "service_level": 0.95,
            "rounding": "keep_total",
            "zero_threshold": 0.5,
            "folds": 3,
            "seed": 0,
        }
        return ForecastRequest(**(values | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def write_history(tmp_path: Path) -> Callable[..., Path]:
    """A panel written as a checked history, its series in the order of that file."""

    def write(panel: Panel, calendar: Calendar, row_group: int = 4096) -> Path:
        order = sorted(range(len(panel)), key=lambda k: (panel.site_codes[k].encode(), panel.partnumbers[k].encode()))
        firsts, days, quantities = [], [], []
        for k in order:
            history = panel.series(k)
            start = panel.last_period - len(history) + 1
            sold = np.flatnonzero(history)
            firsts.append(calendar.first_day(start))
            days.append(calendar.first_days((start + sold).astype(np.int32)))
            quantities.append(history[sold])
        table = pa.table(
            {
                "site_code": [panel.site_codes[k] for k in order],
                "partnumber": [panel.partnumbers[k] for k in order],
                "first_day": pa.array(firsts, pa.int32()),
                "rows": pa.array([max(len(d), 1) for d in days], pa.int32()),
                "day": pa.array(days, pa.list_(pa.int32())),
                "quantity": pa.array(quantities, pa.list_(pa.float64())),
            }
        )
        path = tmp_path / "history.parquet"
        pq.write_table(table, path, row_group_size=row_group)
        return path

    return write


def _periods(dates: pa.ChunkedArray, calendar: Calendar) -> np.ndarray:
    days = dates.cast(pa.date32()).cast(pa.int32()).to_numpy()
    return calendar.periods_of_days(days)

"""Events of the user's and holidays through a whole batch: forecast, said, kept in the certificate and repeated."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import batchcast
from batchcast.app.batchcast import Batchcast
from batchcast.app.words.findings import findings_of
from batchcast.domain.errors import InvalidSettings
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.eventfile import read_events

LAST = dt.date(2024, 12, 29)
TIMES = [dt.date(2023, 10, 2), dt.date(2024, 6, 3), dt.date(2025, 1, 13)]  # Mondays; two weeks each
FAST = {"models": ("ses", "naive"), "horizon": 6, "frequency": "W"}


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """104 weeks of 12 parts at two sites, three times as much in a campaign of two weeks."""
    path, draw = tmp_path_factory.mktemp("campaign") / "demand.csv", np.random.default_rng(4)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "partnumber", "site_code", "demand_qty"])
        for week in range(104):
            monday = LAST - dt.timedelta(days=6) - dt.timedelta(weeks=103 - week)
            lift = 3.0 if any(0 <= (monday - start).days < 14 for start in TIMES) else 1.0
            for k in range(12):
                writer.writerow([monday, f"p{k:02d}", "AB"[k % 2], int(draw.poisson(8.0 * lift)) + 1])
    return path


@pytest.fixture(scope="module")
def events(sold: Path) -> Path:
    path = sold.with_name("events.csv")
    rows = [f"{start},Campaign,{start + dt.timedelta(days=13)}" for start in TIMES]
    path.write_text("\n".join(["date,name,until", *rows, "2025-02-01,Opening,"]) + "\n", encoding="utf-8")
    return path


def weekly(table: pd.DataFrame) -> np.ndarray:
    return table.groupby("date")["forecast_raw"].sum().to_numpy()


def test_a_campaign_of_a_file_or_table_is_forecast_and_one_of_an_unknown_site_is_refused(sold: Path, events: Path):
    demand = batchcast.read_demand(sold)

    without = batchcast.forecast(demand, **FAST)
    by_file = batchcast.forecast(demand, events=events, **FAST)
    by_table = batchcast.forecast(demand, events=pd.read_csv(events, dtype=str), **FAST)

    pd.testing.assert_frame_equal(by_file.forecasts, by_table.forecasts)
    plain, lifted = weekly(without.forecasts), weekly(by_file.forecasts)
    assert lifted[2:4] / plain[2:4] == pytest.approx(3.0, abs=0.5)  # from 13 January on
    assert np.delete(lifted, [2, 3]) == pytest.approx(np.delete(plain, [2, 3]), rel=0.2)
    with pytest.raises(InvalidSettings, match="site 'C', which is not in the history; there is A, B"):
        batchcast.forecast(demand, events=("2025-01-01 Audit @ C",), **FAST)


@pytest.mark.long
def test_a_run_says_what_events_change_and_is_repeated_to_the_byte(
    sold: Path, events: Path, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("BATCHCAST_HOME", str(tmp_path / "home"))
    settings = BatchSettings(events=read_events(events), holidays="ID", max_parallel=1, **FAST)
    app = Batchcast()

    result = app.run(sold, settings, out=tmp_path / "first" / "forecast.csv")
    app.replay(result.files["certificate"], sold, out=tmp_path / "second" / "forecast.csv")

    said = [str(finding.said) for finding in findings_of(result.hindsight)]
    assert any(one.startswith("Campaign: × ") for one in said), said
    assert "Events that change nothing in the forecast: Opening." in said
    notes = [str(note) for note in result.analysis.plan.notes]
    assert "Events that the history has not seen change nothing in the forecast: Opening." in notes
    kept = json.loads(result.files["certificate"].read_text(encoding="utf-8"))
    assert kept["settings"]["events"][0] == "2023-10-02..2023-10-15 Campaign"
    assert {one["name"] for one in kept["request"]["occasions"]} > {"Campaign", "Eid al-Fitr"}
    one, other = (
        hashlib.sha256((tmp_path / name / "forecast.csv").read_bytes()).hexdigest() for name in ("first", "second")
    )
    assert one == other

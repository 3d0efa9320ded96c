"""What a result tells: short in a notebook, in sentences, in another process and from a folder; and how it is asked."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from tests.plugins.sources import ROOT

import batchcast
from batchcast.domain.plan import RowsRefused
from batchcast.publish.certificate import NoResultHere, OutputTaken

MONTHS = pd.date_range("2023-01-01", periods=30, freq="MS")


def history() -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {"date": MONTHS, "partnumber": part, "site_code": "S", "demand_qty": [4, 0, 1] * 10, "family": f"F{part}"}
        )
        for part in (7, 9)
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def result() -> batchcast.Forecast[pd.DataFrame]:
    return batchcast.forecast(history(), horizon=3, models="imapa")


def test_one_name_of_a_model_is_one_model(result: batchcast.Forecast[pd.DataFrame]) -> None:
    assert result.plan.request.models == ("imapa",)
    assert batchcast.BatchSettings(models="imapa").models == ("imapa",)
    assert batchcast.BatchSettings(models="ses, tsb", quantiles=0.9).models == ("ses", "tsb")
    with pytest.raises(batchcast.InvalidSettings, match="'imap', which is not a model"):
        batchcast.forecast(history(), models="imap")


def test_values_are_short_to_look_at(result: batchcast.Forecast[pd.DataFrame]) -> None:
    demand = batchcast.read_demand(history())
    stock = pd.DataFrame({"partnumber": [7], "site_code": "S", "on_hand": [0]})

    assert repr(result) == "<Forecast: 2 series, 3 periods (M) from 2025-07-01, models imapa>"
    assert repr(result.orders(stock)).startswith("<OrderTables: 1 parts, ")
    assert all(len(repr(value)) < 200 for value in (result, demand, result.orders(stock)))
    assert result._repr_html_().startswith("<p><b>Forecast</b>: 2 series")


def test_what_a_notebook_shows_is_escaped_and_has_every_note() -> None:
    short = history().assign(partnumber="<b>")
    found = batchcast.forecast(short, horizon=3, models="naive", bad_rows="skip", forecast_start_date="2025-09-01")

    assert found.notes
    assert all(isinstance(note, str) for note in found.notes)
    assert found._repr_html_().count("<li>") == len(found.notes)
    assert "<b><b>" not in found._repr_html_()


def test_the_leaderboard_has_the_chosen_models_and_is_best_first(result: batchcast.Forecast[pd.DataFrame]) -> None:
    board = result.leaderboard

    assert {"negbin_imapa", "auto", "naive", "zero"} <= set(board["model"])
    assert board["beside_auto"].is_monotonic_increasing
    assert board.set_index("model").loc["auto", "beside_auto"] == 1.0
    assert {"coverage_p95", "pinball_p50", "bias", "fill_rate"} <= set(board)


def test_hindsight_is_told_in_sentences(result: batchcast.Forecast[pd.DataFrame]) -> None:
    assert result.hindsight[0].startswith("At 95% service you would have covered ")
    few = batchcast.forecast(history().query("date > '2025-03-01'"), horizon=3, models="naive")
    assert len(few.hindsight) == 1  # why there is nothing to look back at


def test_a_backtest_judges_as_a_forecast_does(result: batchcast.Forecast[pd.DataFrame]) -> None:
    """Also of a table of polars, whose tables are of polars."""
    judged = batchcast.backtest(pl.from_pandas(history()), horizon=3, models="imapa")

    assert isinstance(judged.leaderboard, pl.DataFrame)
    pd.testing.assert_frame_equal(judged.leaderboard.to_pandas(), result.leaderboard)
    assert judged.hindsight == result.hindsight
    assert not hasattr(judged, "forecasts")


def check_the_same(one: Any, other: Any) -> None:
    for name in ("forecasts", "stock", "accuracy", "attributes", "leaderboard"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    pd.testing.assert_frame_equal(one.sums(), other.sums())
    assert (one.hindsight, one.notes, repr(one)) == (other.hindsight, other.notes, repr(other))


def test_a_pickled_result_is_whole(result: batchcast.Forecast[pd.DataFrame]) -> None:
    copy = pickle.loads(pickle.dumps(result))
    folder = copy.folder

    check_the_same(copy, result)
    assert folder != result.folder
    del copy
    assert not folder.exists()
    demand = pickle.loads(pickle.dumps(batchcast.read_demand(history())))
    again = batchcast.forecast(demand, horizon=3, models="imapa")
    pd.testing.assert_frame_equal(again.forecasts, result.forecasts)


def forecast_one(part: int) -> batchcast.Forecast[pd.DataFrame]:
    return batchcast.forecast(history().query("partnumber == @part"), horizon=3, models="naive")


def refuse(part: int) -> None:
    batchcast.forecast(history().assign(date="?"), models="naive")


@pytest.mark.parametrize(
    "error",
    [
        batchcast.InvalidSettings([]),
        OutputTaken([]),
        NoResultHere(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_can_be_pickled(error: batchcast.BatchcastError) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is type(error)
    assert str(copy) == str(error)


def test_refused_rows_keep_their_report_when_pickled() -> None:
    with pytest.raises(RowsRefused) as caught:
        batchcast.read_demand(history().assign(demand_qty="many"))

    assert pickle.loads(pickle.dumps(caught.value)).report == caught.value.report


def test_results_and_errors_come_out_of_another_process() -> None:
    spawn = multiprocessing.get_context("spawn")  # as joblib starts its processes
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        [found] = pool.map(forecast_one, [7])
        with pytest.raises(batchcast.BatchcastError):
            pool.submit(refuse, 7).result()

    assert set(found.forecasts["partnumber"]) == {7}
    assert len(found.sums(windows=[3])) == 1


@pytest.mark.parametrize("convert", [lambda t: t, pl.from_pandas], ids=["pandas", "polars"])
def test_a_saved_result_is_loaded_as_it_was(convert: Any, tmp_path: Path) -> None:
    made = batchcast.forecast(convert(history()), horizon=3, models="imapa")

    place = made.save(tmp_path / "results" / "november")
    back = batchcast.load(place)

    assert type(back) is batchcast.Forecast
    for name in ("forecasts", "stock", "accuracy", "leaderboard"):
        assert getattr(back, name).equals(getattr(made, name))
    assert back.hindsight == made.hindsight
    held = pd.DataFrame({"partnumber": [7], "site_code": "S", "on_hand": [0]})
    assert back.orders(held).orders.equals(made.orders(held).orders)
    del back, made
    assert batchcast.load(place).sums().shape[0] > 0
    judged = batchcast.backtest(convert(history()), horizon=3, models="naive")
    assert type(batchcast.load(judged.save(tmp_path / "judged"))) is batchcast.BacktestResult


def test_periods_zones_and_indexes_are_saved_too(tmp_path: Path) -> None:
    given = history().assign(date=lambda f: f["date"].dt.to_period("M")).set_index(["partnumber", "date"])
    made = batchcast.forecast(given, horizon=3, models="naive")

    back = batchcast.load(made.save(tmp_path / "saved"))

    pd.testing.assert_frame_equal(back.forecasts, made.forecasts)


def test_nothing_is_overwritten_and_what_is_no_result_is_said(result: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputTaken, match="taken exists already"):
        result.save(tmp_path / "taken")
    with pytest.raises(NoResultHere, match="taken holds no result"):
        batchcast.load(tmp_path / "taken")
    (tmp_path / "taken" / "result.json").write_text('{"kind": "Forecast"}')
    with pytest.raises(NoResultHere):
        batchcast.load(tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_progress_is_told_as_work_goes_on_and_never_falls() -> None:
    shares: list[float] = []

    batchcast.forecast(history(), horizon=3, models="naive", on_progress=shares.append)

    assert shares == sorted(shares)
    assert len(set(shares)) > 2
    assert shares[0] < 0.5
    assert shares[-1] == 1.0


@pytest.mark.parametrize(("progress", "is_shown"), [(True, True), (False, False), (None, False)])
def test_a_bar_is_shown_where_there_is_a_terminal_or_it_is_asked_for(
    progress: bool | None, is_shown: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    batchcast.forecast(history(), horizon=3, models="naive", progress=progress)

    captured = capfd.readouterr()
    assert ("Forecasting" in captured.err) == is_shown
    assert captured.out == ""


def test_only_public_names_are_listed() -> None:
    assert dir(batchcast) == sorted(batchcast.__all__)
    assert all(getattr(batchcast, name).__doc__ for name in batchcast.__all__)


def test_every_function_has_an_example() -> None:
    functions = [batchcast.forecast, batchcast.backtest, batchcast.read_demand, batchcast.load]
    functions += [batchcast.Forecast.sums, batchcast.Forecast.orders]

    assert all("Example:" in (function.__doc__ or "") for function in functions)


CHECKED = """
import pandas as pd
import batchcast
df = pd.DataFrame()
right: batchcast.Forecast[pd.DataFrame] = batchcast.forecast(df, horizon=14, models="imapa", service_level=0.98)
right.forecasts.merge(df)
batchcast.read_demand(df, date_order="day_first").facts
batchcast.forecast(df, horizont=14)
batchcast.forecast(df, service_level="high")
batchcast.read_demand(df, date_order="sideways")
right.orders("stock.csv", horizon=3)
"""


@pytest.mark.long
def test_a_type_checker_refuses_wrong_names_and_values(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "user.py").write_text(CHECKED)
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\nmypy_path = " + str(ROOT / "src") + "\nfollow_imports = silent\n")
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), "--cache-dir", str(tmp_path / "cache")]
    said = subprocess.run([*command, "user.py"], cwd=tmp_path, capture_output=True, text=True, check=False)

    wrong = [int(line.split(":")[1]) for line in said.stdout.splitlines() if ": error:" in line]
    assert sorted(set(wrong)) == [8, 9, 10, 11], said.stdout + said.stderr

"""Nixtla's long format in and out, judged by its own evaluation; and the estimator that pipelines accept."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import pandas as pd
import polars as pl
import pytest

import batchcast

with warnings.catch_warnings():  # one of its docstrings holds an escape that Python doubts, told when it is compiled
    warnings.simplefilter("ignore")
    from utilsforecast.evaluation import evaluate
    from utilsforecast.losses import coverage, mae

MONTHS = pd.date_range("2023-01-01", periods=30, freq="MS")
SETTINGS: dict[str, Any] = {"models": "moving_average", "horizon": 3}


def history() -> pd.DataFrame:
    """As statsforecast takes it."""
    parts = [pd.DataFrame({"unique_id": part, "ds": MONTHS, "y": [4.0, 0.0, 1.0] * 10}) for part in ("A", "B")]
    return pd.concat(parts, ignore_index=True)


def of_two_sites() -> pd.DataFrame:
    plain = history().rename(columns={"unique_id": "partnumber", "ds": "date", "y": "demand_qty"})
    return pd.concat([plain.assign(site_code=site) for site in ("N", "S")])


@pytest.mark.parametrize("convert", [lambda t: t, pl.from_pandas], ids=["pandas", "polars"])
def test_the_evaluation_of_nixtla_runs_on_a_result(convert: Any) -> None:
    given = convert(history())
    result = batchcast.forecast(given, **SETTINGS, quantiles=(0.1, 0.5, 0.9))

    long = result.to_nixtla()

    assert list(long.columns) == [
        "unique_id",
        "ds",
        "batchcast",
        "batchcast-lo-80",
        "batchcast-median",
        "batchcast-hi-80",
    ]
    came = pd.DataFrame({"unique_id": ["A", "A", "A"], "ds": pd.date_range("2025-07-01", periods=3, freq="MS")})
    came = convert(came.assign(y=[4.0, 0.0, 1.0]))
    on = ["unique_id", "ds"]
    joined = came.merge(long, on=on) if isinstance(long, pd.DataFrame) else came.join(long, on=on)
    told = evaluate(joined, metrics=[mae, coverage], models=["batchcast"], level=[80])
    by_metric = dict(zip(told["metric"], told["batchcast"], strict=True))
    expected = sum(abs(y - f) for y, f in zip([4.0, 0.0, 1.0], joined["batchcast"], strict=True)) / 3
    assert by_metric["mae"] == pytest.approx(expected)
    assert 0.0 <= by_metric["coverage_level80"] <= 1.0


def test_the_mean_is_the_forecast_and_its_name_is_chosen() -> None:
    result = batchcast.forecast(history(), **SETTINGS)

    long = result.to_nixtla("spare")

    assert long["spare"].tolist() == result.forecasts["forecast_raw"].tolist()
    assert long["spare-hi-80"].tolist() == result.forecasts["p90"].tolist()


@pytest.mark.parametrize(
    ("quantiles", "names"),
    [
        ((0.5,), ["median"]),
        ((0.025, 0.975), ["lo-95", "hi-95"]),
        ((0.1, 0.95), ["ql0.1", "ql0.95"]),
    ],
    ids=["median", "interval", "no interval"],
)
def test_each_quantile_has_the_name_that_nixtla_gives_it(quantiles: tuple[float, ...], names: list[str]) -> None:
    long = batchcast.forecast(history(), **SETTINGS, quantiles=quantiles).to_nixtla()

    assert list(long)[3:] == [f"batchcast-{name}" for name in names]


def test_series_of_several_sites_have_names_of_their_own() -> None:
    long = batchcast.forecast(of_two_sites(), **SETTINGS).to_nixtla()

    assert sorted(set(long["unique_id"])) == ["N/A", "N/B", "S/A", "S/B"]


def test_numbers_stay_numbers_and_periods_become_dates() -> None:
    given = history().assign(unique_id=lambda f: f["unique_id"].map({"A": 1, "B": 2}))
    given["ds"] = given["ds"].dt.to_period("M")

    long = batchcast.forecast(given, **SETTINGS).to_nixtla()

    assert long["unique_id"].dtype == "int64"
    assert long["ds"].dtype == "datetime64[ns]"


def test_an_estimator_is_made_fitted_and_asked() -> None:
    forecaster = batchcast.BatchcastForecaster(models="moving_average")

    assert forecaster.fit(history()) is forecaster
    assert len(forecaster.predict(2)) == 4
    expected = batchcast.forecast(history(), models="moving_average", horizon=2).to_nixtla()
    pd.testing.assert_frame_equal(forecaster.predict(2), expected)
    pd.testing.assert_frame_equal(forecaster.result_.to_nixtla(), expected)
    pd.testing.assert_frame_equal(
        batchcast.BatchcastForecaster(2, models="moving_average").fit_predict(history()), expected
    )


def test_an_estimator_is_cloned_by_its_parameters_as_scikit_learn_does() -> None:
    """`clone` takes get_params, makes another one of them, and requires the very same values back."""
    models = ["ses", "imapa"]
    forecaster = batchcast.BatchcastForecaster(6, models=models, service_level=0.9)

    params = forecaster.get_params(deep=False)
    clone = type(forecaster)(**params)

    assert clone.get_params() == params
    assert clone.get_params()["models"] is models
    assert not hasattr(clone, "demand_")
    clone.set_params(horizon=2, service_level=0.95)
    assert (clone.get_params()["horizon"], clone.get_params()["service_level"]) == (2, 0.95)
    assert repr(forecaster) == "BatchcastForecaster(horizon=6, models=['ses', 'imapa'], service_level=0.9)"


def test_an_estimator_is_pickled_with_what_it_has_fitted() -> None:
    forecaster = batchcast.BatchcastForecaster(**SETTINGS).fit(history())

    copy = pickle.loads(pickle.dumps(forecaster))

    pd.testing.assert_frame_equal(copy.predict(), forecaster.predict())


def test_wrong_settings_are_refused_by_fit_and_predicting_needs_it() -> None:
    with pytest.raises(batchcast.InvalidSettings, match="did you mean horizon"):
        batchcast.BatchcastForecaster(horizn=3).fit(history())
    with pytest.raises(batchcast.InvalidSettings, match="call fit"):
        batchcast.BatchcastForecaster().predict()


def test_cross_validation_sees_nothing_after_its_cutoffs_and_knows_what_came() -> None:
    forecaster = batchcast.BatchcastForecaster(models="moving_average")

    windows = forecaster.cross_validation(history(), h=3, n_windows=2)

    assert list(windows)[:5] == ["unique_id", "ds", "cutoff", "y", "batchcast"]
    assert sorted(set(windows["cutoff"])) == [pd.Timestamp("2024-12-01"), pd.Timestamp("2025-03-01")]
    assert windows["y"].tolist() == [4.0, 0.0, 1.0] * 4
    changed = history()
    changed.loc[changed["ds"] > "2024-12-01", "y"] = 99.0
    again = forecaster.cross_validation(changed, h=3, n_windows=2)
    first = windows["cutoff"] == pd.Timestamp("2024-12-01")
    pd.testing.assert_series_equal(windows.loc[first, "batchcast"], again.loc[first, "batchcast"])
    assert (again.loc[first, "y"] == 99.0).all()


@pytest.mark.parametrize("step", [1, 2])
def test_cutoffs_may_stand_closer_than_the_horizon(step: int) -> None:
    windows = batchcast.BatchcastForecaster(models="naive").cross_validation(
        history(), h=3, n_windows=2, step_size=step
    )

    cutoffs = sorted(set(windows["cutoff"]))
    assert cutoffs[1] == cutoffs[0] + pd.DateOffset(months=step)


def test_the_evaluation_of_nixtla_runs_on_cross_validation() -> None:
    windows = batchcast.BatchcastForecaster(models="moving_average").cross_validation(of_two_sites(), h=3, n_windows=2)

    told = evaluate(windows, metrics=[mae], models=["batchcast"])

    assert set(told["unique_id"]) == {"N/A", "N/B", "S/A", "S/B"}
    assert told["batchcast"].notna().all()


def test_too_many_windows_are_refused() -> None:
    with pytest.raises(batchcast.InvalidSettings, match="forecast_start_date"):
        batchcast.BatchcastForecaster(models="naive").cross_validation(history(), h=6, n_windows=9)

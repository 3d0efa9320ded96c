"""For any history every series gets a plausible forecast, which depends on that series alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.forecast.models.table import MODELS
from batchcast.forecast.panel import Panel
from batchcast.forecast.partition import PanelForecast, forecast_panel
from batchcast.forecast.prepare import learn_knowledge

QUANTITIES = st.one_of(
    st.just(0.0),
    st.integers(0, 5).map(float),
    st.integers(1, 12).map(lambda n: 500.0 * n),
    st.floats(0.001, 1e6, allow_nan=False).map(lambda x: round(x, 3)),
    st.sampled_from([1e12, 1e-9, 3e15, 123456.789]),
)
HISTORIES = st.one_of(
    st.lists(QUANTITIES, min_size=1, max_size=40),
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, 7.0]), min_size=1, max_size=60),
    st.tuples(QUANTITIES, st.integers(1, 50)).map(lambda pair: [pair[0]] * pair[1]),
    st.integers(1, 40).map(lambda n: [0.0] * n + [1e12]),
    st.tuples(st.integers(0, 20), st.integers(3, 20)).map(lambda n: [4.0] * n[0] + [1e6] + [5.0] * n[1]),
    st.just([]),
)
REQUESTS = st.fixed_dictionaries(
    {
        "horizon": st.integers(1, 9),
        "lead_time": st.integers(1, 12),
        "skip": st.integers(0, 3),
        "folds": st.integers(1, 4),
        "service_level": st.sampled_from([0.5, 0.95, 0.9999]),
        "quantiles": st.sampled_from([(0.5,), (0.1, 0.5, 0.9), (0.001, 0.25, 0.975, 0.9999)]),
        "models": st.one_of(st.just(()), st.lists(st.sampled_from(list(MODELS)), max_size=4, unique=True).map(tuple)),
        "rounding": st.sampled_from(["none", "half_up", "ceiling", "floor", "keep_total"]),
        "calendar": st.sampled_from(list(Frequency)).map(lambda f: Calendar(frequency=f)),
    }
)


def numbers_of(table: pa.Table) -> dict[str, np.ndarray]:
    floats = [name for name in table.column_names if pa.types.is_floating(table.schema.field(name).type)]
    return {name: table[name].drop_null().to_numpy() for name in floats}  # an extreme is null where there is none


def rows_of(table: pa.Table) -> dict[tuple[str, str], list[dict[str, object]]]:
    rows: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in table.to_pylist():
        rows.setdefault((row["site_code"], row["partnumber"]), []).append(row)
    return rows


def row_key(row: dict[str, object]) -> tuple[object, ...]:
    return row["site_code"], row["partnumber"], row["date"]


def subset(panel: Panel, kept: list[int]) -> Panel:
    return Panel(
        values=np.concatenate([panel.series(k) for k in kept] or [np.zeros(0)]),
        offsets=np.cumsum([0, *(len(panel.series(k)) for k in kept)], dtype=np.int64),
        site_codes=[panel.site_codes[k] for k in kept],
        partnumbers=[panel.partnumbers[k] for k in kept],
        last_demand=panel.last_demand[kept],
        last_period=panel.last_period,
    )


@settings(max_examples=20, deadline=None)
@given(histories=st.lists(HISTORIES, min_size=1, max_size=6), changes=REQUESTS)
def test_every_series_gets_a_plausible_forecast(make_panel, make_request, histories, changes):
    panel, request = make_panel(*histories), make_request(**changes)

    result: PanelForecast = forecast_panel(panel, request, learn_knowledge(panel, request))

    summary = result.summary
    assert summary["series"] == len(histories) == summary["forecast"] + len(summary["refused"])
    assert len(summary["refused"]) == sum(not y for y in histories)
    assert result.forecast.num_rows == request.horizon * summary["forecast"]
    assert result.stock.num_rows == result.accuracy.num_rows == summary["forecast"]
    for table in (result.forecast, result.stock):
        for name, values in numbers_of(table).items():
            assert np.isfinite(values).all(), name
            assert (values >= 0).all(), name
    bands = np.array([result.forecast[name].to_numpy() for name in result.forecast.column_names[5:-1]])
    assert (np.diff(bands, axis=0) >= 0).all()
    assert (result.stock["reorder_point"].to_numpy() == np.ceil(result.stock["lead_time_quantile"].to_numpy())).all()


@settings(max_examples=10, deadline=None)
@given(histories=st.lists(HISTORIES, min_size=2, max_size=7), changes=REQUESTS, data=st.data())
def test_neighbours_and_order_change_no_bit(make_panel, make_request, histories, changes, data):
    panel, request = make_panel(*histories), make_request(**changes)
    knowledge = learn_knowledge(panel, request)
    kept = data.draw(st.permutations(range(len(histories))).map(lambda order: order[: len(histories) // 2 + 1]))

    whole, part = forecast_panel(panel, request, knowledge), forecast_panel(subset(panel, kept), request, knowledge)

    for name in ("forecast", "stock", "accuracy"):
        everything = rows_of(getattr(whole, name))
        for series, rows in rows_of(getattr(part, name)).items():
            assert str(rows) == str(everything[series]), name


@settings(max_examples=10, deadline=None)
@given(histories=st.lists(HISTORIES, min_size=1, max_size=4), changes=REQUESTS, horizon=st.integers(1, 12))
def test_the_horizon_changes_no_stock_figure(make_panel, make_request, histories, changes, horizon):
    panel, one = make_panel(*histories), make_request(**changes)
    other = replace(one, horizon=horizon)

    found, again = (forecast_panel(panel, request, learn_knowledge(panel, request)) for request in (one, other))

    for name in ("stock", "accuracy"):
        assert str(rows_of(getattr(found, name))) == str(rows_of(getattr(again, name))), name


@settings(max_examples=10, deadline=None)
@given(histories=st.lists(HISTORIES, min_size=1, max_size=4), changes=REQUESTS, later=st.integers(1, 6))
def test_a_later_start_changes_no_figure_of_a_period(make_panel, make_request, histories, changes, later):
    panel, one = make_panel(*histories), make_request(**changes)
    other = replace(one, skip=one.skip + later)

    found, again = (forecast_panel(panel, request, learn_knowledge(panel, request)) for request in (one, other))

    for name in ("stock", "accuracy"):
        assert str(rows_of(getattr(found, name))) == str(rows_of(getattr(again, name))), name
    before, after = ({row_key(row): str(row) for row in result.forecast.to_pylist()} for result in (found, again))
    both = before.keys() & after.keys()
    assert len(both) == max(one.horizon - later, 0) * found.summary["forecast"]
    assert {key: before[key] for key in both} == {key: after[key] for key in both}


@settings(max_examples=10, deadline=None)
@given(
    histories=st.lists(HISTORIES.filter(len), min_size=2, max_size=5),
    changes=REQUESTS,
    gaps=st.lists(st.integers(0, 7), min_size=5, max_size=5),
)
def test_a_site_that_ends_earlier_is_forecast_from_its_own_end(make_panel, make_request, histories, changes, gaps):
    """The figures of each series are those that it has where all series end when it does."""
    gaps = gaps[: len(histories)]
    together, request = make_panel(*histories), make_request(**changes)
    ends = np.array([together.last_period - gap for gap in gaps], dtype=np.int32)
    knowledge = learn_knowledge(together, request)

    found = forecast_panel(replace(together, ends=ends), request, knowledge)

    for k, gap in enumerate(gaps):
        own = replace(request, last_period=request.last_period - gap, skip=request.skip + gap)
        panel = replace(subset(together, [k]), last_period=own.last_period)
        alone = forecast_panel(panel, own, knowledge)
        for name in ("forecast", "stock", "accuracy"):
            everything = rows_of(getattr(found, name))
            for series, rows in rows_of(getattr(alone, name)).items():
                assert str(rows) == str(everything[series]), name


@settings(max_examples=10, deadline=None)
@given(
    history=st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.0, 5.0, 30.0]), min_size=1, max_size=40),
    model=st.sampled_from(["ses", "imapa", "mean", "empirical", "wss"]),
)
def test_whole_demand_has_whole_quantiles(make_panel, make_request, history, model):
    panel, request = make_panel(history), make_request(models=(model,))

    result = forecast_panel(panel, request, learn_knowledge(panel, request))

    for table, names in ((result.forecast, ("p10", "p50", "p90")), (result.stock, ("lead_time_quantile",))):
        for name in names:
            values = table[name].to_numpy()
            assert (values == np.floor(values)).all()


@pytest.mark.parametrize("model", ["conformal_imapa", "conformal_ses", "lightgbm_quantile"])
def test_a_model_that_has_too_little_to_learn_from_leaves_all_to_the_mean(make_panel, make_request, model):
    rng = np.random.default_rng(1)
    panel = make_panel(*(rng.poisson(0.8, 60).astype(float) for _ in range(5)))
    request = make_request(models=(model,))

    result = forecast_panel(panel, request, learn_knowledge(panel, request))

    assert set(result.forecast["model"].to_pylist()) == {"fallback_mean"}


@pytest.mark.parametrize("model", [name for name in list(MODELS) if not name.startswith("lightgbm")])
def test_a_model_asked_for_is_the_model_used(make_panel, make_request, model):
    rng = np.random.default_rng(1)
    panel = make_panel(*(rng.poisson(0.8, 60).astype(float) for _ in range(30)))
    request = make_request(models=(model,))

    result = forecast_panel(panel, request, learn_knowledge(panel, request))

    expected = model if model in {"empirical", "wss", "pooled"} or model.startswith("conformal") else f"negbin_{model}"
    assert set(result.forecast["model"].to_pylist()) == {expected}
    assert result.summary["fallbacks"] == {}

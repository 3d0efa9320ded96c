"""One order far beyond all others makes no level, is flagged, and changes nothing of the other series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchcast.domain import columns
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.forecast.backtest import run_candidates
from batchcast.forecast.distributions.registry import candidates_of
from batchcast.forecast.extremes import PLAUSIBLE
from batchcast.forecast.panel_evidence import PanelEvidence
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge

pytestmark = pytest.mark.compiled
MONTHS, PLACE = 36, 21
FLAGS = {columns.FLAG, *columns.EXTREME_FIGURES}


def histories_with(order: float, others: int = 60) -> list[np.ndarray]:
    """A part of 5 a month with an order in one month, and parts of many sizes."""
    rng = np.random.default_rng(3)
    steady = np.full(MONTHS, 5.0)
    steady[PLACE] = order
    return [steady, *(rng.poisson(mean, MONTHS).astype(float) for mean in rng.gamma(1.0, 8.0, others))]


def result_of(make_panel, make_request, histories, **changes):
    panel = make_panel(*histories)
    request = make_request(calendar=Calendar(frequency=Frequency.MONTHLY), horizon=6, lead_time=3, **changes)
    return panel, request, forecast_panel(panel, request, learn_knowledge(panel, request))


@pytest.mark.parametrize("order", [10_000.0, 99_999_999_999.0])
@pytest.mark.parametrize("others", [0, 3, 60])
def test_five_a_month_is_forecast_as_five_a_month(make_panel, make_request, order, others):
    panel, request, result = result_of(make_panel, make_request, histories_with(order, others))

    forecast, stock = result.forecast.slice(0, 6), result.stock.to_pylist()[0]
    assert forecast["forecast_raw"].to_numpy() == pytest.approx(np.full(6, 5.0), rel=0.15)
    assert 4 <= min(forecast["p50"].to_pylist()) <= max(forecast["p50"].to_pylist()) <= 6
    assert 15 <= stock[columns.REORDER_POINT] <= 30
    assert stock[columns.FLAG] == "extreme"
    day = request.calendar.first_day(panel.last_period - (MONTHS - 1 - PLACE))
    assert (stock[columns.EXTREME_DATE] - np.datetime64(0, "D").astype(object)).days == day
    assert stock[columns.EXTREME_QTY] == order
    assert stock[columns.REORDER_POINT_WITH_EXTREME] > 3 * stock[columns.REORDER_POINT]
    assert result.accuracy.to_pylist()[0][columns.EXTREME_QTY] == order


def test_it_counts_as_twice_the_largest_other_order_in_everything(make_panel, make_request):
    _, _, found = result_of(make_panel, make_request, histories_with(99_999_999_999.0))
    _, _, plausible = result_of(make_panel, make_request, histories_with(PLAUSIBLE * 5.0))

    for name in ("forecast", "stock", "accuracy"):
        both = [
            getattr(one, name).drop_columns([c for c in FLAGS if c in getattr(one, name).column_names]).to_pylist()
            for one in (found, plausible)
        ]
        assert str(both[0]) == str(both[1]), name


def test_a_forecast_at_a_cutoff_knows_no_later_order(make_panel, make_request):
    histories = [*histories_with(10_000.0, 8), np.array([*[4.0] * 30, 900.0, 4, 4, 4, 4, 950.0])]
    held = 4
    request = make_request(calendar=Calendar(frequency=Frequency.MONTHLY), horizon=3, lead_time=3)
    whole, known = make_panel(*histories), make_panel(*(y[:-held] for y in histories))
    candidates = candidates_of(
        replace(
            request,
            models=("ses", "empirical", "theta"),  # the seed of wss counts the periods held back
        )
    )
    knowledge = learn_knowledge(known, request)

    at_fold = PanelEvidence(whole, request, candidates, cutoffs=(held,), profile=None, learned=None).backtest().evidence
    at_end = PanelEvidence(known, request, candidates, cutoffs=(), profile=None, learned=None).final()

    assert at_fold.moments.table[0].tolist() == at_end.moments.table[0].tolist()
    assert at_fold.moments.largest[0, [0, -1]].tolist() == [10.0, 8.0]  # neither order as it is
    (quantiles, means), (known_quantiles, known_means) = (
        run_candidates(candidates, one, knowledge.calibration, (0.5, 0.9), 3) for one in (at_fold, at_end)
    )
    np.testing.assert_array_equal(quantiles, known_quantiles)
    np.testing.assert_array_equal(means, known_means)


def test_an_order_that_came_twice_counts_as_it_is(make_panel, make_request):
    histories = histories_with(10_000.0, 20)
    histories[0][5] = 9_000.0

    _, _, result = result_of(make_panel, make_request, histories)

    stock = result.stock.to_pylist()[0]
    assert stock[columns.FLAG] is None
    assert stock[columns.REORDER_POINT] > 1_000

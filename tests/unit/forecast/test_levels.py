"""When the level of a part counts as changed, what is told of it, and which forecasts follow it."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.domain import columns
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.forecast.extremes import Extremes
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.prepare import learn_knowledge
from batchcast.forecast.seasons.levels import PERSISTS, bring_to_new_level, find_changes, level_changes

OLD = [18, 22, 20, 25, 16, 21, 19, 23, 17, 20, 24, 20] * 3
NONE = np.zeros(1, dtype=np.int64)


def changes(history, frequency=Frequency.MONTHLY, held=0, limit=np.inf):
    """Periods at another level, and at one that stays."""
    values = np.array(history, dtype=float)
    found = find_changes(
        values, np.array([0, len(values)]), np.array([held]), frequency, np.full((1, 1), limit, dtype=float)
    )
    return tuple(int(counts[0, 0]) for counts in found)


def months_of_days(*months, days=28):
    return [level for level in months for _ in range(days)]


@pytest.mark.parametrize(
    ("history", "found"),
    [
        pytest.param(OLD, (0, 0), id="steady"),
        pytest.param([*OLD, 80, 83], (0, 0), id="two months are too few"),
        pytest.param([*OLD, 80, 83, 78], (3, 0), id="three are told and not followed"),
        pytest.param([*OLD, 80, 83, 78, 85], (4, 4), id="four are followed"),
        pytest.param([*OLD, 8, 6, 9, 7], (4, 4), id="down too"),
        pytest.param([*OLD, 45, 47, 42, 44, 46], (5, 5), id="up a little more than twice"),
        pytest.param([*OLD, 30, 33, 31, 29, 34], (0, 0), id="up by half"),
        pytest.param([*OLD, 45, 90, 27, 88, 50], (3, 0), id="a narrow gap"),
        pytest.param([*OLD, 900, 950, 920, 910], (3, 0), id="no level before beside it"),
        pytest.param([*OLD, 0, 0, 0, 0, 0], (0, 0), id="ended"),
        pytest.param([*OLD, 12, 9, 6, 4, 2, 1, 1], (3, 0), id="fading"),
        pytest.param([*[0, 0, 0, 20, 0, 0] * 6, 60, 62, 65, 61], (0, 0), id="seldom before"),
        pytest.param([*OLD[:11], 80, 83, 78, 85], (0, 0), id="under a year before"),
        pytest.param([*OLD, *[80, 84, 79, 83] * 5], (0, 0), id="over a year ago: the models have seen it"),
        pytest.param([20, 21, 19, 90, 95, 92, *OLD[:6], 22, 20, 21, 91, 96, 90], (0, 0), id="the season"),
    ],
)
def test_months_that_stand_apart_are_another_level(history, found):
    assert changes(history)[0] == found[0]
    assert changes(history)[1] == found[1]


def test_only_the_history_up_to_a_cutoff_counts():
    assert changes([*OLD, 80, 83, 78, 85, 20, 21, 19], held=3) == changes([*OLD, 80, 83, 78, 85]) == (4, 4)


def test_an_extreme_counts_as_what_it_counts_as():
    history = [*OLD[:20], 10_000, *OLD[21:], 80, 83, 78, 85]

    assert changes(history) == (0, 0)
    assert changes(history, limit=170.0) == (3, 0)


@pytest.mark.parametrize(("frequency", "block"), [(Frequency.WEEKLY, 4), (Frequency.DAILY, 28)])
def test_weeks_and_days_are_taken_as_months(frequency, block):
    months = [5, 6, 5, 7, 4, 6, 5, 6, 5, 5, 6, 7, 5, 6, 5, 6]

    assert changes(months_of_days(*months, 20, 22, 21, 20, days=block), frequency) == (4 * block, 4 * block)
    assert changes(months_of_days(*months, days=block), frequency) == (0, 0)
    assert changes([*months_of_days(*months, days=block), *[60] * block], frequency) == (0, 0)


def test_history_before_is_brought_to_the_level_it_stays_at_in_its_unit(make_panel):
    panel = make_panel([10, 30, 20, 20, 80, 80], [10, 30, 20, 20, 80, 80], [1.5, 2.5, 2, 2, 8, 8])

    found = bring_to_new_level(panel, np.array([2, 0, 2]))

    level = 20 + PERSISTS * 60
    assert found.series(0).tolist() == [40, 110, 70, 70, 70, 70]  # tens, as all demand of it: 37, 111, 74
    assert found.series(1).tolist() == panel.series(1).tolist()
    assert found.series(2) == pytest.approx(np.array([1.5, 2.5, 2, 2, 2, 2]) / 2 * level / 10)
    assert panel.series(0).tolist() == [10, 30, 20, 20, 80, 80]


def test_the_change_has_its_first_period_and_both_levels(make_panel):
    panel = make_panel(OLD, [*OLD, 80, 83, 78, 85])

    found = level_changes(panel, Frequency.MONTHLY, np.array([np.inf, np.inf]))

    assert found.rows.tolist() == [1]
    assert found.periods.tolist() == [panel.last_period - 3]
    assert (found.before.tolist(), found.after.tolist()) == ([np.mean(OLD)], [81.5])


def test_extremes_say_what_they_count_as():
    some = Extremes(rows=np.array([1]), periods=NONE.astype(np.int32), quantities=np.ones(1), counted=np.array([7.0]))

    assert some.limits(3).tolist() == [np.inf, 7.0, np.inf]


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("after", "least", "most"), [([80, 83, 78, 85], 60, 90), ([8, 6, 9, 7], 5, 13), ([80, 83, 78], 25, 80)]
)
def test_the_tables_tell_it_and_the_forecast_follows_where_it_stays(make_panel, make_request, after, least, most):
    rng = np.random.default_rng(3)
    others = (rng.poisson(mean, 40) for mean in rng.gamma(1.0, 8.0, 60))
    panel = make_panel([*OLD, *after], *others)
    request = make_request(calendar=Calendar(frequency=Frequency.MONTHLY), horizon=12)

    result = forecast_panel(panel, request, learn_knowledge(panel, request))

    first, *rest = result.stock.to_pylist()
    assert least <= first[columns.LEAD_TIME_MEAN] / 12 <= most
    assert columns.LEVEL_CHANGED in first[columns.FLAG]
    day = request.calendar.first_day(panel.last_period - len(after) + 1)
    assert (first[columns.LEVEL_DATE] - np.datetime64(0, "D").astype(object)).days == day
    assert first[columns.LEVEL_BEFORE] == pytest.approx(np.mean(OLD), abs=0.001)
    assert first[columns.LEVEL_AFTER] == pytest.approx(np.mean(after), abs=0.001)
    assert all(row[columns.LEVEL_DATE] is None and row[columns.LEVEL_BEFORE] is None for row in rest)
    named = (columns.FLAG, *columns.LEVEL_FIGURES)
    assert [result.accuracy[name].to_pylist() for name in named] == [result.stock[name].to_pylist() for name in named]

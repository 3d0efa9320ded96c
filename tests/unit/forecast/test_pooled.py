"""Parts with few demands are forecast as a planner would: by like parts, from after their first demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.stock import LeadTimeDemand, levels_with
from batchcast.forecast.distributions.pooling import (
    AGES,
    AHEAD_NUMBER,
    AHEAD_TOTAL,
    FIRST,
    LOG_SIZE,
    MOST_FEW,
    NUMBER,
    QUIET,
    SINCE_FIRST,
    Expected,
    Pool,
    measure_demands,
    normal_quantile,
    prior_pool,
)
from batchcast.forecast.forecaster import Task, forecast_chunk
from batchcast.forecast.knowledge import SharedKnowledge
from batchcast.forecast.metrics import Tallies
from batchcast.forecast.partition import forecast_panel
from batchcast.forecast.pool import learn_pools
from batchcast.forecast.prepare import learn_knowledge

LAST = 100  # period in which what is known ends
MONTHLY, WEEKLY, DAILY = Frequency.MONTHLY, Frequency.WEEKLY, Frequency.DAILY


def demands_of(*histories, ahead=0):
    lengths = np.array([len(history) for history in histories])
    offsets = np.concatenate([[0], lengths.cumsum()])
    values = np.concatenate(histories).astype(float)
    last = np.full((1, len(histories)), LAST)
    return measure_demands(values, offsets[None, :-1], offsets[None, 1:] - ahead, last, ahead)


def stock_of(make_panel, make_request, histories, frequency, lead_time, **changes):
    panel = make_panel(*(np.array(history, dtype=float) for history in histories))
    calendar = Calendar(frequency=frequency)
    request = make_request(calendar=calendar, horizon=lead_time, lead_time=lead_time, **changes)
    return forecast_panel(panel, request, learn_knowledge(panel, request))


def test_demands_are_measured_from_the_first_one_on():
    row = demands_of([0, 0, 4, 0, 0, 9, 0, 5, 3], ahead=2)[0, 0]

    assert row[[NUMBER, SINCE_FIRST, QUIET, FIRST]].tolist() == [2, 4, 1, LAST - 4]
    assert np.exp(row[LOG_SIZE]) == pytest.approx(6.0)
    assert row[[AHEAD_NUMBER, AHEAD_TOTAL]].tolist() == [2, 8]


def test_the_first_demand_is_no_sample_of_the_rate():
    """By hand: after the first, k demands in E periods; the rate is (shape + k) / (periods + E)."""
    pool = Pool(shape=0.5, periods=10.0, fading=0.0, span=4)
    table = demands_of([7], [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [7, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0])

    assert pool.rate(table)[0] == pytest.approx([0.05, 0.025, 0.075])


@pytest.mark.parametrize(
    ("case", "most", "no_demand"),
    [
        (([40, *[0] * 23], MONTHLY, 12), 10.0, 0.8),  # it was 78
        (([40, *[0] * 29], DAILY, 7), 3.0, 0.95),  # it was 70
        (([44_000, 0, 0], DAILY, 7), 5_000.0, 0.9),  # it was 126,280
        (([16, 0, 0, 0, 0, 0], DAILY, 7), 2.0, 0.9),  # it was 63
        (([17], DAILY, 30), 17.0, 0.7),  # it was 331
    ],
)
def test_one_demand_is_not_the_start_of_a_busy_part(
    make_panel,
    make_request,
    case,
    most,
    no_demand,
):
    history, frequency, lead_time = case
    result = stock_of(make_panel, make_request, [history], frequency, lead_time)
    stock = result.stock.to_pylist()[0]

    assert 0.0 < stock["lead_time_mean"] < most
    assert prior_pool(frequency, lead_time).expect(demands_of(history), ["S"], lead_time).chance_of_none[0] > no_demand
    assert stock["demand_class"] == "seen_once"
    assert set(result.forecast["model"].to_pylist()) == {"pooled"}
    assert sum(result.forecast["forecast_raw"].to_pylist()) == pytest.approx(stock["lead_time_mean"])


def test_like_parts_that_come_back_say_otherwise(make_panel, make_request):
    rng = np.random.default_rng(1)
    lone = [40, *[0] * 11]

    def with_like(rate):
        like = [np.where(rng.random(36) < rate, 40.0, 0.0) for _ in range(150)]
        like = [history[np.argmax(history > 0) :] for history in like if history.any()]
        result = stock_of(make_panel, make_request, [lone, *like], MONTHLY, 12)
        return result.stock.to_pylist()[0]["lead_time_mean"]

    rare, busy = with_like(0.01), with_like(0.15)
    assert rare < 20.0
    assert busy > 2.0 * rare


def test_the_pool_finds_the_rate_of_its_parts(make_panel, make_request):
    """Demand once in ten periods; what comes of parts seen once in the next ten is about one demand each."""
    rng = np.random.default_rng(5)
    histories = [np.where(rng.random(60) < 0.1, rng.choice([4.0, 9.0]), 0.0) for _ in range(600)]
    panel = make_panel(*(history[np.argmax(history > 0) :] for history in histories if history.any()))
    request = make_request(calendar=Calendar(frequency=WEEKLY), lead_time=10)

    (pool,) = learn_pools(panel, request, ())
    table = demands_of([6], [6, *[0] * 10], [6, 0, 0, 0, 6, 0, 0, 0, 0, 0])

    assert pool.expect(table, ["S"] * 3, 10).number[0] == pytest.approx([1.0, 1.0, 1.0], rel=0.35)
    assert pool.expect(table, ["S"] * 3, 10).size[0] == pytest.approx([6.3, 6.3, 6.3], rel=0.25)


def parts_of_two_kinds(late_rate):
    """Parts that are there when the file begins, demanded every tenth week, and those that come later."""
    rng = np.random.default_rng(8)
    old = [np.where(rng.random(60) < 0.1, 3.0, 0.0) for _ in range(100)]
    later = [np.where(rng.random(int(rng.integers(2, 56))) < late_rate, 3.0, 0.0) for _ in range(200)]
    for history in later:
        history[0] = 3.0
    return [*old, *later]


@pytest.mark.parametrize(("late_rate", "is_rarer"), [(0.01, True), (0.1, False)])
def test_a_part_that_comes_late_is_rarer_where_those_before_it_were(make_panel, make_request, late_rate, is_rarer):
    panel = make_panel(*parts_of_two_kinds(late_rate))

    pool = learn_pools(panel, make_request(calendar=Calendar(frequency=WEEKLY), lead_time=6), ())[-1]
    waits = np.array([0, 3, 6, 12, 24, 60])
    demands = np.zeros((1, len(waits), FIRST + 1))
    demands[..., FIRST] = pool.began + waits

    factor = pool.wait_factor(demands)[0]
    assert pool.began == panel.last_period - 59
    assert (factor[-1] < 0.7 * factor[0]) == is_rarer


def test_a_part_alone_is_forecast_as_among_those_it_learns_from(make_panel, make_request):
    histories = parts_of_two_kinds(0.02)[80:140]
    request = make_request(calendar=Calendar(frequency=WEEKLY), lead_time=6)
    panel = make_panel(*histories)
    knowledge = learn_knowledge(panel, request)

    whole = forecast_panel(panel, request, knowledge).stock.to_pylist()
    alone = forecast_panel(panel.chunk(len(panel) - 1, len(panel)), request, knowledge).stock.to_pylist()

    assert alone[0] == whole[-1]


def test_a_size_far_beyond_like_parts_counts_as_less_until_it_comes_again():
    pool = replace(prior_pool(WEEKLY, 10), usual=np.log(5.0), deviation=1.0)
    once, twice = demands_of([5_000], [5_000, 0, 5_000])[0, :, :]
    away = np.array([np.log(1_000.0)])

    assert pool.size(once[None], away)[0] < 5.0 * np.exp(3.0)
    assert pool.size(twice[None], away)[0] > 2.0 * pool.size(once[None], away)[0]


def test_quantiles_are_those_of_simulated_sums():
    expected = Expected(number=np.array([0.4]), shape=np.array([1.5]), size=np.array([20.0]), variation=np.array(0.5))
    rng = np.random.default_rng(0)
    rates = rng.gamma(1.5, 0.4 / 1.5, 200_000)
    shape = np.log(1.5)
    sizes = [rng.lognormal(np.log(20.0) - shape / 2, np.sqrt(shape), n).sum() if n else 0.0 for n in rng.poisson(rates)]
    levels = (0.5, 0.8, 0.9, 0.95, 0.99)

    assert expected.chance_of_none[0] == pytest.approx(np.mean(np.array(sizes) == 0), abs=0.005)
    assert expected.mean[0] == pytest.approx(np.mean(sizes), rel=0.03)
    assert expected.quantiles(levels)[0] == pytest.approx(np.quantile(sizes, levels), rel=0.12)


@pytest.mark.parametrize(("rate", "span"), [(0.05, 6), (0.4, 3), (0.9, 1), (0.97, 4)])
def test_the_chance_of_none_is_that_of_periods_with_one_demand_at_most(rate, span):
    number, shape = np.array([rate * span]), 4.0
    chances = np.random.default_rng(1).beta(shape, shape * (1.0 - rate) / rate, 400_000)

    expected = Expected(number=number, shape=np.array([shape]), size=np.ones(1), variation=np.array(0.5))

    assert expected.chance_within(span)[0] == pytest.approx(((1.0 - chances) ** span).mean(), abs=0.003)


def none_of(panel, request):
    """The published chance of no demand of each series."""
    task = Task(request=request, knowledge=learn_knowledge(panel, request), tallies=Tallies())
    levels = np.array(levels_with(request.service_level))
    return LeadTimeDemand(levels, forecast_chunk(panel, task).lead_time_quantiles).none


def test_no_demand_is_as_likely_as_it_is_often(make_panel, make_request):
    """Parts of any rate: over the lead time as many have none as the forecast says, though each model says less."""
    rng = np.random.default_rng(9)
    rates, sizes = rng.uniform(0.02, 0.4, 150), rng.gamma(2.0, 5.0, 150) + 1.0
    demand = [np.where(rng.random(116) < r, rng.poisson(s, 116) + 1.0, 0.0) for r, s in zip(rates, sizes, strict=True)]
    seen = [(one[np.argmax(one > 0) : 100], one[100:104]) for one in demand if one[:90].any()]
    request = make_request(calendar=Calendar(frequency=WEEKLY), horizon=4, lead_time=4)
    panel = make_panel(*(history for history, _ in seen))

    came = np.array([not after.any() for _, after in seen])
    assert none_of(panel, request).mean() == pytest.approx(came.mean(), abs=0.06)


def test_a_new_part_with_demand_in_each_period_is_not_likely_to_have_none(make_panel, make_request):
    rng = np.random.default_rng(9)
    rare = [np.where(rng.random(36) < 0.1, 5.0, 0.0) for _ in range(80)]
    panel = make_panel([12.0, 15.0, 14.0], *(one[np.argmax(one > 0) :] for one in rare if one.any()))

    none = none_of(panel, make_request(calendar=Calendar(frequency=MONTHLY), horizon=3, lead_time=3))

    assert none[0] < 0.25
    assert none[1:].mean() > 0.5


@pytest.mark.parametrize("rates", [(0.3, 0.6), (0.12, 0.3)], ids=["busy", "rare"])
def test_parts_that_have_ended_have_none_as_often_as_is_said(make_panel, make_request, rates):
    """Parts that end one by one, as projects do: the longer they are quiet, the fewer of them go on."""
    rng = np.random.default_rng(4)
    ends = rng.integers(10, 150, 600)
    chances = np.where(np.arange(86) < ends[:, None], rng.uniform(*rates, (600, 1)), 0.0)
    demand = np.where(rng.random((600, 86)) < chances, 6.0, 0.0)
    demand = demand[(demand[:, :80] > 0).sum(axis=1) > MOST_FEW]
    panel = make_panel(*(one[np.argmax(one > 0) : 80] for one in demand))
    pool = learn_pools(panel, make_request(calendar=Calendar(frequency=MONTHLY), lead_time=6), ())[-1]
    ends_of = panel.offsets[None, 1:]
    table = measure_demands(panel.values, panel.offsets[None, :-1], ends_of, panel.last_periods[None].astype(np.int64))
    quiet = table[0, :, QUIET] >= 12

    came = 1.0 - demand[quiet, 80:].any(axis=1).mean()
    said, if_alive = (one(table, panel.site_codes, 6)[0, quiet].mean() for one in (pool.none, pool.none_of_alive))
    assert said == pytest.approx(came, abs=0.06)
    assert if_alive < came - 0.06


def test_where_no_part_ends_none_is_thought_to(make_panel, make_request):
    rng = np.random.default_rng(4)
    panel = make_panel(*(np.where(rng.random(80) < 0.3, 6.0, 0.0) for _ in range(200)))
    pool = learn_pools(panel, make_request(calendar=Calendar(frequency=MONTHLY), lead_time=6), ())[-1]

    assert max(pool.by_end) < 0.1


def test_normal_quantiles():
    from statistics import NormalDist

    levels = np.array([1e-9, 0.001, 0.02, 0.3, 0.5, 0.9, 0.98, 0.9999])
    assert normal_quantile(levels) == pytest.approx([NormalDist().inv_cdf(level) for level in levels], abs=1e-7)


def test_groups_of_age_end_where_they_say():
    pool = replace(prior_pool(WEEKLY, 12), by_group=((1.0, 2.0, 3.0, 4.0, 5.0), (6.0,) * 5, (7.0,) * 5), fading=0.0)
    quiet = [int(age * 12) for age in AGES]
    table = demands_of([1], *([1, *[0] * n] for n in quiet), [1, 1], [1, 1, 1, 1, 1])

    assert pool.group_factor(table)[0].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_nothing_after_a_cutoff_changes_the_pool_known_there(make_panel, make_request):
    rng = np.random.default_rng(2)
    histories = [np.where(rng.random(60) < 0.07, rng.poisson(5, 60) + 1.0, 0.0) for _ in range(100)]
    later = [np.concatenate([history[:-12], rng.poisson(50, 12)]) for history in histories]
    request = make_request(calendar=Calendar(frequency=WEEKLY), lead_time=6)

    first, second = (learn_pools(make_panel(*one), request, (12,)) for one in (histories, later))
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_the_pool_is_kept_to_the_bit(tmp_path, make_panel, make_request):
    rng = np.random.default_rng(3)
    histories = [np.where(rng.random(60) < 0.07, rng.poisson(5, 60) + 1.0, 0.0) for _ in range(60)]
    panel = make_panel(*histories, sites=3)
    knowledge = learn_knowledge(panel, make_request(calendar=Calendar(frequency=WEEKLY), lead_time=6))

    knowledge.save(tmp_path / "knowledge.json")
    kept = SharedKnowledge.load(tmp_path / "knowledge.json")
    assert kept.calibration.pools == knowledge.calibration.pools
    assert len(kept.calibration.pools) == len(knowledge.cutoffs) + 1


def test_a_series_with_one_demand_is_backtested(make_panel, make_request):
    rng = np.random.default_rng(4)
    like = [np.where(rng.random(60) < 0.05, 3.0, 0.0) for _ in range(40)]
    lone = np.concatenate([[3.0], np.zeros(59)])
    accuracy = stock_of(make_panel, make_request, [lone, *like], WEEKLY, 6).accuracy.to_pylist()[0]

    assert accuracy["folds"] == 3
    assert accuracy["lead_time_pinball"] < 1.0
    assert accuracy["score_pooled"] == pytest.approx(accuracy["lead_time_pinball"], abs=0.1)


def test_what_nothing_justifies_is_flagged(make_panel, make_request):
    """A year of a part that is half a year old; 5,000 once among parts of 4 to 9; and the parts that are neither."""
    rng = np.random.default_rng(6)
    like = [np.where(rng.random(36) < 0.1, rng.choice([4.0, 9.0]), 0.0) for _ in range(80)]
    huge, young = [5_000.0, *[0.0] * 20], [10.0, 11.0, 10.0, 12.0, 10.0, 11.0]

    flags = stock_of(make_panel, make_request, [huge, young, *like], MONTHLY, 12).stock["flag"].to_pylist()
    assert flags[0] == "unlike_others"
    assert flags[1] == "above_history"
    assert sum(flag is not None for flag in flags[2:]) <= 3  # demanded for the first time in the last months


def test_a_short_history_of_the_whole_batch_holds_nothing(make_panel, make_request):
    steady = [np.full(6, 10.0 + k) for k in range(8)]

    assert set(stock_of(make_panel, make_request, steady, MONTHLY, 12).stock["flag"].to_pylist()) == {None}


def test_more_over_the_lead_time_than_was_ever_demanded_is_held(make_panel, make_request):
    rng = np.random.default_rng(6)
    like = [np.where(rng.random(36) < 0.1, rng.choice([4.0, 9.0]), 0.0) for _ in range(80)]
    panel = make_panel([10.0, 11.0, 10.0, 12.0, 10.0, 11.0], *like)
    request = make_request(calendar=Calendar(frequency=MONTHLY), horizon=12, lead_time=12)

    flags = forecast_panel(panel, request, learn_knowledge(panel, request)).stock["flag"].to_pylist()

    assert flags[0] == "above_history"
    assert sum(flag is not None for flag in flags[1:]) <= 3


@pytest.mark.parametrize(
    ("history", "flag"),
    [
        ([0.0] * 13 + [40.0] + [0.0] * 22, "nothing_alike"),  # 40 once, 22 months ago
        ([0.0] * 5 + [40.0] + [0.0] * 10 + [9.0] + [0.0] * 19, "nothing_alike"),
        ([0.0] * 35 + [40.0], "above_history+nothing_alike"),
        ([4.0, 5.0, 3.0] * 12, None),
    ],
)
def test_few_demands_without_a_like_part_are_held(make_panel, make_request, history, flag):
    steady = [np.full(36, 10.0 + k) for k in range(4)]

    flags = stock_of(make_panel, make_request, [history, *steady], MONTHLY, 12).stock["flag"].to_pylist()

    assert flags == [flag, None, None, None, None]

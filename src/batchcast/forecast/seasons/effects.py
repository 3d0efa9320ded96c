"""Effects of occasions: how demand around a holiday that moves, or an event of the user's, compares to ordinary demand.

An effect is a factor of each day before, during and after an occasion of one name; of each week of them, where periods
are longer than a day. It is shared over series, all of them and then those of a site, each drawn towards the wider one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.accuracy import OccasionUse
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import Occasion
from batchcast.forecast.kernels.year import divide_periods, sum_pool
from batchcast.forecast.panel import Panel
from batchcast.forecast.seasons.occasions import BEFORE, DURING, PLACES, STRETCHES, EffectChoice, Shares

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POOL_CASES = 5.0  # periods as variable as their mean at which what was seen counts half: of all series ...
SITE_CASES = 20.0  # ... and of those of a site
DAY_CASES = 20.0  # ... and of one day beside its stretch
FEWEST_SERIES = 5  # in the sample, of a site with effects of its own
NEAR = {Frequency.DAILY: 63, Frequency.WEEKLY: 9, Frequency.MONTHLY: 3}  # periods around, that give the ordinary level
FIT_ROUNDS, NAME_ROUNDS = 30, 2
LOWEST, HIGHEST = 0.02, 50.0  # of a factor
NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The factors of the occasions of one name."""

    chosen: EffectChoice
    times: int  # occasions that were seen
    overall: Floats  # shape (PLACES,)
    sites: Mapping[str, Floats] = field(default_factory=dict)  # of sites with factors of their own


@dataclass(frozen=True, kw_only=True)
class Effects:
    """The effects of some names, learned up to a cutoff, and all their occasions."""

    occasions: tuple[Occasion, ...]
    effects: tuple[Effect, ...]

    def of_sites(self, calendar: Calendar, sites: Sequence[str], first: int, count: int) -> Floats:
        """Factor of each of `count` periods at each site, shape (sites, periods)."""
        factors = np.ones((len(sites), count))
        for effect in self.effects:
            shares = Shares(self.occasions, effect.chosen, calendar, first, count)
            keys = np.array([shares.key_of(site) for site in sites], dtype=str)
            for key in np.unique(keys).tolist():
                rows, design = np.flatnonzero(keys == key), shares.of_site(key)
                used = np.flatnonzero(design.any(axis=1))
                curves = np.array([effect.sites.get(sites[row], effect.overall) for row in rows.tolist()])
                factors[np.ix_(rows, used)] *= _factors(design[used], curves, effect.chosen)
        return np.clip(factors, LOWEST, HIGHEST)

    def divide(self, panel: Panel, calendar: Calendar) -> Panel:
        """The panel as if the occasions had changed nothing."""
        if not len(panel):
            return panel
        sites, rows = np.unique(np.array(panel.site_codes, dtype=str), return_inverse=True)
        longest = int((_shifts(panel) + panel.lengths).max())
        newest = _newest(panel)
        factors = self.of_sites(calendar, sites.tolist(), newest - longest + 1, longest)[:, ::-1]
        flat = np.empty_like(panel.values)
        divide_periods(panel.values, panel.offsets, _shifts(panel), rows, np.ascontiguousarray(factors), flat)
        return replace(panel, values=flat)

    def ahead(self, panel: Panel, cutoffs: Sequence[int], steps: int, calendar: Calendar) -> Floats:
        """Factor of each step after each cutoff, shape (cutoffs, series, steps)."""
        sites, rows = np.unique(np.array(panel.site_codes, dtype=str), return_inverse=True)
        ends = panel.last_periods.astype(np.int64)[None, :] - np.array(cutoffs, dtype=np.int64)[:, None]
        first = int(ends.min(initial=panel.last_period)) + 1
        count = int(ends.max(initial=panel.last_period)) + steps - first + 1
        factors = self.of_sites(calendar, sites.tolist(), first, count)
        at = ends[:, :, None] + np.arange(1, steps + 1) - first
        return np.asarray(factors[rows[None, :, None], at])

    def as_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads the same back, to the bit."""
        return {
            "occasions": [asdict(one) for one in self.occasions],
            "effects": [
                {
                    "chosen": asdict(one.chosen),
                    "times": one.times,
                    "overall": one.overall.tolist(),
                    "sites": {site: factors.tolist() for site, factors in one.sites.items()},
                }
                for one in self.effects
            ],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        effects = (
            Effect(
                chosen=EffectChoice(**one["chosen"]),
                times=one["times"],
                overall=np.array(one["overall"]),
                sites={site: np.array(factors) for site, factors in one["sites"].items()},
            )
            for one in values["effects"]
        )
        return cls(occasions=tuple(Occasion(**one) for one in values["occasions"]), effects=tuple(effects))


def use_of(effect: Effect) -> OccasionUse:
    """What an effect changes in the days at which it changes most: so many before, during, or so many after."""
    factors = effect.overall**effect.chosen.power
    begin, end = BEFORE, BEFORE + DURING
    stretches: list[tuple[Literal["before", "during", "after"], int, Floats]] = [
        *(("before", days, factors[begin - days : begin]) for days in (7, 14, 21, 28)),
        ("during", 7, factors[begin : begin + 1]),
        *(("after", days, factors[end : end + days]) for days in (7, 14)),
    ]
    when, days, mine = max(stretches, key=lambda one: abs(np.log(one[2].mean())) * one[1] ** 0.5)
    return OccasionUse(name=effect.chosen.name, times=effect.times, factor=float(mine.mean()), days=days, when=when)


def learn_effects(
    panel: Panel,
    calendar: Calendar,
    held: int,
    occasions: Sequence[Occasion],
    *,
    chosen: Sequence[EffectChoice],
    usual: Floats | None = None,
) -> Effects:
    """Effects from all but the last `held` periods of each series.

    Args:
        panel: without its week.
        calendar: of its periods.
        held: periods held back.
        occasions: all, of any name.
        chosen: the names that are learned; their effects are told apart from each other.
        usual: factor of the yearly profile of each period, counted back from `held` before the newest; None: no year.
    """
    kept = tuple(one for one in occasions if any(one.name == each.name for each in chosen))
    sums = _Sums(panel, calendar, held, kept, usual)
    shares = [Shares(kept, one, calendar, sums.first, sums.count) for one in chosen]
    effects: list[Effect] = []
    factors = np.ones((len(chosen), *sums.seen.shape))
    for _ in range(NAME_ROUNDS if len(chosen) > 1 else 1):
        effects = []
        for k, each in enumerate(shares):
            others = factors[np.arange(len(chosen)) != k].prod(axis=0)
            effects.append(_learn_one(sums, each, others))
            for row, site in enumerate(sums.sites if len(chosen) > 1 else ()):
                curve = effects[k].sites.get(site, effects[k].overall)
                factors[k, row] = _factors(each.of_site(site), curve[None], replace(each.chosen, power=1.0))[0]
    return Effects(occasions=kept, effects=tuple(effects))


def _learn_one(sums: _Sums, shares: Shares, others: Floats) -> Effect:
    """The effect of one name, beside what the others explain, shape (sites, periods)."""
    groups: dict[str, list[int]] = {}  # rows of the same occasions
    for row, site in enumerate(sums.sites):
        groups.setdefault(shares.key_of(site), []).append(row)
    expected, parts = sums.expected * others, []
    for site, rows in groups.items():
        design = shares.of_site(site)
        used = np.flatnonzero(design.any(axis=1))
        expected[rows] *= _levels(sums.seen[rows], expected[rows], np.logical_not(design.any(axis=1)), sums.near)
        parts.append((rows, sums.seen[rows][:, used], expected[rows][:, used], design[used]))
    pooled = [(seen.sum(axis=0), expected.sum(axis=0), design) for _, seen, expected, design in parts]
    came, wanted, design = (np.concatenate([part[k] for part in pooled]) for k in range(3))
    grain = _Grain(stretches=STRETCHES[shares.chosen.way], has_days=sums.is_daily)
    overall = grain.fit(came[None], wanted[None], design, np.ones(PLACES), POOL_CASES)[0]
    own: dict[str, Floats] = {}
    for rows, came, wanted, design in parts:
        curves = grain.fit(came, wanted, design, overall, SITE_CASES)
        own |= {sums.sites[row]: curve for row, curve in zip(rows, curves, strict=True) if row and len(design)}
    last = sums.first + sums.count - 1
    return Effect(chosen=shares.chosen, times=shares.times_until(last), overall=overall, sites=own)


@dataclass(frozen=True, kw_only=True)
class _Grain:
    """How finely the places of an effect are told apart."""

    stretches: Ints  # of each place
    has_days: bool  # each place beside its stretch too

    def fit(self, came: Floats, wanted: Floats, design: Floats, prior: Floats, cases: float) -> Floats:
        """Factor of each place, shape (sites, PLACES); see `_likely`."""
        firsts = np.searchsorted(self.stretches, np.arange(self.stretches[-1] + 1))
        wide = _likely(came, wanted, np.add.reduceat(design, firsts, axis=1), prior[firsts], cases)
        spread = prior * (wide / prior[firsts])[:, self.stretches]
        return _likely(came, wanted, design, spread, max(cases, DAY_CASES)) if self.has_days else spread


def _likely(came: Floats, wanted: Floats, design: Floats, prior: Floats, cases: float) -> Floats:
    """The most likely factors where what is seen is a Poisson count, and each prior factor weighs `cases` more.

    Args:
        came: shape (sites, periods).
        wanted: expected without the effect, same shape.
        design: the share of each period in each place, shape (periods, places).
        prior: shape (places,) or (sites, places).
        cases: in units of `wanted`.
    """
    outside, total = np.maximum(1.0 - design.sum(axis=1), 0.0), wanted @ design + cases
    factors = np.broadcast_to(prior, total.shape)
    for _ in range(FIT_ROUNDS):
        likely = np.maximum(outside + factors @ design.T, NOTHING)
        factors = ((came / likely) @ design * factors + cases * prior) / total
    return np.clip(factors, LOWEST, HIGHEST)


def _levels(seen: Floats, expected: Floats, ordinary: NDArray[np.bool_], near: int) -> Floats:
    """What ordinary periods nearby had relative to what was expected of them, shape (sites, periods)."""
    running = np.pad(np.cumsum(np.stack([seen, expected]) * ordinary, axis=2), ((0, 0), (0, 0), (1, 0)))
    at, count = np.arange(seen.shape[1]), seen.shape[1]
    around = running[..., np.minimum(at + near + 1, count)] - running[..., np.maximum(at - near, 0)]
    return np.asarray((around[0] + NOTHING) / (around[1] + NOTHING))


@dataclass(frozen=True, kw_only=True)
class PooledLogs:
    """Logarithms of what all series had in each period, relative to the year around it; oldest first."""

    first: int  # period
    logs: Floats
    weights: Floats  # below 1 where few series are known


def pooled_logs(panel: Panel, calendar: Calendar) -> PooledLogs:
    """Of a panel without its week."""
    sums, around = _Sums(panel, calendar, 0, (), None), calendar.frequency.periods_in_year // 2
    seen, expected = sums.seen.sum(axis=0), sums.expected.sum(axis=0)
    logs = np.log((seen + POOL_CASES) / (expected + POOL_CASES))
    running, at = np.pad(np.cumsum(logs), (1, 0)), np.arange(sums.count)
    begin, end = np.maximum(at - around, 0), np.minimum(at + around + 1, sums.count)
    level = (running[end] - running[begin]) / (end - begin)
    return PooledLogs(first=sums.first, logs=logs - level, weights=expected / (expected + POOL_CASES))


class _Sums:
    """What was seen and expected of all series of a site in each period, in units of information, oldest first."""

    def __init__(
        self, panel: Panel, calendar: Calendar, held: int, occasions: Sequence[Occasion], usual: Floats | None
    ) -> None:
        self.is_daily = calendar.frequency is Frequency.DAILY
        self.near = NEAR[calendar.frequency]
        shifts = _shifts(panel)
        longest = int((shifts + panel.lengths).max(initial=0))
        self.count = max(longest - held, 0)
        self.first = _newest(panel) - longest + 1
        self.sites, rows = _sites_of_their_own(panel.site_codes, {one.site_code for one in occasions})
        unknown = np.zeros(len(panel.values), dtype=np.bool_) if panel.out_of_stock is None else panel.out_of_stock
        seen, expected = np.zeros((2, len(self.sites), longest))
        ordinary = np.ones(self.count) if usual is None else usual
        back, of_time = np.arange(longest), np.zeros((2, max(self.count, 1)))
        sum_pool(panel.values, panel.offsets, unknown, held, back, shifts, ordinary, rows, seen, expected, of_time)
        self.seen, self.expected = (np.ascontiguousarray(part[:, held:][:, ::-1]) for part in (seen, expected))


def _sites_of_their_own(site_codes: Sequence[str], named: set[str | None]) -> tuple[list[str], Ints]:
    """The empty site of all others, then those with effects or occasions of their own; and the row of each series."""
    codes, index, counts = np.unique(np.array(site_codes, dtype=str), return_inverse=True, return_counts=True)
    kept = (counts >= FEWEST_SERIES) & (len(codes) > 1) | np.isin(codes, [one for one in named if one is not None])
    rows = np.where(kept, np.cumsum(kept), 0).astype(np.int64)
    return ["", *(str(code) for code in codes[kept])], np.asarray(rows[index])


def _factors(design: Floats, curves: Floats, chosen: EffectChoice) -> Floats:
    """Of each period for each curve, shape (curves, periods): one by one, so that no curve changes a bit of another."""
    factors = np.maximum(1.0 - design.sum(axis=1), 0.0) + np.array([design @ curve for curve in curves])
    return np.asarray(np.clip(factors, LOWEST, HIGHEST) ** chosen.power)


def _newest(panel: Panel) -> int:
    return int(panel.last_periods.max(initial=panel.last_period))


def _shifts(panel: Panel) -> Ints:
    """How many periods before the newest each series ends, shape (series,)."""
    return np.asarray(_newest(panel) - panel.last_periods.astype(np.int64))

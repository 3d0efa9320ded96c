"""How well a model did in the backtest of a batch, over all its series."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from batchcast.domain.attention import Attention
from batchcast.domain.calendar import Calendar, Span
from batchcast.domain.errors import Message

MEASURED_QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.99)  # of the lead-time demand: what is judged
_BY_QUANTILE = ("pinball", "coverage")
_OLD_CASES = "series"  # as an earlier version wrote them


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaderboardRow:
    """The measures of one model; a smaller lead-time pinball is better. NaN where nothing could be scored."""

    model: str
    cases: int  # scored: (fold, series) pairs
    lead_time_pinball: float  # scaled by each series' own variation, mean over the measured quantiles and cases
    pinball: Mapping[float, float]  # the same, by quantile
    coverage: Mapping[float, float]  # by quantile: share of sums at or under it
    bias: float  # sum of forecast / sum of actual - 1; positive is over-forecast
    rmsse: float  # pooled: root of mean squared error over mean squared in-sample naive step
    fill_rate: float  # share of demand served from a stock of the quantile at the service level
    mae: float  # for information, never to choose by: mean absolute error of a step
    wape: float  # for information, never to choose by: sum of absolute errors / sum of actuals
    mase: float  # for information, never to choose by: mean over series
    beside_auto: float = math.nan  # its pinball divided by that of auto on the same cases: what rows are ranked by

    def as_json(self) -> dict[str, Any]:
        """The row as plain values, NaN as null; `from_json` reads it back."""
        values = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        return values | {
            name: {f"{q:g}": _plain(value) for q, value in getattr(self, name).items()} for name in _BY_QUANTILE
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The row that `as_json` gave."""
        read: dict[str, Any] = {name: math.nan if value is None else value for name, value in values.items()}
        if _OLD_CASES in read:
            read["cases"] = read.pop(_OLD_CASES)
        for name in _BY_QUANTILE:
            read[name] = {float(q): math.nan if value is None else value for q, value in values[name].items()}
        return cls(**read)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


# The backtest of a batch, in units of demand.

LEAST_LOSS = 1e-9  # a smaller loss is a rounding error, and counts as none
MOST_WORST_PARTS = 20  # parts that are named


@dataclass(frozen=True, kw_only=True, slots=True)
class WorstPart:
    """A part at a site whose demand was beyond the stock that its forecasts would have kept."""

    site_code: str
    partnumber: str
    demand_class: str
    folds: int  # backtests of the part
    units_short: float  # demand beyond the stock, summed over the folds
    units_over: float  # stock beyond the demand, summed over the folds
    span: Span  # forecast in the fold with the most units short; the next three are of it
    actual: float  # demand
    forecast: float  # mean
    stock: float  # quantile at the service level
    reason: Message  # what the demand did


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtremePart:
    """A part at a site with one order far beyond all its other demand."""

    site_code: str
    partnumber: str
    span: Span  # the period of the order
    quantity: float  # demand in it


@dataclass(frozen=True, kw_only=True, slots=True)
class OccasionUse:
    """What one holiday or event changes, at the stretch of days at which it changes most."""

    name: str
    times: int  # that it was seen
    factor: float  # of demand
    days: int  # of the stretch
    when: Literal["before", "during", "after"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeasonUse:
    """Which times of the year a forecast tells apart."""

    has_year: bool  # the yearly profile was used
    occasions: tuple[OccasionUse, ...] = ()
    unused: tuple[str, ...] = ()  # events of the user's that came and do not forecast better

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """From what `dataclasses.asdict` gave."""
        occasions = tuple(OccasionUse(**one) for one in values["occasions"])
        return cls(has_year=values["has_year"], occasions=occasions, unused=tuple(values["unused"]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Hindsight:
    """The backtest of a batch; NaN where there is nothing to compute a figure from."""

    calendar: Calendar
    service_level: float
    horizon: int  # periods of each backtest: the lead time
    series: int  # with a forecast
    judged: int  # of them, with at least one backtest
    cases: int  # (fold, series) pairs
    spans: tuple[Span, ...]  # forecast in each backtest, the latest first; none where the history is too short
    covered: float  # share of the cases whose demand was at or under the stock at the service level
    pinball: float  # mean scaled lead-time pinball over the cases
    pinball_naive: float  # that of the naive forecast
    actual: float  # demand, summed over all cases; so are the next three
    forecast: float  # mean
    units_short: float  # demand beyond the stock
    units_over: float  # stock beyond the demand
    worst_parts: tuple[WorstPart, ...]  # the most units short first; those equally short by units left over
    without_learned: bool = False  # models that learn across series were asked for, and no part is forecast with one
    learned_unjudged: bool = False  # they are in the forecast, and the history is too short to backtest them
    unused: tuple[str, ...] = ()  # the models asked for, where none of them could forecast a series
    extremes: int = 0  # series with an order far beyond all their other demand
    largest_extreme: ExtremePart | None = None  # of them
    season: SeasonUse | None = None  # None: neither a year nor an occasion changed the forecast

    @property
    def value_added(self) -> float:
        """1 - pinball / that of the naive forecast; negative where the naive forecast is better."""
        return 1.0 - self.pinball / self.pinball_naive if self.pinball_naive > LEAST_LOSS else float("nan")

    @property
    def bias(self) -> float:
        """Forecast / demand - 1: positive is over-forecast."""
        return self.forecast / self.actual - 1.0 if self.actual > 0 else float("nan")

    @property
    def fill_rate(self) -> float:
        """Share of the demand that the stock would have served."""
        return 1.0 - self.units_short / self.actual if self.actual > 0 else float("nan")


def in_units(quantity: float) -> float:
    """A quantity to two decimals, whole where it is: 3, not 3.0."""
    rounded = round(float(quantity), 2)
    return int(rounded) if rounded.is_integer() else rounded


# The totals of a result: by site, by period, by demand class; and the parts that are forecast worst.


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteTotal:
    """Demand and forecast of one site."""

    site_code: str
    series: int  # with a forecast
    history_total: float  # demand up to the cutoff
    history_mean: float  # demand of a period, over the last 91 days, 104 weeks or 36 months, or the whole history
    forecast_total: float  # of the planning figures, over the horizon
    forecast_mean: float  # planning figure of a period
    stretches: tuple[float, ...] = ()  # demand of the last 12 stretches as long as the horizon, the oldest first


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodTotal:
    """Demand or forecast of one period, over all series or those of a site."""

    date: dt.date  # first day of the period
    total: float  # demand, or planning figures
    is_forecast: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassTotal:
    """The series of one demand class and their backtest; NaN where there is none."""

    demand_class: str
    series: int
    flagged: int  # series whose quantiles were held back
    history_total: float
    history_share: float  # of the demand of all series, 0 to 1; 0 where there is none
    forecast_total: float
    cases: int  # (fold, series) pairs that were scored
    pinball: float  # mean scaled lead-time pinball over the cases
    pinball_naive: float  # that of the naive forecast
    covered: float  # share of the cases whose demand was at or under the stock at the service level
    bias: float  # sum of forecast / sum of actual - 1; positive is over-forecast

    @property
    def skill(self) -> float:
        """1 - pinball / that of the naive forecast; negative where the naive forecast is better."""
        return 1.0 - self.pinball / self.pinball_naive if self.pinball_naive > LEAST_LOSS else float("nan")


@dataclass(frozen=True, kw_only=True, slots=True)
class PartLoss:
    """How one series did in the backtest."""

    site_code: str
    partnumber: str
    demand_class: str
    model: str
    cases: int
    pinball: float
    pinball_naive: float
    loss_share: float  # of the summed loss of the batch, 0 to 1
    gain_share: float  # what it saves against naive, as a share of the summed naive loss; negative where it loses
    history_total: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The result of a batch in totals."""

    series: int  # with a forecast
    refused: int  # series without one
    flagged: int
    history_total: float
    forecast_total: float
    sites: tuple[SiteTotal, ...]  # the largest forecast first
    periods: tuple[PeriodTotal, ...]  # the last ones of the history, then the forecast
    classes: tuple[ClassTotal, ...]  # those there are, the most demand first
    worst: tuple[PartLoss, ...]  # at most ten, the largest share of the loss first
    best: tuple[PartLoss, ...]  # at most ten, the largest gain on naive first; none without a gain
    hindsight: Hindsight | None = None  # the backtest in units; None where an earlier version published the batch
    attention: Attention | None = None  # the parts to look at first; None likewise

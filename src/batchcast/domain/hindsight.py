"""What the backtest of a batch found, in the units that a planner counts in."""

from __future__ import annotations

from dataclasses import dataclass

from batchcast.domain.calendar import Calendar
from batchcast.domain.message import Message
from batchcast.domain.spans import Span

LEAST_LOSS = 1e-9  # of a forecast that is ever wrong: less is what computing with binary fractions leaves
MOST_HURT = 20  # parts that are named


@dataclass(frozen=True, kw_only=True, slots=True)
class HurtPart:
    """A part at a site whose demand was beyond the stock that its forecasts would have kept."""

    site_code: str
    partnumber: str
    demand_class: str
    folds: int  # backtests of the part
    units_short: float  # demand beyond the stock, over all of them
    units_over: float  # stock beyond the demand, over all of them
    span: Span  # of the backtest that was the most short; the next three are of it
    actual: float  # what was wanted
    forecast: float  # the mean
    stock: float  # the quantile at the service level
    reason: Message  # what the demand did, in words


@dataclass(frozen=True, kw_only=True, slots=True)
class Hindsight:
    """The backtest of a batch; NaN where nothing could be said."""

    calendar: Calendar
    service_level: float
    horizon: int  # periods of each backtest: the lead time
    series: int  # with a forecast
    judged: int  # of them, with a backtest at least
    cases: int  # backtests of single series
    spans: tuple[Span, ...]  # what was forecast in each backtest, the latest first; none where none was possible
    covered: float  # share of the cases whose demand was at or under the stock at the service level
    pinball: float  # mean scaled lead-time pinball over the cases
    pinball_naive: float  # that of the naive forecast
    actual: float  # units wanted, over all cases; then those that were forecast, lacking and left over
    forecast: float
    units_short: float
    units_over: float
    hurt: tuple[HurtPart, ...]  # at most MOST_HURT, the most units short first; those equally short by units left over
    without_learned: bool = False  # models that learn across series were asked for, and there were none
    unused: tuple[str, ...] = ()  # the models asked for, where none of them could forecast any part

    @property
    def value_added(self) -> float:
        """By what share being wrong is cheaper than with the naive forecast; negative where it is dearer."""
        return 1.0 - self.pinball / self.pinball_naive if self.pinball_naive > LEAST_LOSS else float("nan")

    @property
    def bias(self) -> float:
        """Units forecast / units wanted - 1: positive is over-forecast."""
        return self.forecast / self.actual - 1.0 if self.actual > 0 else float("nan")

    @property
    def fill_rate(self) -> float:
        """Share of the units wanted that the stock would have served."""
        return 1.0 - self.units_short / self.actual if self.actual > 0 else float("nan")


def in_units(quantity: float) -> float:
    """A quantity as people write it, without decimals that say nothing: 3, not 3.0."""
    rounded = round(float(quantity), 2)
    return int(rounded) if rounded.is_integer() else rounded

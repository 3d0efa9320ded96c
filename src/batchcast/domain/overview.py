"""What the result of a batch adds up to: by site, by period, by demand class; and which parts are forecast worst."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from batchcast.domain.hindsight import LEAST_LOSS, Hindsight


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteTotal:
    """Demand and forecast of one site."""

    site_code: str
    series: int  # with a forecast
    history_total: float  # demand up to the cutoff
    history_mean: float  # demand of a period, over the last periods of the history that the overview has
    forecast_total: float  # of the planning figures, over the horizon
    forecast_mean: float  # planning figure of a period


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodTotal:
    """Demand or forecast of one period, over all series or those of a site."""

    date: dt.date  # first day of the period
    total: float  # demand, or planning figures
    is_forecast: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassTotal:
    """The series of one demand class, and what the backtest says of them; NaN where it says nothing."""

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
        """By what share the loss is smaller than that of the naive forecast; negative where it is larger."""
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
    everything: ClassTotal  # the same figures over all classes
    worst: tuple[PartLoss, ...]  # at most ten, the largest share of the loss first
    best: tuple[PartLoss, ...]  # at most ten, the largest gain on naive first; none without a gain
    hindsight: Hindsight | None = None  # the backtest in units; None where an earlier version published the batch

"""What the totals of a batch show: a chart of all periods, and its sites with a bar each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from batchcast.domain.calendar import DAYS_IN_WEEK, Frequency
from batchcast.domain.overview import Overview, PeriodTotal, SiteTotal
from batchcast.web.results.charts import Chart
from batchcast.web.results.table import TableState

_IN_SIGHT = 15  # sites; the rest are folded


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteRow:
    """A site of the table."""

    total: SiteTotal
    share: float  # of the largest forecast, 0 to 1
    url: str  # of its series


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteTable:
    """The sites, the largest forecast first."""

    in_sight: tuple[SiteRow, ...]
    folded: tuple[SiteRow, ...]


def in_weeks(days: Sequence[PeriodTotal]) -> tuple[PeriodTotal, ...]:
    """Sums of seven days each, counted from the first day of the forecast both ways; days that fill no week are left
    out, for a week that lacks days looks like a fall of demand."""
    past = [one for one in days if not one.is_forecast]
    ahead = [one for one in days if one.is_forecast]
    starts = range(len(past) % DAYS_IN_WEEK, len(past), DAYS_IN_WEEK)
    weeks = [past[start : start + DAYS_IN_WEEK] for start in starts]
    weeks += [ahead[start : start + DAYS_IN_WEEK] for start in range(0, len(ahead) - DAYS_IN_WEEK + 1, DAYS_IN_WEEK)]
    return tuple(replace(week[0], total=sum(day.total for day in week)) for week in weeks)


def chart_of_totals(periods: Sequence[PeriodTotal], frequency: Frequency) -> Chart:
    """Demand of the last periods, and what is forecast."""
    ahead = [one for one in periods if one.is_forecast]
    return Chart(
        frequency=frequency,
        history=[(one.date, one.total) for one in periods if not one.is_forecast],
        dates=[one.date for one in ahead],
        mean=[one.total for one in ahead],
    )


def sites_of(overview: Overview, batch_id: str) -> SiteTable:
    """Every site with its bar and the way to its series."""
    most = max((site.forecast_total for site in overview.sites), default=0.0)
    rows = tuple(
        SiteRow(
            total=site,
            share=site.forecast_total / most if most > 0 else 0.0,
            url=TableState(site_code=site.site_code).url(batch_id),
        )
        for site in overview.sites
    )
    return SiteTable(in_sight=rows[:_IN_SIGHT], folded=rows[_IN_SIGHT:])

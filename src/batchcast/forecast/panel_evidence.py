"""The evidence of a panel: for the backtest at every fold, and for the final forecast at the end of history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from batchcast.domain.cutoffs import LEAST_DEMANDS
from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import Backtest, is_usable, measured_levels, take_actuals
from batchcast.forecast.distributions.candidate import Distribution
from batchcast.forecast.distributions.registry import is_learned, point_models_of
from batchcast.forecast.evidence import Evidence, Floats, Ints, gather_evidence, substitute
from batchcast.forecast.extremes import cut_to_limits, largest_plausible
from batchcast.forecast.learned.learned import Learned, attach_predictions
from batchcast.forecast.models.points import forecast_points
from batchcast.forecast.models.table import OWN_YEAR, YEAR
from batchcast.forecast.moments import Moments, measure_history
from batchcast.forecast.panel import Panel, series_keys
from batchcast.forecast.seasons.levels import bring_to_new_level, find_changes
from batchcast.forecast.seasons.weekdays import WeekdayProfile, flatten_week, weights_of_steps
from batchcast.forecast.seasons.year import OWN_COMPETES, OWN_ROUNDS, YearProfile, find_clear_years, no_year


@dataclass(frozen=True, kw_only=True)
class _View:
    """A panel as the models see it at some cutoffs: without its week and its year."""

    values: Floats  # without the year
    moments: Moments  # of these
    means: dict[str, Floats]  # model -> mean of each step, shape (cutoffs, series, steps); NaN where it failed
    weights: Floats | None  # of each step, same shape: of its weekday and its time of the year
    lift: Floats | None  # mean factor of the year over the span, shape (cutoffs, series)

    def at(self, cutoffs: slice) -> _View:
        """What was seen at some of the cutoffs, where there is no year."""
        means = {model: steps[cutoffs] for model, steps in self.means.items()}
        weights = None if self.weights is None else self.weights[cutoffs]
        return replace(self, moments=self.moments.at(cutoffs), means=means, weights=weights)


class PanelEvidence:
    """The evidence of a panel, from one pass of every point model over all cutoffs.

    At each cutoff an extreme counts as what the rest of its series makes plausible (`extremes.py`), and so it does in
    what came; with `bounds_extremes` False it counts as it is. A level that has changed for good (`levels.py`) and a
    clear year of a single series (`year.py`) are followed, but not with `as_they_came`.
    Where demand has a year, the folds take one pass and the final forecast another: it knows more of the year.
    """

    def __init__(
        self,
        panel: Panel,
        request: ForecastRequest,
        distributions: Sequence[Distribution],
        *,
        cutoffs: Sequence[int],
        profile: WeekdayProfile | None,
        learned: Learned | None,
        years: tuple[YearProfile, YearProfile] | None = None,
        step_years: Sequence[YearProfile | None] = (),
        bounds_extremes: bool = True,
        as_they_came: bool = False,
        steps: int | None = None,
    ) -> None:
        self.panel = panel
        self._learned = learned
        self._profile = profile
        self._distributions = distributions
        self._request = request
        self._folds = len(cutoffs)
        self._held = (*cutoffs, 0)  # the final forecast last
        self._keys = series_keys(pa.array(panel.site_codes, pa.string()), pa.array(panel.partnumbers), request.seed)
        self._years = years
        self._step_years = step_years  # of the cutoffs and the end; (): steps are not chosen by them
        first_end = int(panel.last_periods.min(initial=panel.last_period))
        self._steps = steps or max(request.steps_from(first_end), request.lead_time)  # that are forecast
        held = np.array(self._held, dtype=np.int64)
        self._measure = measure_history(panel.values, panel.offsets, held, request.lead_time)
        self._limits = np.full((len(held), len(panel)), np.inf)  # of a demand, shape (cutoffs, series)
        if bounds_extremes:
            frequency = request.calendar.frequency
            self._limits = largest_plausible(panel.values, panel.offsets, held, frequency)
        self._latest = np.zeros((len(held), len(panel)), dtype=np.int64)  # periods at a new level
        self._has_own_year = np.zeros((len(held), len(panel)), dtype=np.bool_)
        if not as_they_came:
            frequency = request.calendar.frequency
            _, self._latest = find_changes(panel.values, panel.offsets, held, frequency, self._limits)
            if not years or frequency not in OWN_COMPETES:
                self._has_own_year = find_clear_years(panel.values, panel.offsets, held, frequency)

    def backtest(self, least_demands: int = LEAST_DEMANDS) -> Backtest:
        """Evidence at every fold, with the demand after it; of series with so many demands at their cutoff."""
        request, positions = self._request, slice(0, self._folds)
        evidence = self._evidence(positions)
        came, limits = self.panel.values, self._limits[-1]
        if np.isfinite(limits).any():
            came = np.minimum(came, np.repeat(limits, self.panel.lengths))
        return Backtest(
            levels=measured_levels(request.service_level),
            service_level=request.service_level,
            evidence=evidence,
            actuals=take_actuals(came, self.panel.offsets, self._held[positions], request.lead_time),
            usable=is_usable(evidence, self.panel.out_of_stock, least_demands),
        )

    def final(self) -> Evidence:
        """Evidence at the end of history for the demand over the lead time."""
        return self._evidence(slice(self._folds, None))

    def _evidence(self, positions: slice) -> Evidence:
        evidence = substitute(self._gather(positions), list(self._bounded(positions)))
        if not is_learned(self._distributions):
            return evidence
        return attach_predictions(evidence, self._learned.predict(evidence) if self._learned else None)

    def _bounded(self, positions: slice) -> Iterator[tuple[int, Ints, Evidence]]:
        """Evidence of the series that are not taken as they came: with an extreme, a new level, a year of their own."""
        for place, held in enumerate(self._held[positions]):
            at = positions.start + place
            limits, latest, own_year = self._limits[at], self._latest[at], self._has_own_year[at]
            others = (np.isfinite(limits) | (latest > 0)) & ~own_year
            for rows, has_own in ((np.flatnonzero(others), False), (np.flatnonzero(own_year), True)):
                if len(rows):
                    panel = bring_to_new_level(cut_to_limits(self.panel, held, limits, rows), latest[rows])
                    years = self._years_of(positions, held)
                    gathered = PanelEvidence(
                        panel,
                        self._request,
                        self._distributions,
                        cutoffs=(),
                        profile=self._profile,
                        learned=None,
                        years=self._with_own(years, panel) if has_own else years,
                        step_years=[one and replace(one, held=0) for one in self._step_years[at : at + 1]],
                        bounds_extremes=False,
                        as_they_came=True,
                        steps=self._steps,
                    )
                    yield place, rows, gathered._gather(slice(0, 1))

    def _with_own(self, years: tuple[YearProfile, YearProfile] | None, panel: Panel) -> tuple[YearProfile, YearProfile]:
        """The year of the batch, if it has one, with the full correction of each series."""
        year = years[0] if years else no_year(panel, self._request.calendar, 0)
        own = replace(year, own=True, own_rounds=OWN_ROUNDS)
        return own, own

    def _gather(self, positions: slice) -> Evidence:
        years = self._years_of(positions, 0)
        view = self._without_year(positions, years[0]) if years else self._whole.at(positions)
        return gather_evidence(
            values=view.values,
            offsets=self.panel.offsets,
            last_periods=self.panel.last_periods.astype(np.int64),
            moments=view.moments,
            measure=self._measure.at(positions),
            held=np.array(self._held[positions], dtype=np.int64),
            folds=np.arange(self._folds + 1)[positions],
            keys=self._keys,
            site_codes=self.panel.site_codes,
            frequency=self._request.calendar.frequency,
            means={**view.means, **self._steps_by_year(positions)},
            weights=view.weights,
            lift=view.lift,
        )

    @cached_property
    def _whole(self) -> _View:
        """All cutoffs from one pass."""
        panel, weights = self._without_week(self._held)
        means = self._forecast(panel, self._held, weights)
        return _View(values=self.panel.values, moments=self._measure, means=means, weights=weights, lift=None)

    def _years_of(self, positions: slice, held: int) -> tuple[YearProfile, YearProfile] | None:
        """The year at some cutoffs, for a panel that ends `held` periods earlier."""
        if self._years is None:
            return None
        year = self._years[positions.stop is None]
        cut = replace(year, held=year.held - held)
        return cut, cut

    def _without_year(self, positions: slice, year: YearProfile) -> _View:
        """Some cutoffs, with a profile that knows nothing after the earliest of them."""
        calendar, held, span = self._request.calendar, self._held[positions], self._request.lead_time
        panel, week = self._without_week(held)
        table = year.of_panel(panel, calendar)
        ahead = year.ahead(table, panel, held, self._steps, calendar)
        weights = ahead if week is None else ahead * week
        means = self._forecast(replace(panel, values=year.flatten(panel, table, calendar)), held, weights)
        flat = year.flatten(self.panel, table, calendar)
        moments = measure_history(flat, panel.offsets, np.array(held, dtype=np.int64), span)
        return _View(
            values=flat,
            moments=moments.with_counts_of(self._measure.at(positions)),
            means=means,
            weights=weights,
            lift=ahead[:, :, :span].mean(axis=2),
        )

    def _steps_by_year(self, positions: slice) -> dict[str, Floats]:
        """Steps of a mean series by the yearly profiles known at some cutoffs, shape (cutoffs, series, steps) each."""
        if not self._step_years:
            return {}
        held, calendar = self._held[positions], self._request.calendar
        found = {name: np.full((len(held), len(self.panel), self._steps), np.nan) for name in (YEAR, OWN_YEAR)}
        panel, week = self._without_week(held)
        for place, (cutoff, year) in enumerate(zip(held, self._step_years[positions], strict=True)):
            for name, profile in ((YEAR, year and replace(year, own=False)), (OWN_YEAR, year)):
                if profile is not None:
                    table = profile.of_panel(panel, calendar)
                    ahead = profile.ahead(table, panel, (cutoff,), self._steps, calendar)[0]
                    ahead = ahead if week is None else ahead * week[place]
                    found[name][place] = ahead * self._measure.at(positions).mean[place][:, None]
        return found

    def _without_week(self, held: Sequence[int]) -> tuple[Panel, Floats | None]:
        """The panel as if all weekdays were alike, and the weights of the weekdays of the steps after each cutoff."""
        if self._profile is None:
            return self.panel, None
        weights = self._profile.of_series(self.panel.site_codes)
        ahead = weights_of_steps(weights, self.panel.last_periods, held, self._steps)
        return flatten_week(self.panel, weights), ahead

    def _forecast(self, panel: Panel, held: Sequence[int], weights: Floats | None) -> dict[str, Floats]:
        """Mean of each step by model, shape (cutoffs, series, steps), in the order of `held`; NaN where it failed."""
        models, ascending = point_models_of(self._distributions), sorted(held)
        season = self._request.calendar.frequency.season_length
        points = forecast_points(panel, models=models, cutoffs=ascending, steps=self._steps, season_length=season)
        order = [ascending.index(cutoff) for cutoff in held]
        means = {}
        for k, model in enumerate(models):
            mean = np.where(points.valid[k][:, :, None], points.mean[k], np.nan)[order]
            means[model] = mean if weights is None else mean * weights
        return means

"""The evidence of a panel: for the backtest at every fold, and for the final forecast at the end of history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from batchcast.domain.plan import ForecastRequest
from batchcast.forecast.backtest import Backtest, is_usable, measured_levels, take_actuals
from batchcast.forecast.distributions.candidate import Distribution
from batchcast.forecast.distributions.registry import is_learned, point_models_of
from batchcast.forecast.evidence import Evidence, Floats, Ints, gather_evidence, substitute
from batchcast.forecast.extremes import cut_to_limits, largest_plausible
from batchcast.forecast.learned.learned import Learned, attach_predictions
from batchcast.forecast.models.points import forecast_points
from batchcast.forecast.moments import measure_history
from batchcast.forecast.panel import Panel, series_keys
from batchcast.forecast.weekdays import WeekdayProfile, flatten_week, weights_of_steps


class PanelEvidence:
    """The evidence of a panel, from one pass of every point model over all cutoffs.

    At each cutoff an extreme counts as what the rest of its series makes plausible (`extremes.py`), and so it does in
    what came; with `bounds_extremes` False it counts as it is.
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
        bounds_extremes: bool = True,
    ) -> None:
        self.panel = panel
        self._learned = learned
        self._profile = profile
        self._distributions = distributions
        self._request = request
        self._folds = len(cutoffs)
        self._held = (*cutoffs, 0)  # the final forecast last
        self._keys = series_keys(pa.array(panel.site_codes, pa.string()), pa.array(panel.partnumbers), request.seed)
        self._weights: Floats | None = None
        held = np.array(self._held, dtype=np.int64)
        self._moments = measure_history(panel.values, panel.offsets, held, request.lead_time)
        self._means = self._forecast(point_models_of(distributions), profile)
        self._limits = np.full((len(held), len(panel)), np.inf)  # of a demand, shape (cutoffs, series)
        if bounds_extremes:
            frequency = request.calendar.frequency
            self._limits = largest_plausible(panel.values, panel.offsets, held, frequency)

    def backtest(self) -> Backtest:
        """Evidence at every fold, with the demand after it."""
        request = self._request
        evidence = self._evidence(slice(0, self._folds))
        held = self._held[: self._folds]
        came, limits = self.panel.values, self._limits[-1]
        if np.isfinite(limits).any():
            came = np.minimum(came, np.repeat(limits, self.panel.lengths))
        return Backtest(
            levels=measured_levels(request.service_level),
            service_level=request.service_level,
            evidence=evidence,
            actuals=take_actuals(came, self.panel.offsets, held, request.lead_time),
            usable=is_usable(evidence, self.panel.out_of_stock),
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
        """Evidence of the series that have an extreme at a cutoff, with what it counts as."""
        for place, (held, limits) in enumerate(zip(self._held[positions], self._limits[positions], strict=True)):
            rows = np.flatnonzero(np.isfinite(limits))
            if len(rows):
                gathered = PanelEvidence(
                    cut_to_limits(self.panel, held, limits, rows),
                    self._request,
                    self._distributions,
                    cutoffs=(),
                    profile=self._profile,
                    learned=None,
                    bounds_extremes=False,
                )
                yield place, rows, gathered._gather(slice(0, 1))

    def _gather(self, positions: slice) -> Evidence:
        return gather_evidence(
            values=self.panel.values,
            offsets=self.panel.offsets,
            moments=self._moments.at(positions),
            held=np.array(self._held[positions], dtype=np.int64),
            folds=np.arange(self._folds + 1)[positions],
            keys=self._keys,
            frequency=self._request.calendar.frequency,
            means={model: steps[positions] for model, steps in self._means.items()},
            weights=None if self._weights is None else self._weights[positions],
        )

    def _forecast(self, models: Sequence[str], profile: WeekdayProfile | None) -> dict[str, Floats]:
        """Mean of each step by model, shape (cutoffs, series, steps), in the order of `_held`; NaN where it failed."""
        request, panel = self._request, self.panel
        steps = max(request.steps_from(int(panel.last_periods.min(initial=panel.last_period))), request.lead_time)
        if profile is not None:
            weights = profile.of_series(panel.site_codes)
            panel = flatten_week(panel, weights)
            self._weights = weights_of_steps(weights, panel.last_periods, self._held, steps)
        ascending = sorted(self._held)
        season = request.calendar.frequency.season_length
        points = forecast_points(panel, models=models, cutoffs=ascending, steps=steps, season_length=season)
        order = [ascending.index(held) for held in self._held]
        means = {}
        for k, model in enumerate(models):
            mean = np.where(points.valid[k][:, :, None], points.mean[k], np.nan)[order]
            means[model] = mean if self._weights is None else mean * self._weights
        return means

"""What a planner can ask for, with its defaults and ranges; names are those of the command line."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from batchcast.domain.errors import N_, InvalidSettings, Message

FrequencyChoice = Literal["auto", "D", "W", "M"]
BatchMode = Literal["on", "off", "auto"]
PartitionStrategy = Literal["site", "auto"]
DateOrder = Literal["auto", "day_first", "month_first"]
NumberStyle = Literal["auto", "point", "comma"]
Returns = Literal["net", "ignore", "reject"]
BadRows = Literal["fail", "skip"]
Rounding = Literal["none", "half_up", "ceiling", "floor", "keep_total"]
WeekStart = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

CHOICES: Mapping[str, tuple[str, ...]] = {
    "frequency": get_args(FrequencyChoice),
    "batch_mode": get_args(BatchMode),
    "partition_strategy": get_args(PartitionStrategy),
    "date_order": get_args(DateOrder),
    "number_style": get_args(NumberStyle),
    "returns": get_args(Returns),
    "bad_rows": get_args(BadRows),
    "rounding": get_args(Rounding),
    "week_start": get_args(WeekStart),
}
RANGES: Mapping[str, tuple[float, float]] = {
    "horizon": (1, 365),  # narrower by frequency: `plan` checks it once the frequency is known
    "max_rows_per_partition": (100, 50_000_000),
    "max_execution_time": (1, 86_400),
    "max_partitions": (1, 10_000),
    "max_parallel": (1, 1024),  # and at most the cores of the machine it is asked of: `app.settings_text`
    "memory_limit_mb": (256, 1_048_576),
    "zero_threshold": (0, 10),
    "service_level": (0.5, 0.9999),
    "lead_time": (1, 365),
}
MOST_QUANTILES = 9
FALLBACK_MODEL = "fallback_mean"  # what stands in where no other could forecast; nobody can ask for it
LEARNED_MODELS = ("lightgbm_tweedie", "lightgbm_quantile")  # across all series of a batch
MODEL_NAMES = (
    "zero",
    "naive",
    "seasonal_naive",
    "mean",
    "moving_average",
    "ses",
    "holt_damped",
    "holt_winters",
    "theta",
    "croston",
    "sba",
    "tsb",
    "adida",
    "imapa",
    "linear_decay",
    "empirical",
    "wss",
    "conformal_imapa",
    "conformal_ses",
    *LEARNED_MODELS,
)
_WITHOUT_A_MEAN = {"empirical", "wss", "conformal_imapa", "conformal_ses", "lightgbm_quantile"}
_LEADERBOARD_NAMES = {f"negbin_{model}": model for model in MODEL_NAMES if model not in _WITHOUT_A_MEAN}


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """The settings of one batch.

    Raises:
        InvalidSettings: if any value is out of its range or choices; all of them are named at once.
    """

    horizon: int | None = None  # periods to forecast; None: the frequency's default
    frequency: FrequencyChoice = "auto"  # auto reads it off the dates
    week_start: WeekStart = "monday"
    site_codes: tuple[str, ...] = ()  # normal mode only: these sites; empty: all
    batch_mode: BatchMode = "auto"
    partition_strategy: PartitionStrategy = "site"
    max_rows_per_partition: int = 2000
    max_execution_time: float = 300  # seconds, of one partition
    max_partitions: int = 20
    max_parallel: int | None = None  # partitions at work at once; None: number of cores
    memory_limit_mb: int = 2048  # MB, of one partition's worker
    forecast_start_date: dt.date | None = None  # None: the period after the last one of the history
    date_order: DateOrder = "auto"
    number_style: NumberStyle = "auto"  # decimal point or comma; auto reads it off the whole column
    returns: Returns = "net"
    bad_rows: BadRows = "fail"
    column_mapping: Mapping[str, str] = field(default_factory=dict)  # our column -> column of the file
    rounding: Rounding = "keep_total"
    zero_threshold: float = 0.5  # with half_up, ceiling, floor: a raw forecast under it becomes 0
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)
    models: tuple[str, ...] = ()  # empty: auto
    service_level: float = 0.95
    lead_time: int | None = None  # periods; None: the horizon
    seed: int = 0  # of everything that draws at random

    def __post_init__(self) -> None:
        problems = [*self._choice_problems(), *self._range_problems(), *self._list_problems()]
        if problems:
            raise InvalidSettings(problems)

    @property
    def parallel(self) -> int:
        """Partitions at work at once on this machine."""
        return min(self.max_parallel or usable_cores(), usable_cores())

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values, in the order of the fields; `from_json` reads them back."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        start = self.forecast_start_date
        return values | {
            "forecast_start_date": start.isoformat() if start else None,
            "column_mapping": dict(self.column_mapping),
            "site_codes": list(self.site_codes),
            "quantiles": list(self.quantiles),
            "models": list(self.models),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BatchSettings:
        """The settings that `as_json` gave.

        Raises:
            InvalidSettings: if a name is unknown or a value is out of its range.
        """
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InvalidSettings([_unknown(name, known) for name in unknown])
        start = values.get("forecast_start_date")
        changed = {name: tuple(values[name]) for name in ("site_codes", "quantiles", "models") if name in values}
        if "models" in changed:
            changed["models"] = models_named(changed["models"])
        if isinstance(start, str):
            changed["forecast_start_date"] = dt.date.fromisoformat(start)  # type: ignore[assignment]
        return cls(**(dict(values) | changed))

    def _choice_problems(self) -> list[Message]:
        template = N_("{setting} is {found!r}; it can be {choices}.")
        return [
            Message(template, {"setting": name, "found": getattr(self, name), "choices": ", ".join(choices)})
            for name, choices in CHOICES.items()
            if getattr(self, name) not in choices
        ]

    def _range_problems(self) -> list[Message]:
        template = N_("{setting} is {found}; it must be a number from {low:g} to {high:g}.")
        found = []
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and low <= value <= high):
                found.append(Message(template, {"setting": name, "found": value, "low": low, "high": high}))
        return found

    def _list_problems(self) -> list[Message]:
        found = []
        levels = self.quantiles
        inside = all(_is_number(level) and 0 < level < 1 for level in levels)
        if not inside or not 1 <= len(levels) <= MOST_QUANTILES or len(set(levels)) < len(levels):
            template = N_("quantiles is {found}; give up to {most} different levels in (0, 1), such as 0.1,0.5,0.9.")
            found.append(Message(template, {"found": ",".join(map(str, levels)), "most": MOST_QUANTILES}))
        template = N_("models names {found!r}, which is not a model; there are {choices}.")
        choices = ", ".join(MODEL_NAMES)
        found += [Message(template, {"found": m, "choices": choices}) for m in self.models if m not in MODEL_NAMES]
        return found


def models_named(names: Iterable[str]) -> tuple[str, ...]:
    """The models that are meant, each once: by their own names, or as a leaderboard has them, negbin_ses for ses."""
    return tuple(dict.fromkeys(_LEADERBOARD_NAMES.get(name, name) for name in names))


def usable_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124 NaN


def _unknown(name: str, known: set[str]) -> Message:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return Message(N_("{setting} is not a setting; did you mean {near}?"), {"setting": name, "near": near[0]})
    return Message(N_("{setting} is not a setting."), {"setting": name})

"""Every setting as the page asks for it: its label, a line of help, and what can be chosen; the help has them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from batchcast.domain.errors import N_
from batchcast.domain.settings import CHOICES, MODEL_NAMES, RANGES

Kind = Literal["number", "choice", "text", "date", "models"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One setting."""

    setting: str  # of BatchSettings
    label: str  # marked
    help: str  # marked
    kind: Kind
    everyday: bool = False  # in sight; the others are folded away
    choices: Mapping[str, str] = field(default_factory=dict)  # value -> marked words
    placeholder: str = ""
    step: str = "1"

    @property
    def low(self) -> float | None:
        """The least that it can be."""
        return RANGES[self.setting][0] if self.setting in RANGES else None

    @property
    def high(self) -> float | None:
        """The most that it can be."""
        return RANGES[self.setting][1] if self.setting in RANGES else None


_WEEKDAYS = {
    "monday": N_("Monday"),
    "tuesday": N_("Tuesday"),
    "wednesday": N_("Wednesday"),
    "thursday": N_("Thursday"),
    "friday": N_("Friday"),
    "saturday": N_("Saturday"),
    "sunday": N_("Sunday"),
}

FIELDS: tuple[Field, ...] = (
    Field(
        setting="horizon",
        label=N_("Horizon"),
        help=N_("How many periods to forecast. Left empty: 7 days, 8 weeks or 12 months."),
        kind="number",
        everyday=True,
    ),
    Field(
        setting="date_order",
        label=N_("Date order"),
        help=N_("How 03/04/2025 reads. Automatic decides on the whole column, and asks where it can't."),
        kind="choice",
        everyday=True,
        choices={
            "auto": N_("Automatic"),
            "day_first": N_("Day first: 31/12/2025"),
            "month_first": N_("Month first: 12/31/2025"),
        },
    ),
    Field(
        setting="rounding",
        label=N_("Rounding"),
        help=N_("How the planning figure becomes whole. Keeping the total never loses a rarely used part."),
        kind="choice",
        everyday=True,
        choices={
            "keep_total": N_("Keep each part's total"),
            "half_up": N_("To the nearest"),
            "ceiling": N_("Always up"),
            "floor": N_("Always down"),
            "none": N_("Not at all"),
        },
    ),
    Field(
        setting="frequency",
        label=N_("Period"),
        help=N_("What one period is. Automatic reads it off the dates."),
        kind="choice",
        choices={"auto": N_("Automatic"), "D": N_("Day"), "W": N_("Week"), "M": N_("Month")},
    ),
    Field(
        setting="week_start",
        label=N_("First day of the week"),
        help=N_("Where the period is a week."),
        kind="choice",
        choices=_WEEKDAYS,
    ),
    Field(
        setting="forecast_start_date",
        label=N_("First day to forecast"),
        help=N_("Left empty: the period after the last one in the file."),
        kind="date",
    ),
    Field(
        setting="number_style",
        label=N_("Decimal sign"),
        help=N_("How 1,234 reads. Automatic decides on the whole column, and asks where it can't."),
        kind="choice",
        choices={"auto": N_("Automatic"), "point": N_("Point: 1,234.5"), "comma": N_("Comma: 1.234,5")},
    ),
    Field(
        setting="returns",
        label=N_("Returns"),
        help=N_("What becomes of negative quantities."),
        kind="choice",
        choices={
            "net": N_("Taken off the period's demand"),
            "ignore": N_("Left out"),
            "reject": N_("Refused as rows that can't be read"),
        },
    ),
    Field(
        setting="bad_rows",
        label=N_("Rows that can't be read"),
        help=N_("Stop until they are corrected, or go on without them; they can be downloaded either way."),
        kind="choice",
        choices={"fail": N_("Stop"), "skip": N_("Go on without them")},
    ),
    Field(
        setting="column_mapping",
        label=N_("Columns"),
        help=N_("Which column of the file is which, where its name is not known: date=Posting day, demand_qty=Out."),
        kind="text",
        placeholder="demand_qty=Qty Out",
    ),
    Field(
        setting="partition_strategy",
        label=N_("How to partition"),
        help=N_("A partition for each site keeps a site together; by size fills them evenly."),
        kind="choice",
        choices={"site": N_("By site (recommended)"), "auto": N_("By size")},
    ),
    Field(
        setting="max_rows_per_partition",
        label=N_("Rows in a partition"),
        help=N_("What fills a partition where it is by size."),
        kind="number",
    ),
    Field(
        setting="max_partitions",
        label=N_("Most partitions"),
        help=N_("With more sites than this, the smallest ones share partitions."),
        kind="number",
    ),
    Field(
        setting="max_execution_time",
        label=N_("Time limit of a partition, in seconds"),
        help=N_("A partition that takes longer is stopped, and the whole batch is rolled back."),
        kind="number",
        step="any",
    ),
    Field(
        setting="memory_limit_mb",
        label=N_("Memory limit of a partition, in MB"),
        help=N_("A partition that takes more is stopped, and the whole batch is rolled back."),
        kind="number",
    ),
    Field(
        setting="max_parallel",
        label=N_("Partitions at work at once"),
        help=N_("Left empty: as many as the server has cores."),
        kind="number",
    ),
    Field(
        setting="quantiles",
        label=N_("Quantiles"),
        help=N_("0.9 is the demand that is not exceeded nine times in ten. Up to nine, with commas between them."),
        kind="text",
        placeholder="0.1,0.5,0.9",
    ),
    Field(
        setting="service_level",
        label=N_("Service level"),
        help=N_("The probability of no stockout that the reorder point is to give."),
        kind="number",
        step="any",
    ),
    Field(
        setting="lead_time",
        label=N_("Lead time, in periods"),
        help=N_("From order to receipt. Left empty: the horizon."),
        kind="number",
    ),
    Field(
        setting="zero_threshold",
        label=N_("Zero below"),
        help=N_("With rounding to the nearest, up or down: a raw forecast under it becomes 0."),
        kind="number",
        step="any",
    ),
    Field(
        setting="models",
        label=N_("Models"),
        help=N_("Automatic lets a backtest choose; or name the models to choose from, with commas between them."),
        kind="text",
        placeholder=", ".join(MODEL_NAMES[:3]),
    ),
    Field(
        setting="seed",
        label=N_("Seed"),
        help=N_("Of everything that draws at random: the same seed gives the same result."),
        kind="number",
    ),
)
BY_SETTING: Mapping[str, Field] = {one.setting: one for one in FIELDS}
ELSEWHERE = frozenset({"batch_mode", "site_codes"})  # settings with a place of their own on the page

assert all(set(one.choices) == set(CHOICES[one.setting]) for one in FIELDS if one.choices)  # noqa: S101 ours to keep

"""Every setting as the page asks for it: its label, a line of help, and what can be chosen; the help has them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from batchcast.domain.message import mark
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
    "monday": mark("Monday"),
    "tuesday": mark("Tuesday"),
    "wednesday": mark("Wednesday"),
    "thursday": mark("Thursday"),
    "friday": mark("Friday"),
    "saturday": mark("Saturday"),
    "sunday": mark("Sunday"),
}

FIELDS: tuple[Field, ...] = (
    Field(
        setting="horizon",
        label=mark("Horizon"),
        help=mark("How many periods to forecast. Left empty: 7 days, 8 weeks or 12 months."),
        kind="number",
        everyday=True,
    ),
    Field(
        setting="date_order",
        label=mark("Date order"),
        help=mark("How 03/04/2025 reads. Automatic decides on the whole column, and asks where it can't."),
        kind="choice",
        everyday=True,
        choices={
            "auto": mark("Automatic"),
            "day_first": mark("Day first: 31/12/2025"),
            "month_first": mark("Month first: 12/31/2025"),
        },
    ),
    Field(
        setting="rounding",
        label=mark("Rounding"),
        help=mark("How the planning figure becomes whole. Keeping the total never loses a rarely used part."),
        kind="choice",
        everyday=True,
        choices={
            "keep_total": mark("Keep each part's total"),
            "half_up": mark("To the nearest"),
            "ceiling": mark("Always up"),
            "floor": mark("Always down"),
            "none": mark("Not at all"),
        },
    ),
    Field(
        setting="frequency",
        label=mark("Period"),
        help=mark("What one period is. Automatic reads it off the dates."),
        kind="choice",
        choices={"auto": mark("Automatic"), "D": mark("Day"), "W": mark("Week"), "M": mark("Month")},
    ),
    Field(
        setting="week_start",
        label=mark("First day of the week"),
        help=mark("Where the period is a week."),
        kind="choice",
        choices=_WEEKDAYS,
    ),
    Field(
        setting="forecast_start_date",
        label=mark("First day to forecast"),
        help=mark("Left empty: the period after the last one in the file."),
        kind="date",
    ),
    Field(
        setting="number_style",
        label=mark("Decimal sign"),
        help=mark("How 1,234 reads. Automatic decides on the whole column, and asks where it can't."),
        kind="choice",
        choices={"auto": mark("Automatic"), "point": mark("Point: 1,234.5"), "comma": mark("Comma: 1.234,5")},
    ),
    Field(
        setting="returns",
        label=mark("Returns"),
        help=mark("What becomes of negative quantities."),
        kind="choice",
        choices={
            "net": mark("Taken off the period's demand"),
            "ignore": mark("Left out"),
            "reject": mark("Refused as rows that can't be read"),
        },
    ),
    Field(
        setting="bad_rows",
        label=mark("Rows that can't be read"),
        help=mark("Stop until they are corrected, or go on without them; they can be downloaded either way."),
        kind="choice",
        choices={"fail": mark("Stop"), "skip": mark("Go on without them")},
    ),
    Field(
        setting="column_mapping",
        label=mark("Columns"),
        help=mark("Which column of the file is which, where its name is not known: date=Posting day, demand_qty=Out."),
        kind="text",
        placeholder="demand_qty=Qty Out",
    ),
    Field(
        setting="partition_strategy",
        label=mark("How to partition"),
        help=mark("A partition for each site keeps a site together; by size fills them evenly."),
        kind="choice",
        choices={"site": mark("By site (recommended)"), "auto": mark("By size")},
    ),
    Field(
        setting="max_rows_per_partition",
        label=mark("Rows in a partition"),
        help=mark("What fills a partition where it is by size."),
        kind="number",
    ),
    Field(
        setting="max_partitions",
        label=mark("Most partitions"),
        help=mark("With more sites than this, the smallest ones share partitions."),
        kind="number",
    ),
    Field(
        setting="max_execution_time",
        label=mark("Time limit of a partition, in seconds"),
        help=mark("A partition that takes longer is stopped, and the whole batch is rolled back."),
        kind="number",
        step="any",
    ),
    Field(
        setting="memory_limit_mb",
        label=mark("Memory limit of a partition, in MB"),
        help=mark("A partition that takes more is stopped, and the whole batch is rolled back."),
        kind="number",
    ),
    Field(
        setting="max_parallel",
        label=mark("Partitions at work at once"),
        help=mark("Left empty: as many as the server has cores."),
        kind="number",
    ),
    Field(
        setting="quantiles",
        label=mark("Quantiles"),
        help=mark("0.9 is the demand that is not exceeded nine times in ten. Up to nine, with commas between them."),
        kind="text",
        placeholder="0.1,0.5,0.9",
    ),
    Field(
        setting="service_level",
        label=mark("Service level"),
        help=mark("The probability of no stockout that the reorder point is to give."),
        kind="number",
        step="any",
    ),
    Field(
        setting="lead_time",
        label=mark("Lead time, in periods"),
        help=mark("From order to receipt. Left empty: the horizon."),
        kind="number",
    ),
    Field(
        setting="zero_threshold",
        label=mark("Zero below"),
        help=mark("With rounding to the nearest, up or down: a raw forecast under it becomes 0."),
        kind="number",
        step="any",
    ),
    Field(
        setting="models",
        label=mark("Models"),
        help=mark("Automatic lets a backtest choose; or name the models to choose from, with commas between them."),
        kind="text",
        placeholder=", ".join(MODEL_NAMES[:3]),
    ),
    Field(
        setting="seed",
        label=mark("Seed"),
        help=mark("Of everything that draws at random: the same seed gives the same result."),
        kind="number",
    ),
)
BY_SETTING: Mapping[str, Field] = {one.setting: one for one in FIELDS}
ELSEWHERE = frozenset({"batch_mode", "site_codes"})  # settings with a place of their own on the page

assert all(set(one.choices) == set(CHOICES[one.setting]) for one in FIELDS if one.choices)  # noqa: S101 ours to keep

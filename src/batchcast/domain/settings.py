"""What a planner can ask for: ONE declaration of each setting, from which everything else about it is derived.

The command's option, the form's field, the API's schema, the reading of texts, the checks, and what a retry does again
follow from the fields of `BatchSettings`. docs/how-to.md says how a setting is added.
"""
# ruff: noqa: RUF009 - `_declared` is `field`

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Concatenate, Final, Literal, ParamSpec

from batchcast.domain.errors import N_, InvalidSettings, Message

FrequencyChoice = Literal["auto", "D", "W", "M"]
BatchMode = Literal["on", "off", "auto"]
PartitionStrategy = Literal["site", "auto"]
DateOrder = Literal["auto", "day_first", "month_first", "year_first", "year_month", "year_week", "year_day"]
Era = Literal["common", "buddhist"]
FutureRows = Literal["auto", "refuse", "keep"]
Encoding = Literal[
    "auto",
    "utf-8",
    "windows-1252",
    "windows-1250",
    "windows-1251",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "windows-874",
    "shift-jis",
    "euc-jp",
    "gb18030",
    "big5",
    "euc-kr",
    "iso-8859-2",
    "koi8-r",
    "koi8-u",
    "mac-roman",
    "dos-437",
    "dos-850",
    "dos-852",
    "dos-866",
    "dos-737",
    "dos-775",
    "dos-857",
    "dos-862",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-15",
    "iso-8859-16",
    "mac-central-europe",
    "mac-cyrillic",
    "mac-greek",
    "mac-icelandic",
    "mac-turkish",
    "iso-2022-jp",
]
FiscalYearStart = Literal[
    "auto",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
FiscalYearNamed = Literal["auto", "start", "end"]
NumberStyle = Literal["auto", "point", "comma"]
DemandSign = Literal["auto", "positive", "negative"]
Returns = Literal["net", "ignore", "reject"]
Overlaps = Literal["auto", "latest", "earliest", "sum"]
BadRows = Literal["fail", "skip"]
Rounding = Literal["none", "half_up", "ceiling", "floor", "keep_total"]
UseMarks = Literal["on", "off"]
UseRecipes = Literal["auto", "off", "always"]
WeekStart = Literal["auto", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

Kind = Literal[
    "choice",  # one of `choices`
    "whole",  # a whole number
    "number",
    "date",  # YYYY-MM-DD
    "numbers",  # separated by commas
    "model_names",  # of models, separated by commas; auto: none is named. `app` checks the names
    "text",
    "words",  # separated by commas
    "texts",  # given several times
    "mapping",  # key=value, given several times
    "filters",  # column=value,value, given several times
    "ends",  # YYYY-MM-DD or SITE=YYYY-MM-DD, given several times
    "event_lines",  # YYYY-MM-DD..YYYY-MM-DD NAME @ SITE, a line each; or a file of them
    "mark_lines",  # YYYY-MM-DD..YYYY-MM-DD exclude PART @ SITE, a line each
]
Decides = Literal[
    "reading",  # how the file is read: a retry with another value reads it again
    "numbers",  # what is forecast: a retry with another value forecasts again
    "work",  # how the work is done: no number of the result changes, and a retry takes the results there are
]
Group = Literal["input", "forecast", "inventory", "work"]
GROUPS: Mapping[Group, str] = {
    "input": N_("Data"),
    "forecast": N_("Forecast"),
    "inventory": N_("Stock"),
    "work": N_("Machine"),
}
MOST_QUANTILES = 9
NO_ATTRIBUTES = "="  # among `attributes`: none is kept, unless others are named
_Fields = ParamSpec("_Fields")


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """The declaration of one setting; a sentence for people is marked with N_."""

    kind: Kind
    decides: Decides
    group: Group  # heading of the command's help; the form has this order too
    label: str  # of the form's field
    help: str  # a sentence for the command, the form and the API
    name: str = ""  # of the field of BatchSettings, from which it is filled in
    default: Any = None  # likewise
    default_words: str = ""  # what holds without a value, where the default is none or empty
    choices: Mapping[str, str] = field(default_factory=dict)  # value -> words of the form
    low: float | None = None  # the least number allowed
    high: float | None = None  # the greatest number allowed
    unit: Literal["", "periods", "seconds", "MB"] = ""
    option: str = ""  # a shorter name of the command's option, without dashes
    metavar: str = ""  # what the command's help writes for the value; empty: derived
    example: str = ""  # what the form shows in an empty field
    is_everyday: bool = False  # the form shows it at once; others are folded away
    has_own_place: bool = False  # the form shows it elsewhere than among the fields
    is_remembered: bool = True  # the browser proposes the value for the next file
    of_stock_file: bool = False  # also decides how a stock file is read
    is_of_form: bool = False  # holds for every file that one report exports: a recipe keeps it
    is_share: bool = False  # a number from 0 to 1 that a person reads as 95%
    answers: str = ""  # slug of the refusal that asks a person for this setting

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the command's option, the short one first."""
        own = "--" + self.name.replace("_", "-")
        return (f"--{self.option}", own) if self.option else (own,)

    @property
    def value_name(self) -> str:
        """What the command's help writes for the value."""
        return self.metavar or "|".join(self.choices) or self.unit.upper() or "N"

    @property
    def is_repeated(self) -> bool:
        """Each text that is given is one value of several; others hold one text."""
        return self.kind in ("texts", "mapping", "filters", "ends", "event_lines", "mark_lines")

    @property
    def is_number(self) -> bool:
        """The value is one number."""
        return self.kind in ("whole", "number")

    @property
    def default_text(self) -> str:
        """The default as a person types it; empty where there is none: then `default_words` says what holds."""
        if self.kind == "numbers":
            return ",".join(f"{level:g}" for level in self.default)
        return "" if self.is_repeated or self.default in (None, ()) else str(self.default)


def _takes_fields_of(setting: Callable[_Fields, Setting]) -> Callable[Concatenate[Any, _Fields], Any]:
    """What makes a field of BatchSettings from its default (a type: made anew for each) and the fields of Setting."""

    def declare(default: Any, /, *args: _Fields.args, **declared: _Fields.kwargs) -> Any:
        metadata = {"setting": setting(*args, **declared)}
        if isinstance(default, type):
            return field(default_factory=default, metadata=metadata)
        return field(default=default, metadata=metadata)

    return declare


_declared = _takes_fields_of(Setting)
_AUTOMATIC = N_("Automatic")


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """The settings of one batch.

    Raises:
        InvalidSettings: if any value is out of its range or choices; all of them are named at once.
    """

    horizon: int | None = _declared(
        None,
        kind="whole",
        decides="numbers",
        group="forecast",
        label=N_("Horizon"),
        help=N_("How many periods to forecast."),
        default_words=N_("7 days, 8 weeks or 12 months"),
        low=1,
        high=365,  # narrower by frequency: `plan` checks it once the frequency is known
        unit="periods",
        is_everyday=True,
    )
    frequency: FrequencyChoice = _declared(
        "auto",
        kind="choice",
        decides="numbers",
        group="forecast",
        label=N_("Period"),
        help=N_("What one period is; automatic reads it off the dates."),
        choices={"auto": _AUTOMATIC, "D": N_("Day"), "W": N_("Week"), "M": N_("Month")},
        is_of_form=True,
    )
    week_start: WeekStart = _declared(
        "auto",
        kind="choice",
        decides="numbers",
        group="forecast",
        label=N_("First day of the week"),
        help=N_("The day that weeks start on; automatic takes the weekday of weekly dates, else Monday."),
        choices={
            "auto": _AUTOMATIC,
            "monday": N_("Monday"),
            "tuesday": N_("Tuesday"),
            "wednesday": N_("Wednesday"),
            "thursday": N_("Thursday"),
            "friday": N_("Friday"),
            "saturday": N_("Saturday"),
            "sunday": N_("Sunday"),
        },
        metavar="DAY",
        is_of_form=True,
    )
    site_codes: tuple[str, ...] = _declared(
        (),
        kind="texts",
        decides="work",
        group="forecast",
        label=N_("Sites to forecast"),
        help=N_("Forecast this site only. Batch mode ignores it and says so."),
        default_words=N_("all sites"),
        option="site",
        metavar="SITE",
        has_own_place=True,
        is_remembered=False,
    )
    batch_mode: BatchMode = _declared(
        "auto",
        kind="choice",
        decides="work",
        group="work",
        label=N_("Auto Batch Processing"),
        help=N_("Cut the work into partitions; automatic does from 5,000 rows, or 5 sites and 500 parts."),
        choices={"on": N_("On"), "off": N_("Off"), "auto": _AUTOMATIC},
        has_own_place=True,
    )
    partition_strategy: PartitionStrategy = _declared(
        "site",
        kind="choice",
        decides="work",
        group="work",
        label=N_("How to partition"),
        help=N_("A partition for each site keeps a site together; by size fills them evenly."),
        choices={"site": N_("By site (recommended)"), "auto": N_("By size")},
        option="strategy",
    )
    max_rows_per_partition: int = _declared(
        2000,
        kind="whole",
        decides="work",
        group="work",
        label=N_("Rows in a partition"),
        help=N_("Rows that fill a partition where it is by size (strategy auto)."),
        low=100,
        high=50_000_000,
        option="max-rows",
    )
    max_execution_time: float = _declared(
        300,
        kind="number",
        decides="work",
        group="work",
        label=N_("Time limit of a partition, in seconds"),
        help=N_("A partition that takes longer is stopped, and the whole batch is rolled back."),
        low=1,
        high=86_400,
        unit="seconds",
        option="timeout",
    )
    max_partitions: int = _declared(
        20,
        kind="whole",
        decides="work",
        group="work",
        label=N_("Most partitions"),
        help=N_("With more sites than this, the smallest ones share partitions."),
        low=1,
        high=10_000,
    )
    max_parallel: int | None = _declared(
        None,
        kind="whole",
        decides="work",
        group="work",
        label=N_("Partitions at work at once"),
        help=N_("How many partitions are at work at once; at most the cores of the machine."),
        default_words=N_("the number of cores"),
        low=1,
        high=1024,
        option="parallel",
    )
    memory_limit_mb: int = _declared(
        2048,
        kind="whole",
        decides="work",
        group="work",
        label=N_("Memory limit of a partition, in MB"),
        help=N_("A partition whose worker takes more memory is stopped, and the whole batch is rolled back."),
        low=256,
        high=1_048_576,
        unit="MB",
        option="memory-limit",
    )
    forecast_start_date: dt.date | None = _declared(
        None,
        kind="date",
        decides="numbers",
        group="forecast",
        label=N_("First day to forecast"),
        help=N_("First day to forecast; inside the history, later demand is not seen."),
        default_words=N_("the period after the history ends"),
        option="start",
        metavar="YYYY-MM-DD",
        is_remembered=False,
    )
    closed_through: tuple[str, ...] = _declared(
        (),
        kind="ends",
        decides="numbers",
        group="forecast",
        label=N_("Closed through"),
        help=N_("The last day whose demand is complete, of all sites or of one; what ends later is not learned from."),
        default_words=N_("derived from the dates and today"),
        metavar="[SITE=]YYYY-MM-DD",
        example="2025-06-30, Sofifi=2025-06-10",
        is_remembered=False,
    )
    date_order: DateOrder = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Date order"),
        help=N_("How 03/04/2025 or 202504 reads; automatic decides on the whole column, and asks where it can't."),
        choices={
            "auto": _AUTOMATIC,
            "day_first": N_("Day first: 31/12/2025"),
            "month_first": N_("Month first: 12/31/2025"),
            "year_first": N_("Year first: 25-12-31"),
            "year_month": N_("Year and month: 202512"),
            "year_week": N_("Year and week: 202552"),
            "year_day": N_("Year and day: 2025365, 125365"),
        },
        is_remembered=False,
        of_stock_file=True,
        answers="ambiguous-dates",
        is_of_form=True,
    )
    era: Era = _declared(
        "common",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Calendar of the years"),
        help=N_("Whether 2567 is a year of the Buddhist calendar, as in Thailand: 2024 of the common one."),
        choices={"common": N_("Common: 2024"), "buddhist": N_("Buddhist: 2567 is 2024")},
        is_remembered=False,
        of_stock_file=True,
        is_of_form=True,
    )
    fiscal_year_start: FiscalYearStart = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("First month of a fiscal year"),
        help=N_("The month that period 1 is, where dates are periods of a year: P01/2024, 003.2024."),
        choices={
            "auto": _AUTOMATIC,
            "january": N_("January"),
            "february": N_("February"),
            "march": N_("March"),
            "april": N_("April"),
            "may": N_("May"),
            "june": N_("June"),
            "july": N_("July"),
            "august": N_("August"),
            "september": N_("September"),
            "october": N_("October"),
            "november": N_("November"),
            "december": N_("December"),
        },
        metavar="MONTH",
        is_remembered=False,
        is_of_form=True,
    )
    fiscal_year_named: FiscalYearNamed = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Year of a fiscal year"),
        help=N_("Whether the fiscal year 2024 begins in 2024 or ends in it; asked where it makes a difference."),
        choices={
            "auto": _AUTOMATIC,
            "start": N_("The year in which it begins"),
            "end": N_("The year in which it ends"),
        },
        is_remembered=False,
        is_of_form=True,
    )
    first_year: int | None = _declared(
        None,
        kind="whole",
        decides="reading",
        group="input",
        label=N_("Year of the first period"),
        help=N_("Of a column for each month, week or day without a year; where they begin again, the next year does."),
        default_words=N_("the year in each header"),
        low=1950,
        high=2150,
        metavar="YEAR",
        has_own_place=True,
        is_remembered=False,
    )
    today: dt.date | None = _declared(  # None: no date is judged by it; use cases fill in the day of the calendar
        None,
        kind="date",
        decides="reading",
        group="input",
        label=N_("Today"),
        help=N_("The day the file is read on: later dates are unlikely. The certificate keeps it."),
        default_words=N_("the day of the calendar"),
        metavar="YYYY-MM-DD",
        is_remembered=False,
        of_stock_file=True,
    )
    timezone: str = _declared(
        "auto",
        kind="text",
        decides="reading",
        group="input",
        label=N_("Time zone"),
        help=N_("The zone whose days time stamps count on, such as Asia/Makassar; auto takes the written day."),
        metavar="ZONE",
        example="Asia/Makassar",
        is_remembered=False,
        of_stock_file=True,
        is_of_form=True,
    )
    future_rows: FutureRows = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Rows after today"),
        help=N_("Rows dated after today, or years away from the rest; automatic refuses a few, and asks for many."),
        choices={"auto": _AUTOMATIC, "refuse": N_("Refuse them"), "keep": N_("Keep them")},
        is_remembered=False,
    )
    encoding: Encoding = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Encoding"),
        help=N_(
            "How the letters of a text that is no UTF-8 are read; automatic goes by its letters, and asks in doubt."
        ),
        choices={
            "auto": _AUTOMATIC,
            "utf-8": "UTF-8",
            "windows-1252": "Windows-1252",
            "windows-1250": "Windows-1250",
            "windows-1251": "Windows-1251",
            "windows-1253": "Windows-1253",
            "windows-1254": "Windows-1254",
            "windows-1255": "Windows-1255",
            "windows-1256": "Windows-1256",
            "windows-1257": "Windows-1257",
            "windows-1258": "Windows-1258",
            "windows-874": "Windows-874",
            "shift-jis": "Shift-JIS",
            "euc-jp": "EUC-JP",
            "gb18030": "GB18030",
            "big5": "Big5",
            "euc-kr": "EUC-KR",
            "iso-8859-2": "ISO-8859-2",
            "koi8-r": "KOI8-R",
            "koi8-u": "KOI8-U",
            "mac-roman": "Mac Roman",
            "dos-437": "DOS 437",
            "dos-850": "DOS 850",
            "dos-852": "DOS 852",
            "dos-866": "DOS 866",
            "dos-737": "DOS 737",
            "dos-775": "DOS 775",
            "dos-857": "DOS 857",
            "dos-862": "DOS 862",
            "iso-8859-3": "ISO-8859-3",
            "iso-8859-4": "ISO-8859-4",
            "iso-8859-5": "ISO-8859-5",
            "iso-8859-6": "ISO-8859-6",
            "iso-8859-7": "ISO-8859-7",
            "iso-8859-10": "ISO-8859-10",
            "iso-8859-13": "ISO-8859-13",
            "iso-8859-15": "ISO-8859-15",
            "iso-8859-16": "ISO-8859-16",
            "mac-central-europe": "Mac Central Europe",
            "mac-cyrillic": "Mac Cyrillic",
            "mac-greek": "Mac Greek",
            "mac-icelandic": "Mac Icelandic",
            "mac-turkish": "Mac Turkish",
            "iso-2022-jp": "ISO-2022-JP",
        },
        metavar="NAME",
        is_remembered=False,
        of_stock_file=True,
        answers="ambiguous-encoding",
        is_of_form=True,
    )
    number_style: NumberStyle = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Decimal sign"),
        help=N_("How 1,234 reads; automatic decides on the whole column, and asks where it can't."),
        choices={"auto": _AUTOMATIC, "point": N_("Point: 1,234.5"), "comma": N_("Comma: 1.234,5")},
        is_remembered=False,
        of_stock_file=True,
        answers="ambiguous-numbers",
        is_of_form=True,
    )
    quantity_units: tuple[str, ...] = _declared(
        (),
        kind="words",
        decides="reading",
        group="input",
        label=N_("Units of the quantities"),
        help=N_("Where quantities are written as 10 EA: the units that are read, with commas between them."),
        default_words=N_("the one there is; several are a question"),
        metavar="UNIT,…",
        example="EA, PCS",
        is_remembered=False,
        of_stock_file=True,
        answers="several-units",
        is_of_form=True,
    )
    demand_sign: DemandSign = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Sign of the demand"),
        help=N_("Whether demand is written positive or negative, as goods issues are; automatic asks in doubt."),
        choices={
            "auto": _AUTOMATIC,
            "positive": N_("Demand is positive, returns are negative"),
            "negative": N_("Demand is negative, returns are positive"),
        },
        is_remembered=False,
        answers="ambiguous-sign",
        is_of_form=True,
    )
    only_rows: tuple[str, ...] = _declared(
        (),
        kind="filters",
        decides="reading",
        group="input",
        label=N_("Only rows with"),
        help=N_("Read only the rows that hold one of these values in a column of the file, to the letter."),
        default_words=N_("all rows"),
        metavar="COLUMN=VALUE,…",
        example="Movement type=201,261",
        is_remembered=False,
        of_stock_file=True,
        answers="receipts-and-issues",
        is_of_form=True,
    )
    returns: Returns = _declared(
        "net",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Returns"),
        help=N_("Quantities of the other sign: taken off the period's demand, left out, or refused."),
        choices={
            "net": N_("Taken off the period's demand"),
            "ignore": N_("Left out"),
            "reject": N_("Refused as rows that can't be read"),
        },
        is_of_form=True,
    )
    overlaps: Overlaps = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Files that overlap"),
        help=N_(
            "Files of one folder or zip, or runs of one file, with the same days: which counts; automatic asks where "
            "they differ."
        ),
        choices={
            "auto": _AUTOMATIC,
            "latest": N_("The last: by name, or in one file by place"),
            "earliest": N_("The first: by name, or in one file by place"),
            "sum": N_("Their sum"),
        },
        is_remembered=False,
        answers="overlapping-files",
    )
    bad_rows: BadRows = _declared(
        "fail",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Rows that can't be read"),
        help=N_("Stop at rows that can't be read, or go on without them; either way they are listed."),
        choices={"fail": N_("Stop"), "skip": N_("Go on without them")},
        is_remembered=False,
        of_stock_file=True,
    )
    max_refused_share: float = _declared(
        0.05,
        kind="number",
        decides="reading",
        group="input",
        label=N_("Most rows left out, as a share"),
        help=N_("The share of rows that may be left out; above it the file is refused, also where it is to go on."),
        low=0,
        high=1,
        is_share=True,
        metavar="SHARE",
        is_remembered=False,
        of_stock_file=True,
    )
    column_mapping: Mapping[str, str] = _declared(  # our column -> column of the file
        dict,
        kind="mapping",
        decides="reading",
        group="input",
        label=N_("Columns"),
        help=N_("Which column of the file is date, partnumber, site_code, demand_qty or on_hand."),
        default_words=N_("known by their names"),
        option="map",
        metavar="COLUMN=NAME",
        example="demand_qty=Qty Out",
        has_own_place=True,
        is_remembered=False,
        of_stock_file=True,
        is_of_form=True,
    )
    ignore_columns: tuple[str, ...] = _declared(
        (),
        kind="texts",
        decides="reading",
        group="input",
        label=N_("Columns to leave out"),
        help=N_("A column of the file that is not read, such as a total among the periods."),
        default_words=N_("none"),
        option="ignore-column",
        metavar="NAME",
        has_own_place=True,
        is_remembered=False,
        of_stock_file=True,
        is_of_form=True,
    )
    history_marks: tuple[str, ...] = _declared(
        (),
        kind="mark_lines",
        decides="reading",
        group="input",
        label=N_("Marks on the history"),
        help=N_(
            "Days of a part that are not learned from (one-off), or on which it was out of stock (stock-out), a line "
            "each: 2025-07-01..2025-07-31 one-off P-1 @ Sofifi. A server adds the marks that planners keep on it."
        ),
        default_words=N_("none"),
        option="mark",
        metavar="MARK",
        example=N_("2025-07-01..2025-07-31 one-off P-1 @ Sofifi"),
        is_remembered=False,
    )
    use_marks: UseMarks = _declared(
        "on",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Use marks"),
        help=N_("Whether marks on the history count, those that planners keep on a server too."),
        choices={"on": N_("Yes"), "off": N_("No: read the history as it is")},
        is_remembered=False,
    )
    use_recipes: UseRecipes = _declared(
        "auto",
        kind="choice",
        decides="reading",
        group="input",
        label=N_("Use recipes"),
        help=N_(
            "Whether a file is read by the recipe that is kept for its header; automatic asks where it does not fit."
        ),
        choices={
            "auto": _AUTOMATIC,
            "off": N_("No: read the file without a recipe"),
            "always": N_("Yes, also where it does not fit"),
        },
        is_remembered=False,
        of_stock_file=True,
        answers="recipe-does-not-fit",
    )
    attributes: tuple[str, ...] = _declared(
        (),
        kind="texts",
        decides="reading",
        group="input",
        label=N_("Columns to keep with each part"),
        help=N_("A column to filter and group the parts by, such as family or supplier; = keeps none."),
        default_words=N_("those whose value hardly differs within a part"),
        option="attribute",
        metavar="NAME",
        has_own_place=True,
        is_remembered=False,
        is_of_form=True,
    )
    release: tuple[str, ...] = _declared(
        (),
        kind="texts",
        decides="work",
        group="inventory",
        label=N_("Parts to release"),
        help=N_("A part that is ordered although it is held back: PART, SITE=PART, or all."),
        default_words=N_("none"),
        metavar="PART",
        has_own_place=True,
        is_remembered=False,
        of_stock_file=True,
    )
    rounding: Rounding = _declared(
        "keep_total",
        kind="choice",
        decides="numbers",
        group="forecast",
        label=N_("Rounding"),
        help=N_("How the planning figure becomes whole; keeping each part's total never loses a rarely used part."),
        choices={
            "none": N_("Not at all"),
            "half_up": N_("To the nearest"),
            "ceiling": N_("Always up"),
            "floor": N_("Always down"),
            "keep_total": N_("Keep each part's total"),
        },
    )
    zero_threshold: float = _declared(
        0.5,
        kind="number",
        decides="numbers",
        group="forecast",
        label=N_("Zero below"),
        help=N_("A raw forecast under it becomes 0, with rounding to the nearest, up or down."),
        low=0,
        high=10,
        metavar="QTY",
    )
    quantiles: tuple[float, ...] = _declared(
        (0.1, 0.5, 0.9),
        kind="numbers",
        decides="numbers",
        group="inventory",
        label=N_("Quantiles"),
        help=N_("Up to nine, with commas between them; 0.9 is the demand not exceeded nine times in ten."),
        metavar="Q,…",
        example="0.1,0.5,0.9",
    )
    models: tuple[str, ...] = _declared(
        (),
        kind="model_names",
        decides="numbers",
        group="forecast",
        label=N_("Models"),
        help=N_("Models to choose from."),
        default_words=N_("auto, the best by backtest"),
        metavar="NAME,…",
        example="zero, naive, seasonal_naive",
    )
    service_level: float = _declared(
        0.95,
        kind="number",
        decides="numbers",
        group="inventory",
        label=N_("Service level"),
        help=N_("The probability of no stockout that the reorder point is to give."),
        low=0.5,
        high=0.9999,
        is_share=True,
        metavar="P",
        is_everyday=True,
    )
    lead_time: int | None = _declared(
        None,
        kind="whole",
        decides="numbers",
        group="inventory",
        label=N_("Lead time, in periods"),
        help=N_("Periods from order to receipt."),
        default_words=N_("the horizon"),
        low=1,
        high=365,  # as for the horizon
        unit="periods",
        is_everyday=True,
    )
    holidays: str = _declared(
        "none",
        kind="text",
        decides="numbers",
        group="forecast",
        label=N_("Country of holidays"),
        help=N_("Learn what holidays that move change, such as Eid al-Fitr or Easter: the code of a country, or none."),
        metavar="COUNTRY",
        example="ID",
    )
    events: tuple[str, ...] = _declared(
        (),
        kind="event_lines",
        decides="numbers",
        group="forecast",
        label=N_("Events"),
        help=N_(
            "Shutdowns, campaigns and the like, past and to come: a file with date and name, and perhaps until and "
            "site_code. As text, a line each: 2025-03-01..2025-03-14 Campaign @ Sofifi."
        ),
        default_words=N_("none"),
        metavar="FILE",
        example="2025-03-01..2025-03-14 Campaign @ Sofifi",
        is_remembered=False,
    )
    seed: int = _declared(
        0,
        kind="whole",
        decides="numbers",
        group="forecast",
        label=N_("Seed"),
        help=N_("Seed of everything that draws at random: the same seed gives the same result."),
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "closed_through", _ends(self.closed_through))
        for name, declared in SETTINGS.items():
            if declared.kind in _LISTS:
                object.__setattr__(self, name, _listed(declared.kind, getattr(self, name)))
            elif declared.kind == "date":
                object.__setattr__(self, name, _day(getattr(self, name)))
        problems = [*self._choice_problems(), *self._range_problems(), *self._form_problems(), *self._list_problems()]
        if problems:
            raise InvalidSettings(problems)

    @property
    def closed_days(self) -> tuple[dt.date | None, dict[str, dt.date]]:
        """The last day whose demand is complete: of all sites, None where it was not said, and of sites by code."""
        said = {
            site: dt.date.fromisoformat(day) for site, _, day in (one.rpartition("=") for one in self.closed_through)
        }
        return said.pop("", None), said

    @property
    def parallel(self) -> int:
        """Partitions at work at once on this machine."""
        return min(self.max_parallel or usable_cores(), usable_cores())

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values, in the order of the fields; `from_json` reads them back."""
        return {name: _as_json(getattr(self, name)) for name in SETTINGS}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BatchSettings:
        """The settings that `as_json` gave.

        Raises:
            InvalidSettings: if a name is unknown or a value is out of its range.
        """
        unknown = sorted(set(values) - set(SETTINGS))
        if unknown:
            raise InvalidSettings([_unknown(name) for name in unknown])
        return cls(**values)

    def same(self, other: BatchSettings, *, decides: Decides) -> bool:
        """Do all settings that decide this have the same values?"""
        return all(getattr(self, name) == getattr(other, name) for name in deciding(decides))

    def _choice_problems(self) -> list[Message]:
        template = N_("{setting} is {found!r}; it can be {choices}.")
        return [
            Message(template, {"setting": name, "found": getattr(self, name), "choices": ", ".join(declared.choices)})
            for name, declared in SETTINGS.items()
            if declared.choices and getattr(self, name) not in tuple(declared.choices)
        ]

    def _range_problems(self) -> list[Message]:
        template = N_("{setting} is {found}; it must be a number from {low:g} to {high:g}.")
        found = []
        for name, declared in SETTINGS.items():
            value, low, high = getattr(self, name), declared.low, declared.high
            if value is None or low is None or high is None:
                continue
            if not (_is_number(value) and low <= value <= high):
                found.append(Message(template, {"setting": name, "found": value, "low": low, "high": high}))
        return found

    def _form_problems(self) -> list[Message]:
        template, found = N_("{setting} is {found!r}; write it as 2025-06-30."), []
        for name, declared in SETTINGS.items():
            value = getattr(self, name)
            if declared.kind == "date" and not (value is None or isinstance(value, dt.date)):
                found.append(Message(template, {"setting": name, "found": value}))
        if not isinstance(self.column_mapping, Mapping):
            template = N_("{setting} has {found!r}; write it as column=name, such as demand_qty=Quantity.")
            found.append(Message(template, {"setting": "column_mapping", "found": self.column_mapping}))
        return found

    def _list_problems(self) -> list[Message]:
        found = []
        levels = self.quantiles
        inside = all(_is_number(level) and 0 < level < 1 for level in levels)
        if not inside or not 1 <= len(levels) <= MOST_QUANTILES or len(set(levels)) < len(levels):
            template = N_("{setting} is {found}; give up to {most} different levels in (0, 1), such as 0.1,0.5,0.9.")
            given = ",".join(map(str, levels))
            found.append(Message(template, {"setting": "quantiles", "found": given, "most": MOST_QUANTILES}))
        for text in self.only_rows:
            column, equals, values = text.partition("=")
            if not (column.strip() and equals and values.strip()):
                template = N_("{setting} has {found!r}; write it as column=value,value, such as Movement type=201,261.")
                found.append(Message(template, {"setting": "only_rows", "found": text}))
        for text in self.closed_through:
            if not _is_date(text.rpartition("=")[2]):
                template = N_("{setting} has {found!r}; write it as 2025-06-30, for one site as Sofifi=2025-06-30.")
                found.append(Message(template, {"setting": "closed_through", "found": text}))
        found += [event_problem(text) for text in self.events if event_of(text) is None]
        found += [mark_problem(text) for text in self.history_marks if mark_of(text) is None]
        if len(self.history_marks) > MOST_MARKS:
            template = N_("{setting} has {found:,} marks; at most {most:,} count at once.")
            told = {"setting": "history_marks", "found": len(self.history_marks), "most": MOST_MARKS}
            found.append(Message(template, told))
        return found


SETTINGS: Mapping[str, Setting] = {
    each.name: replace(each.metadata["setting"], name=each.name, default=getattr(BatchSettings, each.name, {}))
    for each in fields(BatchSettings)
}


def deciding(decides: Decides) -> tuple[str, ...]:
    """The names of the settings that decide this."""
    return tuple(name for name, declared in SETTINGS.items() if declared.decides == decides)


OF_STOCK_FILE = tuple(name for name, declared in SETTINGS.items() if declared.of_stock_file)
OF_ANY_STOCK_FILE = tuple(
    name for name in OF_STOCK_FILE if SETTINGS[name].kind in ("choice", "number")
)  # of any columns


def usable_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124 NaN


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _ends(value: object) -> tuple[str, ...]:
    """The last days that are closed as texts; a batch of an earlier version has one date or none."""
    match value:
        case None:
            return ()
        case str() | dt.date():
            return (str(value),)
    return tuple(str(one) for one in value)  # type: ignore[attr-defined]


def _as_json(value: Any) -> Any:
    match value:
        case dt.date():
            return value.isoformat()
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
    return value


_LISTS: Mapping[Kind, str | None] = {  # settings that hold several, and what stands between them in one text
    "texts": None,
    "words": ",",
    "filters": None,
    "numbers": ",",
    "model_names": ",",
    "event_lines": None,
    "mark_lines": None,
}


def _listed(kind: Kind, value: Any) -> tuple[Any, ...]:
    """What was given for a setting that holds several: also one alone, or a text of several."""
    if isinstance(value, str):
        separator = _LISTS[kind]
        value = [part.strip() for part in value.split(separator) if part.strip()] if separator else [value]
    several = tuple(value) if isinstance(value, Iterable) else (value,)
    if kind == "numbers":
        return tuple(float(one) if isinstance(one, str) and _reads_as_number(one) else one for one in several)
    return tuple(map(str, several))


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _day(value: Any) -> Any:
    """A date that was given as text or as a time; else what was given."""
    if isinstance(value, dt.datetime):
        return value.date()
    return dt.date.fromisoformat(value) if isinstance(value, str) and _is_date(value) else value


# Events as texts: the first day, the last one where it is another, a name, and the site where it is of one.


@dataclass(frozen=True, kw_only=True, slots=True)
class UserEvent:
    """A shutdown, a campaign or the like, as a person names it."""

    first: dt.date
    last: dt.date  # the first day or a later one
    name: str
    site_code: str | None = None  # None: of all sites

    def __str__(self) -> str:
        days = f"{self.first}" if self.last == self.first else f"{self.first}..{self.last}"
        is_plain = self.site_code is None and _AT not in self.name
        return f"{days} {self.name}" if is_plain else f"{days} {self.name}{_AT}{self.site_code or _ALL}"


_AT, _ALL = " @ ", "*"
_EVENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?\s+(\S.*)")
MOST_EVENTS = 2000
LONGEST_EVENT_DAYS = 366


def event_of(text: str) -> UserEvent | None:
    """The event that a text names; None where it can't be read."""
    written = _EVENT.fullmatch(text.strip())
    if written is None or not all(_is_date(day) for day in written.group(1, 2) if day):
        return None
    first, last = (dt.date.fromisoformat(written.group(k) or written.group(1)) for k in (1, 2))
    name, _, site = written.group(3).rpartition(_AT) if _AT in written.group(3) else (written.group(3), "", _ALL)
    name, site = " ".join(name.split()), site.strip()
    if not name or not site or not 0 <= (last - first).days < LONGEST_EVENT_DAYS:
        return None
    return UserEvent(first=first, last=last, name=name, site_code=None if site == _ALL else site)


def event_problem(text: str) -> Message:
    """Why a text names no event."""
    template = N_(
        "{setting} has {found!r}; write a line for each event, such as 2025-03-01 Campaign, or 2025-03-01..2025-03-14 "
        "Campaign @ Sofifi for several days of one site, at most a year."
    )
    return Message(template, {"setting": "events", "found": text[:80]})


# Marks on the history as texts: days of a part that a planner knows better than the file.

EXCLUDE: Final = "exclude"  # what was demanded then is not learned from: a one-off order, a mistake
STOCK_OUT: Final = "stock_out"  # the part was out of stock: what was sold is not what was wanted
MARK_KINDS: Mapping[str, str] = {EXCLUDE: N_("Excluded"), STOCK_OUT: N_("Out of stock")}
_MARK_WORDS: Mapping[str, str] = {  # as people call them, in either language
    **dict.fromkeys(("one-off", "sekali-saja"), EXCLUDE),
    **dict.fromkeys(("stock-out", "stok-habis"), STOCK_OUT),
}
MOST_MARKS = 20_000  # in force at once
_MARK = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?\s+([\w-]+)\s+(\S.*)", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryMark:
    """Days of a part at a site, and what they were."""

    kind: str  # one of MARK_KINDS
    site_code: str
    partnumber: str
    first: dt.date
    last: dt.date  # the first day or a later one

    def __str__(self) -> str:
        days = f"{self.first}" if self.last == self.first else f"{self.first}..{self.last}"
        return f"{days} {self.kind} {self.partnumber}{_AT}{self.site_code}"


def mark_of(text: str) -> HistoryMark | None:
    """The mark of a text such as `2025-07-01..2025-07-31 exclude P-1 @ Sofifi`; None where there is none."""
    written = _MARK.fullmatch(text.strip())
    kind = None if written is None else _MARK_WORDS.get(written.group(3), written.group(3))
    if written is None or kind is None or kind not in MARK_KINDS:
        return None
    if not all(_is_date(day) for day in written.group(1, 2) if day):
        return None
    first, last = (dt.date.fromisoformat(written.group(k) or written.group(1)) for k in (1, 2))
    part, _, site = (piece.strip() for piece in written.group(4).rpartition(_AT))
    if not part or not site or last < first:
        return None
    return HistoryMark(kind=kind, site_code=site, partnumber=part, first=first, last=last)


def mark_problem(text: str) -> Message:
    """Why a text names no mark."""
    template = N_(
        "{setting} has {found!r}; write a line for each mark: days, one-off or stock-out, part and site, such as "
        "2025-07-01..2025-07-31 one-off P-1 @ Sofifi."
    )
    return Message(template, {"setting": "history_marks", "found": text[:80]})


def _unknown(name: str) -> Message:
    import difflib

    near = difflib.get_close_matches(name, SETTINGS, n=1)
    if near:
        return Message(N_("{setting} is not a setting; did you mean {near}?"), {"setting": name, "near": near[0]})
    return Message(N_("{setting} is not a setting."), {"setting": name})

"""The options that are settings of a batch, declared once for every command that takes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from batchcast.cli.arguments import Taken, Values, option
from batchcast.cli.words import Words
from batchcast.domain.errors import InvalidSettings
from batchcast.domain.message import Message, mark
from batchcast.domain.settings import CHOICES, BatchSettings

FORECAST, INPUT, PLAN, RESULT = mark("What is forecast"), mark("The file"), mark("Partitions"), mark("The result")


class NotReadable(Exception):
    """The text of an option can't be read; the message says what was expected."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


@dataclass(frozen=True, kw_only=True)
class SettingOption:
    """How one setting is given on the command line."""

    setting: str  # field of BatchSettings
    names: tuple[str, ...]  # the short one first; the setting's own name is always one of them
    help: str  # marked
    panel: str  # marked heading it stands under
    read: Callable[[str, Sequence[str]], object]  # (setting, texts given) -> value; raises NotReadable
    metavar: str
    repeated: bool = False  # may be given several times


def _text(_setting: str, given: Sequence[str]) -> str:
    return given[-1]


def _texts(_setting: str, given: Sequence[str]) -> tuple[str, ...]:
    return tuple(given)


def _whole(setting: str, given: Sequence[str]) -> int:
    try:
        return int(given[-1])
    except ValueError:
        template = mark("{setting} is {found!r}; it must be a whole number.")
        raise NotReadable(Message(template, {"setting": setting, "found": given[-1]})) from None


def _number(setting: str, given: Sequence[str]) -> float:
    return _numbers(setting, [given[-1]])[0]


def _numbers(setting: str, given: Sequence[str]) -> tuple[float, ...]:
    try:
        return tuple(float(text) for text in _listed(setting, given))
    except ValueError:
        template = mark("{setting} is {found!r}; it must be made of numbers, with a decimal point.")
        raise NotReadable(Message(template, {"setting": setting, "found": ",".join(given)})) from None


def _listed(_setting: str, given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())


def _date(setting: str, given: Sequence[str]) -> dt.date:
    try:
        return dt.date.fromisoformat(given[-1])
    except ValueError:
        template = mark("{setting} is {found!r}; write the date as YYYY-MM-DD, such as 2026-01-31.")
        raise NotReadable(Message(template, {"setting": setting, "found": given[-1]})) from None


def _mapping(setting: str, given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for column, equals, name in pairs:
        if not (column and equals and name):
            template = mark("{setting} has {found!r}; write it as column=name, such as demand_qty=Quantity.")
            raise NotReadable(Message(template, {"setting": setting, "found": column + equals + name}))
    return {column: name for column, _, name in pairs}


def _choices(setting: str) -> str:
    return "|".join(CHOICES[setting])


OPTIONS: tuple[SettingOption, ...] = (
    SettingOption(
        setting="horizon",
        names=("--horizon",),
        metavar="N",
        read=_whole,
        panel=FORECAST,
        help=mark("Periods to forecast. Default: 7 days, 8 weeks or 12 months."),
    ),
    SettingOption(
        setting="frequency",
        names=("--frequency",),
        metavar=_choices("frequency"),
        read=_text,
        panel=FORECAST,
        help=mark("Days, weeks or months; auto reads it off the dates. Default: auto."),
    ),
    SettingOption(
        setting="week_start",
        names=("--week-start",),
        metavar="DAY",
        read=_text,
        panel=FORECAST,
        help=mark("The day a week starts on, such as monday or sunday. Default: monday."),
    ),
    SettingOption(
        setting="forecast_start_date",
        names=("--start", "--forecast-start-date"),
        metavar="DATE",
        read=_date,
        panel=FORECAST,
        help=mark("First day to forecast, as YYYY-MM-DD. Default: the period after the history ends."),
    ),
    SettingOption(
        setting="site_codes",
        names=("--site", "--site-codes"),
        metavar="SITE",
        read=_texts,
        panel=FORECAST,
        repeated=True,
        help=mark("Forecast this site only; may be repeated. Batch mode ignores it and says so."),
    ),
    SettingOption(
        setting="models",
        names=("--models",),
        metavar="NAME,…",
        read=_listed,
        panel=FORECAST,
        help=mark("Models to use, separated by commas. Default: auto, the best by backtest."),
    ),
    SettingOption(
        setting="seed",
        names=("--seed",),
        metavar="N",
        read=_whole,
        panel=FORECAST,
        help=mark("Seed of everything that draws at random. Default: 0."),
    ),
    SettingOption(
        setting="date_order",
        names=("--date-order",),
        metavar=_choices("date_order"),
        read=_text,
        panel=INPUT,
        help=mark("How 03/04/2025 reads; auto decides on the whole column or asks. Default: auto."),
    ),
    SettingOption(
        setting="number_style",
        names=("--number-style",),
        metavar=_choices("number_style"),
        read=_text,
        panel=INPUT,
        help=mark("The decimal sign of the quantities; auto decides on the whole column or asks. Default: auto."),
    ),
    SettingOption(
        setting="column_mapping",
        names=("--map", "--column-mapping"),
        metavar="COLUMN=NAME",
        read=_mapping,
        panel=INPUT,
        repeated=True,
        help=mark("Which column of the file is date, partnumber, site_code or demand_qty; may be repeated."),
    ),
    SettingOption(
        setting="bad_rows",
        names=("--bad-rows",),
        metavar=_choices("bad_rows"),
        read=_text,
        panel=INPUT,
        help=mark("Stop at rows that can't be read, or leave them out into rejected.csv. Default: fail."),
    ),
    SettingOption(
        setting="returns",
        names=("--returns",),
        metavar=_choices("returns"),
        read=_text,
        panel=INPUT,
        help=mark("Negative quantities: taken off the period's demand, left out, or refused. Default: net."),
    ),
    SettingOption(
        setting="batch_mode",
        names=("--batch-mode",),
        metavar=_choices("batch_mode"),
        read=_text,
        panel=PLAN,
        help=mark("Cut the work into partitions; auto does from 5,000 rows, or 5 sites and 500 parts. Default: auto."),
    ),
    SettingOption(
        setting="partition_strategy",
        names=("--strategy", "--partition-strategy"),
        metavar=_choices("partition_strategy"),
        read=_text,
        panel=PLAN,
        help=mark("A partition a site, or evenly filled by size. Default: site."),
    ),
    SettingOption(
        setting="max_rows_per_partition",
        names=("--max-rows", "--max-rows-per-partition"),
        metavar="N",
        read=_whole,
        panel=PLAN,
        help=mark("Rows that fill a partition under the strategy auto. Default: 2000."),
    ),
    SettingOption(
        setting="max_partitions",
        names=("--max-partitions",),
        metavar="N",
        read=_whole,
        panel=PLAN,
        help=mark("The most partitions a batch may have. Default: 20."),
    ),
    SettingOption(
        setting="max_execution_time",
        names=("--timeout", "--max-execution-time"),
        metavar="SECONDS",
        read=_number,
        panel=PLAN,
        help=mark("The most a partition may take. Default: 300."),
    ),
    SettingOption(
        setting="max_parallel",
        names=("--parallel", "--max-parallel"),
        metavar="N",
        read=_whole,
        panel=PLAN,
        help=mark("Partitions at work at once. Default: the number of cores."),
    ),
    SettingOption(
        setting="memory_limit_mb",
        names=("--memory-limit", "--memory-limit-mb"),
        metavar="MB",
        read=_whole,
        panel=PLAN,
        help=mark("The most memory a partition's worker may use. Default: 2048."),
    ),
    SettingOption(
        setting="quantiles",
        names=("--quantiles",),
        metavar="Q,…",
        read=_numbers,
        panel=RESULT,
        help=mark("Quantiles of the forecast, separated by commas. Default: 0.1,0.5,0.9."),
    ),
    SettingOption(
        setting="rounding",
        names=("--rounding",),
        metavar=_choices("rounding"),
        read=_text,
        panel=RESULT,
        help=mark("How forecast_qty is rounded; keep_total keeps each series' total. Default: keep_total."),
    ),
    SettingOption(
        setting="zero_threshold",
        names=("--zero-threshold",),
        metavar="QTY",
        read=_number,
        panel=RESULT,
        help=mark("With half_up, ceiling or floor: a raw forecast under it becomes 0. Default: 0.5."),
    ),
    SettingOption(
        setting="service_level",
        names=("--service-level",),
        metavar="P",
        read=_number,
        panel=RESULT,
        help=mark("Probability of no stockout that the reorder point is to give. Default: 0.95."),
    ),
    SettingOption(
        setting="lead_time",
        names=("--lead-time",),
        metavar="PERIODS",
        read=_whole,
        panel=RESULT,
        help=mark("Periods from order to receipt. Default: the horizon."),
    ),
)


def setting_parameters(words: Words) -> list[Taken]:
    """An option for every setting."""
    return [
        option(
            declared.setting,
            declared.names,
            declared.metavar,
            words.say(declared.help),
            panel=words.say(declared.panel),
            repeated=declared.repeated,
        )
        for declared in OPTIONS
    ]


def given_settings(values: Values) -> list[str]:
    """Names of the settings that were given."""
    return [declared.setting for declared in OPTIONS if values[declared.setting] not in (None, [])]


def read_settings(values: Values, *, also: Sequence[Message]) -> BatchSettings:
    """The settings that were given; `also` holds problems found elsewhere, to be named with the rest.

    Raises:
        InvalidSettings: if anything can't be read or is out of its range; everything is named at once.
    """
    problems = list(also)
    chosen: dict[str, Any] = {}
    given = given_settings(values)
    for declared in OPTIONS:
        if declared.setting in given:
            found = values[declared.setting]
            try:
                chosen[declared.setting] = declared.read(declared.setting, found if declared.repeated else [found])
            except NotReadable as error:
                problems.append(error.message)
    try:
        settings = BatchSettings(**chosen)
    except InvalidSettings as error:
        raise InvalidSettings([*problems, *error.problems]) from None
    if problems:
        raise InvalidSettings(problems)
    return settings

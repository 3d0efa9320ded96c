"""The options that are settings of a batch, declared once for every command that takes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from batchcast.app.settings_text import settings_of_texts
from batchcast.cli.arguments import Taken, Values, option
from batchcast.cli.session import Words
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import CHOICES, BatchSettings

FORECAST, INPUT, PLAN, RESULT = N_("What is forecast"), N_("The file"), N_("Partitions"), N_("The result")


@dataclass(frozen=True, kw_only=True)
class SettingOption:
    """How one setting is given on the command line."""

    setting: str  # field of BatchSettings
    names: tuple[str, ...]  # the short one first; the setting's own name is always one of them
    help: str  # marked
    panel: str  # marked heading it stands under
    metavar: str
    repeated: bool = False  # may be given several times


def _choices(setting: str) -> str:
    return "|".join(CHOICES[setting])


OPTIONS: tuple[SettingOption, ...] = (
    SettingOption(
        setting="horizon",
        names=("--horizon",),
        metavar="N",
        panel=FORECAST,
        help=N_("Periods to forecast. Default: 7 days, 8 weeks or 12 months."),
    ),
    SettingOption(
        setting="frequency",
        names=("--frequency",),
        metavar=_choices("frequency"),
        panel=FORECAST,
        help=N_("Days, weeks or months; auto reads it off the dates. Default: auto."),
    ),
    SettingOption(
        setting="week_start",
        names=("--week-start",),
        metavar="DAY",
        panel=FORECAST,
        help=N_("The day a week starts on, such as monday or sunday. Default: monday."),
    ),
    SettingOption(
        setting="forecast_start_date",
        names=("--start", "--forecast-start-date"),
        metavar="DATE",
        panel=FORECAST,
        help=N_("First day to forecast, as YYYY-MM-DD. Default: the period after the history ends."),
    ),
    SettingOption(
        setting="site_codes",
        names=("--site", "--site-codes"),
        metavar="SITE",
        panel=FORECAST,
        repeated=True,
        help=N_("Forecast this site only; may be repeated. Batch mode ignores it and says so."),
    ),
    SettingOption(
        setting="models",
        names=("--models",),
        metavar="NAME,…",
        panel=FORECAST,
        help=N_("Models to use, separated by commas. Default: auto, the best by backtest."),
    ),
    SettingOption(
        setting="seed",
        names=("--seed",),
        metavar="N",
        panel=FORECAST,
        help=N_("Seed of everything that draws at random. Default: 0."),
    ),
    SettingOption(
        setting="date_order",
        names=("--date-order",),
        metavar=_choices("date_order"),
        panel=INPUT,
        help=N_("How 03/04/2025 reads; auto decides on the whole column or asks. Default: auto."),
    ),
    SettingOption(
        setting="number_style",
        names=("--number-style",),
        metavar=_choices("number_style"),
        panel=INPUT,
        help=N_("The decimal sign of the quantities; auto decides on the whole column or asks. Default: auto."),
    ),
    SettingOption(
        setting="column_mapping",
        names=("--map", "--column-mapping"),
        metavar="COLUMN=NAME",
        panel=INPUT,
        repeated=True,
        help=N_("Which column of the file is date, partnumber, site_code, demand_qty or on_hand; may be repeated."),
    ),
    SettingOption(
        setting="bad_rows",
        names=("--bad-rows",),
        metavar=_choices("bad_rows"),
        panel=INPUT,
        help=N_(
            "Stop at rows that can't be read, or leave them out; a run puts them into rejected.csv. Default: fail."
        ),
    ),
    SettingOption(
        setting="returns",
        names=("--returns",),
        metavar=_choices("returns"),
        panel=INPUT,
        help=N_("Negative quantities: taken off the period's demand, left out, or refused. Default: net."),
    ),
    SettingOption(
        setting="batch_mode",
        names=("--batch-mode",),
        metavar=_choices("batch_mode"),
        panel=PLAN,
        help=N_("Cut the work into partitions; auto does from 5,000 rows, or 5 sites and 500 parts. Default: auto."),
    ),
    SettingOption(
        setting="partition_strategy",
        names=("--strategy", "--partition-strategy"),
        metavar=_choices("partition_strategy"),
        panel=PLAN,
        help=N_("A partition a site, or evenly filled by size. Default: site."),
    ),
    SettingOption(
        setting="max_rows_per_partition",
        names=("--max-rows", "--max-rows-per-partition"),
        metavar="N",
        panel=PLAN,
        help=N_("Rows that fill a partition under the strategy auto. Default: 2000."),
    ),
    SettingOption(
        setting="max_partitions",
        names=("--max-partitions",),
        metavar="N",
        panel=PLAN,
        help=N_("The most partitions a batch may have. Default: 20."),
    ),
    SettingOption(
        setting="max_execution_time",
        names=("--timeout", "--max-execution-time"),
        metavar="SECONDS",
        panel=PLAN,
        help=N_("The most a partition may take. Default: 300."),
    ),
    SettingOption(
        setting="max_parallel",
        names=("--parallel", "--max-parallel"),
        metavar="N",
        panel=PLAN,
        help=N_("Partitions at work at once. Default: the number of cores."),
    ),
    SettingOption(
        setting="memory_limit_mb",
        names=("--memory-limit", "--memory-limit-mb"),
        metavar="MB",
        panel=PLAN,
        help=N_("The most memory a partition's worker may use. Default: 2048."),
    ),
    SettingOption(
        setting="quantiles",
        names=("--quantiles",),
        metavar="Q,…",
        panel=RESULT,
        help=N_("Quantiles of the forecast, separated by commas. Default: 0.1,0.5,0.9."),
    ),
    SettingOption(
        setting="rounding",
        names=("--rounding",),
        metavar=_choices("rounding"),
        panel=RESULT,
        help=N_("How forecast_qty is rounded; keep_total keeps each series' total. Default: keep_total."),
    ),
    SettingOption(
        setting="zero_threshold",
        names=("--zero-threshold",),
        metavar="QTY",
        panel=RESULT,
        help=N_("With half_up, ceiling or floor: a raw forecast under it becomes 0. Default: 0.5."),
    ),
    SettingOption(
        setting="service_level",
        names=("--service-level",),
        metavar="P",
        panel=RESULT,
        help=N_("Probability of no stockout that the reorder point is to give. Default: 0.95."),
    ),
    SettingOption(
        setting="lead_time",
        names=("--lead-time",),
        metavar="PERIODS",
        panel=RESULT,
        help=N_("Periods from order to receipt. Default: the horizon."),
    ),
)


def setting_parameters(words: Words, *, only: Collection[str] | None = None) -> list[Taken]:
    """An option for every setting, or for some."""
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
        if only is None or declared.setting in only
    ]


def given_settings(values: Values) -> list[str]:
    """Names of the settings that were given."""
    return [declared.setting for declared in OPTIONS if values[declared.setting] not in (None, [])]


def given_texts(values: Values) -> dict[str, list[str]]:
    """The texts of the settings that were given, by setting."""
    return {
        declared.setting: values[declared.setting] if declared.repeated else [values[declared.setting]]
        for declared in OPTIONS
        if values.get(declared.setting) not in (None, [])
    }


def read_settings(values: Values, *, also: Sequence[Message]) -> BatchSettings:
    """The settings that were given; `also` holds problems found elsewhere, to be named with the rest.

    Raises:
        InvalidSettings: if anything can't be read or is out of its range; everything is named at once.
    """
    return settings_of_texts(given_texts(values), also=also)

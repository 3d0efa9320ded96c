"""The options that are settings of a batch, by their declarations, and those that set a server up."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchcast.app.settings_text import settings_of_texts
from batchcast.cli.parsing import Option, Values, flag, option
from batchcast.cli.session import Words
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import GROUPS, SETTINGS, BatchSettings, Setting

if TYPE_CHECKING:
    from batchcast.app.configuration import ServiceConfig

_ORDER = sorted(SETTINGS.values(), key=lambda declared: list(GROUPS).index(declared.group))


def setting_parameters(words: Words, *, only: Collection[str] | None = None) -> list[Option]:
    """An option for every setting, or for some."""
    return [
        option(
            declared.name,
            declared.options,
            declared.value_name,
            _help(declared, words),
            panel=words.say(GROUPS[declared.group]),
            repeated=declared.is_repeated,
        )
        for declared in _ORDER
        if only is None or declared.name in only
    ]


def given_texts(values: Values) -> dict[str, Sequence[str]]:
    """The texts of the settings that were given, by setting."""
    return {
        name: values[name] if SETTINGS[name].is_repeated else [values[name]]
        for name in SETTINGS
        if values.get(name) not in (None, ())
    }


def option_words(settings: Mapping[str, str]) -> str:
    """The words of the command line that choose these settings, each the text of one."""
    return " ".join(f"{SETTINGS[name].options[0]} {shlex.quote(text)}" for name, text in settings.items())


def read_settings(values: Values, *, also: Sequence[Message]) -> BatchSettings:
    """The settings that were given; `also` holds problems found elsewhere, to be named with the rest.

    Raises:
        InvalidSettings: if anything can't be read or is out of its range; everything is named at once.
    """
    return settings_of_texts(given_texts(values), also=also)


def _help(declared: Setting, words: Words) -> str:
    default = declared.default_text or words.say(declared.default_words)
    repeated = [words.say(N_("May be repeated."))] if declared.is_repeated else []
    return " ".join([words.say(declared.help), *repeated, words.say(N_("Default: {default}."), default=default)])


# The options that set a server up, declared once for `serve` and `worker`; each is also a variable BATCHCAST_…

KEPT, LISTENING, WORK = N_("Where things are kept"), N_("Where it listens"), N_("Work and limits")


@dataclass(frozen=True, kw_only=True)
class ServiceOption:
    """How one value of ServiceConfig is given on the command line."""

    field: str  # of ServiceConfig
    names: tuple[str, ...]
    metavar: str  # empty: a flag
    panel: str  # marked heading it stands under
    help: str  # marked
    of_listeners: bool = False  # a worker, which listens nowhere, does not take it


# Not among them: `tokens` and `session_key`, because every user of the machine can read a command line.
SERVICE_OPTIONS: tuple[ServiceOption, ...] = (
    ServiceOption(
        field="home",
        names=("--home",),
        metavar="FOLDER",
        panel=KEPT,
        help=N_("Folder for the database, files and scratch space. Default: the user's data folder."),
    ),
    ServiceOption(
        field="database_url",
        names=("--database-url",),
        metavar="URL",
        panel=KEPT,
        help=N_("postgresql://… for a queue that several machines share; BATCHCAST_DATABASE_URL hides a password."),
    ),
    ServiceOption(
        field="artifacts_url",
        names=("--artifacts-url",),
        metavar="URL",
        panel=KEPT,
        help=N_("s3://bucket/folder to keep files in object storage. Default: in the home folder."),
    ),
    ServiceOption(
        field="host",
        names=("--host",),
        metavar="ADDRESS",
        panel=LISTENING,
        help=N_("Address to listen on; others than this machine's own need tokens. Default: 127.0.0.1."),
        of_listeners=True,
    ),
    ServiceOption(
        field="api_port",
        names=("--port", "--api-port"),
        metavar="N",
        panel=LISTENING,
        help=N_("Port of the API. Default: 9571."),
        of_listeners=True,
    ),
    ServiceOption(
        field="page_port",
        names=("--page-port",),
        metavar="N",
        panel=LISTENING,
        help=N_("Port of the web page. Default: 9572."),
        of_listeners=True,
    ),
    ServiceOption(
        field="allowed_hosts",
        names=("--allowed-hosts",),
        metavar="NAMES",
        panel=LISTENING,
        help=N_("Further host names that clients call this server by, separated by commas."),
        of_listeners=True,
    ),
    ServiceOption(
        field="insecure",
        names=("--insecure",),
        metavar="",
        panel=LISTENING,
        help=N_("Listen beyond this machine without tokens: only where the network itself keeps others out."),
        of_listeners=True,
    ),
    ServiceOption(
        field="max_parallel",
        names=("--parallel", "--max-parallel"),
        metavar="N",
        panel=WORK,
        help=N_("Partitions at work at once, over all batches. Default: the cores."),
    ),
    ServiceOption(
        field="lease_seconds",
        names=("--lease-seconds",),
        metavar="SECONDS",
        panel=WORK,
        help=N_("How long a server that has fallen silent keeps its batches. Default: 15."),
    ),
    ServiceOption(
        field="max_upload_mb",
        names=("--max-upload-mb",),
        metavar="MB",
        panel=WORK,
        help=N_("The largest file that is taken. Default: 2048."),
        of_listeners=True,
    ),
    ServiceOption(
        field="upload_seconds",
        names=("--upload-seconds",),
        metavar="SECONDS",
        panel=WORK,
        help=N_("How long an upload may take. Default: 3600."),
        of_listeners=True,
    ),
    ServiceOption(
        field="upload_min_bytes_per_second",
        names=("--upload-min-bytes-per-second",),
        metavar="BYTES",
        panel=WORK,
        help=N_("Uploads that come slower are ended. Default: 1024."),
        of_listeners=True,
    ),
    ServiceOption(
        field="log_format",
        names=("--log-format",),
        metavar="auto|text|json",
        panel=WORK,
        help=N_("How the log reads; auto is text on a terminal and JSON elsewhere. Default: auto."),
    ),
)


def service_parameters(words: Words, *, listens: bool) -> list[Option]:
    """The options of a server, or of one that listens nowhere."""
    return [_parameter(declared, words) for declared in SERVICE_OPTIONS if listens or not declared.of_listeners]


def read_service_config(values: Values) -> ServiceConfig:
    """The set-up of the environment and of the options, which go first.

    Raises:
        InvalidSettings: if a value can't be read, or the set-up would not be safe.
    """
    from batchcast.app.configuration import read_config

    fields: Sequence[str] = [declared.field for declared in SERVICE_OPTIONS if declared.field in values]
    return read_config(**{name: values[name] for name in fields if values[name] not in (None, False)})


def _parameter(declared: ServiceOption, words: Words) -> Option:
    help_text, panel = words.say(declared.help), words.say(declared.panel)
    if not declared.metavar:
        return flag(declared.field, declared.names, help_text, panel=panel)
    return option(declared.field, declared.names, declared.metavar, help_text, panel=panel)

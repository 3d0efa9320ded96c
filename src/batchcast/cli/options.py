"""The options that are settings of a batch, by their declarations, and those that set a server up."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from batchcast.app.recipes import SAVE, USE, RecipeChoice, choice_of_texts
from batchcast.app.words.settings_text import settings_of_texts
from batchcast.cli.parsing import Option, Values, flag, option
from batchcast.cli.session import Words
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import GROUPS, SETTINGS, BatchSettings, Setting

if TYPE_CHECKING:
    from batchcast.app.installation.configuration import ServiceConfig, ServiceOption

URL_HELP = N_(
    "The server's API. Default: BATCHCAST_URL, else http://127.0.0.1:9571. BATCHCAST_TOKEN is the token that is sent."
)
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


def given_texts(values: Values) -> Mapping[str, Sequence[str]]:
    """The texts of the settings that were given, by setting; of a file of events, what is in it.

    Raises:
        InvalidInput: if such a file can't be read.
    """
    given = {
        name: values[name] if SETTINGS[name].is_repeated else [values[name]]
        for name in SETTINGS
        if values.get(name) not in (None, ())
    }
    if not any(SETTINGS[name].kind == "event_lines" for name in given):
        return given
    from batchcast.app.ordering import texts_of_files

    return texts_of_files(given)


def option_words(settings: Mapping[str, str]) -> str:
    """The words of the command line that choose these settings, each the text of one."""
    return " ".join(f"{SETTINGS[name].options[0]} {shlex.quote(text)}" for name, text in settings.items())


def read_settings(values: Values, *, also: Sequence[Message]) -> BatchSettings:
    """The settings that were given; `also` holds problems found elsewhere, to be named with the rest.

    Raises:
        InvalidSettings: if anything can't be read or is out of its range; everything is named at once.
    """
    return settings_of_texts(given_texts(values), also=also)


def recipe_parameters(words: Words, *, file: str = "FILE") -> list[Option]:
    """The options that name recipes, for what is read from a file that the help calls so."""
    use = N_("Read {file} by this recipe, whatever its header. Default: the one kept for its header.")
    save = N_("Keep how {file} was read as a recipe of this name, for files of the same header.")
    panel = words.say(GROUPS["input"])
    return [
        option(USE, ["--recipe"], "NAME", words.say(use, file=file), panel=panel),
        option(SAVE, ["--save-recipe"], "NAME", words.say(save, file=file), panel=panel),
    ]


def recipe_fields(values: Values) -> dict[str, Sequence[str]]:
    """The texts of those that were given."""
    return {field: [values[field]] for field in (USE, SAVE) if values.get(field) is not None}


def read_recipes(values: Values) -> RecipeChoice:
    """The recipes that were named.

    Raises:
        InvalidSettings: if a name can't be that of a recipe.
    """
    return choice_of_texts(recipe_fields(values))[1]


def _help(declared: Setting, words: Words) -> str:
    default = declared.default_text or words.say(declared.default_words)
    repeated = [words.say(N_("May be repeated."))] if declared.is_repeated else []
    return " ".join([words.say(declared.help), *repeated, words.say(N_("Default: {default}."), default=default)])


# The options that set a server up, as the fields of ServiceConfig declare them; each is also a variable BATCHCAST_…


def service_parameters(words: Words, *, listens: bool) -> list[Option]:
    """The options of a server, or of one that listens nowhere."""
    from batchcast.app.installation.configuration import service_options

    return [
        _parameter(name, declared, help_text, words)
        for name, (declared, help_text) in service_options().items()
        if listens or not declared.is_for_listening
    ]


def place_parameters(words: Words) -> list[Option]:
    """The options that say where a server keeps things."""
    from batchcast.app.installation.configuration import service_options

    return [
        _parameter(name, declared, help_text, words)
        for name, (declared, help_text) in service_options().items()
        if declared.is_place
    ]


def read_service_config(values: Values) -> ServiceConfig:
    """The set-up of the environment and of the options, which go first.

    Raises:
        InvalidSettings: if a value can't be read, or the set-up would not be safe.
    """
    from batchcast.app.installation.configuration import read_config, service_options

    return read_config(**{name: values[name] for name in service_options() if values.get(name) not in (None, False)})


def _parameter(name: str, declared: ServiceOption, help_text: str, words: Words) -> Option:
    said, panel = words.say(help_text), words.say(declared.panel)
    if not declared.value_name:
        return flag(name, declared.options(name), said, panel=panel)
    return option(name, declared.options(name), declared.value_name, said, panel=panel)

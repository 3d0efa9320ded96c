"""The options that are settings of a batch: one for each declaration in `domain.settings`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from batchcast.app.settings_text import settings_of_texts
from batchcast.cli.parsing import Option, Values, option
from batchcast.cli.session import Words
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import GROUPS, SETTINGS, BatchSettings, Setting

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

"""Says the sentences of the product in the reader's language; their English text is the key.

`locale/id.po` holds the Indonesian. A test keeps it whole: every sentence of the package is in it, with the same
places, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from batchcast.app.words.locale.singular import singular
from batchcast.domain import columns
from batchcast.domain.errors import N_, SETTING_PLACE, Message, PlaceFormatter
from batchcast.domain.inventory import HELD_BACK
from batchcast.domain.recipe import FORGETTING
from batchcast.domain.settings import SETTINGS, Setting

Language = Literal["en", "id"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Naming = Literal[  # of settings in a sentence
    "field",  # as programs give them: bad_rows=skip
    "option",  # as they are typed behind the command: --bad-rows skip
    "label",  # as the fields of the page are called: “Rows that can't be read: Leave them out”
]
_NAMED_SETTING = "setting"  # a value of this name is the name of a setting
_CHOICES = "choices"  # a value of this name beside it lists what it can be
_CHOICE_WORDS = {one: words for each in SETTINGS.values() for one, words in each.choices.items() if "_" in one}
_OF_SERVER = "server_"  # values whose names begin so are told whole only where batchcast itself runs
_PLACES_OF_SERVER = {
    "server_place": N_("the server's storage"),
    "server_database": N_("of the server"),
    "server_provider": N_("The provider of identities"),
    "server_log": N_("the server's log tells why"),  # what another server said: it may name hosts of a closed network
}
_PATH = re.compile(  # or address; one with blanks only where it is in quotes
    r"""(?P<quote>['"])(?:[a-z][\w+.-]*:/)?(?:/|[A-Z]:\\).*?(?P=quote)|"""
    r"""(?<![\w/<])(?:[a-z][\w+.-]*:/)?/[^\s'",;()]*\w/?|\b[A-Z]:\\[^\s'",;()]+"""
)
_MODEL = "model"  # values whose names begin so are names of models
_DECIMAL = re.compile(r"\d*\.?\d+")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_STYLES = {"point": N_("point"), "comma": N_("comma")}  # values of the name "style"
_COLUMNS = {  # values of the name "ours", on the page
    columns.DATE: N_("date"),
    columns.PARTNUMBER: N_("part number"),
    columns.SITE_CODE: N_("site"),
    columns.DEMAND_QTY: N_("quantity demanded"),
    "on_hand": N_("stock on hand"),
    "on_order": N_("on order"),
    "unit_cost": N_("cost of a unit"),
    "pack_size": N_("units in a pack"),
    columns.LEAD_TIME: N_("lead time"),
    columns.LEAD_TIME_DAYS: N_("lead time in days"),
    "supplier": N_("supplier"),
}
_NONE = "="  # what stands in a setting for no column of the file
_COLUMN_OF = "{ours}={column}"  # a column of ours and the file's, of a recipe
_NO_COLUMN = N_("{ours}: no column")  # ... where the file's is none
_ON_PAGE = {  # in place of what names a command or what is typed
    _COLUMN_OF: N_("{ours}: column “{column}”"),
    FORGETTING: N_("delete it on the page Recipes"),
    HELD_BACK: N_(
        "Parts that are held back: {count:,} ({named}). Nothing is ordered of them, as neither their history nor like "
        "parts justify what is forecast; look at them, and release those that are right."
    ),
}
_MAPPING_STEP = N_("How the file is read")  # the page of the step that maps columns
_IN_MAPPING_STEP = ("ignore_columns", "attributes")  # settings that it asks for with ticks, under no name of theirs
_LOCALE = Path(__file__).parent / "locale"
_LANGUAGE_VARIABLES = ("BATCHCAST_LANG", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TENTHS_BELOW = 10  # seconds
_SWAP_POINT_AND_COMMA = str.maketrans(",.", ".,")


def translate(message: Message | str, language: Language, naming: Naming = "field") -> str:
    """A sentence in a language, its values in their places, its settings named as the readers of a face choose them.

    A value that is itself a Message is translated too. A number is written in the language's form (1,234.5 or
    1.234,5) where its place asks for a written form: `{count:,}`, `{share:.1%}`; without one (`{line}`) it stays as a
    person would type it. A date is said in words: 10 November 2026; a share that is set is 95% with `label`. A sentence
    without a translation is said in English. What a value `server_…` tells of places of the machine is told with
    `option` alone, on that machine: a page and the API name none; the log does.
    """
    if isinstance(message, str):
        message = Message(message)
    if naming == "label" and message.template in _ON_PAGE:
        is_none = message.template == _COLUMN_OF and message.values["column"] == _NONE
        message = Message(_NO_COLUMN if is_none else _ON_PAGE[message.template], message.values)
    template = translated_template(message.template, language)
    if not message.values and "{" + SETTING_PLACE not in template:
        return template
    if language == "en":
        template = singular(template, message.values)
    return _Speaker(language, naming).vformat(template, (), message.values)


def translated_template(template: str, language: Language) -> str:
    """The template in a language, its places still open."""
    return template if language == "en" else _catalogue(language).get(template, template)


def format_number(number: float, form: str, language: Language) -> str:
    """A number in a form of the format language (`,` `,.1f` `.1%`), with the language's points and commas.

    What is rounded to zero has no sign.
    """
    written = format(number, form)
    if not any(digit in written for digit in "123456789"):
        written = written.lstrip("+-")
    return written.translate(_SWAP_POINT_AND_COMMA) if language == "id" else written


def format_date(day: dt.date, language: Language) -> str:
    """A day as sentences say it: 10 November 2026."""
    from babel.dates import format_date

    return str(format_date(day, "d MMMM y", locale=language))


def format_percent(share: float, language: Language) -> str:
    """A share with as many decimals as it has, four at most: 95%, 99.99%."""
    written = format_number(100 * share, ",.4f", language).rstrip("0").rstrip(".,")
    return f"{written}%"


def format_duration(seconds: float, language: Language) -> str:
    """A time that something takes, in two units at most: 0.4 s, 12 s, 5 min, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    if seconds < _TENTHS_BELOW:
        return translate(Message(N_("{seconds:,.1f} s"), {"seconds": seconds}), language)
    whole = round(seconds)
    for unit, smaller, both, alone in (
        (_DAY, _HOUR, N_("{big:,} d {small} h"), N_("{big:,} d")),
        (_HOUR, _MINUTE, N_("{big} h {small} min"), N_("{big} h")),
        (_MINUTE, 1, N_("{big} min {small} s"), N_("{big} min")),
    ):
        if whole >= unit:
            rest = whole % unit // smaller
            return translate(Message(both if rest else alone, {"big": whole // unit, "small": rest}), language)
    return translate(Message(N_("{seconds} s"), {"seconds": whole}), language)


def language_of(environment: Mapping[str, str]) -> Language:
    """The reader's language by BATCHCAST_LANG or the locale: Indonesian where it begins with `id`, else English."""
    chosen = next((environment[name] for name in _LANGUAGE_VARIABLES if environment.get(name)), "")
    return "id" if chosen.lower().split("_")[0].split(".")[0] in {"id", "in", "indonesian"} else "en"


def read_language() -> Language:
    """The language of the person at this terminal."""
    return language_of(os.environ)


@cache
def _model_words() -> Mapping[str, str]:
    from batchcast.forecast.models.table import WORDS  # loads NumPy, which most commands do without

    return WORDS


@cache
def _catalogue(language: Language) -> Mapping[str, str]:
    from babel.messages.pofile import read_po

    with (_LOCALE / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id and entry.string}


class _Percent(float):
    """A share that is said in percent, whatever form its place asks for."""


class _Speaker(PlaceFormatter):
    """Puts values into a template's places in one language, for one face."""

    def __init__(self, language: Language, naming: Naming) -> None:
        self.language = language
        self.naming = naming

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        value = super().get_value(key, args, kwargs)
        if key == _NAMED_SETTING and isinstance(value, str) and value in SETTINGS:
            return self.setting(value, "").strip("“”")
        if self.naming != "option" and str(key).startswith(_OF_SERVER) and isinstance(value, str):
            place = _PLACES_OF_SERVER.get(str(key))
            value = translate(place, self.language) if place else _PATH.sub("…", value)
        words = {"style": _STYLES, "ours": _COLUMNS if self.naming == "label" else {}}.get(str(key), {})
        if isinstance(value, str) and value in words:
            return translate(words[value], self.language)
        if self.naming == "label":
            value = self.on_page(str(key), value, SETTINGS.get(str(kwargs.get(_NAMED_SETTING))))
        return translate(value, self.language, self.naming) if isinstance(value, Message) else value

    def on_page(self, key: str, value: Any, declared: Setting | None) -> Any:
        """A value as the page says it; `declared` is the setting that the sentence is about."""
        if isinstance(value, str) and key.startswith(_MODEL):
            names = value.split("+")  # those of a mean of several
            return ", ".join(translate(_model_words().get(name, name), self.language) for name in names)
        if isinstance(value, str) and value in _CHOICE_WORDS:
            return f"“{translate(_CHOICE_WORDS[value], self.language)}”"
        if declared and declared.is_share and isinstance(value, int | float):
            return _Percent(value)
        if key == _CHOICES and declared:
            known = declared.choices
            if declared.kind == "model_names":
                known = {name: _model_words()[name] for name in str(value).split(", ")}
            return ", ".join(f"“{translate(words, self.language)}”" for words in known.values()) or value
        return value

    def setting(self, name: str, text: str) -> str:
        """A setting, and a value of it, as the readers of a face choose them."""
        if self.naming == "field":
            return super().setting(name, text)
        declared = SETTINGS[name]
        if self.naming == "option":
            words = text if declared.kind == "mapping" else shlex.quote(text)  # a mapping is in quotes where needed
            return f"{declared.options[0]} {words}" if text else declared.options[0]
        if declared.kind == "mapping" or (name in _IN_MAPPING_STEP and not text):
            return f"“{translate(_MAPPING_STEP, self.language)}”"
        label = translate(declared.label, self.language)
        known = {**declared.choices, _NONE: N_("none")}
        if not text:
            return f"“{label}”"
        chosen = translate(known[text], self.language).partition(":")[0] if text in known else self.typed(name, text)
        return f"“{label}: {chosen}”"

    def typed(self, name: str, text: str) -> str:
        """A value of a setting as a person reads it on the page: its dates in words, a share in percent."""
        if SETTINGS[name].is_share and _DECIMAL.fullmatch(text):
            return format_percent(float(text), self.language)
        if SETTINGS[name].kind in ("date", "ends"):
            return _ISO.sub(lambda day: format_date(dt.date.fromisoformat(day[0]), self.language), text)
        return text

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, _Percent):
            return format_percent(value, self.language)
        if isinstance(value, dt.date) and not format_spec:
            return format_date(value, self.language)
        is_written = "," in format_spec or format_spec.endswith(("f", "%"))
        if is_written and isinstance(value, int | float):
            return format_number(value, format_spec, self.language)
        return str(format(value, format_spec))

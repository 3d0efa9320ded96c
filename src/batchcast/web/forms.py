"""A form of settings: what a browser sends becomes settings, and settings become what the fields show."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.app.words.translation import Language, format_percent
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.settings import GROUPS, SETTINGS, BatchSettings, Group, Setting

Texts = Mapping[str, Sequence[str]]

SHOWN = "shown"  # hidden field: the form had the switch, so that a switch that is not sent is off
PROPOSED = "proposed"  # hidden field: the state that the page has proposed for the switch, where no person chose one
KEPT = "kept"  # parameter: the address holds the settings, so that none that the browser remembers fill in
ANSWER = "answer"  # of the button that was pressed: settings as a query, whatever their fields say
END_SITE, END_DAY = "end_site", "end_day"  # fields, in pairs: a site, empty for all of them, and its last closed day
MORE_SITE, MORE_DAY = "more_site", "more_day"  # the same of one more site, which counts where it has no pair
ASKED_SITE, ASKED_DAY = "asked_site", "asked_day"  # the same of a question, which count where ...
USE_ASKED = "use_asked"  # ... this button was pressed
FIELDS = tuple(  # the settings among the fields of the form, in its order
    sorted(
        (declared for declared in SETTINGS.values() if not declared.has_own_place),
        key=lambda declared: list(GROUPS).index(declared.group),
    )
)
_SWITCH = "batch_mode"
_ENDS = next(name for name, declared in SETTINGS.items() if declared.kind == "ends")
_MODELS = next(name for name, declared in SETTINGS.items() if declared.kind == "model_names")
_LONGEST_QUERY = 8000  # characters that browsers, proxies and servers take
_NAMES = frozenset(declared.name for declared in FIELDS)


HINTS: Mapping[str, str] = {  # by group of settings: what its fields decide
    "input": N_("dates, numbers, returns, rows that can't be read"),
    "forecast": N_("period, models, rounding"),
    "inventory": N_("quantiles of the demand"),
    "work": N_("partitions, limits of time and memory"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldGroup:
    """Settings that are folded away together."""

    name: str  # English, translated by the template
    hint: str  # likewise
    fields: tuple[Setting, ...]
    changed: tuple[Setting, ...]  # those that do not stand at their defaults
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Form:
    """Settings as they stand in the fields."""

    texts: Texts  # by setting; what is missing stands at its default
    settings: BatchSettings | None  # None where they can't be read
    problems: tuple[Message, ...] = ()
    is_switch_proposed: bool = False  # the switch stands as the page has proposed it

    @property
    def chosen(self) -> Texts:
        """The texts that a person has chosen: all but those at their defaults, and a switch as it was proposed."""
        left = {_SWITCH} if self.is_switch_proposed else set()
        return {
            name: given
            for name, given in self.texts.items()
            if name not in left and list(given) != [DEFAULTS.get(name)]
        }

    @property
    def without_problems(self) -> Form:
        """The form with the settings alone that can be read."""
        wrong = {setting_of(one) for one in self.problems}
        return form_of_texts({name: given for name, given in self.texts.items() if name not in wrong})

    @property
    def readable(self) -> BatchSettings:
        """The settings.

        Raises:
            InvalidSettings: where they can't be read.
        """
        if self.settings is None:
            raise InvalidSettings(self.problems)
        return self.settings

    def value(self, setting: str) -> str:
        """What the field of a setting shows."""
        given = self.texts.get(setting)
        return given[-1] if given else DEFAULTS.get(setting, "")

    def share(self, setting: str, language: Language) -> str:
        """What the field of a share shows: 95%; a text that is none as it was typed."""
        try:
            return format_percent(float(self.value(setting)), language)
        except ValueError:
            return self.value(setting)

    def problem(self, setting: str) -> Message | None:
        """What is wrong with a setting."""
        return next((one for one in self.problems if setting_of(one) == setting), None)

    @property
    def other_problems(self) -> tuple[Message, ...]:
        """Those of no field on the page."""
        return tuple(one for one in self.problems if setting_of(one) not in _NAMES)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that were named, as they are ticked; none where they can't be read."""
        known = form_of_texts({_MODELS: self.texts.get(_MODELS, ())}).settings
        return known.models if known else ()

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that were chosen."""
        return tuple(self.texts.get("site_codes", ()))


def groups_of(form: Form, cures: Collection[str] = ()) -> tuple[FieldGroup, ...]:
    """The folded settings; a group is open where one of them is wrong or may cure the failure of a batch."""
    return tuple(_group(name, form, cures) for name in GROUPS)


def _group(group: Group, form: Form, cures: Collection[str]) -> FieldGroup:
    folded = tuple(one for one in FIELDS if one.group == group and not one.is_everyday)
    return FieldGroup(
        name=GROUPS[group],
        hint=HINTS[group],
        fields=folded,
        changed=tuple(one for one in folded if one.name in form.chosen),
        is_open=any(form.problem(one.name) or one.name in cures for one in folded),
    )


def read_form(texts: Texts) -> Form:
    """The form that a browser sent."""
    given = {name: list(texts[name]) for name in SETTINGS if texts.get(name)}
    given |= _ends_of_rows(texts, given.get(_ENDS, []))
    answered = parse_qs("&".join(texts.get(ANSWER, ())))
    for name, answers in ((name, answers) for name, answers in answered.items() if name in SETTINGS):
        given[name] = [*given.get(name, []), *answers] if SETTINGS[name].is_repeated else answers
    for name in (name for name in given if SETTINGS[name].is_share):
        given[name] = [_in_percent(text) for text in given[name]]
        known = form_of_texts({name: given[name]}).settings
        given[name] = given[name] if known is None else texts_of(known)[name]  # 95% as 0.95
    if _MODELS in given:
        given[_MODELS] = [",".join(given[_MODELS])]  # each tick is sent by itself
    if SHOWN in texts:
        given[_SWITCH] = given.get(_SWITCH, ["off"])
    is_proposed = _SWITCH in given and given[_SWITCH][-1] == "".join(texts.get(PROPOSED, ())[-1:])
    return replace(form_of_texts(given), is_switch_proposed=is_proposed)


def _in_percent(text: str) -> str:
    """What was typed as a share: 95 is 95%, beside the percent that the fields show."""
    with suppress(ValueError):
        return f"{text}%" if float(text.replace(",", ".")) > 1 else text
    return text


def _ends_of_rows(texts: Texts, typed: Sequence[str]) -> dict[str, list[str]]:
    """The setting of where histories end, by the rows of dates that a browser sent; nothing where it sent none."""
    if END_SITE not in texts and USE_ASKED not in texts:
        return {}
    days = dict(closed_days(typed))
    days |= {site: day for site, day in _pairs(texts, MORE_SITE, MORE_DAY) if site and day}
    days |= dict(_pairs(texts, END_SITE, END_DAY))
    if USE_ASKED in texts:
        days |= dict(_pairs(texts, ASKED_SITE, ASKED_DAY))
    return {_ENDS: [f"{site}={day}".removeprefix("=") for site, day in days.items() if day]}


def _pairs(texts: Texts, site: str, day: str) -> list[tuple[str, str]]:
    return list(zip(texts.get(site, ()), texts.get(day, ()), strict=False))


def closed_days(typed: Sequence[str]) -> dict[str, str]:
    """The last closed day of each site, of all of them under the empty text; none where that can't be read."""
    settings = form_of_texts({_ENDS: list(typed)}).settings
    every, by_site = (None, {}) if settings is None else settings.closed_days
    found = {site: day.isoformat() for site, day in by_site.items()}
    return found if every is None else {"": every.isoformat(), **found}


def address_of(path: str, form: Form, flags: Sequence[str] = ()) -> str:
    """The address of a page with the settings of a form, for `read_form`; the path alone where that is too long."""
    marked = [(KEPT, "1"), *((name, "1") for name in flags)]
    query = urlencode([*marked, *((name, text) for name, given in form.chosen.items() for text in given)])
    return f"{path}?{query}" if len(query) <= _LONGEST_QUERY else path


def form_of_texts(texts: Texts, *, problems: Sequence[Message] = ()) -> Form:
    """The form with these texts by setting, and what is wrong with them."""
    try:
        settings = settings_of_texts(texts)
    except InvalidSettings as error:
        return Form(texts=texts, settings=None, problems=(*problems, *error.problems))
    return Form(texts=texts, settings=settings, problems=tuple(problems))


def form_of_settings(settings: BatchSettings) -> Form:
    """The form of a batch that there was: only what is not at its default stands in it."""
    return form_of_texts({name: text for name, text in texts_of(settings).items() if text != _DEFAULT_TEXTS[name]})


def setting_of(problem: Message) -> str:
    """The setting that a problem is about; empty where it is none in particular."""
    named = str(problem.values.get("setting", ""))
    return named or next((name for name in SETTINGS if problem.template.startswith(f"{{@{name}}} ")), "")


def texts_of(settings: BatchSettings) -> dict[str, list[str]]:
    """The texts of all settings, as their fields show them."""
    return {name: _written(value) for name, value in settings.as_json().items()}


def _written(value: Any) -> list[str]:
    match value:
        case None:
            return []
        case dict():
            return [", ".join(f"{name}={item}" for name, item in value.items())] if value else []
        case list() if value and isinstance(value[0], float):
            return [",".join(f"{item:g}" for item in value)]
        case list():
            return [str(item) for item in value]
        case float():
            return [f"{value:g}"]
    return [str(value)]


_DEFAULT_TEXTS = texts_of(BatchSettings())
DEFAULTS = {name: texts[-1] for name, texts in _DEFAULT_TEXTS.items() if texts}

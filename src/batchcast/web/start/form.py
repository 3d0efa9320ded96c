"""The form of settings: what a browser sends becomes settings, and settings become what the fields show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from batchcast.app.settings_text import settings_of_texts
from batchcast.domain.errors import InvalidSettings
from batchcast.domain.message import Message
from batchcast.domain.settings import BatchSettings
from batchcast.web.start.fields import BY_SETTING, ELSEWHERE

Texts = Mapping[str, Sequence[str]]

SHOWN = "shown"  # hidden field: the form had the switch, so that a switch that is not sent is off
ANSWER = "answer."  # before a setting: the button that was pressed says it, whatever its field says
_COOKIE = "batchcast_settings"
_OF_ONE_FILE = frozenset({"column_mapping", "forecast_start_date", "bad_rows", "date_order", "number_style"})
_REMEMBERED = frozenset(BY_SETTING) - _OF_ONE_FILE
_A_YEAR = 365 * 86400
_LONGEST_COOKIE = 3500  # bytes that every browser keeps
_PARTS_OF_LISTS = {"column_mapping": ";"}  # what stands between the values of a setting in its one field


@dataclass(frozen=True, kw_only=True)
class Form:
    """Settings as they stand in the fields."""

    texts: Texts  # by setting; what is missing stands at its default
    settings: BatchSettings | None  # None where they can't be read
    problems: tuple[Message, ...] = ()

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
        return given[-1] if given else _DEFAULTS.get(setting, "")

    def problem(self, setting: str) -> Message | None:
        """What is wrong with a setting."""
        return next((one for one in self.problems if setting_of(one) == setting), None)

    @property
    def other_problems(self) -> tuple[Message, ...]:
        """Those of no field on the page."""
        return tuple(one for one in self.problems if setting_of(one) not in BY_SETTING)

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that were chosen."""
        return tuple(self.texts.get("site_codes", ()))


def read_form(texts: Texts) -> Form:
    """The form that a browser sent."""
    given = {name: list(texts[name]) for name in (*BY_SETTING, *ELSEWHERE) if texts.get(name)}
    given |= {name.removeprefix(ANSWER): list(found) for name, found in texts.items() if name.startswith(ANSWER)}
    if SHOWN in texts:
        given["batch_mode"] = given.get("batch_mode", ["off"])
    return form_of_texts(given)


def form_of_texts(texts: Texts, *, problems: Sequence[Message] = ()) -> Form:
    """The form with these texts by setting, and what is wrong with them."""
    try:
        settings = settings_of_texts(_split(texts))
    except InvalidSettings as error:
        return Form(texts=texts, settings=None, problems=(*problems, *error.problems))
    return Form(texts=texts, settings=settings, problems=tuple(problems))


def form_of_settings(settings: BatchSettings) -> Form:
    """The form of a batch that there was: only what is not at its default stands in it."""
    return form_of_texts({name: text for name, text in _texts_of(settings).items() if text != _texts_of_defaults(name)})


def remembered(request: Request) -> Form:
    """The form as this browser left it the last time."""
    try:
        kept = json.loads(request.cookies.get(_COOKIE, "{}"))
        texts = {name: [str(text)] for name, text in kept.items() if name in _REMEMBERED}
    except (ValueError, AttributeError):
        texts = {}
    form = form_of_texts(texts)
    return form if form.settings else form_of_texts({})


def remember(request: Request, answer: Response, form: Form) -> None:
    """Have this browser keep what is not at its default and not of one file alone."""
    kept = {name: form.value(name) for name in sorted(_REMEMBERED) if form.value(name) != _DEFAULTS.get(name, "")}
    text = json.dumps(kept, separators=(",", ":"))
    is_secure = request.url.scheme == "https"
    if len(text) <= _LONGEST_COOKIE:
        answer.set_cookie(_COOKIE, text, max_age=_A_YEAR, samesite="lax", secure=is_secure, httponly=True)


def forget(answer: Response) -> None:
    """Have this browser keep nothing."""
    answer.delete_cookie(_COOKIE, samesite="lax", httponly=True)


def setting_of(problem: Message) -> str:
    """The setting that a problem is about; empty where it is none in particular."""
    named = str(problem.values.get("setting", ""))
    return named or next((name for name in (*BY_SETTING, *ELSEWHERE) if problem.template.startswith(f"{name} ")), "")


def _split(texts: Texts) -> dict[str, list[str]]:
    """One text a value, where a field holds several."""
    split = {name: list(given) for name, given in texts.items()}
    for name, sign in _PARTS_OF_LISTS.items():
        if name in split:
            split[name] = [part.strip() for text in split[name] for part in text.split(sign) if part.strip()]
    return split


def _texts_of(settings: BatchSettings) -> dict[str, list[str]]:
    return {name: _written(value) for name, value in settings.as_json().items()}


def _written(value: Any) -> list[str]:
    match value:
        case None:
            return []
        case dict():
            return ["; ".join(f"{name}={item}" for name, item in value.items())] if value else []
        case list() if value and isinstance(value[0], float):
            return [",".join(f"{item:g}" for item in value)]
        case list():
            return [str(item) for item in value]
        case float():
            return [f"{value:g}"]
    return [str(value)]


def _texts_of_defaults(name: str) -> list[str]:
    return _DEFAULT_TEXTS.get(name, [])


_DEFAULT_TEXTS = _texts_of(BatchSettings())
_DEFAULTS = {name: texts[-1] for name, texts in _DEFAULT_TEXTS.items() if texts}

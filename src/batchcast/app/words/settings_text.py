"""Settings as people type them: on a command line, in the fields of a form."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.settings import OF_STOCK_FILE, SETTINGS, BatchSettings, Kind, event_of, mark_of, usable_cores
from batchcast.forecast.models.table import AUTO, MODELS, resolve_names

Texts = Mapping[str, Sequence[str]]  # by setting, as they were typed
Reader = Callable[[str, Sequence[str]], object]  # (setting, texts given) -> value; raises NotReadable


class NotReadable(Exception):
    """The text of an option can't be read; the message says what was expected."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(str(message))


def _text(_setting: str, given: Sequence[str]) -> str:
    return given[-1]


def _texts(_setting: str, given: Sequence[str]) -> tuple[str, ...]:
    return tuple(given)


def _whole(setting: str, given: Sequence[str]) -> int:
    try:
        return int(given[-1])
    except ValueError:
        template = N_("{setting} is {found!r}; it must be a whole number.")
        raise NotReadable(Message(template, {"setting": setting, "found": given[-1]})) from None


def _number(setting: str, given: Sequence[str]) -> float:
    found = _numbers(setting, [given[-1]])
    if len(found) != 1:
        template = N_("{setting} is {found!r}; it must be one number.")
        raise NotReadable(Message(template, {"setting": setting, "found": given[-1]}))
    return found[0]


def _numbers(setting: str, given: Sequence[str]) -> tuple[float, ...]:
    try:
        return tuple(_number_of(text.replace(",", ".")) for text in _numbers_in(given))
    except (ValueError, ArithmeticError):
        template = N_("{setting} is {found!r}; it must be made of numbers, such as 0.1; 0.5.")
        raise NotReadable(Message(template, {"setting": setting, "found": ",".join(given)})) from None


def _number_of(text: str) -> float:
    return float(Decimal(text.removesuffix("%")) / 100) if text.endswith("%") else float(text)


def _numbers_in(given: Sequence[str]) -> Iterator[str]:
    """The numbers of texts: with semicolons or blanks between them a comma is a decimal sign, else it lies between."""
    for text in (_PERCENT.sub("%", text) for text in given):
        pieces = [piece for piece in re.split(r"[;\s]+", text.strip()) if piece]
        are_separate = ";" in text or (len(pieces) > 1 and not any(piece.endswith(",") for piece in pieces))
        is_decimal = are_separate or re.fullmatch(r"\s*\d+,\d+%?\s*", text)
        yield from pieces if is_decimal else (word.strip() for word in text.split(",") if word.strip())


def _listed(_setting: str, given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())


def _models(setting: str, given: Sequence[str]) -> tuple[str, ...]:
    names = _listed(setting, given)
    return () if names == (AUTO,) else names


def _date(setting: str, given: Sequence[str]) -> dt.date:
    try:
        return dt.date.fromisoformat(given[-1])
    except ValueError:
        template = N_("{setting} is {found!r}; write the date as YYYY-MM-DD, such as 2026-01-31.")
        raise NotReadable(Message(template, {"setting": setting, "found": given[-1]})) from None


def _mapping(setting: str, given: Sequence[str]) -> dict[str, str]:
    """Pairs as `ingest.common.names.mapping_example` writes them: several in one text, in quotes or not."""
    mapping: dict[str, str] = {}
    for pair in (pair for text in given for pair in _NEXT_PAIR.split(_unquoted(text))):
        column, equals, name = (piece.strip() for piece in pair.partition("="))
        if not (column and equals and name):
            template = N_("{setting} has {found!r}; write it as column=name, such as demand_qty=Quantity.")
            raise NotReadable(Message(template, {"setting": setting, "found": pair.strip()}))
        mapping[column] = name
    return mapping


def _filters(_setting: str, given: Sequence[str]) -> tuple[str, ...]:
    """Filters by the values of a column: several in one text have semicolons between them."""
    return tuple(piece.lstrip() for text in given for piece in _EACH_FILTER.findall(text) if piece.strip())


def _ends(setting: str, given: Sequence[str]) -> tuple[str, ...]:
    """Days, each with its site where it has one: several in one text have commas or semicolons between them."""
    found = []
    for text in given:
        at = 0
        while at < len(text.rstrip()):
            end = _END.match(text, at)
            if end is None:
                template = N_("{setting} has {found!r}; write it as 2025-06-30, for one site as Sofifi=2025-06-30.")
                raise NotReadable(Message(template, {"setting": setting, "found": text[at:].strip()}))
            at = end.end()
            found.append("=".join(piece for piece in end.group("site", "day") if piece))
    return tuple(found)


def _events(_setting: str, given: Sequence[str]) -> tuple[str, ...]:
    """Events, a line each; several in one line have semicolons between them where a date follows."""
    lines = [line.strip() for text in given for line in _NEXT_EVENT.split(text) if line.strip()]
    return tuple(str(event_of(line) or line) for line in lines)


def _marks(_setting: str, given: Sequence[str]) -> tuple[str, ...]:
    """Marks, a line each; several in one line as events."""
    lines = [line.strip() for text in given for line in _NEXT_EVENT.split(text) if line.strip()]
    return tuple(dict.fromkeys(str(mark_of(line) or line) for line in lines))


_PERCENT = re.compile(r"\s+%")
_NEXT_EVENT = re.compile(r"[\r\n]+|;\s*(?=\d{4}-\d{2}-\d{2})")
_END = re.compile(r"\s*(?:(?P<site>\S.*?)\s*=\s*)??(?P<day>\d{4}-\d{2}-\d{2})\s*(?:[,;]|$)")  # a site may hold commas
_NEXT_PAIR = re.compile(r"[,;]\s*(?=[a-z_]+\s*=)")  # the name of a column may hold commas itself
_EACH_FILTER = re.compile(r"""(?:[^;"]|"(?:[^"]|"")*"|;(?!\s*[^;="]+=)|")+""")  # a value may hold semicolons itself
_QUOTES = ('""', "''", "“”", "‘’")


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] + text[-1] in _QUOTES else text


_READERS: Mapping[Kind, Reader] = {
    "choice": _text,
    "whole": _whole,
    "number": _number,
    "date": _date,
    "numbers": _numbers,
    "model_names": _models,
    "text": _text,
    "words": _listed,
    "texts": _texts,
    "mapping": _mapping,
    "filters": _filters,
    "ends": _ends,
    "event_lines": _events,
    "mark_lines": _marks,
}


def settings_of_texts(
    given: Mapping[str, Sequence[str]], *, base: BatchSettings | None = None, also: Sequence[Message] = ()
) -> BatchSettings:
    """The settings that were typed; an empty list of texts is a setting that wasn't given.

    Args:
        given: texts by setting, whatever their order.
        base: what holds for settings that weren't given; None: the defaults.
        also: problems found elsewhere, to be named with the rest.

    Raises:
        InvalidSettings: if a name is unknown, or a value can't be read or is out of its range; all are named at once.
    """
    problems = list(also)
    chosen: dict[str, Any] = base.as_json() if base else {}
    for setting, texts in given.items():
        if setting in SETTINGS and texts:
            try:
                chosen[setting] = _READERS[SETTINGS[setting].kind](setting, texts)
            except NotReadable as error:
                problems.append(error.message)
        elif texts:
            chosen[setting] = texts[-1]
    try:
        settings = BatchSettings.from_json(chosen)
    except InvalidSettings as error:
        raise InvalidSettings([*problems, *error.problems, *_model_problems(chosen.get("models", ()))]) from None
    problems += [*_problems_here(settings), *_model_problems(settings.models)]
    if problems:
        raise InvalidSettings(problems)
    return check_models(settings)


def events_settings(texts: Texts) -> BatchSettings:
    """How the dates of an events file are read, by the texts of a request; what can't be read is refused elsewhere."""
    try:
        return settings_of_texts({name: texts[name] for name in OF_EVENTS_FILE if texts.get(name)})
    except InvalidSettings:
        return BatchSettings()


OF_EVENTS_FILE = ("date_order", "timezone", "encoding")


_OF_DEMAND = frozenset({"only_rows", "quantity_units"})  # in a history


def stock_settings(base: BatchSettings | None, texts: Texts) -> BatchSettings:
    """How a stock file is read: as the texts say, else as a batch was whose settings are given, else by default.

    Columns that the texts map come to those that the batch has mapped. The rows and units of its demand are not those
    of its stock: a receipt tells the stock as well as an issue does.

    Raises:
        InvalidSettings: if a text can't be read or is out of its range.
    """
    kept = {} if base is None else {name: getattr(base, name) for name in OF_STOCK_FILE if name not in _OF_DEMAND}
    settings = settings_of_texts(texts, base=BatchSettings(**kept))
    mapping = {} if base is None else base.column_mapping
    return replace(settings, column_mapping={**mapping, **settings.column_mapping})


def check_models(settings: BatchSettings) -> BatchSettings:
    """The settings with each model once and by its own name, also where it was named as in a leaderboard.

    Raises:
        InvalidSettings: if any of them is not a model.
    """
    asked = () if settings.models == (AUTO,) else settings.models
    problems = _model_problems(asked)
    if problems:
        raise InvalidSettings(problems)
    return replace(settings, models=resolve_names(asked))


def _model_problems(names: Iterable[str]) -> list[Message]:
    template = N_("{setting} names {found!r}, which is not a model; there are {choices}.")
    choices = ", ".join(MODELS)
    unknown = [name for name in resolve_names(names) if name not in MODELS]
    return [Message(template, {"setting": "models", "found": name, "choices": choices}) for name in unknown]


def _problems_here(settings: BatchSettings) -> list[Message]:
    """What this machine can't do; another that carries the batch on may have fewer cores, and then uses those."""
    cores = usable_cores()
    if settings.max_parallel is None or settings.max_parallel <= cores:
        return []
    template = N_("{setting} is {found}; it must be a number from {low:g} to {high:g}.")
    return [Message(template, {"setting": "max_parallel", "found": settings.max_parallel, "low": 1, "high": cores})]

"""Domain values and errors as JSON values and back: for the pipe between a pool and its workers, and for the database.

A noun of the domain becomes `{"$": "Partition", "number": 3, ...}`; tuples, dates and paths are marked likewise, so
that what arrives equals what was sent. Numbers keep every bit. The database keeps this form: a noun may get a field
with a default, and one that goes is ignored in what is stored; one that changes its meaning needs a migration.
"""

from __future__ import annotations

import datetime as dt
import importlib
import traceback
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from batchcast.domain import (
    accuracy,
    attention,
    batch,
    calendar,
    errors,
    history,
    inventory,
    plan,
    planner,
    recipe,
    settings,
)
from batchcast.domain.accuracy import LeaderboardRow
from batchcast.domain.calendar import Frequency
from batchcast.domain.errors import N_, BatchcastError, InternalError, Message, bounded

_KIND = "$"
_MOST_CHARACTERS = 8192  # at the beginning and the end of what an error tells
_NOUNS: Mapping[str, type] = {
    name: noun
    for module in (
        accuracy,
        attention,
        batch,
        calendar,
        errors,
        history,
        inventory,
        plan,
        planner,
        recipe,
        settings,
    )
    for name, noun in vars(module).items()
    if isinstance(noun, type) and is_dataclass(noun)
}


def encode(value: Any) -> Any:
    """A domain value, or any nest of plain values around some, as a JSON value.

    Raises:
        TypeError: if it holds something that is neither.
    """
    encoded: Any
    match value:
        case Frequency() | dt.date() | Path() | LeaderboardRow():
            encoded = _encoded_whole(value)
        case None | bool() | int() | float() | str():
            encoded = value
        case np.generic():
            encoded = value.item()
        case tuple():
            encoded = {_KIND: "tuple", "value": [encode(item) for item in value]}
        case list():
            encoded = [encode(item) for item in value]
        case Mapping() if all(isinstance(name, str) for name in value):
            encoded = _encoded_mapping(value)
        case _ if _NOUNS.get(type(value).__name__) is type(value):
            noun = _NOUNS[type(value).__name__]
            encoded = {_KIND: noun.__name__} | {f.name: encode(getattr(value, f.name)) for f in fields(noun)}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form between a pool and its workers: {value!r:.100}")
    return encoded


def decode(value: Any) -> Any:
    """The value that `encode` made this of."""
    match value:
        case list():
            return [decode(item) for item in value]
        case {"$": str(kind)}:
            return _decoded(kind, {name: item for name, item in value.items() if name != _KIND})
        case dict():
            return {name: decode(item) for name, item in value.items()}
    return value


def encode_error(error: BaseException) -> dict[str, Any]:
    """An error with its class, its sentence and those of its fields that are plain data."""
    kind = type(error)
    where = _shortened("".join(traceback.format_exception(error)))
    if not isinstance(error, BatchcastError):
        return {"class": kind.__name__, "text": _shortened(str(error)), "where": where}
    named = {}
    for name, value in vars(error).items():
        try:
            named[name] = encode(value)
        except TypeError:  # a handle or the like: it means nothing in another process
            continue
    return {"class": f"{kind.__module__}:{kind.__qualname__}", "fields": named, "where": where}


def decode_error(encoded: Mapping[str, Any]) -> BatchcastError:
    """The error that `encode_error` made this of: the same class and sentence; where it was raised is its note.

    What is no BatchcastError becomes an InternalError.
    """
    kind = _error_class(encoded["class"])
    if kind is None:
        template = N_("{kind}: {server_reason}")
        error: BatchcastError = InternalError(
            Message(template, {"kind": encoded["class"], "server_reason": encoded.get("text")})
        )
    else:
        error = kind.__new__(kind)  # not through __init__: each class takes other arguments
        vars(error).update({name: decode(value) for name, value in encoded["fields"].items()})
    error.message = bounded(error.message)
    error.args = (str(error.message),)
    error.add_note(encoded["where"])
    return error


def _shortened(text: str) -> str:
    """The beginning and the end of a text that may be megabytes long, without halves of characters."""
    middle = "" if len(text) <= 2 * _MOST_CHARACTERS else " […] "
    if middle:
        text = text[:_MOST_CHARACTERS] + middle + text[-_MOST_CHARACTERS:]
    return text.encode(errors="replace").decode()


def _encoded_whole(value: Frequency | dt.date | Path | LeaderboardRow) -> dict[str, Any]:
    match value:
        case Frequency():
            return {_KIND: "frequency", "value": value.value}
        case LeaderboardRow():
            return {_KIND: "leaderboard", "value": value.as_json()}
        case dt.datetime():
            return {_KIND: "time", "value": value.isoformat()}
        case dt.date():
            return {_KIND: "date", "value": value.isoformat()}
        case Path():
            return {_KIND: "path", "value": str(value)}


def _encoded_mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    if _KIND in value:  # a column of the file is called so
        return {_KIND: "mapping", "value": [[name, encode(item)] for name, item in value.items()]}
    return {name: encode(item) for name, item in value.items()}


def _decoded(kind: str, named: Mapping[str, Any]) -> Any:
    if kind in _READERS:
        return _READERS[kind](named["value"])
    noun = _NOUNS[kind]
    known = {one.name for one in fields(noun)}
    return noun(**{name: decode(item) for name, item in named.items() if name in known})


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "tuple": lambda value: tuple(decode(item) for item in value),
    "mapping": lambda value: {name: decode(item) for name, item in value},
    "date": dt.date.fromisoformat,
    "time": dt.datetime.fromisoformat,
    "path": Path,
    "frequency": Frequency,
    "leaderboard": LeaderboardRow.from_json,
}


def _error_class(name: str) -> type[BatchcastError] | None:
    module, _, qualname = name.partition(":")
    if not module.startswith("batchcast.") or not qualname.isidentifier():
        return None
    found = getattr(importlib.import_module(module), qualname, None)
    return found if isinstance(found, type) and issubclass(found, BatchcastError) else None

"""Everything that can go wrong, as a tree; each class has a slug with its paragraph in `docs/errors.md`.

BatchcastError
├── InvalidInput                the file or table can't be a demand history            exit 2
│   ├── ReadingQuestion         ... as it reads in several ways: a setting chooses one
│   └── (one class a reason: in `ingest.common.problems`, where the reasons are found)
├── InvalidSettings             a setting is out of its range                          exit 2
├── BatchFailed                 the batch was rolled back                              exit 3
│   └── PartitionFailed         ... because of this partition
├── BatchCancelled              a person stopped it                                    exit 4
├── UnknownSeries               the batch has no series of that site and part
├── ConflictError               the batch is not in a state that allows this
└── InternalError               our mistake: what to send us
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, ClassVar

# A sentence for people: an English template with named values, translated only by the faces.


def N_(template: str) -> str:  # noqa: N802 -- gettext's name
    """Return `template` unchanged: translations are collected from its calls."""
    return template


class PlaceFormatter(Formatter):
    """Fills the places of a template.

    `{@bad_rows}` is a setting, `{@bad_rows=skip}` a setting with a value, `{@bad_rows=$text}` one with the value of
    that name: each face says it as its readers choose it.
    """

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        """What stands in a place."""
        if isinstance(key, str) and key.startswith(SETTING_PLACE):
            name, _, text = key.removeprefix(SETTING_PLACE).partition("=")
            return self.setting(name, str(kwargs[text[1:]]) if text.startswith("$") else text)
        return super().get_value(key, args, kwargs)

    def setting(self, name: str, text: str) -> str:
        """A setting as a program gives it; without a value, its name."""
        return f"{name}={text}" if text else name


SETTING_PLACE = "@"
_PLACES = PlaceFormatter()


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with its values kept apart, so that every face can say it in the reader's language.

    A date among them is said in words, 10 November 2026; one that is to be typed is a text, or stands behind a setting.
    A value whose name begins with `server_` may tell a place of the machine, such as a path; see `translate`.
    """

    template: str  # English, with {named} places; the key of its translations
    values: Mapping[str, object] = field(default_factory=dict)  # what stands in the places

    def __str__(self) -> str:
        if "{" + SETTING_PLACE in self.template:
            return _PLACES.vformat(self.template, (), self.values)
        return self.template.format(**self.values) if self.values else self.template


def counted(found: Iterable[tuple[str, int]], ending: str = "") -> Message:
    """Names with the number of each, for a place of a sentence: `'EA' (1,440), 'BOX' (12)`, in Indonesian 1.440."""
    return listed([Message("{name} ({count:,})", {"name": name, "count": count}) for name, count in found], ending)


def listed(items: Iterable[object], ending: str = "") -> Message:
    """Values with commas between, each said as the reader's language does: a number, a date, a sentence."""
    values = {f"item{i}": item for i, item in enumerate(items)}
    return Message(", ".join(f"{{{name}}}" for name in values) + "{ending}", {**values, "ending": ending})


_MOST_BYTES = 4096  # of a sentence that is kept
_CUT = " …"


def bounded(message: Message) -> Message:
    """A sentence of at most 4 KB in UTF-8, its values cut and without halves of characters, which no text can hold.

    An error may quote whatever a library says or a file holds.
    """
    if _fits(message):
        return message
    named = message.template.count("{") or 1
    room = max((_MOST_BYTES - len(message.template.encode())) // named, 0)
    cut = Message(message.template, {name: _cut(value, room) for name, value in message.values.items()})
    return cut if _fits(cut) else Message("{text}", {"text": _cut(str(cut), _MOST_BYTES)})


def _fits(message: Message) -> bool:
    try:
        return len(str(message).encode()) <= _MOST_BYTES
    except UnicodeEncodeError:
        return False


def _cut(value: object, room: int) -> object:
    if isinstance(value, int | float | dt.date) or value is None:
        return value
    if isinstance(value, Message):
        return value if _fits(value) and len(str(value).encode()) <= room else _cut(str(value), room)
    text = str(value).encode(errors="replace")
    if len(text) <= room:
        return text.decode()
    return text[: max(room - len(_CUT.encode()), 0)].decode(errors="ignore") + _CUT


class BatchcastError(Exception):
    """Root of all errors of batchcast; catch it to catch them all."""

    slug: ClassVar[str] = "error"
    sentence: ClassVar[str] = ""  # of errors that are raised without a message: all of the class say the same

    def __init__(self, message: Message | None = None) -> None:
        message = message or Message(self.sentence)
        self.message = message  # the whole sentence: what, where, found, expected, way out
        super().__init__(str(message))

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), self.args, self.__dict__)


def _unpickled(kind: type[BatchcastError], args: tuple[Any, ...], known: Mapping[str, Any]) -> BatchcastError:
    """An error of another process, with what it knew: its class may take other arguments than the sentence."""
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(known)
    return error


class InvalidInput(BatchcastError):
    """The file or table can't be read as a demand history; nothing was queued."""

    slug = "invalid-input"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One way to read a file that reads in several."""

    settings: Mapping[str, str]  # that choose it: the text of each, as it is typed
    reading: Message  # what it gives: its span, counts or totals


class ReadingQuestion(InvalidInput):
    """The file reads in several ways, and nothing in it decides; each of `choices` has the settings that choose it."""

    slug = "reading-question"

    def __init__(self, message: Message, *, setting: str, choices: Sequence[Choice]) -> None:
        self.setting = setting  # that answers it
        self.choices = tuple(choices)
        super().__init__(message)


class InvalidSettings(BatchcastError):
    """One or more settings are out of their range; `problems` names each."""

    slug = "invalid-settings"

    def __init__(self, problems: Sequence[Message]) -> None:
        self.problems = tuple(problems)
        super().__init__(Message(N_("{problems}"), {"problems": " ".join(str(p) for p in self.problems)}))


class BatchFailed(BatchcastError):
    """The batch was rolled back; nothing was published."""

    slug = "batch-rolled-back"


class PartitionFailed(BatchFailed):
    """A partition failed, and with it the batch.

    `partition` is its number, `reason` the code of how it ended, `way_out` what to do where the sentence does not say.
    """

    slug = "partition-failed"

    def __init__(self, message: Message, *, partition: int, reason: str, way_out: Message | None = None) -> None:
        self.partition = partition
        self.reason = reason
        self.way_out = way_out
        super().__init__(message)


class BatchCancelled(BatchcastError):
    """The batch was stopped before its end; nothing was published."""

    slug = "batch-cancelled"


class UnknownSeries(BatchcastError):
    """The batch has no series of that site and part; both are kept to the letter."""

    slug = "unknown-series"

    def __init__(self, site_code: str, partnumber: str) -> None:
        template = N_(
            "There is no part {partnumber!r} of site {site_code!r} here. Both count to the letter; search the list of "
            "series, and see among the refused ones why a part has no forecast."
        )
        super().__init__(Message(template, {"site_code": site_code, "partnumber": partnumber}))


class ConflictError(BatchcastError):
    """The batch is not in a state that allows what was asked."""

    slug = "conflict"


class InternalError(BatchcastError):
    """A mistake of ours; the message says what to send us."""

    slug = "internal-error"

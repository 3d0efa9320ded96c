"""What every command of one call shares."""

from __future__ import annotations

import json
import logging
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TextIO

from rich.console import Console

from batchcast.app.words.translation import Language, format_duration, format_number, translate
from batchcast.domain.errors import BatchcastError, InvalidSettings, Message

if TYPE_CHECKING:
    from batchcast.app.batchcast import Batchcast

# Says things to a person: sentences, numbers and durations in one language, and nothing a terminal would obey.


@dataclass(frozen=True)
class Words:
    """The language of the reader."""

    language: Language

    def say(self, template: str, **values: object) -> str:
        """A marked sentence with its values, safe to show."""
        return self.tell(Message(template, values))

    def tell(self, message: Message) -> str:
        """A sentence of the product, safe to show."""
        return safe(self.text(message))

    def text(self, message: Message) -> str:
        """A sentence of the product to the letter, for JSON: not to be shown on a terminal."""
        return translate(message, self.language, "option")

    def number(self, number: float, form: str = ",") -> str:
        """A number as the language writes it; a dash where there is none."""
        if math.isnan(number):
            return "–"
        return format_number(number, form, self.language)

    def share(self, share: float, digits: int = 0) -> str:
        """A share as a percentage, as the sentences write it: 94.5%."""
        return self.number(share, f",.{digits}%")

    def duration(self, seconds: float) -> str:
        """A time that something takes: `0.4 s`, `3 min 10 s`."""
        return format_duration(seconds, self.language)


def safe(text: str) -> str:
    """Text of a user, with everything that a terminal would obey or hide written out: `\\x1b`, `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shorten(text: str, most: int) -> str:
    """At most `most` characters of a text, an ellipsis for the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"


# The two streams of the command: results go to standard output, progress and messages to standard error.

_WIDTH_OF_FILES = 10_000  # a log or a pipe has no edge: nothing is wrapped there


class ScreenConsole(Console):
    """A console that raises when its reader is gone, where rich would end the process with exit code 1."""

    def __init__(self, file: TextIO) -> None:
        super().__init__(file=file, markup=False, highlight=False, emoji=False)  # text of a user is text, not markup
        if not self.is_terminal:
            self.width = _WIDTH_OF_FILES

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; without the spaces that fill a line where there is no terminal to fill."""
        if self.quiet or self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as captured:
            super().print(*objects, **options)
        lines = captured.get().split("\n")
        self.file.write("\n".join(line.rstrip() for line in lines))
        self.file.flush()

    def on_broken_pipe(self) -> None:
        """Called by rich where a write found no reader."""
        raise BrokenPipeError


@dataclass(frozen=True)
class Screen:
    """Where the command writes."""

    out: Console  # results
    err: Console  # progress, messages, errors

    @classmethod
    def of_process(cls) -> Screen:
        """The standard streams of this process."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a character the terminal lacks is written out, never a crash
                stream.reconfigure(errors="backslashreplace")
        return cls(out=ScreenConsole(sys.stdout), err=ScreenConsole(sys.stderr))

    def write_json(self, value: Mapping[str, object]) -> None:
        """One object on one line of standard output, at once."""
        file = self.out.file
        file.write(json.dumps(value, allow_nan=False, default=str) + "\n")
        file.flush()


def let_go_of_broken_streams() -> None:
    """Point streams without a reader to the null device, so that Python raises no error when it closes them."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _point_nowhere(stream)
        except ValueError:  # closed already
            continue


def _point_nowhere(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())


def open_batchcast() -> Batchcast:
    """The use cases, loaded when a command needs them: `--help` and `--version` don't."""
    from batchcast.app.batchcast import Batchcast

    return Batchcast()


@dataclass
class Session:
    """One call of the command."""

    words: Words
    screen: Screen
    open_app: Callable[[], Batchcast] = open_batchcast
    as_json: bool = False  # for programs: JSON lines on standard output and nothing else there
    is_quiet: bool = False  # of results and progress, but not of what went wrong
    debug: bool = False  # show the traceback of a mistake of ours
    problems: list[Message] = field(default_factory=list)  # of the words typed, told with those of the settings

    def refuse_problems(self, *more: Message) -> None:
        """Refuse the call where anything is wrong with it; everything is named at once.

        Raises:
            InvalidSettings: if there are problems.
        """
        if self.problems or more:
            raise InvalidSettings([*self.problems, *more])


# The log is for those who look for a mistake: shown with `--debug`, silent without it.


def set_up_log(*, shown: bool) -> None:
    """Show the log of the package on standard error, or keep it off the terminal."""
    logger = logging.getLogger("batchcast")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.DEBUG if shown else logging.WARNING)
    logger.addHandler(logging.StreamHandler() if shown else logging.NullHandler())


def hand_over_log(form: Literal["auto", "text", "json"], *, debug: bool) -> None:
    """Let the log of a server go to standard error, as it is for people and programs that watch one."""
    from batchcast.app.installation.log import set_up_service_log

    logger = logging.getLogger("batchcast")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(logging.DEBUG if debug else logging.NOTSET)
    set_up_service_log(form)


# What a server answers that is no result; here, so that only what speaks to one imports its client of HTTP.


class ServerUnavailable(BatchcastError):
    """The server can't be reached, or can't do this now; the same call may go through later."""

    slug = "server-unavailable"


class ServerRefused(BatchcastError):
    """The server refused what was asked; `code` is its slug, and nothing was done."""

    slug = "server-refused"

    def __init__(self, messages: Sequence[Message], *, code: str, row_errors: Mapping[str, Any] | None = None) -> None:
        self.messages = tuple(messages)
        self.code = code
        self.row_errors = row_errors  # as the API tells them, where rows were refused
        super().__init__(self.messages[0])

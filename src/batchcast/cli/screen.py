"""The two streams of the command: results go to standard output, progress and messages to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from rich.console import Console

_WIDTH_OF_FILES = 10_000  # a log or a pipe has no edge: nothing is wrapped there


class ScreenConsole(Console):
    """A console that raises when nobody reads it any more, where rich would end the process with exit code 1."""

    def __init__(self, file: TextIO) -> None:
        super().__init__(file=file, markup=False, highlight=False, emoji=False)  # text of a user is text, not markup
        if not self.is_terminal:
            self.width = _WIDTH_OF_FILES

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; without the spaces that fill a line where there is no terminal to fill."""
        if self.is_terminal:
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
    """Point streams that nobody reads to nowhere, so that Python does not complain when it closes them."""
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

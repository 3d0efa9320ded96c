"""What every command of one call shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchcast.cli.screen import Screen
from batchcast.cli.words import Words
from batchcast.domain.errors import InvalidSettings
from batchcast.domain.message import Message

if TYPE_CHECKING:
    from batchcast.app.batchcast import Batchcast


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
    debug: bool = False  # show the traceback of a mistake of ours
    problems: list[Message] = field(default_factory=list)  # of the words typed, told with those of the settings

    def refuse_problems(self, *more: Message) -> None:
        """Refuse the call where anything is wrong with it; everything is named at once.

        Raises:
            InvalidSettings: if there are problems.
        """
        if self.problems or more:
            raise InvalidSettings([*self.problems, *more])

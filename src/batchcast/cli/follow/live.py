"""On a terminal: the analysis, then a table that follows the partitions until the batch has ended."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from batchcast.cli.follow.clock import BatchClock
from batchcast.cli.follow.steps import STEPS
from batchcast.cli.render.analysis import analysis_card
from batchcast.cli.render.partitions import partition_view
from batchcast.cli.session import Session
from batchcast.domain.batch import Batch

if TYPE_CHECKING:
    from batchcast.app.intake import Analysis

_REFRESHES_A_SECOND = 8


class LiveView:
    """A listener that redraws in place."""

    def __init__(self, session: Session, clock: BatchClock | None = None) -> None:
        self._words = session.words
        self._console = session.screen.err
        self._clock = clock or BatchClock()
        self._spinner: Spinner | None = None
        self._batch: Batch | None = None
        self._live = Live(
            console=self._console, get_renderable=self.render, refresh_per_second=_REFRESHES_A_SECOND, transient=False
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spinner = None
        self._live.stop()

    def on_step(self, step: str) -> None:
        """Say what is being done."""
        self._spinner = Spinner(_spinner_name(self._console.options.ascii_only), Text(self._words.say(STEPS[step])))

    def on_analysis(self, analysis: Analysis) -> None:
        """Show the card above the table."""
        self._console.print(analysis_card(analysis, self._words))

    def on_batch(self, batch: Batch) -> None:
        """Take over the batch as it stands now; it is drawn at the next refresh."""
        self._clock.see(batch)
        self._batch = batch

    def render(self) -> RenderableType:
        """What stands at the bottom of the terminal now."""
        parts: list[RenderableType] = []
        batch = self._batch
        if batch is not None:
            seconds, time_left = self._clock.seconds(batch), self._clock.time_left(batch)
            parts.append(partition_view(batch, self._words, self._console, seconds=seconds, time_left=time_left))
        if self._spinner is not None:
            parts.append(self._spinner)
        return Group(*parts)


def _spinner_name(ascii_only: bool) -> str:
    return "line" if ascii_only else "dots"

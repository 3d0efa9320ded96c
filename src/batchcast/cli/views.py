"""What is shown of a batch at work: a live table on a terminal, lines in a log, JSON events for programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from batchcast.app.batchcast import Listener
from batchcast.app.words.nouns import analyzed_json, batch_json, partition_json
from batchcast.cli.progress import STEPS, BatchClock, Guarded, stopping
from batchcast.cli.render.analysis import analysis_card, remark
from batchcast.cli.render.partitions import LOOKS, partition_view, progress_text, sites_text
from batchcast.cli.session import Session
from batchcast.domain.batch import Batch, PartitionRecord, PartitionState
from batchcast.domain.errors import N_, Message

if TYPE_CHECKING:
    from batchcast.app.batchcast import Batchcast
    from batchcast.app.intake import Analysis

_REFRESHES_A_SECOND = 8


class View(Listener):
    """A listener that is entered before the batch and left after it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class LiveView(View):
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

    def __exit__(self, *_: object) -> None:
        self._spinner = None
        self._live.stop()

    def on_step(self, step: str) -> None:
        """Say what is being done."""
        self._spinner = Spinner(_spinner_name(self._console.options.ascii_only), Text(self._words.say(STEPS[step])))

    def on_note(self, note: Message) -> None:
        """Show it above the table."""
        self._console.print(remark("!", self._words.tell(note), "yellow"))

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


# In a log: a line for every step and every partition that ends.


class PlainView(View):
    """A listener that only ever adds lines."""

    def __init__(self, session: Session, clock: BatchClock | None = None) -> None:
        self._words = session.words
        self._console = session.screen.err
        self._clock = clock or BatchClock()
        self._states: dict[int, PartitionState] = {}

    def on_step(self, step: str) -> None:
        """Say what is being done."""
        self._line(self._words.say(STEPS[step]) + " …")

    def on_note(self, note: Message) -> None:
        """A line."""
        self._line(self._words.tell(note))

    def on_analysis(self, analysis: Analysis) -> None:
        """The card."""
        self._console.print(analysis_card(analysis, self._words))

    def on_batch(self, batch: Batch) -> None:
        """A line for every partition that has begun or ended since the last call."""
        self._clock.see(batch)
        for record in batch.partitions:
            number = record.partition.number
            before = self._states.get(number, PartitionState.PENDING)
            self._states[number] = record.state
            if record.state is not before:
                self._line(self._described(record, batch))

    def _described(self, record: PartitionRecord, batch: Batch) -> str:
        words, partition = self._words, record.partition
        if record.state is PartitionState.PROCESSING:
            template = N_("P{number} at work: {sites}, {rows:,} rows")
            sites = sites_text(partition.sites, words)
            return words.say(template, number=partition.number, sites=sites, rows=partition.rows)
        state = words.say(LOOKS[record.state].word)
        took = f" ({words.duration(record.seconds)})" if record.seconds is not None else ""
        progress = progress_text(batch, words, time_left=self._clock.time_left(batch))
        error = f": {words.tell(record.error)}" if record.error else ""
        return f"P{partition.number} {state}{took}{error} · {progress}"

    def _line(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)


# For programs: one JSON object a line on standard output, documented in `docs/reference/events.md`.


class EventView(View):
    """A listener that writes an event for every change."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: dict[int, tuple[PartitionState, int]] = {}  # number -> (state, attempt)
        self._overall: tuple[str, int] | None = None  # (state, percent)

    def on_step(self, step: str) -> None:
        """`{"kind": "step", "step": "ingest"}`."""
        self._write("step", step=step)

    def on_note(self, note: Message) -> None:
        """`{"kind": "note", "message": "…"}`."""
        self._write("note", message=self._session.words.tell(note))

    def on_analysis(self, analysis: Analysis) -> None:
        """The report, the plan and its partitions."""
        self._write("analysis", **analyzed_json(analysis, self._session.words.text))

    def on_batch(self, batch: Batch) -> None:
        """Every partition whose state changed, then the batch where its state or percent did."""
        for record in batch.partitions:
            now = (record.state, record.attempt)
            before = self._seen.get(record.partition.number, (PartitionState.PENDING, 0))
            if now != before:
                self._seen[record.partition.number] = now
                self._write("partition", **partition_json(batch, record, self._session.words.text))
        overall = (batch.state.value, int(100 * batch.progress))
        if overall != self._overall:
            self._overall = overall
            self._write("batch", **batch_json(batch))

    def _write(self, kind: str, **values: Any) -> None:
        self._session.screen.write_json({"kind": kind} | values)


@contextmanager
def follow(session: Session, app: Batchcast) -> Iterator[Listener]:
    """Show a batch at work; Ctrl-C and SIGTERM cancel it, the second Ctrl-C ends at once."""
    with stopping(app.cancel), choose_view(session) as view:
        yield Guarded(view, app.cancel)


def choose_view(session: Session) -> View:
    """Events for programs, a live table on a terminal, lines elsewhere; nothing where nothing is to be shown."""
    if session.as_json:
        return EventView(session)
    if session.is_quiet:
        return View()
    if session.screen.err.is_terminal and not session.screen.err.is_dumb_terminal:
        return LiveView(session)
    return PlainView(session)

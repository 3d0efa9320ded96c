"""Chooses the listener that suits the reader, and stops the batch when there is no reader any more."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from batchcast.app.batchcast import Listener
from batchcast.cli.session import Session
from batchcast.domain.batch import Batch

if TYPE_CHECKING:
    from batchcast.app.batchcast import Batchcast
    from batchcast.app.intake import Analysis


class View(Listener, Protocol):
    """A listener that is entered before the batch and left after it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@contextmanager
def follow(session: Session, app: Batchcast) -> Iterator[Listener]:
    """Show a batch at work; Ctrl-C and SIGTERM cancel it, the second Ctrl-C ends at once."""
    with stopping(app.cancel), choose_view(session) as view:
        yield Guarded(view, app.cancel)


def choose_view(session: Session) -> View:
    """Events for programs, a live table on a terminal, lines elsewhere."""
    if session.as_json:
        from batchcast.cli.follow.events import EventView

        return EventView(session)
    if session.screen.err.is_terminal and not session.screen.err.is_dumb_terminal:
        from batchcast.cli.follow.live import LiveView

        return LiveView(session)
    from batchcast.cli.follow.plain import PlainView

    return PlainView(session)


class Guarded:
    """Passes everything on; when nobody reads it any more, asks the batch to stop instead of failing."""

    def __init__(self, listener: Listener, stop: Callable[[], None]) -> None:
        self._listener = listener
        self._stop = stop

    def on_step(self, step: str) -> None:
        """Pass it on."""
        self._pass(lambda: self._listener.on_step(step))

    def on_analysis(self, analysis: Analysis) -> None:
        """Pass it on."""
        self._pass(lambda: self._listener.on_analysis(analysis))

    def on_batch(self, batch: Batch) -> None:
        """Pass it on."""
        self._pass(lambda: self._listener.on_batch(batch))

    def _pass(self, call: Callable[[], None]) -> None:
        try:
            call()
        except BrokenPipeError:
            self._stop()


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `stop`; what a signal did before is restored on leaving."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

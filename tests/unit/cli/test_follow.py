from __future__ import annotations

import io
import os
import signal
import threading
from dataclasses import replace

import pytest

from batchcast.cli.progress import BatchClock, Guarded, stopping
from batchcast.cli.session import Screen, ScreenConsole, Session, Words
from batchcast.cli.views import EventView, LiveView, PlainView, choose_view, follow
from batchcast.domain.batch import BatchState, PartitionRecord, PartitionState
from batchcast.domain.errors import Message


class Ticking:
    """A clock that is set."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def at_work(make):
    return PartitionRecord(partition=make.partition(0), state=PartitionState.PROCESSING, attempt=1, progress=0.0)


def make_session(make, *, terminal=False, as_json=False):
    out, err = make.console(io.StringIO()), make.console(io.StringIO(), width=100, terminal=terminal)
    return Session(words=Words("en"), screen=Screen(out=out, err=err), as_json=as_json)


def test_time_left_is_the_plans_until_the_batch_has_a_pace_of_its_own(make, at_work):
    ticking = Ticking()
    clock = BatchClock(ticking)
    started = make.batch(at_work)
    assert clock.time_left(started) is None
    clock.see(started)

    ticking.now = 4.0

    assert clock.time_left(started) == pytest.approx(started.plan.estimate_seconds - 4.0)
    assert clock.time_left(make.batch(replace(at_work, progress=0.25))) == pytest.approx(12.0)
    assert clock.time_left(make.batch(replace(at_work, progress=1.0))) is None
    assert clock.time_left(make.batch(at_work, state=BatchState.CANCELLED)) is None


def test_a_second_attempt_is_timed_from_its_own_start(make, at_work):
    ticking = Ticking()
    clock = BatchClock(ticking)
    clock.see(make.batch(at_work))
    ticking.now = 10.0
    second = make.batch(replace(at_work, attempt=2))
    clock.see(second)
    ticking.now = 13.0

    assert clock.seconds(second) == {0: 3.0}
    assert clock.seconds(make.batch(at_work)) == {0: 13.0}


def test_the_reader_decides_the_view(make, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(choose_view(make_session(make, as_json=True)), EventView)
    assert isinstance(choose_view(make_session(make, terminal=True)), LiveView)
    assert isinstance(choose_view(make_session(make)), PlainView)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose_view(make_session(make, terminal=True)), PlainView)


def test_the_live_view_ends_with_the_table_as_it_was_last(make, at_work, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    session = make_session(make, terminal=True)

    with LiveView(session) as view:
        view.on_step("forecast")
        view.on_batch(make.batch(at_work))
        at_first = io.StringIO()
        make.console(at_first, width=100).print(view.render())
        view.on_batch(make.batch(replace(at_work, state=PartitionState.COMPLETED, progress=1.0, seconds=2.0)))

    assert "at work" in at_first.getvalue()
    assert "Forecasting" in at_first.getvalue()
    last = session.screen.err.file.getvalue().rsplit("Part", 1)[1]
    assert "completed" in last
    assert "Forecasting" not in last


def test_lines_name_the_error_of_a_partition_that_failed(make, at_work):
    session = make_session(make)
    view = PlainView(session)
    error = Message("Partition 0 error: Invalid date")

    view.on_batch(make.batch(at_work))
    view.on_batch(make.batch(replace(at_work, state=PartitionState.FAILED, seconds=0.5, error=error)))

    assert (
        session.screen.err.file.getvalue()
        .splitlines()[-1]
        .startswith("P0 failed (0.5 s): Partition 0 error: Invalid date · ")
    )


def test_events_tell_a_change_once(make, at_work):
    session = make_session(make, as_json=True)
    view = EventView(session)

    for progress in (0.101, 0.102, 0.103):
        view.on_batch(make.batch(replace(at_work, progress=progress)))

    assert len(session.screen.out.file.getvalue().splitlines()) == 2


@pytest.mark.parametrize("view", [LiveView, PlainView, EventView])
def test_every_view_shows_a_note(make, view):
    session = make_session(make, as_json=view is EventView)

    view(session).on_note(Message("The first run compiles."))

    shown = session.screen.out if view is EventView else session.screen.err
    assert "The first run compiles." in shown.file.getvalue()


class Gone:
    """A view whose reader has gone."""

    def on_step(self, step):
        raise BrokenPipeError

    on_note = on_analysis = on_batch = on_step


def test_a_batch_whose_output_is_not_read_is_stopped():
    stops = []
    guarded = Guarded(Gone(), lambda: stops.append("stop"))

    guarded.on_step("ingest")
    guarded.on_note(None)
    guarded.on_analysis(None)
    guarded.on_batch(None)

    assert stops == ["stop"] * 4


def test_the_first_signal_stops_the_batch_and_the_second_ctrl_c_ends_at_once():
    stops = []
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    def signal_twice():
        with stopping(lambda: stops.append("stop")):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        signal_twice()
    assert stops == ["stop"]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_signals_are_left_alone_off_the_main_thread(make, fake):
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def on_thread():
        with follow(make_session(make), fake) as listener:
            listener.on_step("ingest")
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=on_thread)
    thread.start()
    thread.join()

    assert seen == [before]


def test_a_file_gets_no_spaces_at_the_ends_of_its_lines_and_no_wrapping():
    file = io.StringIO()

    ScreenConsole(file).print("word " * 300)

    assert file.getvalue() == ("word " * 300).rstrip() + "\n"


def test_a_broken_pipe_is_an_error_that_can_be_caught():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

        def isatty(self):
            return True

    with pytest.raises(BrokenPipeError):
        ScreenConsole(Closed()).print("text")

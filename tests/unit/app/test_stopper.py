"""The wish to stop reaches whatever is at work, whenever it comes."""

from __future__ import annotations

import threading

from batchcast.app.stopper import Stopper


def test_a_wish_reaches_what_is_at_work() -> None:
    stopper, stopped = Stopper(), threading.Event()

    with stopper.listening(), stopper.stopping(stopped.set):
        stopper.ask()

        assert stopped.wait(10)


def test_a_wish_from_before_stops_what_comes_next_at_once() -> None:
    stopper, first, later = Stopper(), threading.Event(), threading.Event()
    with stopper.listening():
        with stopper.stopping(first.set):
            stopper.ask()
            assert first.wait(10)

        with stopper.stopping(later.set):
            assert later.is_set()


def test_without_a_wish_nothing_is_stopped() -> None:
    stopper, stopped = Stopper(), threading.Event()

    with stopper.listening(), stopper.stopping(stopped.set):
        pass

    assert not stopped.is_set()
    assert not stopper.was_asked


def test_a_wish_between_two_pieces_of_work_is_kept() -> None:
    stopper, noted, later = Stopper(), threading.Event(), threading.Event()

    with stopper.listening():
        with stopper.stopping(noted.set):
            stopper.ask()
            noted.wait(10)
        with stopper.stopping(later.set):
            pass

    assert later.is_set()

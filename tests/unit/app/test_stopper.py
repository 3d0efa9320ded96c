"""A cancel token stops what is at work, also where it was cancelled before."""

from __future__ import annotations

import threading

from batchcast.app.intake import CancelToken


def test_a_wish_reaches_what_is_at_work() -> None:
    cancel_token, stopped = CancelToken(), threading.Event()

    with cancel_token.listening(), cancel_token.stopping(stopped.set):
        cancel_token.ask()

        assert stopped.wait(10)


def test_a_wish_from_before_stops_what_comes_next_at_once() -> None:
    cancel_token, first, later = CancelToken(), threading.Event(), threading.Event()
    with cancel_token.listening():
        with cancel_token.stopping(first.set):
            cancel_token.ask()
            assert first.wait(10)

        with cancel_token.stopping(later.set):
            assert later.is_set()


def test_without_a_wish_nothing_is_stopped() -> None:
    cancel_token, stopped = CancelToken(), threading.Event()

    with cancel_token.listening(), cancel_token.stopping(stopped.set):
        pass

    assert not stopped.is_set()
    assert not cancel_token.was_asked


def test_a_wish_between_two_pieces_of_work_is_kept() -> None:
    cancel_token, noted, later = CancelToken(), threading.Event(), threading.Event()

    with cancel_token.listening():
        with cancel_token.stopping(noted.set):
            cancel_token.ask()
            noted.wait(10)
        with cancel_token.stopping(later.set):
            pass

    assert later.is_set()

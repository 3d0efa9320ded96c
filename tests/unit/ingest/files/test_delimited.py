"""Results come in order, errors in their place, and no thread stays behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from batchcast.ingest.files.delimited import map_in_order

TIMEOUT = 30  # seconds, in which a thread that is waited for must have come


def running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("parse")]


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_every_item_comes_with_its_result_in_order(threads):
    assert list(map_in_order(range(50), lambda i: i * i, threads=threads)) == [(i, i * i) for i in range(50)]
    assert not running()


@pytest.mark.parametrize("threads", [0, 2])
def test_no_items_give_no_results(threads):
    assert list(map_in_order([], str, threads=threads)) == []


def test_without_threads_nothing_is_done_ahead_and_no_thread_is_started():
    done: list[int] = []
    results = map_in_order(range(5), done.append, threads=0)

    next(results)

    assert done == [0]
    assert not running()


def test_an_item_that_is_done_early_waits_for_the_one_before_it():
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(TIMEOUT)
        if item == 1:
            second_is_done.set()
        return -item

    assert list(map_in_order(range(4), work, threads=2)) == [(0, 0), (1, -1), (2, -2), (3, -3)]


def test_only_a_few_items_are_drawn_ahead():
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for i in range(100):
            drawn.append(i)
            yield i

    results = map_in_order(items(), str, threads=2)
    next(results)
    results.close()

    assert drawn == [0, 1, 2]


@pytest.mark.parametrize("threads", [0, 2])
def test_an_error_of_a_later_item_does_not_overtake_an_earlier_one(threads):
    later_has_failed = threading.Event()

    def work(item: int) -> int:
        if item == 3:
            later_has_failed.set()
            raise ValueError("later")
        if item == 2:
            assert not threads or later_has_failed.wait(TIMEOUT)
            raise ValueError("earlier")
        return item

    results = map_in_order(range(9), work, threads=threads)

    assert [next(results), next(results)] == [(0, 0), (1, 1)]
    with pytest.raises(ValueError, match="earlier"):
        next(results)
    assert not running()


@pytest.mark.parametrize("threads", [0, 2])
def test_an_error_while_drawing_comes_after_the_results_before_it(threads):
    def items() -> Iterator[int]:
        yield from range(2)
        raise ValueError("no more")

    results = map_in_order(items(), lambda i: i + 1, threads=threads)

    assert [next(results), next(results)] == [(0, 1), (1, 2)]
    with pytest.raises(ValueError, match="no more"):
        next(results)
    assert not running()


def test_an_error_of_work_comes_before_one_of_drawing_that_follows_it():
    def items() -> Iterator[int]:
        yield 0
        raise ValueError("drawing")

    with pytest.raises(ZeroDivisionError):
        list(map_in_order(items(), lambda i: 1 // i, threads=2))


def test_closing_early_joins_the_threads():
    results = map_in_order(range(100), str, threads=2)
    next(results)
    assert running()

    results.close()

    assert not running()


def test_an_interrupt_while_drawing_is_not_held_back():
    def items() -> Iterator[int]:
        yield 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(map_in_order(items(), str, threads=2))
    assert not running()

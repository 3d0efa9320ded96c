"""What every store must do; runs over each store of `conftest.py`."""

from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import pytest

from batchcast.domain.audit import AuditEntry
from batchcast.domain.batch import (
    BATCH_ARROWS,
    PARTITION_ARROWS,
    Attempt,
    BatchState,
    PartitionState,
)
from batchcast.domain.errors import Message
from batchcast.domain.planner import KeptMark, SavedView, Tick
from batchcast.domain.recipe import PastReading, Recipe
from batchcast.domain.settings import BatchSettings, HistoryMark
from batchcast.store.records import NewBatch
from batchcast.store.store import AttemptEnd, BatchExists, UndrawnArrow, UnknownBatch

PENDING, PROCESSING, COMPLETED = PartitionState.PENDING, PartitionState.PROCESSING, PartitionState.COMPLETED
WELL = AttemptEnd(seconds=1.5, peak_mb=120.0)
ERROR = Message("Partition {partition} error: {problem}", {"partition": 1, "problem": "bad"})


@pytest.fixture
def batch_of(store, make_plan):
    """Adds batch `b` with partitions of so many cells, PROCESSING."""

    def add(*cells):
        store.add_batch(NewBatch("b", BatchSettings(seed=7), make_plan(cells)))
        assert store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)

    return add


def test_a_new_batch_is_pending_with_pending_partitions_in_the_order_of_its_plan(store, make_plan):
    plan, settings = make_plan([5, 3]), BatchSettings(seed=7)

    batch = store.add_batch(NewBatch("b", settings, plan))

    assert batch == store.batch("b")
    assert (batch.batch_id, batch.settings, batch.plan, batch.error) == ("b", settings, plan, None)
    assert batch.state is BatchState.PENDING
    assert [record.partition for record in batch.partitions] == list(plan.partitions)
    assert {(record.state, record.attempt, record.progress) for record in batch.partitions} == {(PENDING, 0, 0.0)}
    assert [(e.number, e.kind, e.state) for e in store.events_after("b", 0)] == [(1, "batch", "PENDING")]


def test_an_id_is_given_once(store, make_plan):
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([1])))
    store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)

    with pytest.raises(BatchExists, match="There is a batch b already"):
        store.add_batch(NewBatch("b", BatchSettings(), make_plan([2])))

    assert store.batch("b").state is BatchState.PROCESSING


def test_an_unknown_batch_is_named_by_every_method(store):
    asked = [
        lambda: store.batch("x"),
        lambda: store.move_batch("x", BatchState.PENDING, BatchState.CANCELLED),
        lambda: store.move_partition("x", 0, PENDING, PROCESSING),
        lambda: store.note_progress("x", 0, 0.5),
        lambda: store.note_step("x", "prepare", {}),
        lambda: store.attempts("x"),
        lambda: store.events_after("x", 0),
    ]

    for ask in asked:
        with pytest.raises(UnknownBatch, match="There is no batch x"):
            ask()


@pytest.mark.parametrize(("before", "after"), list(product(BatchState, BatchState)))
def test_a_batch_moves_along_drawn_arrows_only(store, make_plan, before, after):
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([])))
    if before is not BatchState.PENDING:
        store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)
    if before.is_final:
        store.move_batch("b", BatchState.PROCESSING, before)

    if after in BATCH_ARROWS[before]:
        assert store.move_batch("b", before, after)
        assert store.batch("b").state is after
    else:
        with pytest.raises(UndrawnArrow, match=f"No arrow leads from {before} to {after} for batch b"):
            store.move_batch("b", before, after)
        assert store.batch("b").state is before


@pytest.mark.parametrize(("before", "after"), list(product(PartitionState, PartitionState)))
def test_a_partition_moves_along_drawn_arrows_only(store, batch_of, before, after):
    batch_of(2)
    if before is not PENDING:
        store.move_partition("b", 0, PENDING, PROCESSING)
    if before.is_final:
        store.move_partition("b", 0, PROCESSING, before, end=WELL)

    if after in PARTITION_ARROWS[before]:
        assert store.move_partition("b", 0, before, after)
        assert store.batch("b").partitions[0].state is after
    else:
        with pytest.raises(UndrawnArrow, match=f"from {before} to {after} for partition 0 of batch b"):
            store.move_partition("b", 0, before, after)
        assert store.batch("b").partitions[0].state is before


def test_what_lost_the_race_is_told_so_and_changes_nothing(store, batch_of):
    batch_of(2)
    store.move_partition("b", 0, PENDING, PROCESSING)
    store.move_batch("b", BatchState.PROCESSING, BatchState.CANCELLED)
    before, events = store.batch("b"), store.events_after("b", 0)

    assert not store.move_batch("b", BatchState.PROCESSING, BatchState.COMPLETED)
    assert not store.move_batch("b", BatchState.PENDING, BatchState.CANCELLED)
    assert not store.move_partition("b", 0, PROCESSING, COMPLETED, end=WELL)
    assert not store.move_partition("b", 0, PENDING, PROCESSING)
    assert not store.note_progress("b", 0, 0.9)

    assert store.batch("b") == before
    assert store.events_after("b", 0) == events


def test_a_partition_of_a_batch_that_is_not_at_work_does_not_move(store, make_plan):
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([2])))

    assert not store.move_partition("b", 0, PENDING, PROCESSING)


def test_an_attempt_is_opened_and_closed_and_the_next_one_counted(store, batch_of):
    batch_of(2, 1)
    crash = AttemptEnd(seconds=0.5, peak_mb=10.0, reason="crash", error=ERROR)

    store.move_partition("b", 0, PENDING, PROCESSING)
    store.move_partition("b", 1, PENDING, PROCESSING)
    at_work = store.attempts("b")
    store.note_progress("b", 0, 0.5)
    store.move_partition("b", 0, PROCESSING, PENDING, end=crash)
    crashed = store.batch("b").partitions[0]
    store.move_partition("b", 0, PENDING, PROCESSING)
    store.move_partition("b", 0, PROCESSING, COMPLETED, end=WELL)

    assert at_work == (Attempt(partition=0, number=1), Attempt(partition=1, number=1))
    assert (crashed.attempt, crashed.progress, crashed.reason, crashed.error) == (1, 0.0, "crash", ERROR)
    assert store.attempts("b") == (
        Attempt(partition=0, number=1, seconds=0.5, peak_mb=10.0, reason="crash", error=ERROR),
        Attempt(partition=1, number=1),
        Attempt(partition=0, number=2, seconds=1.5, peak_mb=120.0),
    )
    done = store.batch("b").partitions[0]
    assert (done.state, done.attempt, done.seconds, done.progress) == (COMPLETED, 2, 1.5, 1.0)
    assert (done.reason, done.error) == (None, None)


def test_how_a_partition_failed_is_kept_and_told(store, batch_of):
    batch_of(2)
    store.move_partition("b", 0, PENDING, PROCESSING)

    end = AttemptEnd(seconds=2.0, peak_mb=99.0, reason="error", error=ERROR)
    store.move_partition("b", 0, PROCESSING, PartitionState.FAILED, end=end)

    record = store.batch("b").partitions[0]
    assert (record.state, record.seconds, record.reason, record.error) == ("FAILED", 2.0, "error", ERROR)
    event = store.events_after("b", 0)[-1]
    assert (event.kind, event.partition, event.state) == ("partition", 0, "FAILED")
    assert event.detail == {
        "attempt": 1,
        "seconds": 2.0,
        "peak_mb": 99.0,
        "reason": "error",
        "error": ERROR,
        "overall": 0.0,
    }


def test_progress_weighs_by_cells_not_by_partitions(store, batch_of):
    batch_of(30, 10)
    for number in (0, 1):
        store.move_partition("b", number, PENDING, PROCESSING)

    assert store.note_progress("b", 0, 0.5)
    assert store.batch("b").progress == pytest.approx(0.375)
    store.move_partition("b", 1, PROCESSING, COMPLETED, end=WELL)

    assert store.batch("b").progress == pytest.approx(0.625)
    told = [(e.kind, e.partition, e.detail["overall"]) for e in store.events_after("b", 0) if "overall" in e.detail]
    assert told[-2:] == [("progress", 0, 0.375), ("partition", 1, 0.625)]
    assert not store.note_progress("b", 1, 0.7)


@pytest.mark.parametrize("end", [BatchState.ROLLED_BACK, BatchState.CANCELLED])
def test_a_batch_that_ends_without_its_partitions_cancels_them_in_the_same_step(store, batch_of, end):
    batch_of(3, 2, 1)
    store.move_partition("b", 0, PENDING, PROCESSING)
    store.move_partition("b", 0, PROCESSING, COMPLETED, end=WELL)
    store.move_partition("b", 1, PENDING, PROCESSING)
    seen = len(store.events_after("b", 0))

    assert store.move_batch("b", BatchState.PROCESSING, end, error=ERROR)

    batch = store.batch("b")
    assert (batch.state, batch.error) == (end, ERROR)
    assert [record.state.value for record in batch.partitions] == ["COMPLETED", "CANCELLED", "CANCELLED"]
    events = store.events_after("b", seen)
    assert [(e.kind, e.partition, e.state) for e in events] == [
        ("partition", 1, "CANCELLED"),
        ("partition", 2, "CANCELLED"),
        ("batch", None, end.value),
    ]
    assert events[-1].detail == {"error": ERROR}


def test_a_batch_is_not_completed_before_its_partitions_are(store, batch_of):
    batch_of(2)

    with pytest.raises(UndrawnArrow, match="batch b, whose partition 0 is PENDING"):
        store.move_batch("b", BatchState.PROCESSING, BatchState.COMPLETED)

    assert store.batch("b").state is BatchState.PROCESSING


def test_a_step_is_told_to_those_who_follow(store, batch_of):
    batch_of(1)

    store.note_step("b", "prepare", {"state": "done", "seconds": 0.25})

    event = store.events_after("b", 2)[0]
    assert (event.number, event.kind, event.partition, event.state) == (3, "step", None, None)
    assert event.detail == {"step": "prepare", "state": "done", "seconds": 0.25}


def test_events_are_numbered_without_gaps_and_read_from_any_number_on(store, batch_of):
    batch_of(1)
    store.note_step("b", "prepare", {})

    assert [e.number for e in store.events_after("b", 0)] == [1, 2, 3]
    assert [e.number for e in store.events_after("b", 2)] == [3]
    assert store.events_after("b", 3) == ()
    assert store.events_after("b", 99) == ()
    assert [e.number for e in store.events_after("b", -1)] == [1, 2, 3]
    assert {e.batch_id for e in store.events_after("b", 0)} == {"b"}


def test_waiting_for_an_event_ends_with_the_event(store, batch_of):
    batch_of(1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.events_after, "b", 2, wait_seconds=20)
        start = time.monotonic()

        store.note_step("b", "prepare", {})

        assert [e.number for e in waiting.result(20)] == [3]
        assert time.monotonic() - start < 10


def test_waiting_for_an_event_ends_after_its_time(store, batch_of):
    batch_of(1)

    assert store.events_after("b", 2, wait_seconds=0.05) == ()


def test_a_batch_that_has_ended_is_not_waited_for(store, batch_of):
    batch_of(1)
    store.move_batch("b", BatchState.PROCESSING, BatchState.CANCELLED)
    start = time.monotonic()

    assert store.events_after("b", 99, wait_seconds=20) == ()
    assert time.monotonic() - start < 10


def test_of_many_that_race_for_one_state_exactly_one_wins(store, make_plan):
    ends = [BatchState.COMPLETED, BatchState.ROLLED_BACK, BatchState.CANCELLED, BatchState.CANCELLED]
    with ThreadPoolExecutor(len(ends)) as pool:
        for race in range(100):
            batch_id = f"b{race}"
            store.add_batch(NewBatch(batch_id, BatchSettings(), make_plan([])))
            store.move_batch(batch_id, BatchState.PENDING, BatchState.PROCESSING)
            start = threading.Barrier(len(ends))

            def end_it(end, batch_id=batch_id, start=start):
                start.wait()
                return store.move_batch(batch_id, BatchState.PROCESSING, end)

            won = [end for end, is_won in zip(ends, pool.map(end_it, ends), strict=True) if is_won]

            assert won == [store.batch(batch_id).state]
            assert len(store.events_after(batch_id, 0)) == 3


@pytest.mark.long
def test_ten_thousand_partitions_are_fine(store, make_plan):
    store.add_batch(NewBatch("b", BatchSettings(), make_plan([1] * 10_000)))
    store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)
    start = time.monotonic()

    for number in range(100):
        store.move_partition("b", number, PENDING, PROCESSING)
        store.note_progress("b", number, 0.5)
        store.move_partition("b", number, PROCESSING, COMPLETED, end=WELL)
    took = time.monotonic() - start
    reads = []
    for _ in range(3):
        start = time.monotonic()
        batch = store.batch("b")
        reads.append(time.monotonic() - start)

    assert batch.progress == pytest.approx(0.01)
    assert len(store.events_after("b", 0)) == 302
    assert took < 20
    assert min(reads) < 0.5  # a tenth of it on a machine that does nothing else
    assert store.move_batch("b", BatchState.PROCESSING, BatchState.CANCELLED)
    assert len(store.events_after("b", 0)) == 302 + 9_900 + 1


def test_the_audit_log_is_read_from_its_newest_entry(store):
    at = dt.datetime(2026, 11, 30, 20, 15, tzinfo=dt.UTC)
    entries = [
        AuditEntry(at=at + dt.timedelta(seconds=n), name=name, role="planner", address="::1", action=action, status=n)
        for n, (name, action) in enumerate([("ani", "submit"), (None, "sign_in"), ("budi", "cancel")])
    ]
    for entry in entries:
        store.add_audit(replace(entry, batch_id="b" if entry.name else None))

    found = store.audit(2)
    older = store.audit(2, before=found[-1].number)

    assert [(one.name, one.action, one.batch_id, one.at) for one in (*found, *older)] == [
        ("budi", "cancel", "b", at + dt.timedelta(seconds=2)),
        (None, "sign_in", None, at + dt.timedelta(seconds=1)),
        ("ani", "submit", "b", at),
    ]
    assert store.audit(2, before=older[-1].number) == ()


def test_recipes_are_kept_by_name_the_newest_first(store):
    def recipe(name, order):
        settings = {"date_order": order, "column_mapping": {"demand_qty": "Menge"}}
        return Recipe(name=name, signature="s", settings=settings, source="a.csv", kept_on=dt.date(2026, 1, 31))

    for kept in (recipe("a", "day_first"), recipe("b", "year_first"), recipe("a", "month_first")):
        store.keep_recipe(kept)

    assert store.recipes() == (recipe("a", "month_first"), recipe("b", "year_first"))
    assert store.drop_recipe("a")
    assert not store.drop_recipe("a")
    assert store.recipes() == (recipe("b", "year_first"),)


def test_a_mark_stays_in_the_list_when_it_is_removed_and_is_kept_once_while_it_is_in_force(store):
    at = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    days = {"first": dt.date(2025, 7, 1), "last": dt.date(2025, 7, 31)}
    mark = HistoryMark(kind="exclude", site_code="Kendari", partnumber="P @ 1", **days)
    kept = KeptMark(mark=mark, reason="one project \0", name="ani", at=at)

    first = store.add_mark(kept)
    again = store.add_mark(replace(kept, name="budi", reason="the same"))
    other = store.add_mark(replace(kept, mark=replace(mark, kind="stock_out")))
    removed = store.remove_mark(first.number, "budi", at + dt.timedelta(hours=1))
    renewed = store.add_mark(replace(kept, name="budi"))

    assert (again, removed) == (first, True)
    assert not store.remove_mark(first.number, None, at)
    assert not store.remove_mark(99, None, at)
    assert first.number < other.number < renewed.number
    gone = replace(first, removed_by="budi", removed_at=at + dt.timedelta(hours=1))
    assert store.marks() == (renewed, other, gone)


def test_ticks_belong_to_a_batch_and_go_with_it(store, make_plan):
    at = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    look = Tick(site_code="Kendari", partnumber="P1", kind="one_off", name="ani", at=at)
    later = replace(look, kind="jump", at=at + dt.timedelta(minutes=1))
    for batch_id in "ab":
        store.add_batch(NewBatch(batch_id, BatchSettings(), make_plan([1])))

    store.keep_look("a", look)
    store.keep_look("a", replace(look, name="budi"))
    store.keep_look("a", later)
    store.keep_look("b", look)

    assert store.looks("a") == (later, look)
    assert store.drop_look("a", later.key)
    assert not store.drop_look("a", later.key)
    assert (store.looks("a"), store.looks("b")) == ((look,), (look,))
    store.move_batch("a", BatchState.PENDING, BatchState.CANCELLED)
    store.delete_batch("a")
    with pytest.raises(UnknownBatch):
        store.looks("a")
    with pytest.raises(UnknownBatch):
        store.keep_look("a", look)


def test_views_are_kept_by_name(store):
    at = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    view = SavedView(name="short", query="sort=units_short", kept_by="ani", at=at)

    for kept in (view, replace(view, name="all", query=""), replace(view, query="abc=A")):
        store.keep_view(kept)

    assert store.views() == (replace(view, name="all", query=""), replace(view, query="abc=A"))
    assert store.drop_view("all")
    assert not store.drop_view("all")


def test_the_last_reading_of_a_header_is_kept(store):
    first = PastReading(
        signature="5" * 32,
        source="all.csv",
        rows=10,
        first_date=dt.date(2023, 1, 1),
        last_date=dt.date(2025, 12, 31),
        read_on=dt.date(2026, 1, 2),
    )
    later = replace(first, rows=12, last_date=dt.date(2026, 1, 31))

    assert store.past_reading("5" * 32) is None
    store.keep_past_reading(first)
    store.keep_past_reading(later)

    assert store.past_reading("5" * 32) == later
    assert store.past_reading("6" * 32) is None

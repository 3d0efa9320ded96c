"""What a store keeps of submissions, results and timings, and how it lists them; runs over each of `conftest.py`."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from batchcast.domain.batch import (
    MOST_A_PAGE,
    BatchQuery,
    BatchResult,
    BatchState,
    PartitionState,
    ResultFile,
    Source,
    StoredFile,
    Timing,
)
from batchcast.domain.errors import Message
from batchcast.domain.history import IngestReport, RowProblem
from batchcast.domain.settings import BatchSettings
from batchcast.store.errors import BatchNotEnded, KeyTaken, UnknownBatch
from batchcast.store.records import AttemptEnd, Checkpoint, NewBatch, Submission

PENDING, PROCESSING, COMPLETED = PartitionState.PENDING, PartitionState.PROCESSING, PartitionState.COMPLETED
STRANGE_NAME = "pemakaian Juli – ½ \x00\ud800\n'; DROP TABLE batch; --.csv"


@pytest.fixture
def make_source(a_history):
    """Where a batch came from, under a file name."""

    def make(name="demand.csv"):
        problem = RowProblem(line=3, column="qty", letter="C", value="x", reason=Message("{a} is bad", {"a": 1}))
        report = IngestReport(
            source=name,
            format=Message("CSV"),
            columns={"quantity": "qty"},
            columns_left_alone=("note",),
            rows_read=7,
            rows_kept=6,
            rows_summed=0,
            rows_refused=1,
            problems=(problem,),
            refused_by_site={"S0": 1},
        )
        stored = StoredFile(key="batches/b/upload", sha256="0" * 64, size=12)
        return Source(
            file_name=name,
            upload=stored,
            history=replace(stored, key="batches/b/history.parquet"),
            rejected=None,
            input_sha256="1" * 64,
            facts=a_history.facts,
            report=report,
            ingest_seconds=0.25,
        )

    return make


@pytest.fixture
def add(store, make_plan):
    """Adds a PENDING batch with partitions of so many cells."""

    def add_batch(batch_id="b", cells=(2,), **more):
        return store.add_batch(NewBatch(batch_id, BatchSettings(), make_plan(cells), **more))

    return add_batch


@pytest.fixture
def complete(store, add):
    """Adds a batch and completes it, each partition with a checkpoint of this key."""

    def complete_batch(batch_id, checkpoint, result="folder"):
        add(batch_id)
        store.move_batch(batch_id, BatchState.PENDING, BatchState.PROCESSING)
        store.move_partition(batch_id, 0, PENDING, PROCESSING)
        end = AttemptEnd(seconds=1.0, peak_mb=2.0, result=result, checkpoint=checkpoint)
        store.move_partition(batch_id, 0, PROCESSING, COMPLETED, end=end)
        store.move_batch(batch_id, BatchState.PROCESSING, BatchState.COMPLETED)

    return complete_batch


def test_everything_that_was_submitted_is_read_back(store, add, make_source):
    source = make_source(STRANGE_NAME)

    added = add(source=source, submitted_by="Ana", retry_of="older")

    assert store.batch("b") == added
    assert (added.source, added.submitted_by, added.retry_of) == (source, "Ana", "older")
    assert (added.last_event, added.place) == (1, 1)
    assert (added.started_at, added.ended_at, added.result) == (None, None, None)
    assert abs(dt.datetime.now(dt.UTC) - added.submitted_at) < dt.timedelta(minutes=1)
    assert store.events_after("b", 0)[0].at == pytest.approx(added.submitted_at, abs=dt.timedelta(seconds=60))


def test_a_result_is_kept_with_the_end_of_its_batch(store, complete, add):
    add()
    result = BatchResult(
        files=(ResultFile(kind="forecast", format="csv", file=StoredFile(key="k", sha256="a", size=1)),),
        counts={"series": 3},
        leaderboard=(),
    )
    store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)
    end = AttemptEnd(seconds=1.0, peak_mb=0.0, result="there", reused_from="older")
    store.move_partition("b", 0, PENDING, COMPLETED, end=end)

    assert store.move_batch("b", BatchState.PROCESSING, BatchState.COMPLETED, result=result)

    batch = store.batch("b")
    assert batch.result == result
    assert batch.submitted_at <= batch.started_at <= batch.ended_at
    record = batch.partitions[0]
    assert (record.attempt, record.result, record.reused_from, record.progress) == (0, "there", "older", 1.0)
    assert store.attempts("b") == ()
    moved = next(event for event in store.events_after("b", 0) if event.kind == "partition")
    assert (moved.detail["reused_from"], moved.detail["overall"]) == ("older", 1.0)


def test_the_time_of_the_latest_attempt_is_kept(store, add):
    add()
    store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)
    store.move_partition("b", 0, PENDING, PROCESSING)

    first = store.batch("b").partitions[0].started_at
    store.note_progress("b", 0, 0.5)
    assert store.batch("b").partitions[0].started_at == first
    store.move_partition("b", 0, PROCESSING, PENDING)
    store.move_partition("b", 0, PENDING, PROCESSING)

    assert store.batch("b").partitions[0].started_at >= first


def test_a_key_stands_for_one_submission(store, add):
    assert store.submission("k") is None
    add("a", idempotency_key="k", fingerprint="f")

    assert store.submission("k") == Submission(batch_id="a", fingerprint="f")
    with pytest.raises(KeyTaken, match="batch a was submitted with it") as taken:
        add("b", idempotency_key="k", fingerprint="g")

    assert taken.value.submission == Submission(batch_id="a", fingerprint="f")
    assert store.latest_events(["a", "b"]) == {"a": 1}


@pytest.mark.parametrize("key", ["", "x" * 10_000, STRANGE_NAME])
def test_a_key_may_be_any_text(store, add, key):
    add("a", idempotency_key=key, fingerprint="f")

    assert store.submission(key) == Submission(batch_id="a", fingerprint="f")


def test_of_many_submissions_with_one_key_at_once_one_is_kept(store, add):
    start = threading.Barrier(8)

    def submit(number):
        start.wait()
        try:
            return add(f"b{number}", idempotency_key="k", fingerprint="f").batch_id
        except KeyTaken as taken:
            return taken.submission.batch_id

    with ThreadPoolExecutor(8) as pool:
        given = set(pool.map(submit, range(8)))

    assert len(given) == 1
    assert store.batches(BatchQuery()).total == 1


def test_places_in_the_queue_move_up(store, add):
    for batch_id in "abc":
        add(batch_id)
    assert [store.batch(batch_id).place for batch_id in "abc"] == [1, 2, 3]
    assert store.queue() == (3, 0)

    store.move_batch("a", BatchState.PENDING, BatchState.PROCESSING)

    assert [store.batch(batch_id).place for batch_id in "abc"] == [None, 1, 2]
    assert store.queue() == (2, 1)
    assert [line.place for line in store.batches(BatchQuery()).batches] == [2, 1, None]


def test_the_history_lists_the_newest_first_a_page_at_a_time(store, add):
    for number in range(5):
        add(f"b{number}")

    page = store.batches(BatchQuery(offset=1, limit=2))

    assert ([line.batch_id for line in page.batches], page.total) == (["b3", "b2"], 5)
    assert store.batches(BatchQuery(offset=9)).batches == ()
    assert len(store.batches(BatchQuery(limit=10 * MOST_A_PAGE)).batches) == 5


def test_a_line_of_the_history_says_how_far_a_batch_is(store, add, make_source):
    add("b", (30, 10), source=make_source(STRANGE_NAME), submitted_by="Ana", retry_of="older")
    store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)
    for number in (0, 1):
        store.move_partition("b", number, PENDING, PROCESSING)
    store.note_progress("b", 0, 0.5)
    store.move_partition("b", 1, PROCESSING, COMPLETED, end=AttemptEnd(seconds=1.0, peak_mb=2.0))
    error = Message("Bad: {what}", {"what": "x"})
    running = store.batches(BatchQuery()).batches[0]
    store.move_batch("b", BatchState.PROCESSING, BatchState.ROLLED_BACK, error=error)

    ended = store.batches(BatchQuery()).batches[0]

    assert (running.state, running.partitions, running.completed) == (BatchState.PROCESSING, 2, 1)
    assert running.progress == pytest.approx(0.625)
    assert (running.rows, running.sites, running.parts, running.series) == (40, 2, 1, 2)
    assert (running.file_name, running.submitted_by, running.retry_of) == (STRANGE_NAME, "Ana", "older")
    assert (running.estimate_seconds, running.place, running.ended_at) == (2.0, None, None)
    batch = store.batch("b")
    assert (ended.state, ended.error) == (BatchState.ROLLED_BACK, error)
    assert (ended.submitted_at, ended.started_at, ended.ended_at) == (
        batch.submitted_at,
        batch.started_at,
        batch.ended_at,
    )


def test_the_history_is_searched_by_state_file_and_id(store, add, make_source):
    add("aa11", source=make_source("Demand 100%.csv"))
    add("bb22", source=make_source("Übersicht_2025.xlsx"))
    add("cc33")
    store.move_batch("cc33", BatchState.PENDING, BatchState.CANCELLED)

    def found(search="", *states):
        page = store.batches(BatchQuery(search=search, states=frozenset(states)))
        assert page.total == len(page.batches)
        return [line.batch_id for line in page.batches]

    assert found("DEMAND") == ["aa11"]
    assert found("übersicht_") == found("ÜBERSICHT_") == ["bb22"]
    assert found("0%") == ["aa11"]
    assert found("_") == ["bb22"]
    assert found("C3") == ["cc33"]
    assert found("", BatchState.CANCELLED) == ["cc33"]
    assert found("", BatchState.PENDING, BatchState.PROCESSING) == ["bb22", "aa11"]
    assert found("demand", BatchState.CANCELLED) == []
    assert found("\x00\ud800'\n") == []


def test_checkpoints_are_those_of_completed_partitions_and_the_newest_counts(store, complete, add):
    complete("a", "k1", "of a")
    complete("b", "k1", "of b")
    complete("c", "k2", "of c")
    add("d")
    store.move_batch("d", BatchState.PENDING, BatchState.PROCESSING)
    store.move_partition("d", 0, PENDING, PROCESSING)
    store.move_partition("d", 0, PROCESSING, PENDING, end=AttemptEnd(seconds=1.0, peak_mb=2.0, reason="crash"))

    found = store.checkpoints(["k1", "k2", "k3", *(f"x{number}" for number in range(2000))])

    assert found == {
        "k1": Checkpoint(batch_id="b", result="of b"),
        "k2": Checkpoint(batch_id="c", result="of c"),
    }
    store.delete_batch("b")
    assert store.checkpoints(["k1"]) == {"k1": Checkpoint(batch_id="a", result="of a")}
    assert store.checkpoints([]) == {}


def test_a_checkpoint_that_is_dropped_is_found_no_more_in_any_batch(store, complete):
    complete("a", "k1", "of a")
    complete("b", "k1", "of b")
    complete("c", "k2", "of c")

    store.drop_checkpoint("b", 0)
    store.drop_checkpoint("b", 0)

    assert store.checkpoints(["k1", "k2"]) == {"k2": Checkpoint(batch_id="c", result="of c")}


def test_a_batch_that_was_rolled_back_keeps_the_checkpoints_it_has(store, add):
    add("b", (2, 3))
    store.move_batch("b", BatchState.PENDING, BatchState.PROCESSING)
    store.move_partition("b", 1, PENDING, PROCESSING)
    end = AttemptEnd(seconds=1.0, peak_mb=2.0, result="there", checkpoint="k")
    store.move_partition("b", 1, PROCESSING, COMPLETED, end=end)

    store.move_batch("b", BatchState.PROCESSING, BatchState.ROLLED_BACK)

    assert store.checkpoints(["k"]) == {"k": Checkpoint(batch_id="b", result="there")}


def test_of_two_files_made_on_demand_the_first_stays(store, add):
    add()

    def file_of(format_, key):
        return ResultFile(kind="forecast", format=format_, file=StoredFile(key=key, sha256="a", size=1))

    assert store.add_file("b", file_of("xlsx", "one")) == file_of("xlsx", "one")
    assert store.add_file("b", file_of("csv", "two")) == file_of("csv", "two")
    assert store.add_file("b", file_of("xlsx", "three")) == file_of("xlsx", "one")
    assert store.files("b") == (file_of("xlsx", "one"), file_of("csv", "two"))


def test_what_has_ended_is_deleted_with_all_its_rows(store, complete, add):
    add("a", idempotency_key="k", fingerprint="f")
    complete("b", "c")
    with pytest.raises(BatchNotEnded, match="Batch a has not ended: it is PENDING"):
        store.delete_batch("a")
    store.move_batch("a", BatchState.PENDING, BatchState.CANCELLED)
    store.add_file("a", ResultFile(kind="rejected", format="xlsx", file=StoredFile(key="k", sha256="a", size=1)))

    store.delete_batch("a")

    assert store.submission("k") is None
    assert store.known(["a", "b"]) == {"b"}
    with pytest.raises(UnknownBatch):
        store.batch("a")
    assert add("a", (5, 5), idempotency_key="k", fingerprint="f").last_event == 1
    assert len(store.batch("a").partitions) == 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.batch("x"),
        lambda store: store.delete_batch("x"),
        lambda store: store.files("x"),
        lambda store: store.add_file("x", None),
        lambda store: store.events_after("x", 0, wait_seconds=5),
    ],
)
def test_of_what_is_not_there_nothing_can_be_asked(store, ask):
    with pytest.raises(UnknownBatch, match="There is no batch x"):
        ask(store)


def test_the_latest_events_of_many_are_told_at_once(store, add):
    add("a")
    add("b")
    store.note_step("b", "prepare", {})

    assert store.latest_events(["a", "b", "x"]) == {"a": 1, "b": 2}
    assert store.latest_events([]) == {}


def test_nothing_is_told_of_a_batch_that_has_ended(store, add):
    add()
    store.move_batch("b", BatchState.PENDING, BatchState.CANCELLED)

    assert not store.note_step("b", "prepare", {})

    assert [(e.kind, e.state) for e in store.events_after("b", 1)] == [
        ("partition", "CANCELLED"),
        ("batch", "CANCELLED"),
    ]


def test_details_of_an_event_are_read_back_as_they_were(store, add):
    add()
    detail = {"state": "done", "share": 0.1 + 0.2, "error": Message("a {b}", {"b": "\x00ü"}), "none": None}

    store.note_step("b", "prepare", detail)

    assert store.events_after("b", 1)[0].detail == {"step": "prepare"} | detail


def test_timings_are_kept_by_version_the_newest_first(store):
    def timing(version, cells):
        return Timing(version=version, cells=cells, series=1, work_seconds=0.1, start_seconds=0.5)

    for number in range(4):
        store.add_timing(timing("2" if number == 1 else "1", number))

    assert [t.cells for t in store.timings("1")] == [3, 2, 0]
    assert store.timings("1", limit=1) == (timing("1", 3),)
    assert store.timings("3") == ()


def test_a_store_says_that_it_can_be_reached(store):
    store.ping()


def test_settings_with_every_kind_of_value_are_read_back(store, make_plan):
    settings = BatchSettings(
        forecast_start_date=dt.date(2026, 1, 1),
        column_mapping={"quantity": "Menge"},
        site_codes=("Ü", "\x00"),
        quantiles=(0.05, 0.95),
    )
    store.add_batch(NewBatch("b", settings, make_plan([1])))

    assert store.batch("b").settings == settings

"""A server takes batches in order, keeps what is finished, and gives back what it can't finish."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from batchcast.domain import crash_points
from batchcast.domain.batch import BatchState, PartitionState
from batchcast.domain.crash_points import CrashPoint
from batchcast.domain.errors import InternalError, Message
from batchcast.run.job import Ending, Outcome
from batchcast.store.artifacts.artifacts import ArtifactsUnavailable
from batchcast.store.artifacts.folder import LocalFolder
from batchcast.store.errors import StoreUnavailable, UnknownBatch
from batchcast.store.records import NewBatch


class Gate:
    """An act that waits: for the test to open it, or until its job is cancelled."""

    def __init__(self, *partitions):
        self._partitions = partitions
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, job, given):
        if not self._partitions or ("partition" in given and given["partition"].number in self._partitions):
            self.reached.set()
            while not (self.opened.is_set() or job.is_cancelled.is_set()):
                self.opened.wait(0.005)


@pytest.fixture
def reached(monkeypatch):
    """The points that are reached."""
    found = []
    monkeypatch.setattr(crash_points, "_watchers", [found.append])
    return found


def test_a_batch_is_completed_its_results_are_kept_and_its_scratch_is_gone(site, make_instant_pool, ends):
    site.submit("a", [30, 20, 10])

    site.server(make_instant_pool())

    batch = ends("a")
    assert batch.state is BatchState.COMPLETED
    assert site.result("a") == "S0 S1 S2"
    assert site.files("a") == {"result-1", "00000-1-1", "00001-1-1", "00002-1-1"}
    assert [record.result for record in batch.partitions] == [f"batches/a/partitions/0000{n}-1-1" for n in range(3)]
    assert batch.result.counts == {"series": 1}
    assert site.scratch() == []
    assert site.ended == [("a", "COMPLETED", True)]


def test_what_a_batch_took_is_told_for_the_estimates(site, make_instant_pool, ends, monkeypatch):
    told = []
    site.submit("a", [30, 20])
    server = site.server(make_instant_pool())
    monkeypatch.setattr(server, "on_ended", lambda batch, timing: told.append(timing))
    ends_at_once = threading.Event()

    while not told:
        ends_at_once.wait(0.01)

    assert (told[0].cells, told[0].series, told[0].partitions, told[0].work_seconds) == (50, 2, 2, 1.0)
    assert told[0].start_seconds >= 0


def test_every_point_is_reached_in_order(site, make_instant_pool, ends, reached):
    site.submit("a")

    site.server(make_instant_pool())

    ends("a")
    assert reached == [
        CrashPoint.BATCH_CLAIMED,
        CrashPoint.PREPARED,
        CrashPoint.CHECKPOINTS_TAKEN,
        CrashPoint.PARTITION_STARTED,
        CrashPoint.PARTITION_DONE,
        CrashPoint.PARTITION_KEPT,
        CrashPoint.PARTITION_COMPLETED,
        CrashPoint.PARTITIONS_COMPLETED,
        CrashPoint.RESULT_WRITTEN,
        CrashPoint.RESULT_KEPT,
        CrashPoint.BATCH_COMPLETED,
    ]


def test_batches_are_taken_in_the_order_they_came_and_no_more_than_there_are_workers(
    site, make_instant_pool, ends, until
):
    pool = make_instant_pool(1)
    gate = pool.acts["prepare"] = Gate()
    for batch_id in ("c", "a", "b"):
        site.submit(batch_id)
    server = site.server(pool)
    gate.reached.wait(10)

    assert server.at_work() == ("c",)
    assert [site.store.batch(batch_id).place for batch_id in ("c", "a", "b")] == [None, 1, 2]
    gate.opened.set()
    for batch_id in ("c", "a", "b"):
        ends(batch_id)

    assert [ended[0] for ended in site.ended] == ["c", "a", "b"]
    assert server.is_healthy()
    assert server.worker_memory_mb() == 64


def test_jobs_of_an_older_batch_go_before_those_of_a_newer_one(site, make_instant_pool, ends, until):
    pool = make_instant_pool(2)
    gate = pool.acts["prepare"] = Gate()
    site.submit("old")
    until(lambda: dt.datetime.now(dt.UTC).timestamp() > site.store.batch("old").submitted_at.timestamp() + 0.002)
    site.submit("new")

    server = site.server(pool)
    until(lambda: len(pool.log) == 2)

    assert server.at_work() == ("old", "new")
    old, new = sorted(pool.at_work)
    assert (old.job.arguments["into"]["value"], old.place[0] < new.place[0]) == (
        str(site.folder / "scratch-0" / "old-1" / "knowledge.json"),
        True,
    )
    gate.opened.set()
    ends("old")
    ends("new")


def test_a_failed_partition_rolls_the_batch_back_and_the_others_results_stay_as_checkpoints(
    site, make_instant_pool, ends, reached
):
    pool = make_instant_pool(1)
    bad = Outcome(ending=Ending.ERROR, error=InternalError(Message("line 3 is no number")))
    pool.acts["partition"] = lambda job, given: bad if given["partition"].number == 1 else None
    site.submit("a", [30, 20, 10])

    site.server(pool)

    batch = ends("a")
    assert (batch.state, str(batch.error)) == (BatchState.ROLLED_BACK, "Partition 1 error: line 3 is no number")
    assert site.states("a") == ["COMPLETED", "FAILED", "CANCELLED"]
    assert site.files("a") == {"00000-1-1"}
    assert site.scratch() == []
    assert reached[-2:] == [CrashPoint.FAILURE_SEEN, CrashPoint.BATCH_ROLLED_BACK]
    assert site.ended == [("a", "ROLLED_BACK", False)]


def test_results_of_an_earlier_batch_are_taken_where_nothing_has_changed(site, make_instant_pool, ends):
    pool = make_instant_pool()
    site.submit("a", [30, 20])
    site.server(pool)
    ends("a")
    pool.log.clear()

    site.submit("b", [30, 20, 10])
    site.servers[0].wake()

    batch = ends("b")
    assert [record.reused_from for record in batch.partitions] == ["a", "a", None]
    assert [entry for entry in pool.log if entry[0] == "partition"] == [("partition", 2)]
    assert site.result("b") == "S0 S1 S2"
    assert site.files("b") == {"result-1", "00000-0-1", "00001-0-1", "00002-1-1"}


def test_a_batch_that_repeats_another_learns_nothing_again(site, make_instant_pool, ends, monkeypatch):
    pool, known = make_instant_pool(), []

    def prepare(_job, given):
        known.append(given["is_known"])
        if given["is_known"]:
            assert given["into"].read_text() == "learned"
        else:
            given["into"].write_text("learned")

    pool.acts["prepare"] = prepare
    site.submit("a")
    server = site.server(pool)
    ends("a")
    for batch_id, repeated in (("b", "a"), ("c", "b"), ("d", None)):
        site.submit(batch_id, retry_of=repeated)
        server.wake()
        ends(batch_id)
    monkeypatch.setattr("batchcast.run.steps.engine_versions", lambda: {"batchcast": "9"})
    site.submit("e", retry_of="a")
    server.wake()
    ends("e")

    assert known == [False, True, True, False, False]
    assert all(site.store.batch(batch_id).state is BatchState.COMPLETED for batch_id in "abcde")


def test_a_checkpoint_outlives_the_batch_that_it_came_from(site, make_instant_pool, ends):
    site.submit("a")
    server = site.server(make_instant_pool())
    ends("a")
    site.submit("b")
    server.wake()
    ends("b")
    site.store.delete_batch("a")
    site.artifacts.remove("batches/a")

    site.submit("c")
    server.wake()

    batch = ends("c")
    assert [record.reused_from for record in batch.partitions] == ["b"]
    assert site.result("c") == "S0"


@pytest.mark.parametrize("change", ["knowledge", "request", "files"])
def test_no_result_is_taken_where_something_has_changed(site, make_instant_pool, ends, change, monkeypatch):
    pool = make_instant_pool()
    site.submit("a")
    server = site.server(pool)
    ends("a")

    if change == "knowledge":
        pool.knowledge = "more"
    elif change == "request":
        monkeypatch.setattr("batchcast.run.steps.engine_versions", lambda: {"batchcast": "9"})
    else:
        site.artifacts.remove("batches/a/partitions")
    site.submit("b")
    server.wake()

    batch = ends("b")
    assert [record.reused_from for record in batch.partitions] == [None]
    assert site.result("b") == "S0"


def test_a_batch_where_all_is_taken_says_nothing_for_the_estimates(site, make_instant_pool, ends):
    site.submit("a")
    server = site.server(make_instant_pool())
    ends("a")

    site.submit("b")
    server.wake()
    ends("b")

    assert site.ended == [("a", "COMPLETED", True), ("b", "COMPLETED", False)]


# Stopping


def test_a_server_that_stops_gives_its_batch_back_and_another_carries_it_on(site, make_instant_pool, ends):
    pool = make_instant_pool(1)
    gate = pool.acts["partition"] = Gate(1)
    site.submit("a", [30, 20])
    first = site.server(pool)
    gate.reached.wait(10)

    first.stop(10)

    assert first.at_work() == ()
    assert not first.is_healthy()
    assert site.store.batch("a").state is BatchState.PROCESSING
    assert site.states("a") == ["COMPLETED", "PENDING"]
    assert site.store.owners() == frozenset()
    assert site.scratch() == []
    second = make_instant_pool()
    site.server(second)
    assert ends("a").state is BatchState.COMPLETED
    assert [entry for entry in second.log if entry[0] == "partition"] == [("partition", 1)]
    assert site.files("a") == {"result-2", "00000-1-1", "00001-2-2"}
    reasons = [(a.partition, a.number, a.reason) for a in site.store.attempts("a")]
    assert reasons == [(0, 1, None), (1, 1, "given-back"), (1, 2, None)]


def test_a_server_that_stops_takes_no_more(site, make_instant_pool):
    server = site.server(make_instant_pool())

    server.stop(10)
    site.submit("a")
    server.wake()

    assert site.store.batch("a").state is BatchState.PENDING


def test_a_server_does_not_wait_longer_than_its_grace_for_what_does_not_end(site, make_instant_pool, caplog):
    class SlowArtifacts(LocalFolder):
        def put_folder(self, folder, prefix, *, move=False):
            is_putting.set()
            may_end.wait(10)
            return super().put_folder(folder, prefix, move=move)

    is_putting, may_end = threading.Event(), threading.Event()
    site.submit("a")
    server = site.server(make_instant_pool(), artifacts=SlowArtifacts(site.folder / "artifacts"))
    is_putting.wait(10)

    server.stop(0.05)

    assert "not given back within 0.05 s: batches a" in caplog.text
    may_end.set()


# Cancelling


def test_a_waiting_batch_is_cancelled_and_never_starts(site, make_instant_pool, reached):
    pool = make_instant_pool(1)
    gate = pool.acts["prepare"] = Gate()
    site.submit("a")
    server = site.server(pool)
    gate.reached.wait(10)
    site.submit("b")

    assert server.cancel("b")

    assert site.store.batch("b").state is BatchState.CANCELLED
    assert site.ended == [("b", "CANCELLED", False)]
    assert CrashPoint.BATCH_CANCELLED in reached
    assert not server.cancel("b")
    with pytest.raises(UnknownBatch):
        server.cancel("c")


def test_a_batch_at_work_is_cancelled_and_its_jobs_are_killed(site, make_instant_pool, ends):
    pool = make_instant_pool()
    gate = pool.acts["partition"] = Gate()
    site.submit("a", [30, 20])
    server = site.server(pool)
    gate.reached.wait(10)
    jobs = list(pool.at_work)

    assert server.cancel("a")

    assert all(job.is_cancelled.is_set() for job in jobs)
    assert ends("a").state is BatchState.CANCELLED
    assert site.states("a") == ["CANCELLED", "CANCELLED"]
    assert site.files("a") == set()
    assert site.scratch() == []


def test_a_cancel_at_another_server_is_noticed(site, make_instant_pool, ends):
    pool = make_instant_pool()
    gate = pool.acts["partition"] = Gate()
    site.submit("a")
    site.server(pool)
    gate.reached.wait(10)
    other = site.server(make_instant_pool())

    assert other.cancel("a")

    assert ends("a").state is BatchState.CANCELLED
    assert all(job.is_cancelled.is_set() for job in pool.at_work)


@pytest.mark.parametrize("rival", ["completion", "publishing", "timeout"])
def test_of_a_cancel_and_a_rival_exactly_one_wins(site, make_instant_pool, ends, rival):
    """100 races: the cancel comes at the moment when the batch is about to be completed, published or timed out."""
    pool = make_instant_pool()
    won = dict.fromkeys(BatchState, 0)
    server = site.server(pool)
    step = "partition" if rival == "timeout" else "publish"
    for race in range(100):
        gate = pool.acts[step] = Gate()
        pool.knowledge = f"of race {race}"
        batch_id = f"b{race}"
        site.submit(batch_id, [10])
        server.wake()
        gate.reached.wait(10)
        start = threading.Barrier(2)

        def rivals_part(gate=gate, start=start):
            start.wait()
            gate.opened.set()

        if rival == "timeout":
            act = gate

            def time_out(job, given, act=act):
                act(job, given)
                return Outcome(ending=Ending.TIMEOUT)

            pool.acts[step] = time_out
        thread = threading.Thread(target=rivals_part)
        thread.start()
        start.wait()
        if rival == "completion":
            gate.opened.wait(10)
            threading.Event().wait(race * 0.00005)
        is_cancelled = server.cancel(batch_id)
        thread.join()

        batch = ends(batch_id)
        won[batch.state] += 1
        assert is_cancelled == (batch.state is BatchState.CANCELLED)
        changes = [event.state for event in site.store.events_after(batch_id, 0) if event.kind == "batch"]
        assert changes == ["PENDING", "PROCESSING", batch.state.value]
        kept = {name for name in site.files(batch_id) if name.startswith("result-")}
        assert kept == ({"result-1"} if batch.state is BatchState.COMPLETED else set())
        assert (batch.result is not None) == (batch.state is BatchState.COMPLETED)
    assert sum(won.values()) == 100
    assert site.scratch() == []


# Artifacts and a listener that fail


class FullDisk(LocalFolder):
    """Has no room for what is put under names with this in them."""

    def __init__(self, root, name):
        super().__init__(root)
        self._name = name

    def put(self, path, key, *, move=False):
        self._refuse(key)
        return super().put(path, key, move=move)

    def put_folder(self, folder, prefix, *, move=False):
        self._refuse(prefix)
        return super().put_folder(folder, prefix, move=move)

    def fetch_folder(self, prefix, into):
        self._refuse(f"{prefix} again")
        return super().fetch_folder(prefix, into)

    def _refuse(self, key):
        if self._name in key:
            raise ArtifactsUnavailable("the folder", "No space left on device")


@pytest.mark.parametrize(
    ("name", "start", "state"),
    [
        ("partitions/00001-1-1", "Partition 1 error: ", "FAILED"),
        ("result-1", "Publishing error: ", "COMPLETED"),
        ("again", "Publishing error: ", "COMPLETED"),
    ],
)
def test_a_full_disk_rolls_the_batch_back_with_a_sentence(*, site, make_instant_pool, ends, name, start, state):
    site.submit("a", [30, 20])

    site.server(make_instant_pool(1), artifacts=FullDisk(site.folder / "artifacts", name))

    batch = ends("a")
    assert batch.state is BatchState.ROLLED_BACK
    assert str(batch.error).startswith(start)
    assert "No space left on device" in str(batch.error)
    assert site.states("a")[1] == state
    assert not any(file.startswith("result-") for file in site.files("a"))
    assert site.scratch() == []


def test_a_listener_that_fails_is_logged_and_the_next_batch_is_run(site, make_instant_pool, until, caplog):
    server = site.server(make_instant_pool())
    server.on_ended = lambda batch, timing: 1 / 0
    site.submit("a")
    server.wake()
    until(lambda: site.store.batch("a").state.is_final and not server.at_work())

    site.submit("b")
    server.wake()

    until(lambda: site.store.batch("b").state is BatchState.COMPLETED)
    assert "batch a: its end could not be told" in caplog.text


def test_a_server_without_observers_runs_its_batches(site, make_instant_pool, until):
    server = site.server(make_instant_pool())
    server.on_ended = None
    site.submit("a")
    server.wake()

    until(lambda: site.store.batch("a").state is BatchState.COMPLETED)


def test_a_batch_without_a_file_is_refused_with_a_sentence(site, make_instant_pool, make_plan, ends):
    from batchcast.domain.settings import BatchSettings

    site.store.add_batch(NewBatch("a", BatchSettings(), make_plan([1])))

    site.server(make_instant_pool())

    batch = ends("a")
    assert batch.state is BatchState.ROLLED_BACK
    assert "Batch a was made without a file, and can't be run by a server." in str(batch.error)


# A store that fails


class FlakyStore:
    """A store whose answers get lost now and then: `lose` says which, and whether before or after the change."""

    def __init__(self, store):
        self._store = store
        self.lose = {}  # name of a method -> ["before" | "after", ...]

    def __getattr__(self, name):
        method = getattr(self._store, name)

        def call(*args, **named):
            moments = self.lose.get(name, [])
            moment = moments.pop(0) if moments else None
            if moment == "before":
                raise StoreUnavailable("db", "gone")
            answer = method(*args, **named)
            if moment == "after":
                raise StoreUnavailable("db", "gone")
            return answer

        return call


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["move_partition", "move_batch", "note_step", "checkpoints", "batch", "attempts"])
def test_a_store_that_fails_for_a_moment_costs_nothing_but_time(site, make_instant_pool, ends, method, moment):
    flaky = FlakyStore(site.store)
    flaky.lose = {method: [moment, moment]}
    site.submit("a", [30, 20])

    site.server(make_instant_pool(1), store=flaky)

    assert ends("a").state is BatchState.COMPLETED
    assert site.states("a") == ["COMPLETED", "COMPLETED"]
    assert [attempt.number for attempt in site.store.attempts("a")] == [1, 1]


def test_a_claim_that_breaks_off_expires_and_the_batch_is_taken_again(site, make_instant_pool, ends, caplog):
    flaky = FlakyStore(site.store)
    flaky.lose = {"claim_batch": ["after"]}
    site.submit("a")

    server = site.server(make_instant_pool(), store=flaky, lease_seconds=0.6)

    assert ends("a").state is BatchState.COMPLETED
    assert "the queue is not looked at for now" in caplog.text
    assert server.is_healthy()


def test_a_store_that_is_gone_for_good_makes_a_server_let_go(site, make_instant_pool, until, monkeypatch, caplog):
    monkeypatch.setattr("batchcast.run.leased_store._PATIENCE_SECONDS", 0.05)
    flaky = FlakyStore(site.store)
    flaky.lose = {"move_partition": ["before"] * 100, "batch": []}
    site.submit("a")

    server = site.server(make_instant_pool(), store=flaky)

    until(lambda: "batch a is left" in caplog.text)
    until(lambda: not server.at_work())
    assert site.store.batch("a").state is BatchState.PROCESSING
    assert site.scratch() == []


def test_a_mistake_in_looking_at_the_queue_is_logged_and_told(site, make_instant_pool, ends, until, caplog):
    flaky = FlakyStore(site.store)
    server = site.server(make_instant_pool(), store=flaky)
    until(server.is_healthy)
    flaky._store = None
    server.wake()
    until(lambda: not server.is_healthy())

    flaky._store = site.store
    site.submit("a")
    server.wake()

    assert ends("a").state is BatchState.COMPLETED
    until(server.is_healthy)
    assert "the queue could not be looked at" in caplog.text
    assert PartitionState.COMPLETED.value in site.states("a")


# What is in the way at the end


def test_a_batch_that_is_deleted_while_its_jobs_end_leaves_nothing(site, make_instant_pool, until):
    pool = make_instant_pool()
    gate = pool.acts["partition"] = Gate()
    site.submit("a", [30])
    server = site.server(pool)
    gate.reached.wait(10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(server), "_look", lambda self: None)
        site.store.move_batch("a", BatchState.PROCESSING, BatchState.CANCELLED)
        site.store.delete_batch("a")
        site.artifacts.remove("batches/a")

        gate.opened.set()
        until(lambda: not server.at_work())

    assert site.files("a") == set()
    assert site.scratch() == []


def test_a_batch_that_can_t_be_given_back_is_left_to_its_lease(site, make_instant_pool, caplog):
    pool = make_instant_pool(1)
    gate = pool.acts["partition"] = Gate()
    flaky = FlakyStore(site.store)
    site.submit("a")
    server = site.server(pool, store=flaky)
    gate.reached.wait(10)

    flaky.lose = {"move_partition": ["before"] * 100}
    server.stop(10)

    assert "batch a could not be given back" in caplog.text
    assert server.at_work() == ()
    assert site.states("a") == ["PROCESSING"]


def test_files_that_can_t_be_removed_are_logged_and_left_to_the_sweep(
    site, make_instant_pool, ends, monkeypatch, caplog
):
    class StickyFolder(LocalFolder):
        def remove(self, prefix):
            raise ArtifactsUnavailable("the folder", "Permission denied")

    def rmtree(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("batchcast.run.result_sink.shutil.rmtree", rmtree)
    pool = make_instant_pool()
    pool.acts["publish"] = lambda job, given: (
        site.store.move_batch("a", BatchState.PROCESSING, BatchState.CANCELLED) and None
    )
    site.submit("a")

    site.server(pool, artifacts=StickyFolder(site.folder / "artifacts"))

    assert ends("a").state is BatchState.CANCELLED
    assert "batch a: its scratch files could not be removed: [Errno 13] Permission denied" in caplog.text


def test_a_batch_that_comes_back_while_its_last_run_here_is_ending_is_run(site, make_instant_pool, ends, until):
    """Another server had taken it over, and has given it back before the first run's job was gone."""
    pool = make_instant_pool(2)
    may_die = threading.Event()
    pool.acts["partition"] = lambda job, given: may_die.wait(20) and None
    site.submit("a")
    server = site.server(pool)
    until(lambda: ("partition", 0) in pool.log)
    (owner,) = site.store.owners()

    site.store.expire_leases(owner)
    site.store.release_batch(site.die("a"))
    until(lambda: server.at_work() == ("a", "a"))
    may_die.set()

    assert ends("a").state is BatchState.COMPLETED
    assert server.at_work() == ()


def test_a_batch_that_is_taken_at_the_moment_of_stopping_is_given_back(site, make_instant_pool):
    class SlowClaims(FlakyStore):
        def claim_batch(self, owner, lease_seconds):
            lease = self._store.claim_batch(owner, lease_seconds)
            if lease:
                is_claimed.set()
                may_return.wait(10)
            return lease

    is_claimed, may_return = threading.Event(), threading.Event()
    pool = make_instant_pool()
    site.submit("a")
    server = site.server(pool, store=SlowClaims(site.store))
    is_claimed.wait(10)
    cancel_token = threading.Thread(target=server.stop, args=(10,))
    cancel_token.start()
    server._stopping.wait(10)
    may_return.set()
    cancel_token.join()

    assert site.store.owners() == frozenset()
    assert pool.log == []


def test_what_a_failed_attempt_wrote_is_gone_before_the_store_is_told(site, make_instant_pool, ends):
    """Where the disk is full of it, the store could not keep what happened."""
    seen = []

    class Watching(FlakyStore):
        def move_partition(self, batch_id, number, before, after, **named):
            if after is PartitionState.FAILED:
                seen.extend(path.name for path in site.folder.rglob("half"))
            return self._store.move_partition(batch_id, number, before, after, **named)

    def fail(job, given):
        given["into"].mkdir(parents=True)
        (given["into"] / "half").touch()
        return Outcome(ending=Ending.ERROR, error=InternalError(Message("No space left on device")))

    pool = make_instant_pool()
    pool.acts["partition"] = fail
    site.submit("a")

    site.server(pool, store=Watching(site.store))

    assert ends("a").state is BatchState.ROLLED_BACK
    assert seen == []


@pytest.mark.parametrize(("lost", "state"), [(1, BatchState.COMPLETED), (4, BatchState.COMPLETED), (9, "ROLLED_BACK")])
def test_a_lost_machine_counts_for_itself_but_a_partition_may_not_take_them_all(
    site, make_instant_pool, ends, lost, state
):
    pool = make_instant_pool()
    left = iter([Outcome(ending=Ending.LOST, node="press-2")] * lost)
    pool.acts["partition"] = lambda job, given: next(left, None)
    site.submit("a", [30])

    site.server(pool)

    assert ends("a").state == state
    reasons = [attempt.reason for attempt in site.store.attempts("a")]
    assert reasons == ["lost"] * min(lost, 5) + [None] * (state == "COMPLETED")

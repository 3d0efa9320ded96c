"""What every store must do where several servers share it; runs over each store of `conftest.py`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from batchcast.domain.batch import BatchState, PartitionState
from batchcast.domain.settings import BatchSettings
from batchcast.store.errors import BatchExists, LeaseLost
from batchcast.store.records import AttemptEnd, Lease, NewBatch

PENDING, PROCESSING, COMPLETED = PartitionState.PENDING, PartitionState.PROCESSING, PartitionState.COMPLETED
WELL = AttemptEnd(seconds=1.5, peak_mb=120.0)
LONG = 3600.0  # seconds: no lease of these tests ends by itself
OVER = 0.0  # seconds: a lease that has ended when it is given


@pytest.fixture
def add(store, make_plan):
    """Adds PENDING batches of one partition."""

    def add_batches(*ids):
        for batch_id in ids:
            store.add_batch(NewBatch(batch_id, BatchSettings(), make_plan([2])))

    return add_batches


def test_batches_are_leased_in_the_order_of_submission(store, add):
    add("b", "a", "c")

    leases = [store.claim_batch("me", LONG) for _ in range(4)]

    assert [lease and lease.batch_id for lease in leases] == ["b", "a", "c", None]
    assert leases[0] == Lease(batch_id="b", owner="me", fence=1, memory_deaths=0, is_takeover=False)
    assert store.batch("b").state is BatchState.PROCESSING
    assert [(e.kind, e.state) for e in store.events_after("b", 1)] == [("batch", "PROCESSING")]
    assert store.batch("b").started_at is not None


def test_one_batch_may_be_asked_for(store, add):
    add("a", "b")

    assert store.claim_batch("me", LONG, batch_id="b").batch_id == "b"
    assert store.claim_batch("me", LONG, batch_id="b") is None
    assert store.claim_batch("me", LONG, batch_id="unknown") is None


def test_what_has_ended_is_not_leased(store, add):
    add("a")
    store.move_batch("a", BatchState.PENDING, BatchState.CANCELLED)

    assert store.claim_batch("me", LONG) is None


def test_a_lease_that_expired_is_taken_over_before_new_batches(store, add):
    add("a", "b", "c")
    store.claim_batch("one", LONG)
    store.claim_batch("one", OVER, batch_id="b")
    seen = store.batch("b").last_event

    lease = store.claim_batch("two", LONG)

    assert lease == Lease(batch_id="b", owner="two", fence=2, memory_deaths=0, is_takeover=True)
    assert (store.leased_by("one"), store.leased_by("two")) == ({"a"}, {"b"})
    assert store.events_after("b", seen) == ()


def test_a_lease_of_no_length_never_expires(store, add):
    add("a")
    store.claim_batch("one", None)

    assert store.claim_batch("two", LONG) is None


def test_what_is_given_back_can_be_had_at_once(store, add):
    add("a")
    lease = store.claim_batch("one", LONG)

    assert store.release_batch(lease)
    assert not store.release_batch(lease)

    assert store.batch("a").state is BatchState.PROCESSING
    assert (store.leased_by("one"), store.owners()) == (frozenset(), frozenset())
    again = store.claim_batch("two", LONG)
    assert (again.fence, again.memory_deaths, again.is_takeover) == (2, 0, True)
    assert not store.release_batch(lease)


def test_renewing_keeps_what_is_still_ours(store, add):
    add("a", "b")
    store.claim_batch("one", OVER)
    store.claim_batch("one", OVER, batch_id="b")
    store.claim_batch("two", LONG, batch_id="a")

    assert store.renew_leases("one", LONG) == {"b"}
    assert store.renew_leases("nobody", LONG) == frozenset()

    assert store.claim_batch("two", LONG) is None
    store.move_batch("b", BatchState.PROCESSING, BatchState.CANCELLED)
    assert store.renew_leases("one", LONG) == frozenset()


def test_a_dead_owner_leaves_everything_at_once(store, add):
    add("a", "b")
    for _ in "ab":
        store.claim_batch("dead", None)
    store.claim_artifacts("c", "dead", None)

    assert store.owners() == {"dead"}
    assert store.expire_leases("dead") == 2
    assert store.expire_leases("dead") == 0

    assert store.owners() == frozenset()
    assert store.known(["a", "c"]) == {"a"}
    lease = store.claim_batch("heir", LONG)
    assert (lease.batch_id, lease.memory_deaths, lease.is_takeover) == ("a", 0, True)


def test_deaths_for_want_of_memory_are_counted_until_a_partition_is_completed(store, add):
    add("a")
    for _ in range(2):
        store.claim_batch("dead", LONG)
        store.expire_leases("dead", lacked_memory=True)
    store.claim_batch("dead", LONG)
    store.expire_leases("dead")

    lease = store.claim_batch("heir", LONG)
    assert lease.memory_deaths == 2

    store.move_partition("a", 0, PENDING, PROCESSING, lease=lease)
    store.move_partition("a", 0, PROCESSING, COMPLETED, end=WELL, lease=lease)
    store.release_batch(lease)
    assert store.claim_batch("heir", LONG).memory_deaths == 0


LATE_WRITES = {
    "move_batch": lambda store, lease: store.move_batch(
        "a", BatchState.PROCESSING, BatchState.ROLLED_BACK, lease=lease
    ),
    "move_partition": lambda store, lease: store.move_partition("a", 0, PROCESSING, COMPLETED, end=WELL, lease=lease),
    "note_progress": lambda store, lease: store.note_progress("a", 0, 0.5, lease=lease),
    "note_step": lambda store, lease: store.note_step("a", "publish", {}, lease=lease),
}


@pytest.mark.parametrize("write", LATE_WRITES.values(), ids=LATE_WRITES)
@pytest.mark.parametrize("how", ["taken over", "given back", "expired by another"])
def test_a_late_write_is_refused_and_changes_nothing(store, add, how, write):
    add("a")
    lease = store.claim_batch("one", OVER if how == "taken over" else LONG)
    assert store.move_partition("a", 0, PENDING, PROCESSING, lease=lease)
    if how == "taken over":
        assert store.claim_batch("two", LONG)
    elif how == "given back":
        store.release_batch(lease)
    else:
        store.expire_leases("one")
    before = store.batch("a")

    with pytest.raises(LeaseLost, match="Batch a is no longer held by one"):
        write(store, lease)

    assert store.batch("a") == before


@pytest.mark.parametrize("write", LATE_WRITES.values(), ids=LATE_WRITES)
def test_an_expired_lease_is_valid_until_another_owner_takes_it(store, add, write):
    add("a")
    lease = store.claim_batch("one", OVER)
    store.move_partition("a", 0, PENDING, PROCESSING, lease=lease)

    assert write(store, lease)


@pytest.mark.parametrize("write", LATE_WRITES.values(), ids=LATE_WRITES)
def test_who_held_a_batch_that_was_cancelled_is_told_false(store, add, write):
    add("a")
    lease = store.claim_batch("one", LONG)
    store.move_partition("a", 0, PENDING, PROCESSING, lease=lease)
    store.move_batch("a", BatchState.PROCESSING, BatchState.CANCELLED)

    assert not write(store, lease)
    assert store.leased_by("one") == frozenset()


def test_of_many_that_claim_at_once_each_batch_has_one(store, add):
    ids = [f"b{number}" for number in range(30)]
    add(*ids)
    start = threading.Barrier(4)

    def claim_all(owner):
        start.wait()
        mine = []
        misses = 0
        while misses < 3:  # a queue whose next rows are just being taken looks empty
            lease = store.claim_batch(owner, LONG)
            if lease is None:
                misses += 1
            else:
                mine.append(lease.batch_id)
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [batch_id for mine in pool.map(claim_all, ["w", "x", "y", "z"]) for batch_id in mine]
    claimed += iter(lambda: (lease := store.claim_batch("last", LONG)) and lease.batch_id, None)

    assert sorted(claimed) == sorted(ids)


def test_claimed_artifacts_are_known_until_their_batch_is_added(store, add):
    store.claim_artifacts("a", "one", LONG)
    store.claim_artifacts("b", "one", LONG)
    store.claim_artifacts("c", "one", OVER)  # spared a while longer
    store.claim_artifacts("d", "one", -1000.0)
    assert store.known(["a", "b", "c", "d", "e"]) == {"a", "b", "c"}

    add("a")
    store.drop_artifacts_claim("b")
    store.drop_artifacts_claim("unknown")

    assert store.known(["a", "b"]) == {"a"}
    assert store.known([]) == frozenset()
    assert store.owners() == {"one"}


def test_claims_are_renewed_while_they_live(store):
    store.claim_artifacts("a", "one", LONG)
    store.claim_artifacts("b", "one", -1000.0)

    store.renew_leases("one", -500.0)
    store.renew_leases("one", LONG)  # too late for either

    assert store.known(["a", "b"]) == frozenset()


def test_a_batch_whose_claim_has_ended_is_not_added(store, make_plan):
    plan = make_plan([1])
    store.claim_artifacts("live", "one", LONG)
    store.claim_artifacts("ended", "one", OVER)
    store.claim_artifacts("anothers", "two", LONG)

    store.add_batch(NewBatch("live", BatchSettings(), plan, claimed_by="one"))
    for batch_id in ("ended", "anothers", "never"):
        with pytest.raises(LeaseLost):
            store.add_batch(NewBatch(batch_id, BatchSettings(), plan, claimed_by="one"))
    with pytest.raises(BatchExists):
        store.add_batch(NewBatch("live", BatchSettings(), plan, claimed_by="one"))

    assert store.known(["live"]) == {"live"}
    assert store.latest_events(["live", "ended", "anothers", "never"]) == {"live": 1}

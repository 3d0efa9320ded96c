"""Whatever is asked in whatever order, every store behaves as a model of a few lines does."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from batchcast.domain.batch import BATCH_ARROWS, PARTITION_ARROWS, BatchState, PartitionState
from batchcast.domain.errors import Message
from batchcast.domain.settings import BatchSettings
from batchcast.store.errors import LeaseLost
from batchcast.store.memory import MemoryStore
from batchcast.store.records import AttemptEnd, NewBatch
from batchcast.store.sql.sql_store import SqlStore
from batchcast.store.store import UndrawnArrow

CELLS = (5, 3, 2)
NUMBERS = st.integers(0, len(CELLS) - 1)
OWNERS = ("one", "two")
LATE = st.integers(0, 6).map(lambda number: number == 0)  # now and then, a lease that is not the latest
B, P = BatchState, PartitionState


@pytest.fixture
def make_machine(make_plan):
    """Makes the machine over a store; each example has a batch of its own there."""
    plan = make_plan(CELLS)

    def make(store):
        class Life(RuleBasedStateMachine):
            """The model: states of the batch and its partitions, attempts, progress, events, and who has the lease."""

            examples = 0

            @initialize()
            def add(self):
                Life.examples += 1
                self.id = f"b{Life.examples}"
                store.add_batch(NewBatch(self.id, BatchSettings(), plan))
                self.batch, self.partitions = B.PENDING, [P.PENDING] * len(CELLS)
                self.attempts, self.progress, self.events = [0] * len(CELLS), [0.0] * len(CELLS), 1
                self.leases, self.holder, self.expired, self.memory_deaths = [], None, False, 0

            # Leases

            @rule(owner=st.sampled_from(OWNERS), expires=st.booleans())
            def claim(self, owner, expires):
                lease = store.claim_batch(owner, 0 if expires else 3600, batch_id=self.id)
                is_left = self.batch is B.PROCESSING and (self.holder is None or self.expired)
                assert (lease is not None) == (is_left or self.batch is B.PENDING)
                if lease is None:
                    return
                assert (lease.fence, lease.is_takeover) == (len(self.leases) + 1, is_left)
                assert lease.memory_deaths == self.memory_deaths
                if self.batch is B.PENDING:
                    self.batch, self.events = B.PROCESSING, self.events + 1
                self.leases.append(lease)
                self.holder, self.expired = lease, expires

            @precondition(lambda self: self.leases)
            @rule(late=LATE)
            def release(self, late):
                lease = self.leases[0 if late else -1]
                assert store.release_batch(lease) == (lease is self.holder)
                if lease is self.holder:
                    self.holder = None

            @rule(owner=st.sampled_from(OWNERS))
            def renew(self, owner):
                is_held = self.holder is not None and self.holder.owner == owner
                assert (self.id in store.renew_leases(owner, 3600)) == is_held
                assert (self.id in store.leased_by(owner)) == is_held
                self.expired = self.expired and not is_held

            @rule(owner=st.sampled_from(OWNERS), lacked_memory=st.booleans())
            def die(self, owner, lacked_memory):
                store.expire_leases(owner, lacked_memory=lacked_memory)
                if self.holder is not None and self.holder.owner == owner:
                    self.holder, self.memory_deaths = None, self.memory_deaths + lacked_memory

            def lease_and_right(self, late):
                """A lease to write with, or none, and whether the write will be refused for it."""
                if not self.leases:
                    return None, False
                lease = self.leases[0 if late else -1]
                is_latest = lease is self.leases[-1]
                return lease, not (is_latest and (self.holder is lease or self.batch.is_final))

            # Changes of state

            @rule(before=st.sampled_from(B), after=st.sampled_from(B), late=LATE)
            def move_batch(self, before, after, late):
                lease, is_lost = self.lease_and_right(late)
                is_undrawn = after not in BATCH_ARROWS[before]
                is_too_early = self.batch is before and after is B.COMPLETED and {*self.partitions} != {P.COMPLETED}
                if is_undrawn or is_too_early or is_lost:
                    with pytest.raises((UndrawnArrow, LeaseLost)):
                        store.move_batch(self.id, before, after, lease=lease)
                    return
                won = store.move_batch(self.id, before, after, lease=lease)
                assert won == (self.batch is before)
                if won:
                    self.batch, self.events = after, self.events + 1
                    self.holder = None if after.is_final else self.holder
                    for number, state in enumerate(self.partitions):
                        if after in {B.ROLLED_BACK, B.CANCELLED} and not state.is_final:
                            self.partitions[number] = P.CANCELLED
                            self.events += 1

            @rule(number=NUMBERS, before=st.sampled_from(P), after=st.sampled_from(P), failed=st.booleans(), late=LATE)
            def move_partition(self, number, before, after, failed, late):
                lease, is_lost = self.lease_and_right(late)
                end = AttemptEnd(seconds=1.0, peak_mb=2.0, error=Message("failed")) if failed else None
                if after not in PARTITION_ARROWS[before] or is_lost:
                    with pytest.raises((UndrawnArrow, LeaseLost)):
                        store.move_partition(self.id, number, before, after, end=end, lease=lease)
                    return
                won = store.move_partition(self.id, number, before, after, end=end, lease=lease)
                assert won == (self.batch is B.PROCESSING and self.partitions[number] is before)
                if won:
                    self.partitions[number], self.events = after, self.events + 1
                    self.attempts[number] += after is P.PROCESSING
                    if after is P.COMPLETED:
                        self.memory_deaths = 0
                    self.progress[number] = {P.COMPLETED: 1.0, P.PENDING: 0.0}.get(after, self.progress[number])

            @rule(number=NUMBERS, late=LATE)
            def start(self, number, late):
                self.move_partition(number, P.PENDING, P.PROCESSING, False, late)

            @rule(number=NUMBERS, late=LATE)
            def finish(self, number, late):
                self.move_partition(number, P.PROCESSING, P.COMPLETED, True, late)

            @rule(number=NUMBERS, share=st.floats(0, 1), late=LATE)
            def note_progress(self, number, share, late):
                lease, is_lost = self.lease_and_right(late)
                noted = False
                with suppress(LeaseLost):
                    noted = store.note_progress(self.id, number, share, lease=lease)
                assert noted == (self.partitions[number] is P.PROCESSING and not is_lost)
                if noted:
                    self.progress[number], self.events = share, self.events + 1

            @rule(late=LATE)
            def note_step(self, late):
                lease, is_lost = self.lease_and_right(late)
                noted = False
                with suppress(LeaseLost):
                    noted = store.note_step(self.id, "prepare", {}, lease=lease)
                assert noted == (not self.batch.is_final and not is_lost)
                self.events += noted

            @invariant()
            def store_and_model_agree(self):
                batch = store.batch(self.id)
                assert batch.state is self.batch
                assert [record.state for record in batch.partitions] == self.partitions
                assert [record.attempt for record in batch.partitions] == self.attempts
                assert [record.progress for record in batch.partitions] == self.progress
                assert len(store.attempts(self.id)) == sum(self.attempts)
                assert batch.last_event == store.latest_events([self.id])[self.id] == self.events

            def teardown(self):
                """What is dear to compare is compared at the end."""
                if not hasattr(self, "id"):
                    return
                events = store.events_after(self.id, 0)
                assert [event.number for event in events] == list(range(1, self.events + 1))
                overall = [event.detail["overall"] for event in events if "overall" in event.detail]
                assert not overall or overall[-1] == pytest.approx(store.batch(self.id).progress, abs=1e-9)
                if not self.batch.is_final:
                    store.move_batch(self.id, self.batch, B.CANCELLED)
                store.delete_batch(self.id)

        return Life

    return make


def open_memory(_request):
    return MemoryStore()


def open_sqlite(request):
    return SqlStore.open(f"sqlite:///{request.getfixturevalue('tmp_path') / 'store.sqlite'}")


def open_postgresql(request):
    return SqlStore.open(request.getfixturevalue("new_postgresql_database")())


@pytest.mark.parametrize(
    ("open_store", "examples"),
    [(open_memory, 60), (open_sqlite, 6), pytest.param(open_postgresql, 12, marks=pytest.mark.long)],
)
def test_a_store_behaves_as_its_model(make_machine, request, open_store, examples):
    store = open_store(request)
    machine = make_machine(store)
    machine.TestCase.settings = settings(
        max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )

    machine.TestCase("runTest").runTest()

    assert store.queue() == (0, 0)
    store.close()

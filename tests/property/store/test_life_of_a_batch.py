"""Whatever is asked in whatever order, a store behaves as a model of a few lines does."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from batchcast.domain.batch import BATCH_ARROWS, PARTITION_ARROWS, BatchState, PartitionState
from batchcast.domain.message import Message
from batchcast.domain.settings import BatchSettings
from batchcast.store.memory import MemoryStore
from batchcast.store.store import AttemptEnd, UndrawnArrow

CELLS = (5, 3, 2)
NUMBERS = st.integers(0, len(CELLS) - 1)
B, P = BatchState, PartitionState


@pytest.fixture
def machine(make_plan):
    """The machine, with the plan that it needs."""
    plan = make_plan(CELLS)

    class Life(RuleBasedStateMachine):
        """The model: the state of the batch, of each partition, its attempts, its progress, the number of events."""

        @initialize()
        def add(self):
            self.store = MemoryStore()
            self.store.add_batch("b", BatchSettings(), plan)
            self.batch, self.partitions = B.PENDING, [P.PENDING] * len(CELLS)
            self.attempts, self.progress, self.events = [0] * len(CELLS), [0.0] * len(CELLS), 1

        @rule(before=st.sampled_from(B), after=st.sampled_from(B))
        def move_batch(self, before, after):
            is_undrawn = after not in BATCH_ARROWS[before]
            is_too_early = self.batch is before and after is B.COMPLETED and {*self.partitions} != {P.COMPLETED}
            if is_undrawn or is_too_early:
                with pytest.raises(UndrawnArrow):
                    self.store.move_batch("b", before, after)
                return
            won = self.store.move_batch("b", before, after)
            assert won == (self.batch is before)
            if won:
                self.batch, self.events = after, self.events + 1
                for number, state in enumerate(self.partitions):
                    if after in {B.ROLLED_BACK, B.CANCELLED} and not state.is_final:
                        self.partitions[number] = P.CANCELLED
                        self.events += 1

        @rule(number=NUMBERS, before=st.sampled_from(P), after=st.sampled_from(P), failed=st.booleans())
        def move_partition(self, number, before, after, failed):
            end = AttemptEnd(seconds=1.0, peak_mb=2.0, error=Message("failed")) if failed else None
            if after not in PARTITION_ARROWS[before]:
                with pytest.raises(UndrawnArrow):
                    self.store.move_partition("b", number, before, after, end=end)
                return
            won = self.store.move_partition("b", number, before, after, end=end)
            assert won == (self.batch is B.PROCESSING and self.partitions[number] is before)
            if won:
                self.partitions[number], self.events = after, self.events + 1
                self.attempts[number] += after is P.PROCESSING
                self.progress[number] = {P.COMPLETED: 1.0, P.PENDING: 0.0}.get(after, self.progress[number])

        @rule()
        def begin(self):
            if self.batch is B.PENDING:
                self.move_batch(B.PENDING, B.PROCESSING)

        @rule(number=NUMBERS)
        def start(self, number):
            self.move_partition(number, P.PENDING, P.PROCESSING, False)

        @rule(number=NUMBERS)
        def finish(self, number):
            self.move_partition(number, P.PROCESSING, P.COMPLETED, True)

        @rule(number=NUMBERS, share=st.floats(0, 1))
        def note_progress(self, number, share):
            noted = self.store.note_progress("b", number, share)
            assert noted == (self.partitions[number] is P.PROCESSING)
            if noted:
                self.progress[number], self.events = share, self.events + 1

        @rule()
        def note_step(self):
            noted = self.store.note_step("b", "prepare", {})
            assert noted == (not self.batch.is_final)
            self.events += noted

        @invariant()
        def store_and_model_agree(self):
            batch = self.store.batch("b")
            assert batch.state is self.batch
            assert [record.state for record in batch.partitions] == self.partitions
            assert [record.attempt for record in batch.partitions] == self.attempts
            assert [record.progress for record in batch.partitions] == self.progress
            assert len(self.store.attempts("b")) == sum(self.attempts)
            events = self.store.events_after("b", 0)
            assert [event.number for event in events] == list(range(1, self.events + 1))
            overall = [event.detail["overall"] for event in events if "overall" in event.detail]
            assert not overall or overall[-1] == pytest.approx(batch.progress, abs=1e-9)

    return Life


def test_a_store_behaves_as_its_model(machine):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

    machine.TestCase("runTest").runTest()

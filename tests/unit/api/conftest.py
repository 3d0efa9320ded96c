"""A service of one batch."""

from __future__ import annotations

import pytest
from tests.unit.api.fakes import BATCH_ID, FakeService

from batchcast.domain.batch import Batch, PartitionRecord
from batchcast.domain.settings import BatchSettings


@pytest.fixture
def fake(make_plan) -> FakeService:
    plan = make_plan([3, 2])
    records = tuple(PartitionRecord(partition=partition) for partition in plan.partitions)
    fake = FakeService(Batch(batch_id=BATCH_ID, settings=BatchSettings(), plan=plan, partitions=records))
    fake.happen("batch", "PENDING")
    return fake

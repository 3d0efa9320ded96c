"""The progress of a batch counts all its phases, each by its share of the work."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import cast

import pytest

from batchcast.app.service.answers import BatchStatus
from batchcast.domain.batch import BatchState, PartitionState
from batchcast.web.batch.views import BatchOverview

PENDING, PROCESSING, COMPLETED = PartitionState.PENDING, PartitionState.PROCESSING, PartitionState.COMPLETED


def overview(state: BatchState, progress: float, *partitions: PartitionState, learned: float = 0.0) -> BatchOverview:
    records = tuple(SimpleNamespace(state=one, reused_from=None) for one in partitions)
    batch = SimpleNamespace(state=state, progress=progress, partitions=records)
    return BatchOverview(cast(BatchStatus, SimpleNamespace(batch=batch, learned=learned)), dt.datetime.now(dt.UTC))


@pytest.mark.parametrize(
    ("state", "progress", "partitions", "phase", "percent"),
    [
        (BatchState.PENDING, 0.0, [PENDING, PENDING], "learning", 5),
        (BatchState.PROCESSING, 0.0, [PENDING, PENDING], "learning", 5),
        (BatchState.PROCESSING, 0.0, [PROCESSING, PENDING], "forecasting", 20),
        (BatchState.PROCESSING, 0.5, [COMPLETED, PENDING], "forecasting", 57.5),
        (BatchState.PROCESSING, 1.0, [COMPLETED, COMPLETED], "publishing", 95),
        (BatchState.COMPLETED, 1.0, [COMPLETED, COMPLETED], "publishing", 100),
    ],
)
def test_the_percentage_is_of_all_phases_and_full_at_the_end_only(state, progress, partitions, phase, percent):
    found = overview(state, progress, *partitions)

    assert found.phase == phase
    assert found.percent == pytest.approx(percent)
    assert sum(one.weight for one in found.phases) == 100


def test_the_percentage_moves_with_the_learning_step():
    shown = [overview(BatchState.PROCESSING, 0.0, PENDING, learned=share).percent for share in (0.0, 0.4, 1.0)]

    assert shown == pytest.approx([5, 11, 20])
    assert overview(BatchState.PROCESSING, 0.5, PROCESSING, learned=0.4).percent == pytest.approx(57.5)

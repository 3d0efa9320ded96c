"""The life of a batch is the arrows that are drawn, and nothing else."""

from __future__ import annotations

import datetime as dt

from batchcast.domain.batch import (
    BATCH_ARROWS,
    PARTITION_ARROWS,
    Batch,
    BatchState,
    PartitionRecord,
    PartitionState,
)
from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.plan import ForecastRequest, Partition, Plan
from batchcast.domain.settings import BatchSettings


def _partition(number: int, cells: int) -> Partition:
    return Partition(
        number=number, ranges=((number, number + 1),), sites=("A",), rows=1, parts=1, series=1, cells=cells
    )


def _batch(*records: PartitionRecord) -> Batch:
    request = ForecastRequest(
        calendar=Calendar(frequency=Frequency.DAILY),
        last_period=100,
        skip=0,
        horizon=7,
        lead_time=7,
        quantiles=(0.5,),
        models=(),
        service_level=0.95,
        rounding="none",
        zero_threshold=0.5,
        folds=3,
        seed=0,
    )
    plan = Plan(
        request=request,
        partitions=tuple(record.partition for record in records),
        batch_mode=True,
        rows=1,
        sites=1,
        parts=1,
        series=1,
        first_date=dt.date(2026, 1, 1),
        last_date=dt.date(2026, 2, 1),
        estimate_seconds=2.0,
        single_job_seconds=6.0,
        hints=(),
        notes=(),
    )
    return Batch(batch_id="b", settings=BatchSettings(), plan=plan, partitions=records)


def test_every_state_has_its_arrows_drawn() -> None:
    assert set(BATCH_ARROWS) == set(BatchState)
    assert set(PARTITION_ARROWS) == set(PartitionState)


def test_final_states_lead_nowhere() -> None:
    assert {s for s in BatchState if s.is_final} == {
        BatchState.COMPLETED,
        BatchState.ROLLED_BACK,
        BatchState.CANCELLED,
    }
    assert {s for s in PartitionState if s.is_final} == {
        PartitionState.COMPLETED,
        PartitionState.FAILED,
        PartitionState.TIMEOUT,
        PartitionState.CANCELLED,
    }


def test_progress_is_measured_in_work_not_in_partitions() -> None:
    done = PartitionRecord(partition=_partition(0, cells=90), progress=1.0)
    waiting = PartitionRecord(partition=_partition(1, cells=10))

    assert _batch(done, waiting).progress == 0.9
    assert _batch().progress == 0.0


def test_the_speed_up_is_the_single_job_over_the_estimate() -> None:
    assert _batch().plan.speed_up == 3.0

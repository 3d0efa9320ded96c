"""For programs: one JSON object a line on standard output, documented in `docs/reference/events.md`."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from batchcast.cli.session import Session
from batchcast.domain.batch import Batch, PartitionRecord, PartitionState
from batchcast.domain.history import IngestReport, RowProblem
from batchcast.domain.plan import Partition, Plan

if TYPE_CHECKING:
    from batchcast.app.intake import Analysis


class EventView:
    """A listener that writes an event for every change."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: dict[int, tuple[PartitionState, int]] = {}  # number -> (state, attempt)
        self._overall: tuple[str, int] | None = None  # (state, percent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def on_step(self, step: str) -> None:
        """`{"kind": "step", "step": "ingest"}`."""
        self._write("step", step=step)

    def on_analysis(self, analysis: Analysis) -> None:
        """The report and the plan."""
        self._session.screen.write_json({"kind": "analysis"} | analysis_json(analysis, self._session))

    def on_batch(self, batch: Batch) -> None:
        """Every partition whose state changed, then the batch where its state or percent did."""
        for record in batch.partitions:
            now = (record.state, record.attempt)
            before = self._seen.get(record.partition.number, (PartitionState.PENDING, 0))
            if now != before:
                self._seen[record.partition.number] = now
                self._write("partition", **self._partition(record))
        overall = (batch.state.value, int(100 * batch.progress))
        if overall != self._overall:
            self._overall = overall
            completed = sum(record.state is PartitionState.COMPLETED for record in batch.partitions)
            self._write(
                "batch",
                batch_id=batch.batch_id,
                state=batch.state.value,
                progress=round(batch.progress, 4),
                completed=completed,
                partitions=len(batch.partitions),
            )

    def _partition(self, record: PartitionRecord) -> dict[str, Any]:
        return {
            "partition": record.partition.number,
            "state": record.state.value,
            "attempt": record.attempt,
            "seconds": record.seconds,
            "reason": record.reason,
            "error": None if record.error is None else self._session.words.text(record.error),
        }

    def _write(self, kind: str, **values: Any) -> None:
        self._session.screen.write_json({"kind": kind} | values)


def analysis_json(analysis: Analysis, session: Session) -> dict[str, Any]:
    """What a file holds and how it would be partitioned, as plain values."""
    plan = analysis.plan
    return {
        "report": report_json(analysis.report, session),
        "plan": None if plan is None else _plan_json(plan, session),
    }


def report_json(report: IngestReport, session: Session) -> dict[str, Any]:
    """Every row accounted for; the first refused rows one by one."""
    return {
        "source": report.source,
        "format": session.words.text(report.format),
        "columns": dict(report.columns),
        "columns_left_alone": list(report.columns_left_alone),
        "stock_columns": dict(report.stock_columns),
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
        "rows_summed": report.rows_summed,
        "rows_ignored": report.rows_ignored,
        "rows_refused": report.rows_refused,
        "returns_netted": report.returns_netted,
        "problems": [_problem_json(problem, session) for problem in report.problems],
        "notes": [session.words.text(note) for note in report.notes],
    }


def _problem_json(problem: RowProblem, session: Session) -> Mapping[str, Any]:
    return {
        "line": problem.line,
        "file": problem.file,
        "sheet": problem.sheet,
        "column": problem.column,
        "letter": problem.letter,
        "value": problem.value,
        "reason": session.words.text(problem.reason),
        "site_code": problem.site_code,
        "partnumber": problem.partnumber,
        "partition": problem.partition,
    }


def _plan_json(plan: Plan, session: Session) -> Mapping[str, Any]:
    request = plan.request
    return {
        "batch_mode": plan.batch_mode,
        "frequency": request.calendar.frequency.value,
        "horizon": request.horizon,
        "rows": plan.rows,
        "sites": plan.sites,
        "parts": plan.parts,
        "series": plan.series,
        "first_date": plan.first_date.isoformat(),
        "last_date": plan.last_date.isoformat(),
        "estimate_seconds": plan.estimate_seconds,
        "single_job_seconds": plan.single_job_seconds,
        "partitions": [_planned_json(partition) for partition in plan.partitions],
        "hints": [session.words.text(hint) for hint in plan.hints],
        "notes": [session.words.text(note) for note in plan.notes],
    }


def _planned_json(partition: Partition) -> Mapping[str, Any]:
    return {
        "partition": partition.number,
        "sites": list(partition.sites),
        "rows": partition.rows,
        "parts": partition.parts,
        "series": partition.series,
    }

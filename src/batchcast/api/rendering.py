"""From domain values to answers, every sentence in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from batchcast.api import answers
from batchcast.app.intake import Analysis
from batchcast.app.service.answers import Accepted, BatchStatus, SeriesDetail
from batchcast.app.translation import Language, translate
from batchcast.domain.batch import Batch, BatchPage, BatchQuery, BatchSummary, PartitionRecord, PartitionState
from batchcast.domain.calendar import date_of
from batchcast.domain.columns import DATE, DEMAND_QTY, PARTNUMBER, SITE_CODE
from batchcast.domain.errors import N_, Message
from batchcast.domain.history import IngestReport, RowProblem
from batchcast.domain.plan import Partition, Plan
from batchcast.results.series import SeriesPage
from batchcast.run.verdict import WAYS_OUT

_PARTITION_ERROR = N_("Partition {partition} error: {problem}")
_INVALID = {
    DATE: N_("Invalid date format (line {line}: {value!r})"),
    DEMAND_QTY: N_("Invalid number format (line {line}: {value!r})"),
}
_INVALID_KEY = N_("Invalid key (line {line}: {value!r})")
_OWN_KINDS = frozenset({"series", "figures", "periods", "overview"})  # files that a server itself reads


def render_row_problem(problem: RowProblem, language: Language) -> answers.RowError:
    """Why a row was refused."""
    return answers.RowError(
        line=problem.line,
        column=problem.column,
        letter=problem.letter,
        value=problem.value,
        reason=translate(problem.reason, language),
        site_code=problem.site_code,
        partnumber=problem.partnumber,
        partition=problem.partition,
        file=problem.file,
        sheet=problem.sheet,
    )


def render_partition_error(report: IngestReport, partition: int, language: Language) -> str | None:
    """The first refused row of a partition in a sentence; None where it is not among the first hundred of all."""
    found = next((problem for problem in report.problems if problem.partition == partition), None)
    if found is None:
        return None
    template = next((t for ours, t in _INVALID.items() if report.columns.get(ours) == found.column), _INVALID_KEY)
    problem = Message(template, {"line": found.line, "value": found.value})
    return translate(Message(_PARTITION_ERROR, {"partition": partition, "problem": problem}), language)


def render_submitted(accepted: Accepted, language: Language) -> answers.Submitted:
    """A submission that was taken."""
    batch = accepted.batch
    return answers.Submitted(
        batch_id=batch.batch_id,
        status=batch.state,
        queue_place=batch.place,
        is_new=accepted.is_new,
        retry_of=batch.retry_of,
        analysis=_analysis(accepted.analysis, language),
        partitions=[_planned(partition) for partition in batch.plan.partitions],
        links={name: f"/api/batch/{name}/{batch.batch_id}" for name in ("status", "events", "download", "cancel")},
    )


def render_analyzed(analysis: Analysis, language: Language) -> answers.Analyzed:
    """What a file holds, and its planned partitions."""
    partitions = analysis.plan.partitions if analysis.plan else ()
    return answers.Analyzed(
        analysis=_analysis(analysis, language), partitions=[_planned(partition) for partition in partitions]
    )


def render_status(status: BatchStatus, language: Language) -> answers.Status:
    """A batch as it stands."""
    batch = status.batch
    return answers.Status(
        batch_id=batch.batch_id,
        status=batch.state,
        file_name=batch.source.file_name if batch.source else None,
        progress=answers.Progress(
            percent=_percent(batch.progress),
            completed=sum(record.state is PartitionState.COMPLETED for record in batch.partitions),
            total=len(batch.partitions),
        ),
        seconds_left=status.seconds_left,
        queue_place=batch.place,
        error=_batch_failure(batch, language),
        settings=batch.settings.as_json(),
        analysis=_analysis(status.analysis, language),
        partitions=[_partition(record, language) for record in batch.partitions],
        result=_result(batch),
        submitted_at=batch.submitted_at,
        started_at=batch.started_at,
        ended_at=batch.ended_at,
        submitted_by=batch.submitted_by,
        retry_of=batch.retry_of,
        last_event=batch.last_event,
    )


def render_history(page: BatchPage, query: BatchQuery, language: Language) -> answers.History:
    """A page of the history."""
    return answers.History(
        batches=[_history_line(summary, language) for summary in page.batches],
        total=page.total,
        offset=query.offset,
        limit=query.limit,
    )


def render_series_list(page: SeriesPage, offset: int, limit: int) -> answers.SeriesList:
    """A page of series."""
    return answers.SeriesList(
        series=[answers.SeriesLine(**row) for row in page.rows], total=page.total, offset=offset, limit=limit
    )


def render_one_series(
    detail: SeriesDetail, sentences: Sequence[Message], stock: Mapping[str, Any] | None, language: Language
) -> answers.OneSeries:
    """One series with sentences about it, and its stock figures at another service level where one was asked for."""
    return answers.OneSeries(
        series=answers.SeriesLine(**detail.series),
        history=[answers.HistoryPoint(date=dt.date.fromisoformat(day), demand_qty=q) for day, q in detail.history],
        forecast=[dict(row) for row in detail.forecast],
        previous=_series_key(detail.previous),
        next=_series_key(detail.next),
        sentences=_said(sentences, language),
        scores=[answers.Score(model=model, lead_time_pinball=score) for model, score in detail.scores],
        backtest=None if detail.backtest is None else [answers.Fold(**asdict(fold)) for fold in detail.backtest],
        stock=None if stock is None else dict(stock),
    )


def _series_key(key: tuple[str, str] | None) -> answers.SeriesKey | None:
    return answers.SeriesKey(**{SITE_CODE: key[0], PARTNUMBER: key[1]}) if key else None


def _analysis(analysis: Analysis, language: Language) -> answers.AnalysisOfFile:
    return answers.AnalysisOfFile(
        report=_report(analysis.report, language),
        plan=_plan(analysis.plan, language) if analysis.plan else None,
    )


def _report(report: IngestReport, language: Language) -> answers.Report:
    return answers.Report(
        source=report.source,
        format=translate(report.format, language),
        columns=dict(report.columns),
        columns_left_alone=list(report.columns_left_alone),
        stock_columns=dict(report.stock_columns),
        rows_read=report.rows_read,
        rows_kept=report.rows_kept,
        rows_summed=report.rows_summed,
        rows_ignored=report.rows_ignored,
        rows_refused=report.rows_refused,
        returns_netted=report.returns_netted,
        notes=_said(report.notes, language),
        problems=[render_row_problem(problem, language) for problem in report.problems],
    )


def _plan(plan: Plan, language: Language) -> answers.PlanOfBatch:
    request = plan.request
    start = request.calendar.first_day(request.last_period + 1 + request.skip)
    return answers.PlanOfBatch(
        batch_mode=plan.batch_mode,
        frequency=request.calendar.frequency.value,
        horizon=request.horizon,
        rows=plan.rows,
        sites=plan.sites,
        parts=plan.parts,
        series=plan.series,
        first_date=plan.first_date,
        last_date=plan.last_date,
        forecast_start_date=date_of(start),
        partitions=len(plan.partitions),
        estimate_seconds=round(plan.estimate_seconds, 3),
        single_job_seconds=round(plan.single_job_seconds, 3),
        speed_up=round(plan.speed_up, 2),
        hints=_said(plan.hints, language),
        notes=_said(plan.notes, language),
    )


def _planned(partition: Partition) -> answers.PlannedPartition:
    return answers.PlannedPartition(
        number=partition.number,
        sites=list(partition.sites),
        rows=partition.rows,
        parts=partition.parts,
        series=partition.series,
    )


def _partition(record: PartitionRecord, language: Language) -> answers.PartitionStatus:
    partition = record.partition
    return answers.PartitionStatus(
        number=partition.number,
        status=record.state,
        sites=list(partition.sites),
        rows=partition.rows,
        parts=partition.parts,
        series=partition.series,
        percent=_percent(record.progress),
        seconds=record.seconds,
        attempt=record.attempt,
        reused=record.reused_from is not None,
        reused_from=record.reused_from,
        error=answers.Failure(**_failure(record.error, record.reason, language)) if record.error else None,
    )


def _batch_failure(batch: Batch, language: Language) -> answers.BatchFailure | None:
    if batch.error is None:
        return None
    ended = (PartitionState.FAILED, PartitionState.TIMEOUT)
    found = next((r for r in batch.partitions if r.state in ended and r.error == batch.error), None)
    return answers.BatchFailure(
        **_failure(batch.error, found.reason if found else None, language),
        partition=found.partition.number if found else None,
    )


def _failure(error: Message, reason: str | None, language: Language) -> Mapping[str, Any]:
    message = translate(error, language)
    found = WAYS_OUT.get(reason) if reason else None
    way_out = translate(found, language) if found else None
    return {
        "code": reason or "error",
        "message": message,
        "way_out": way_out if way_out and way_out not in message else None,
    }


def _result(batch: Batch) -> answers.Result | None:
    if batch.result is None:
        return None
    url = f"/api/batch/download/{batch.batch_id}?kind={{kind}}&format={{format}}"
    files = [
        answers.PublishedFile(
            kind=one.kind,
            format=one.format,
            size=one.file.size,
            sha256=one.file.sha256,
            url=url.format(kind=one.kind, format=one.format),
        )
        for one in batch.result.files
        if one.kind not in _OWN_KINDS
    ]
    leaderboard = [row.as_json() for row in batch.result.leaderboard]
    return answers.Result(files=files, counts=dict(batch.result.counts), leaderboard=leaderboard)


def _history_line(summary: BatchSummary, language: Language) -> answers.HistoryLine:
    shared = ("batch_id", "file_name", "rows", "sites", "parts", "series", "submitted_by", "retry_of")
    times = ("submitted_at", "started_at", "ended_at")
    return answers.HistoryLine(
        **{name: getattr(summary, name) for name in (*shared, *times)},
        status=summary.state,
        progress=answers.Progress(
            percent=_percent(summary.progress), completed=summary.completed, total=summary.partitions
        ),
        queue_place=summary.place,
        estimate_seconds=round(summary.estimate_seconds, 3),
        error=translate(summary.error, language) if summary.error else None,
    )


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _said(messages: Sequence[Message], language: Language) -> list[str]:
    return [translate(message, language) for message in messages]

"""From what the service gives to what the API answers, every sentence in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from batchcast.api import answers, resultanswers
from batchcast.app.intake import Analysis
from batchcast.app.service.answers import Accepted, BatchStatus, SeriesDetail
from batchcast.app.words.nouns import (
    Json,
    Say,
    analysis_json,
    analyzed_json,
    batch_json,
    failure_json,
    partition_json,
    percent_of,
    planned_json,
)
from batchcast.app.words.translation import Language, translate
from batchcast.domain.batch import Batch, BatchPage, BatchQuery, BatchSummary, PartitionState
from batchcast.domain.columns import PARTNUMBER, SITE_CODE, attribute_of
from batchcast.domain.errors import Message
from batchcast.publish.kinds import DOWNLOADS
from batchcast.results.series import SeriesGroup, SeriesPage

_LINKS = ("status", "events", "download", "cancel")
_DOWNLOADS = frozenset(kind.name for kind in DOWNLOADS)


def say_in(language: Language) -> Say:
    """What puts a sentence into a language."""
    return partial(translate, language=language)


def render_submitted(accepted: Accepted, language: Language) -> answers.Submitted:
    """A submission that was taken."""
    batch = accepted.batch
    return answers.Submitted.model_validate(
        {
            "batch_id": batch.batch_id,
            "status": batch.state,
            "queue_place": batch.place,
            "is_new": accepted.is_new,
            "retry_of": batch.retry_of,
            "analysis": analysis_json(accepted.analysis, say_in(language)),
            "partitions": planned_json(batch.plan.partitions),
            "links": {
                name: f"/api/batch/{name}/{batch.batch_id}" for name in ("status", "events", "download", "cancel")
            },
        }
    )


def render_analyzed(analysis: Analysis, language: Language) -> answers.Analyzed:
    """What a file holds, and its planned partitions."""
    return answers.Analyzed.model_validate(analyzed_json(analysis, say_in(language)))


def render_status(status: BatchStatus, language: Language) -> answers.Status:
    """A batch as it stands."""
    batch, say = status.batch, say_in(language)
    return answers.Status.model_validate(
        {
            **batch_json(batch),
            "file_name": batch.source.file_name if batch.source else None,
            "seconds_left": status.seconds_left,
            "queue_place": batch.place,
            "error": _batch_failure(batch, say),
            "settings": batch.settings.as_json(),
            "analysis": analysis_json(status.analysis, say),
            "partitions": [partition_json(batch, record, say) for record in batch.partitions],
            "result": _result(batch),
            "submitted_at": batch.submitted_at,
            "started_at": batch.started_at,
            "ended_at": batch.ended_at,
            "submitted_by": batch.submitted_by,
            "retry_of": batch.retry_of,
            "last_event": batch.last_event,
        }
    )


def render_history(page: BatchPage, query: BatchQuery, language: Language) -> answers.History:
    """A page of the history."""
    return answers.History(
        batches=[_history_line(summary, language) for summary in page.batches],
        total=page.total,
        offset=query.offset,
        limit=query.limit,
    )


def render_series_list(
    page: SeriesPage, groups: Sequence[SeriesGroup] | None, offset: int, limit: int
) -> resultanswers.SeriesList:
    """A page of series, and groups of all that match where they were asked for."""
    return resultanswers.SeriesList(
        series=[_series_line(row) for row in page.rows],
        total=page.total,
        offset=offset,
        limit=limit,
        groups=None if groups is None else [resultanswers.GroupTotals(**asdict(one)) for one in groups],
    )


def _series_line(row: Mapping[str, Any]) -> resultanswers.SeriesLine:
    """A row of the index, what else is known of the part by its own names."""
    attributes = {name: value for column, value in row.items() if (name := attribute_of(column)) is not None}
    figures = {column: value for column, value in row.items() if attribute_of(column) is None}
    return resultanswers.SeriesLine(**figures, attributes=attributes)


def render_one_series(
    detail: SeriesDetail,
    sentences: Sequence[Message],
    stock: Mapping[str, Any] | None,
    sums: list[dict[str, Any]] | None,
    language: Language,
) -> resultanswers.WholeSeries:
    """One series with sentences about it, its sums, and its stock figures at another level where one was asked for."""
    return resultanswers.WholeSeries(
        series=_series_line(detail.series),
        history=[
            resultanswers.HistoryPoint(date=dt.date.fromisoformat(day), demand_qty=q) for day, q in detail.history
        ],
        forecast=[dict(row) for row in detail.forecast],
        previous=_series_key(detail.previous),
        next=_series_key(detail.next),
        sentences=[translate(sentence, language) for sentence in sentences],
        scores=[resultanswers.ModelScore(model=model, lead_time_pinball=score) for model, score in detail.scores],
        backtest=None
        if detail.backtest is None
        else [resultanswers.SeriesFold(**asdict(one)) for one in detail.backtest],
        stock=None if stock is None else dict(stock),
        sums=sums,
    )


def _series_key(key: tuple[str, str] | None) -> resultanswers.SeriesKey | None:
    return resultanswers.SeriesKey(**{SITE_CODE: key[0], PARTNUMBER: key[1]}) if key else None


def _batch_failure(batch: Batch, say: Say) -> Json | None:
    if batch.error is None:
        return None
    ended = (PartitionState.FAILED, PartitionState.TIMEOUT)
    found = next((r for r in batch.partitions if r.state in ended and r.error == batch.error), None)
    failure = failure_json(batch, batch.error, found, say)
    return {**failure, "partition": found.partition.number if found else None}


def _result(batch: Batch) -> Json | None:
    if batch.result is None:
        return None
    files = [
        {
            "kind": one.kind,
            "format": one.format,
            "size": one.file.size,
            "sha256": one.file.sha256,
            "url": f"/api/batch/download/{batch.batch_id}?kind={one.kind}&format={one.format}",
        }
        for one in batch.result.files
        if one.kind in _DOWNLOADS
    ]
    leaderboard = [row.as_json() for row in batch.result.leaderboard]
    return {"files": files, "counts": dict(batch.result.counts), "leaderboard": leaderboard}


def _history_line(summary: BatchSummary, language: Language) -> answers.HistoryLine:
    shared = ("batch_id", "file_name", "rows", "sites", "parts", "series", "submitted_by", "retry_of")
    times = ("submitted_at", "started_at", "ended_at")
    return answers.HistoryLine(
        **{name: getattr(summary, name) for name in (*shared, *times)},
        status=summary.state,
        progress=answers.BatchProgress(
            percent=percent_of(summary.progress), completed=summary.completed, total=summary.partitions
        ),
        queue_place=summary.place,
        estimate_seconds=round(summary.estimate_seconds, 3),
        error=translate(summary.error, language) if summary.error else None,
    )

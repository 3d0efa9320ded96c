"""The page that compares a result with an earlier one of the same frequency and horizon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from batchcast.app.service.service import Service
from batchcast.domain.batch import Batch, BatchQuery, BatchState, BatchSummary
from batchcast.domain.settings import SETTINGS, Setting
from batchcast.publish.kinds import CERTIFICATE
from batchcast.web.context import BatchId, Here
from batchcast.web.forms import texts_of
from batchcast.web.rendering import render
from batchcast.web.results.table import TableState

router = APIRouter()

_MOST_OFFERED = 20  # earlier results to choose from
_ENGINE = "batchcast"  # among the versions of a certificate


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherSetting:
    """A setting that the two runs had different."""

    setting: Setting
    before: tuple[str, ...]  # as typed; none: its default
    after: tuple[str, ...]


@router.get("/batches/{batch_id}/compare")
async def compare(request: Request, batch_id: BatchId, here: Here, other: str = "") -> Response:
    """A result beside another: the one of the address, else the one before it."""
    values = await here.threads.light(_compared, here.service, batch_id, other)
    return render(request, "results/compare.html", **values)


def _compared(service: Service, batch_id: str, other: str) -> dict[str, Any]:
    batch = service.status(batch_id).batch
    offered = tuple(_of_the_same_kind(service, batch))
    chosen = next((one for one in offered if one.batch_id == other), None) or _before(batch, offered)
    values: dict[str, Any] = {"batch": batch, "offered": offered, "earlier": chosen, "changes": None}
    if chosen is None:
        return values
    versions = (_version_of(service, chosen.batch_id), _version_of(service, batch_id))
    return values | {
        "changes": service.results.changes(chosen.batch_id, batch_id),
        "settings": tuple(_other_settings(chosen, batch)),
        "versions": versions,
        "url_of": lambda one: TableState().url_of_series(batch_id, one.site_code, one.partnumber),
    }


def _of_the_same_kind(service: Service, batch: Batch) -> Iterator[Batch]:
    """Other results whose periods and horizon are those of this one, the newest first."""
    asked = batch.plan.request
    query = BatchQuery(states=frozenset({BatchState.COMPLETED}), limit=_MOST_OFFERED + 1)
    found: tuple[BatchSummary, ...] = tuple(service.history(query).batches)
    for summary in found:
        other = service.status(summary.batch_id).batch
        of_it = other.plan.request
        is_like = (of_it.calendar.frequency, of_it.horizon) == (asked.calendar.frequency, asked.horizon)
        if is_like and other.batch_id != batch.batch_id:
            yield other


def _before(batch: Batch, offered: tuple[Batch, ...]) -> Batch | None:
    """The latest that was submitted before this one, else the latest."""
    earlier = (
        one for one in offered if one.submitted_at and batch.submitted_at and one.submitted_at < batch.submitted_at
    )
    return next(earlier, None) or next(iter(offered), None)


def _other_settings(before: Batch, after: Batch) -> Iterator[OtherSetting]:
    was, now = texts_of(before.settings), texts_of(after.settings)
    for name, declared in SETTINGS.items():
        if was[name] != now[name]:
            yield OtherSetting(setting=declared, before=tuple(was[name]), after=tuple(now[name]))


def _version_of(service: Service, batch_id: str) -> str:
    """The version of batchcast that made a result."""
    text = service.results.download(batch_id, CERTIFICATE).path.read_text(encoding="utf-8")
    return str(json.loads(text)["versions"].get(_ENGINE, ""))

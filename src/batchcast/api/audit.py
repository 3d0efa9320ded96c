"""The endpoint of the audit log, for admins."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from batchcast.api.answers import AuditLine, AuditLog
from batchcast.api.context import Asker, Here, answer
from batchcast.api.problems import documented
from batchcast.app.installation.tokens import Role
from batchcast.http.audit import MOST_LINES, audit_file

router = APIRouter(prefix="/api/audit", tags=["operations"])


@router.get(
    "",
    response_model=AuditLog,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **documented()},
    summary="Who changed what, the newest first",
)
async def audit(
    *,
    here: Here,
    asker: Asker,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="Only entries of lower numbers.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LINES)] = 100,
    format: Annotated[Literal["json", "csv"], Query(description="As JSON, or as a table.")] = "json",
) -> Response:
    """Submissions, runs again, stops, deletions and sign-ins, also those that were refused. For admins."""
    asker.require(Role.ADMIN)
    entries = await here.threads.light(here.service.audit, limit, before)
    if format == "csv":
        return audit_file(entries)
    return answer(AuditLog(entries=[AuditLine(**asdict(entry)) for entry in entries]))

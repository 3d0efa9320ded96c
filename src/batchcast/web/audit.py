"""The page of the audit log: who changed what on this server."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from batchcast.app.installation.tokens import Role
from batchcast.http.audit import ACTIONS, MOST_LINES, audit_file
from batchcast.web.context import Asker, Here
from batchcast.web.rendering import render

ON_A_PAGE = 50

router = APIRouter()


@router.get("/audit")
async def audit(
    request: Request, here: Here, asker: Asker, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Response:
    """Its entries, the newest first."""
    asker.require(Role.ADMIN)
    found = await here.threads.light(here.service.audit, ON_A_PAGE + 1, before)
    older = found[ON_A_PAGE - 1].number if len(found) > ON_A_PAGE else None
    return render(request, "audit/audit.html", entries=found[:ON_A_PAGE], actions=ACTIONS, older=older)


@router.get("/audit.csv")
async def download(here: Here, asker: Asker) -> Response:
    """The newest entries as a file."""
    asker.require(Role.ADMIN)
    return audit_file(await here.threads.light(here.service.audit, MOST_LINES))

"""Keeps an entry of the audit log for every request that changes something, on either face."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from batchcast.app.installation.tokens import ANONYMOUS, Person
from batchcast.app.recipes import RecipeChoice
from batchcast.app.service.service import Service
from batchcast.domain.audit import AuditEntry
from batchcast.domain.errors import N_
from batchcast.http.request import is_batch_id
from batchcast.http.threads import Threads

# What each action is called where people read it.
ACTIONS: Mapping[str, str] = {
    "submit": N_("Submitted a file"),
    "retry": N_("Ran a batch again"),
    "cancel": N_("Stopped a batch"),
    "delete": N_("Deleted a batch"),
    "keep_recipe": N_("Kept a recipe"),
    "delete_recipe": N_("Deleted a recipe"),
    "add_mark": N_("Marked days of a part"),
    "remove_mark": N_("Removed a mark"),
    "look": N_("Looked at a part"),
    "undo_look": N_("Took back that a part was looked at"),
    "keep_view": N_("Kept or removed a view"),
    "sign_in": N_("Signed in"),
    "sign_out": N_("Signed out"),
    "end_session": N_("Ended a session"),
}
# By method and route; a request that is not here changes nothing that others see, but what `tell_of_recipe` tells.
ACTION_OF: Mapping[tuple[str, str], str] = {
    ("POST", "/api/batch/submit"): "submit",
    ("POST", "/files/{draft_id}/run"): "submit",
    ("POST", "/samples/{name}/run"): "submit",
    ("POST", "/api/batch/retry/{batch_id}"): "retry",
    ("POST", "/batches/{batch_id}/retry"): "retry",
    ("POST", "/api/batch/cancel/{batch_id}"): "cancel",
    ("POST", "/batches/{batch_id}/stop"): "cancel",
    ("DELETE", "/api/batch/{batch_id}"): "delete",
    ("POST", "/batches/{batch_id}/delete"): "delete",
    ("DELETE", "/api/recipes/{name}"): "delete_recipe",
    ("POST", "/recipes/delete"): "delete_recipe",
    ("POST", "/api/marks"): "add_mark",
    ("POST", "/batches/{batch_id}/series/one/marks"): "add_mark",
    ("DELETE", "/api/marks/{number}"): "remove_mark",
    ("POST", "/marks/remove"): "remove_mark",
    ("POST", "/api/batch/looked/{batch_id}"): "look",
    ("POST", "/batches/{batch_id}/results/looked"): "look",
    ("DELETE", "/api/batch/looked/{batch_id}"): "undo_look",
    ("POST", "/batches/{batch_id}/results/looked/undo"): "undo_look",
    ("POST", "/batches/{batch_id}/series/views"): "keep_view",
    ("POST", "/sign-in"): "sign_in",
    ("GET", "/sign-in/answer"): "sign_in",
    ("POST", "/sign-out"): "sign_out",
    ("DELETE", "/api/sessions"): "end_session",
    ("DELETE", "/api/sessions/{session}"): "end_session",
    ("POST", "/sessions/end"): "end_session",
}
_MAKE = ("submit", "retry", "keep_recipe")  # a batch, which the answer leads to
_KEEPS_RECIPE, _ABOUT = "keeps_recipe", "audit_about"  # of the state of a request
_LONGEST_ABOUT = 200  # characters
_FIRST_REFUSAL = 400  # status
MOST_LINES = 10_000  # of the log in one answer
_MADE = re.compile(r"/(?:batches|api/batch/status)/([0-9a-f]{32})$", re.ASCII)  # where a new batch is


def tell_of_recipe(request: Request, recipes: RecipeChoice) -> None:
    """Have the audit log tell that a request keeps a recipe, where it does and is not refused."""
    if recipes.save_as is not None or recipes.keeps_answers:
        setattr(request.state, _KEEPS_RECIPE, recipes.save_as or "")


def tell_of(request: Request, *about: str) -> None:
    """Have the audit log tell what a request is about beside a batch, also where it is refused.

    Args:
        request: that changes something.
        about: words for it: whose session, which recipe, part and site, mark or view. Empty ones are left out.
    """
    setattr(request.state, _ABOUT, " · ".join(filter(None, about))[:_LONGEST_ABOUT])


def audit_file(entries: Sequence[AuditEntry]) -> Response:
    """Entries as a CSV file to download."""
    text = io.StringIO()
    lines = csv.DictWriter(text, [field.name for field in fields(AuditEntry)])
    lines.writeheader()
    lines.writerows(asdict(entry) | {"at": entry.at.isoformat(timespec="seconds")} for entry in entries)
    headers = {"content-disposition": 'attachment; filename="audit.csv"', "cache-control": "no-store"}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


class Audit:
    """Notes what was asked of one server."""

    def __init__(self, service: Service, threads: Threads) -> None:
        self._service = service
        self._threads = threads

    async def note(self, scope: Scope, status: int, place: str) -> None:
        """Keep an entry of an answered request; `place` is the address that the answer leads to, or empty."""
        state = scope.get("state", {})
        action = ACTION_OF.get((scope["method"], getattr(scope.get("route"), "path", "")))
        actions = [] if action is None else [(action, state.get(_ABOUT))]
        if _KEEPS_RECIPE in state and status < _FIRST_REFUSAL:
            actions.append(("keep_recipe", state[_KEEPS_RECIPE]))
        person: Person = state.get("person", ANONYMOUS)
        for action, about in actions:
            entry = AuditEntry(
                at=dt.datetime.now(dt.UTC),
                name=person.name,
                role=person.role.name.lower(),
                address=(scope.get("client") or ("",))[0],
                action=action,
                status=status,
                batch_id=(made_at(place) if action in _MAKE else None) or _asked_for(scope),
                about=about or None,
            )
            await self._threads.light(self._service.note_action, entry)


def made_at(place: str) -> str | None:
    """The id of the batch that an answer leads to; None where it leads to none."""
    found = _MADE.search(place)
    return found[1] if found else None


def _asked_for(scope: Scope) -> str | None:
    batch_id = str(scope.get("path_params", {}).get("batch_id", ""))
    return batch_id if is_batch_id(batch_id) else None

"""Whom the API admits: bearer tokens, each with a role."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Scope

from batchcast.api.problems import answer_problem
from batchcast.app.service import Service
from batchcast.app.tokens import Role
from batchcast.http.gate import LOOKING, SAFE_HEADERS

_OPEN = frozenset({"/", "/healthz", "/readyz", "/api/openapi.json", "/api/errors"})  # and /api/docs: they hold no data


class TokenDoorman:
    """Admits who carries a token of the service."""

    headers: Mapping[str, str] = SAFE_HEADERS

    def __init__(self, service: Service) -> None:
        self._service = service

    def admit(self, scope: Scope, headers: Headers) -> None:
        """Let a request in by its token.

        Raises:
            NotAuthenticated: if it has none that is known, where tokens are set.
            NotAllowed: if its role does not allow this.
        """
        if _is_open(scope["path"]):
            return
        person = self._service.authenticate(_token_of(headers))
        person.require(_role_for(scope["method"]))
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["person"] = person

    def answer(self, error: Exception, scope: Scope, headers: Headers) -> ASGIApp:
        """Problem details."""
        return answer_problem(error, headers, scope["path"])


def _is_open(path: str) -> bool:
    return path in _OPEN or path == "/api/docs" or path.startswith("/api/docs/")


def _token_of(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _role_for(method: str) -> Role:
    """What it takes to ask this: looking, changing, or removing."""
    if method in LOOKING:
        return Role.VIEWER
    return Role.ADMIN if method == "DELETE" else Role.PLANNER

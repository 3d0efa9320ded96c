"""Whom the page admits, and what every answer of it has."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Scope

from batchcast.app.service import Service
from batchcast.http.gate import SAFE_HEADERS
from batchcast.web.problems import answer_problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class PageDoorman:
    """Admits browsers."""

    headers: Mapping[str, str] = {
        **SAFE_HEADERS,
        "content-security-policy": POLICY,
        "referrer-policy": "same-origin",  # with `no-referrer` browsers send a form's Origin as null
    }

    def __init__(self, app: FastAPI, service: Service) -> None:
        self._app = app
        self._service = service

    def admit(self, scope: Scope, headers: Headers) -> None:
        """Note who asks.

        Raises:
            NotAuthenticated: if tokens are set.
        """
        if not scope["path"].startswith("/static/"):
            scope.setdefault("state", {})["person"] = self._service.authenticate(None)

    def answer(self, error: Exception, scope: Scope, headers: Headers) -> ASGIApp:
        """A page that says what went wrong."""
        return answer_problem(Request({**scope, "app": self._app}), error)

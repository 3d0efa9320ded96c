"""Puts the page together."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.responses import RedirectResponse, Response

from batchcast.app.service import Service
from batchcast.http.metrics import Metrics
from batchcast.http.threads import Threads


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What the pages of one server share."""

    service: Service
    threads: Threads
    metrics: Metrics

    def close(self) -> None:
        """End every stream: the server stops. On the thread of the loop."""


def create_page(service: Service, threads: Threads, metrics: Metrics) -> FastAPI:
    """The page over a service; `app.state.context.close()` ends its streams."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.context = PageContext(service=service, threads=threads, metrics=metrics)

    @app.get("/")
    async def root() -> Response:
        """The description of the API."""
        return RedirectResponse("/api/docs")

    return app

"""What answers on which port: the API on its own, and on the page's the page with the API beside it.

So a page asks for nothing from another host or port, and a program may call either.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from batchcast.api.application import create_app
from batchcast.app.service import Service
from batchcast.http.metrics import Metrics
from batchcast.http.threads import Threads
from batchcast.web.application import create_page

_OF_THE_API = ("/api", "/healthz", "/readyz", "/metrics")


class Faces:
    """The two applications of one service; they share its threads and its figures."""

    def __init__(self, service: Service) -> None:
        threads, metrics = Threads(), Metrics(service)
        self._api = create_app(service, threads, metrics)
        self._page = create_page(service, threads, metrics)
        self.api: ASGIApp = self._api
        self.page: ASGIApp = self._answer_page

    def close(self) -> None:
        """End every stream: the server stops. On the thread of the loop."""
        self._api.state.context.hub.close()
        self._page.state.context.close()

    async def _answer_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_api = any(path == start or path.startswith(f"{start}/") for start in _OF_THE_API)
        await (self._api if is_api else self._page)(scope, receive, send)

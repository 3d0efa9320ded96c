"""The page over a real service, asked without a network; and a batch that has ended."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp
from tests.integration.api.conftest import FAST, demand_file

from batchcast.app.installation.configuration import read_config
from batchcast.app.service.service import Service
from batchcast.app.words.settings_text import settings_of_texts
from batchcast.domain.batch import Batch
from batchcast.http.metrics import Metrics
from batchcast.http.threads import Threads
from batchcast.web.application import create_page

FIELD = re.compile(r'name="csrf" value="([^"]*)"')


class Browser:
    """Asks pages as a browser does, scripts left out: keeps cookies, sends the field that every form carries."""

    def __init__(self, app: ASGIApp, **headers: str) -> None:
        self._app = app
        self._cookies = httpx.Cookies()
        self.headers = {"accept-language": "en", **headers}
        self.csrf = ""

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A page; redirections are followed."""
        return self._ask("GET", path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        """A form, with the hidden field of the page that was seen last."""
        if not self.csrf:
            self.get("/help")
        return self._ask("POST", path, data={"csrf": self.csrf, **(data or {})}, **options)

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        import asyncio

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            headers = self.headers | options.pop("headers", {})
            follow = options.pop("follow_redirects", True)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost", cookies=self._cookies, timeout=60
            ) as client:
                answer = await client.request(method, path, headers=headers, follow_redirects=follow, **options)
                self._cookies = client.cookies
                return answer

        answer = asyncio.run(ask())
        found = FIELD.search(answer.text) if "html" in answer.headers.get("content-type", "") else None
        self.csrf = found[1] if found else self.csrf
        return answer


@contextmanager
def page_over(home: Path, **settings: Any) -> Iterator[tuple[Service, ASGIApp]]:
    """A service at work, and its page."""
    config = read_config(home=home, api_port=0, page_port=0, max_parallel=1, **settings)
    service = Service.open(config)
    try:
        service.start()
        yield service, create_page(service, Threads(), Metrics(service))
    finally:
        service.stop(grace_seconds=2)


@pytest.fixture(scope="session")
def service_and_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, ASGIApp]]:
    """One service and its page for all tests of a process."""
    with page_over(tmp_path_factory.mktemp("page") / "home") as made:
        yield made


@pytest.fixture(scope="session")
def service(service_and_page: tuple[Service, ASGIApp]) -> Service:
    """The service behind the page."""
    return service_and_page[0]


@pytest.fixture
def browser(service_and_page: tuple[Service, ASGIApp]) -> Browser:
    """A reader of English."""
    return Browser(service_and_page[1])


@pytest.fixture
def indonesian(service_and_page: tuple[Service, ASGIApp]) -> Browser:
    """A reader of Indonesian."""
    return Browser(service_and_page[1], **{"accept-language": "id-ID,id;q=0.9"})


@pytest.fixture(scope="session")
def run_batch(service: Service) -> Callable[..., Batch]:
    """Submits a history and waits for its end."""

    def run(content: bytes | None = None, name: str = "demand.csv", **settings: str) -> Batch:
        texts = {key: [value] for key, value in (FAST | settings).items()}
        upload = service.new_upload(name)
        try:
            upload.write(content or demand_file())
            upload.close()
            batch_id = service.submit(upload, settings_of_texts(texts)).batch.batch_id
        finally:
            upload.discard()
        return await_end(service, batch_id)

    return run


@pytest.fixture(scope="session")
def finished_batch(run_batch: Callable[..., Batch]) -> Batch:
    """A COMPLETED batch of three sites."""
    return run_batch()


def await_end(service: Service, batch_id: str) -> Batch:
    """The batch once it has ended."""
    deadline = time.monotonic() + 60
    while not (batch := service.status(batch_id).batch).state.is_final:
        assert time.monotonic() < deadline, batch.state
        time.sleep(0.02)
    return batch

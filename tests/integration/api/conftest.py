"""A server over a real store and real workers, in threads of this process, and clients of it."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from batchcast.app.installation.configuration import ServiceConfig, read_config
from batchcast.app.installation.tokens import TOKEN_ROLES, new_token
from batchcast.app.service.service import Service
from batchcast.server.server import Servers, open_sockets

SITES, PARTS, MONTHS = ("Kendari", "Makassar", "Sorowako"), ("0012", "A/1 b"), 24
FAST = {"models": "naive", "batch_mode": "on", "frequency": "M", "horizon": "3"}
FINAL = {"COMPLETED", "ROLLED_BACK", "CANCELLED"}


def demand_file(sites: Sequence[str] = SITES, *, bad_rows: int = 0) -> bytes:
    """A demand history: each part at each site, every month."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", "partnumber", "site_code", "demand_qty"])
    for site in sites:
        for part in PARTS:
            for month in range(MONTHS):
                date = f"{2023 + month // 12}-{month % 12 + 1:02}-15"
                writer.writerow([date, part, site, (month * 7 + len(site)) % 5])
    for number in range(bad_rows):
        writer.writerow([f"2024-13-{number + 1:02}", PARTS[0], sites[0], 1])
    return out.getvalue().encode()


@contextmanager
def serving(service: Service, config: ServiceConfig) -> Iterator[str]:
    """The address of a server over this service."""
    listening = threading.Event()
    with Servers(service, open_sockets(config), lambda _: listening.set()) as servers:
        thread = threading.Thread(target=lambda: asyncio.run(servers.serve()))
        thread.start()
        assert listening.wait(10)
        yield servers.sockets.api_url
        servers.stop()
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def opened(home: Path, **settings: Any) -> Iterator[Service]:
    """A service that is stopped at the end."""
    config = read_config(home=home, api_port=0, page_port=0, max_parallel=1, lease_seconds=5, **settings)
    service = Service.open(config)
    try:
        yield service
    finally:
        service.stop()


@pytest.fixture(scope="session")
def tokens() -> dict[str, tuple[str, str]]:
    """A token of each role, with its entry for the server."""
    return {name: new_token(name, role) for name, role in TOKEN_ROLES.items()}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with opened(tmp_path_factory.mktemp("home"), max_upload_mb=1) as service:
        service.start()
        yield service


@pytest.fixture(scope="session")
def url(service: Service) -> Iterator[str]:
    with serving(service, service.config) as url:
        yield url


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def demand() -> Callable[..., bytes]:
    return demand_file


@pytest.fixture(scope="session")
def fast() -> dict[str, str]:
    return FAST


@pytest.fixture(scope="session")
def submit(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Sends a file with its settings."""

    def submit(content: bytes | None = None, *, key: str | None = None, **settings: Any) -> httpx.Response:
        return client.post(
            "/api/batch/submit",
            files={"file": ("demand 2024.csv", content or demand_file())},
            data=FAST | settings,
            headers={"Idempotency-Key": key} if key else {},
        )

    return submit


@pytest.fixture(scope="session")
def ended(client: httpx.Client) -> Callable[[str], dict[str, Any]]:
    """Follows a batch to its end; its status then."""

    def ended(batch_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with client.stream("GET", f"/api/batch/events/{batch_id}") as stream:
                for _ in stream.iter_lines():
                    pass
            status: dict[str, Any] = client.get(f"/api/batch/status/{batch_id}").json()
            if status["status"] in FINAL:
                return status
        raise AssertionError(f"batch {batch_id} has not ended")

    return ended


@pytest.fixture(scope="session")
def completed(submit: Callable[..., httpx.Response], ended: Callable[[str], dict[str, Any]]) -> str:
    """The id of a batch that is published."""
    batch_id: str = submit(seed="11").json()["batch_id"]  # of no other batch, whose partitions it could take
    assert ended(batch_id)["status"] == "COMPLETED"
    return batch_id

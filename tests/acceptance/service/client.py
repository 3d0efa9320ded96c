"""What a client of the API does, in the words of the tests."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

FINAL = {"COMPLETED", "ROLLED_BACK", "CANCELLED"}
PUBLISHED = ("forecast", "stock", "accuracy")


class Client:
    """Asks one server."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def close(self) -> None:
        self.http.close()

    def is_ready(self) -> bool:
        """It takes batches."""
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def submit(
        self, content: bytes, *, key: str | None = None, name: str = "demand.csv", **settings: Any
    ) -> httpx.Response:
        """Send a file with its settings."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.http.post(
            "/api/batch/submit",
            files={"file": (name, content)},
            data={setting: str(value) for setting, value in settings.items()},
            headers=headers,
        )

    def accepted(self, content: bytes, *, key: str | None = None, name: str = "demand.csv", **settings: Any) -> str:
        """Send a file that is a demand history; the id of its batch."""
        answer = self.submit(content, key=key, name=name, **settings)
        assert answer.status_code in (200, 202), answer.text
        return str(answer.json()["batch_id"])

    def status(self, batch_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/batch/status/{batch_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def await_end(self, batch_id: str, seconds: float = 60) -> dict[str, Any]:
        """The batch at its end."""
        deadline = time.monotonic() + seconds
        while (found := self.status(batch_id))["status"] not in FINAL:
            assert time.monotonic() < deadline, f"not ended after {seconds} s: {found}"
            time.sleep(0.05)
        return found

    def cancel(self, batch_id: str) -> httpx.Response:
        return self.http.post(f"/api/batch/cancel/{batch_id}")

    def retry(self, batch_id: str, **changes: Any) -> httpx.Response:
        return self.http.post(f"/api/batch/retry/{batch_id}", data={name: str(v) for name, v in changes.items()})

    def delete(self, batch_id: str) -> httpx.Response:
        return self.http.delete(f"/api/batch/{batch_id}")

    def forget_recipes(self) -> None:
        """Delete every recipe of the server."""
        for recipe in self.http.get("/api/recipes").json()["recipes"]:
            self.http.delete(f"/api/recipes/{recipe['name']}")

    def download(self, batch_id: str, kind: str = "forecast", format: str = "csv") -> httpx.Response:
        return self.http.get(f"/api/batch/download/{batch_id}", params={"kind": kind, "format": format})

    def sha256(self, batch_id: str) -> Mapping[str, str]:
        """Of every published table."""
        digests = {}
        for kind in PUBLISHED:
            answer = self.download(batch_id, kind)
            assert answer.status_code == 200, answer.text
            digests[kind] = hashlib.sha256(answer.content).hexdigest()
        return digests

    def history(self, **query: Any) -> dict[str, Any]:
        answer = self.http.get("/api/batch/history", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def events(self, batch_id: str, after: int = 0) -> Iterator[str]:
        """Lines of the batch's stream of events, until it ends."""
        with self.http.stream("GET", f"/api/batch/events/{batch_id}", params={"after": after}) as stream:
            assert stream.status_code == 200
            yield from stream.iter_lines()

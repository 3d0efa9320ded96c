"""Speaks to a server of batchcast over HTTP; what goes wrong becomes one of our errors."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from batchcast.app.installation.configuration import ServerAddress
from batchcast.app.words.settings_text import Texts
from batchcast.cli.session import ServerRefused, ServerUnavailable
from batchcast.domain.batch import MOST_A_PAGE, BatchState
from batchcast.domain.errors import N_, InternalError, InvalidInput, InvalidSettings, Message

_TIMEOUT = httpx.Timeout(30, read=900, write=900)  # seconds; a large file is read and checked before it is accepted
_PROBLEM = "application/problem+json"
_ID_LENGTH = 32
_SHORTEST_ID = 4


class ServerClient:
    """The batches of one server; use it as a context manager."""

    def __init__(self, address: ServerAddress, language: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._address = address
        headers = {"Accept-Language": language}
        if address.token:
            if not (address.token.isascii() and address.token.isprintable()) or " " in address.token:
                template = N_(
                    "BATCHCAST_TOKEN holds something that no token has: a space, or another letter than ASCII."
                )
                raise InvalidSettings([Message(template)])  # which does not repeat it: it may be a secret
            headers["Authorization"] = f"Bearer {address.token}"
        try:
            self._http = httpx.Client(base_url=address.url, headers=headers, timeout=_TIMEOUT, transport=transport)
        except (httpx.InvalidURL, ValueError) as error:
            raise InvalidSettings([self._unusable(error)]) from error

    def __enter__(self) -> ServerClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def history(
        self, *, states: Sequence[str] = (), search: str = "", offset: int = 0, limit: int = 50
    ) -> dict[str, Any]:
        """A page of the history."""
        query = {"status": list(states), "search": search, "offset": offset, "limit": limit}
        return self._json("GET", "/api/batch/history", params=query)

    def ended(self) -> list[dict[str, Any]]:
        """Every batch that has ended, the newest first."""
        states = [state.value for state in BatchState if state.is_final]
        found: list[dict[str, Any]] = []
        while page := self.history(states=states, offset=len(found), limit=MOST_A_PAGE)["batches"]:
            found += page
        return found

    def status(self, batch_id: str) -> dict[str, Any]:
        """A batch as it stands."""
        return self._json("GET", f"/api/batch/status/{self.whole_id(batch_id)}")

    def submit(self, file: Path, settings: Texts, key: str) -> dict[str, Any]:
        """Queue a file; the same with the same key is one batch."""
        with _form(file, settings) as form:
            return self._json("POST", "/api/batch/submit", headers={"Idempotency-Key": key}, **form)

    def retry(self, batch_id: str, changes: Texts, key: str) -> dict[str, Any]:
        """Queue the file of a batch again."""
        path = f"/api/batch/retry/{self.whole_id(batch_id)}"
        with _form(None, changes) as form:
            return self._json("POST", path, headers={"Idempotency-Key": key}, **form)

    def cancel(self, batch_id: str) -> dict[str, Any]:
        """Stop a batch."""
        return self._json("POST", f"/api/batch/cancel/{self.whole_id(batch_id)}")

    def delete(self, batch_id: str) -> str:
        """Forget a batch; returns its whole id."""
        whole = self.whole_id(batch_id)
        with self._sent("DELETE", f"/api/batch/{whole}"):
            return whole

    def download(self, batch_id: str, kind: str, file_format: str | None, out: Path) -> int:
        """Write a file of a batch, whole or not at all, once its SHA-256 is what the server says; returns its bytes.

        Raises:
            ServerUnavailable: if what came is not whole.
            InvalidSettings: if it can't be written there.
        """
        query = {"kind": kind} | ({"format": file_format} if file_format else {})
        return self._save("GET", f"/api/batch/download/{batch_id}", out, params=query)

    def orders(self, batch_id: str, stock: Path | None, settings: Texts) -> dict[str, Any]:
        """What to order, for a stock file or for the stock in the batch's own history."""
        with _form(stock, settings) as form:
            return self._json("POST", f"/api/batch/orders/{batch_id}", **form)

    def marks(self, *, removed: bool) -> dict[str, Any]:
        """The marks in force, or all."""
        return self._json("GET", "/api/marks", params={"removed": removed})

    def add_mark(self, mark: Mapping[str, str]) -> dict[str, Any]:
        """Mark days of a part."""
        return self._json("POST", "/api/marks", json=dict(mark))

    def remove_mark(self, number: int) -> None:
        """Remove a mark."""
        with self._sent("DELETE", f"/api/marks/{number}"):
            return

    def save_orders(self, batch_id: str, kind: str, stock: Path | None, settings: Texts, out: Path) -> int:
        """Write one of the tables of orders as CSV; raises as `download`."""
        with _form(stock, settings) as form:
            return self._save("POST", f"/api/batch/orders/{batch_id}", out, params={"kind": kind}, **form)

    def _save(self, method: str, path: str, out: Path, **options: Any) -> int:
        part = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
        with self._sent(method, path, **options) as response:
            expected = response.headers.get("etag", "").strip('"')
            try:
                found, size = _write(response, part)
                if found != expected:
                    raise ServerUnavailable(
                        Message(N_("What came from {url} is not the whole file; try again."), {"url": self._url})
                    )
                part.replace(out)
            except OSError as error:
                raise cannot_write(out, error) from error
            finally:
                part.unlink(missing_ok=True)
        return size

    def whole_id(self, text: str) -> str:
        """The id of the batch whose id is this or begins with it.

        Raises:
            InvalidSettings: if no batch or several do.
        """
        if len(text) < _SHORTEST_ID or len(text) > _ID_LENGTH or set(text.lower()) - set("0123456789abcdef"):
            template = N_("{found!r} is no id of a batch; `batchcast batches list` shows them.")
            raise InvalidSettings([Message(template, {"found": text})])
        if len(text) == _ID_LENGTH:
            return text.lower()
        lines = self.history(search=text.lower(), limit=200)["batches"]
        found = [line["batch_id"] for line in lines if line["batch_id"].startswith(text.lower())]
        if len(found) != 1:
            none = N_("No batch has an id that begins with {found}; `batchcast batches list` shows them.")
            several = N_("{count} batches have an id that begins with {found}; write more of it.")
            raise InvalidSettings([Message(several if found else none, {"found": text, "count": len(found)})])
        return str(found[0])

    @property
    def _url(self) -> str:
        return self._address.url

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        with self._sent(method, path, **options) as response:
            response.read()
            try:
                answer = response.json()
            except ValueError as error:
                raise self._stranger(response) from error
            if not isinstance(answer, dict):
                raise self._stranger(response)
            return answer

    @contextmanager
    def _sent(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """The answer to a request, where it is a good one."""
        try:
            with self._http.stream(method, path, **options) as response:
                if not response.is_success:
                    response.read()
                    raise self._problem(response)
                yield response
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise InvalidSettings([self._unusable(error)]) from error
        except httpx.TransportError as error:
            template = N_(
                "The server at {url} can't be reached ({reason}). Start one with `batchcast serve`, or name another "
                "with --url or BATCHCAST_URL."
            )
            values = {"url": self._url, "reason": str(error) or type(error).__name__}
            raise ServerUnavailable(Message(template, values)) from error

    def _problem(self, response: httpx.Response) -> Exception:
        """What the server says went wrong."""
        kind = response.headers.get("content-type", "").partition(";")[0]
        try:
            problem = response.json() if kind == _PROBLEM else None
        except ValueError:
            problem = None
        if not isinstance(problem, dict) or not isinstance(problem.get("detail"), str):
            return self._stranger(response)
        message = Message(problem["detail"])
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return ServerUnavailable(message)
        if response.is_server_error:
            return InternalError(message)
        said = problem.get("problems") or [problem["detail"]]
        messages = [Message(str(sentence)) for sentence in said]
        return ServerRefused(messages, code=str(problem.get("code")), row_errors=problem.get("row_errors"))

    def _stranger(self, response: httpx.Response) -> ServerUnavailable:
        template = N_("What answers at {url} (status {status}) is no server of batchcast, or one stands before it.")
        return ServerUnavailable(Message(template, {"url": self._url, "status": response.status_code}))

    def _unusable(self, error: Exception) -> Message:
        template = N_("The address {url} can't be used ({reason}); write it as http://host:port.")
        return Message(template, {"url": self._url, "reason": str(error)})


def cannot_write(place: Path, error: OSError) -> InvalidSettings:
    """What to raise where a file or folder of the reader's choice can't be written."""
    template = N_("{file} can't be written: {reason}.")
    return InvalidSettings([Message(template, {"file": str(place), "reason": error.strerror})])


@contextmanager
def _form(file: Path | None, settings: Texts) -> Iterator[dict[str, Any]]:
    """What a request sends: the settings, and the file where there is one."""
    data = {name: list(texts) for name, texts in settings.items()}
    if file is None:
        yield {"data": data}
        return
    try:
        with file.open("rb") as content:
            yield {"data": data, "files": {"file": (file.name, content)}}
    except OSError as error:
        template = N_("{file} can't be read: {reason}. Check the path and its permissions.")
        raise InvalidInput(Message(template, {"file": str(file), "reason": error.strerror})) from error


def _write(response: httpx.Response, path: Path) -> tuple[str, int]:
    """Keep what comes; its SHA-256 and bytes."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in response.iter_bytes():
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


# What can go wrong between the command and a server.

"""Answers with a file, or the range of it that was asked for."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import IO
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from batchcast.app.service.answers import Download
from batchcast.http.error_status import RangeNotSatisfiable

_RANGE = re.compile(r"bytes *= *(\d{0,18}) *- *(\d{0,18})", re.ASCII)
_CHUNK_BYTES = 256 * 1024


class FileAnswer(Response):
    """A file, or the range of it that was asked for; the file is opened before the answer begins."""

    def __init__(self, file: IO[bytes], download: Download, span: tuple[int, int] | None) -> None:
        start, stop = span or (0, download.size)
        super().__init__(status_code=206 if span else 200, media_type=download.media_type)
        self._file = file
        self._start, self._stop = start, stop
        self._sha256 = download.sha256 if span is None else None  # what all of it must be
        self.headers.update(_headers_of(download) | {"content-length": str(stop - start)})
        if span:
            self.headers["content-range"] = f"bytes {start}-{stop - 1}/{download.size}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file in chunks; where its bytes are not those that were kept, the last chunk is never sent."""
        digest = hashlib.sha256()
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            left = self._stop - self._start
            await to_thread.run_sync(self._file.seek, self._start)
            while left:
                chunk = await to_thread.run_sync(self._file.read, min(_CHUNK_BYTES, left))
                if not chunk:
                    raise OSError("the file is shorter than it was")  # breaks off: a client must not take it for whole
                left -= len(chunk)
                digest.update(chunk)
                if not left and self._sha256 not in (None, digest.hexdigest()):
                    raise OSError("the file is damaged: its SHA-256 is no longer that of what was kept")
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._file.close()


async def answer_file(download: Download, headers: Headers) -> Response:
    """The answer to a request for a file: all of it, a range of it, or 304 where the client has it.

    Raises:
        RangeNotSatisfiable: if no byte of it lies in the range.
    """
    if _names(headers.get("if-none-match", ""), download.sha256):
        return Response(status_code=304, headers=_headers_of(download))
    span = _span(headers, download)
    path: Path = download.path
    return FileAnswer(await to_thread.run_sync(path.open, "rb"), download, span)


def _headers_of(download: Download) -> dict[str, str]:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", download.name)
    disposition = f'attachment; filename="{plain}"'
    if plain != download.name:
        disposition += f"; filename*=UTF-8''{quote(download.name, safe='')}"
    return {
        "etag": f'"{download.sha256}"',
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
        "content-disposition": disposition,
    }


def _names(tags: str, sha256: str) -> bool:
    """Whether a list of entity tags has this one."""
    return any(tag.strip().removeprefix("W/") in (f'"{sha256}"', "*") for tag in tags.split(","))


def _span(headers: Headers, download: Download) -> tuple[int, int] | None:
    """The [start, stop) asked for; None for all: no range, several, one that can't be read, or of another file."""
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    condition = headers.get("if-range")
    if not found or found.groups() == ("", "") or (condition is not None and condition != f'"{download.sha256}"'):
        return None
    first, last = found.groups()
    size = download.size
    if not first:
        start, stop = max(size - int(last), 0), size
        is_empty = int(last) == 0
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
        is_empty = start >= size
    if is_empty or start >= stop:
        raise RangeNotSatisfiable(size)
    return start, stop


def has_tag(headers: Headers, etag: str) -> bool:
    """Whether If-None-Match has this entity tag."""
    return _names(headers.get("if-none-match", ""), etag.strip('"'))

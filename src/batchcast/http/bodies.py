"""Reads the bodies of requests: a form with a file, streamed to the disk, or the few settings of a retry."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from batchcast.app.service.service import Service
from batchcast.app.upload import Upload, too_large
from batchcast.domain.errors import N_, Message
from batchcast.http.error_status import BadForm, NotAForm, UploadTooSlow
from batchcast.http.multipart import MOST_FIELDS, FormParser
from batchcast.http.threads import Threads

MOST_BYTES_BESIDE = 2**20  # of a form, beside its file
_BYTES_AT_ONCE = 256 * 1024  # that are written to the disk
_MULTIPART = b"multipart/form-data"
_SECONDS_BETWEEN_LOOKS = 1.0  # at a client that sends nothing

Texts = Mapping[str, Sequence[str]]  # by setting


@asynccontextmanager
async def read_upload_form(request: Request, service: Service, threads: Threads) -> AsyncIterator[tuple[Upload, Texts]]:
    """The file of a form, on the disk, and its other fields. An upload that the block does not take is discarded.

    Raises:
        NotAForm: if the body is something else.
        BadForm: if it can't be read, or has no file.
        UploadTooLarge, UploadTooSlow, UploadsUnavailable: if its file can't be taken.
    """
    if _kind_of(request) != _MULTIPART:
        raise _not_a_form("multipart/form-data")
    async with read_optional_upload(request, service, threads) as (upload, texts):
        if upload is None:
            raise BadForm(Message(N_("The form sends no file; send it as 'file'.")))
        yield upload, texts


@asynccontextmanager
async def read_optional_upload(
    request: Request, service: Service, threads: Threads
) -> AsyncIterator[tuple[Upload | None, Texts]]:
    """The file of a request, where it sends one, and its other fields; as `read_upload_form` and `read_texts`."""
    if _kind_of(request) != _MULTIPART:
        yield None, await read_texts(request, service, threads)
        return
    reader = _FormReader(request, service, threads)
    try:
        yield await reader.read()
    finally:
        await reader.discard()


class _FormReader:
    """Writes the file of a multipart form to the disk as it comes in."""

    def __init__(self, request: Request, service: Service, threads: Threads) -> None:
        self._request = request
        self._service = service
        self._threads = threads
        self._upload: Upload | None = None
        self._unwritten = bytearray()  # bytes of the file that are not on the disk yet
        self._name: str | None = None

    async def read(self) -> tuple[Upload | None, Texts]:
        """The file, where there is one, and the fields."""
        config = self._service.config
        parser = FormParser(_boundary(self._request), self._begin_file)
        length = _content_length(self._request)
        if length is not None and length > config.max_upload_bytes + MOST_BYTES_BESIDE:
            raise too_large(config.max_upload_bytes)
        self._service.room.require(length or 0)
        beside = 0
        async for chunk in _chunks(self._request, self._service):
            before = len(self._unwritten)
            parser.write(chunk)
            beside += len(chunk) - (len(self._unwritten) - before)
            if beside > MOST_BYTES_BESIDE:
                template = N_("The form is larger than {most:,} bytes beside its file.")
                raise BadForm(Message(template, {"most": MOST_BYTES_BESIDE}))
            if len(self._unwritten) >= _BYTES_AT_ONCE:
                await self._write()
        parser.finish()
        if self._name is None:
            return None, await _read_fields(parser, self._service, self._threads)
        upload = await self._write()
        await self._threads.upload(upload.close)
        return upload, await _read_fields(parser, self._service, self._threads)

    async def discard(self) -> None:
        if self._upload is not None:
            await self._threads.upload(self._upload.discard)

    def _begin_file(self, name: str) -> Callable[[bytes], None]:
        self._name = name
        return self._unwritten.extend

    async def _write(self) -> Upload:
        if self._upload is None:
            self._upload = await self._threads.upload(self._service.new_upload, self._name or "")
        chunk = bytes(self._unwritten)
        self._service.room.require(len(chunk))  # a body without a length, or others at the same time
        self._unwritten.clear()
        await self._threads.upload(self._upload.write, chunk)
        return self._upload


def last_of(texts: Texts, name: str) -> str:
    """The text of a field, the last one where it was sent more than once; empty where it was not."""
    return next(reversed(texts.get(name, ())), "")


async def read_texts(request: Request, service: Service, threads: Threads) -> Texts:
    """Settings in a small body: a form of either kind, or a JSON object; none where there is no body.

    Raises:
        NotAForm: if the body is something else.
        BadForm: if it can't be read, or is too large.
    """
    body = bytearray()
    async for chunk in _chunks(request, service):
        body += chunk
        if len(body) > MOST_BYTES_BESIDE:
            raise BadForm(Message(N_("The body is larger than {most:,} bytes."), {"most": MOST_BYTES_BESIDE}))
    if not body.strip():
        return {}
    match _kind_of(request):
        case b"application/json":
            return _given(_texts_of_json(bytes(body)))
        case b"application/x-www-form-urlencoded":
            return _given(_texts_of_query(bytes(body)))
        case kind if kind == _MULTIPART:
            parser = FormParser(_boundary(request), _refuse_file)
            parser.write(bytes(body))
            parser.finish()
            return await _read_fields(parser, service, threads)
    raise _not_a_form("application/json, application/x-www-form-urlencoded or multipart/form-data")


async def _read_fields(parser: FormParser, service: Service, threads: Threads) -> Texts:
    """The fields of a form, with what is in the small files of its settings."""
    texts = dict(_given(parser.fields))
    for name, files in parser.files.items():
        for file_name, content in files:
            found = await threads.heavy(service.read_events, file_name, content, texts)
            texts[name] = [*texts.get(name, ()), *found]
    return texts


async def _chunks(request: Request, service: Service) -> AsyncIterator[bytes]:
    """The body as it comes; a client that sends too slowly is refused."""
    config = service.config
    pace = UploadPace(most_seconds=config.upload_seconds, least_bytes_per_second=config.upload_min_bytes_per_second)
    look = min(_SECONDS_BETWEEN_LOOKS, config.upload_seconds)
    more = True
    while more:
        began = time.monotonic()
        try:
            message = await asyncio.wait_for(request.receive(), look)
        except TimeoutError:
            pace.note(time.monotonic() - began, 0)
            continue
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        if more:
            pace.note(time.monotonic() - began, len(chunk))
        if chunk:
            yield chunk


def _kind_of(request: Request) -> bytes:
    return parse_options_header(request.headers.get("content-type"))[0]


def _boundary(request: Request) -> bytes:
    _, options = parse_options_header(request.headers.get("content-type"))
    if not options.get(b"boundary"):
        raise BadForm(Message(N_("The form has no boundary in its Content-Type.")))
    return options[b"boundary"]


def _content_length(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _given(fields: Mapping[str, Sequence[str]]) -> Texts:
    """The fields that are not empty: browsers send a setting that was left out as an empty field."""
    return {_whole(name): [_whole(text) for text in texts if text] for name, texts in fields.items() if any(texts)}


def _whole(text: str) -> str:
    """The text without single surrogates, which JSON can name and UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _texts_of_query(body: bytes) -> Texts:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise _unreadable(error) from error
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        texts.setdefault(name, []).append(text)
    return texts


def _texts_of_json(body: bytes) -> Texts:
    try:
        values = json.loads(body)
        if isinstance(values, dict):
            return {name: _texts_of_value(value) for name, value in values.items()}
    except (ValueError, RecursionError) as error:
        raise _unreadable(error) from error
    raise BadForm(Message(N_("The body is no JSON object; send settings by name, such as {example}."), _EXAMPLE))


_EXAMPLE = {"example": '{"max_execution_time": 600}'}


def _texts_of_value(value: Any) -> list[str]:
    match value:
        case None:
            return []
        case str():
            return [value]
        case bool() | int() | float():
            return [json.dumps(value)]
        case list():
            return [text for item in value for text in _texts_of_value(item)]
        case dict():
            return [f"{name}={text}" for name, item in value.items() for text in _texts_of_value(item)]
    raise AssertionError(value)  # json.loads gives nothing else


def _refuse_file(name: str) -> Callable[[bytes], None]:
    raise BadForm(Message(N_("A retry takes no file ({name!r}): it has that of its batch."), {"name": name}))


def _not_a_form(expected: str) -> NotAForm:
    template = N_("The body is of a kind that is not read here; send it as {expected}.")
    return NotAForm(Message(template, {"expected": expected}))


def _unreadable(error: Exception) -> BadForm:
    return BadForm(Message(N_("The body can't be read ({reason}); send it again."), {"reason": str(error)}))


# How fast a body comes in: a client that sends too slowly must not hold its connection for ever.

WINDOW_SECONDS = 10.0
_SECONDS_BETWEEN_MARKS = 0.5


class UploadPace:
    """Refuses a body that takes too long, or comes too slowly; only the time spent waiting for the client counts."""

    def __init__(self, *, most_seconds: float, least_bytes_per_second: float) -> None:
        self._most_seconds = most_seconds
        self._least = least_bytes_per_second
        self._waited = 0.0  # seconds spent waiting for the client
        self._bytes = 0
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)])  # (waited, bytes) at the beginning of the window

    def note(self, waited_seconds: float, count: int) -> None:
        """Count the bytes that came after a wait.

        Raises:
            UploadTooSlow: if the whole took too long, or the last ten seconds brought too little.
        """
        self._waited += waited_seconds
        self._bytes += count
        if self._waited > self._most_seconds:
            template = N_("The upload took more than {seconds:g} seconds; nothing was kept. Send it compressed.")
            raise UploadTooSlow(Message(template, {"seconds": self._most_seconds}))
        while len(self._marks) > 1 and self._marks[1][0] <= self._waited - WINDOW_SECONDS:
            self._marks.popleft()
        began, brought = self._marks[0]
        span = self._waited - began
        if span >= WINDOW_SECONDS and self._bytes - brought < self._least * span:
            template = N_(
                "The upload came in at less than {rate:,} bytes a second; nothing was kept. Send it again over a "
                "better line, or compressed."
            )
            raise UploadTooSlow(Message(template, {"rate": self._least}))
        if self._waited - self._marks[-1][0] >= _SECONDS_BETWEEN_MARKS:
            self._marks.append((self._waited, self._bytes))

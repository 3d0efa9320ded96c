"""Parses a multipart form as it comes in; only its small fields are held in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import SETTINGS
from batchcast.http.error_status import BadForm

FILE_FIELD = "file"
LONGEST_FIELD = 64 * 1024  # bytes of a field that is not the file ...
LONGEST_FILE = 2**20  # ... and of a file that is one of the settings
FILE_SETTINGS = frozenset(name for name, declared in SETTINGS.items() if declared.kind == "event_lines")
MOST_FIELDS = 100
_LONGEST_NAME = 200
_PLAIN_ENCODINGS = (b"", b"7bit", b"8bit", b"binary")


@dataclass
class _Part:
    name: str = ""
    file_name: str | None = None  # None: a field
    content: bytearray = field(default_factory=bytearray)  # of a field


class FormParser:
    """Feeds a form's file to `on_file`, and gathers its fields.

    Raises, from `write` and `finish`:
        BadForm: if the form can't be read, or there is too much of it.
    """

    def __init__(self, boundary: bytes, on_file: Callable[[str], Callable[[bytes], None]]) -> None:
        """`on_file` takes the name of the file and returns what is called with its bytes."""
        self.fields: dict[str, list[str]] = {}
        self.files: dict[str, list[tuple[str, bytes]]] = {}  # small ones of settings: name and content
        self.has_file = False
        self._count = 0
        self._ended = False
        self._on_file = on_file
        self._take: Callable[[bytes], None] | None = None
        self._part = _Part()
        self._header = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._keep,
                    "on_part_end": self._close,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _unreadable(error) from error

    def write(self, chunk: bytes) -> None:
        """The next bytes of the form."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _unreadable(error) from error

    def finish(self) -> None:
        """The form has ended."""
        if not self._ended:
            raise BadForm(Message(N_("The form ends in the middle; send it again, whole.")))

    def _begin(self) -> None:
        self._count += 1
        if self._count > MOST_FIELDS:
            raise BadForm(Message(N_("The form has more than {most} fields."), {"most": MOST_FIELDS}))
        self._headers = {}
        self._part = _Part()
        self._take = None

    def _end_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value).strip(b" \t")
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options:
            raise BadForm(Message(N_("A part of the form has no name.")))
        if self._headers.get(b"content-transfer-encoding", b"").lower() not in _PLAIN_ENCODINGS:
            raise BadForm(Message(N_("A part of the form has a transfer encoding; send its bytes as they are.")))
        name = _text(options[b"name"])
        given = options.get(b"filename")
        self._part = _Part(name=name[:_LONGEST_NAME], file_name=_text(given) if given else None)
        if given:
            self._open_file(self._part.name, _text(given))

    def _open_file(self, name: str, file_name: str) -> None:
        if name in FILE_SETTINGS:
            return
        if name != FILE_FIELD:
            template = N_("The form sends a file as {name!r}; send it as 'file'.")
            raise BadForm(Message(template, {"name": name}))
        if self.has_file:
            raise BadForm(Message(N_("The form sends more than one file; put several into one zip archive.")))
        self.has_file = True
        self._take = self._on_file(file_name)

    def _keep(self, data: bytes, start: int, end: int) -> None:
        if self._take is not None:
            self._take(data[start:end])
            return
        self._part.content += data[start:end]
        most = LONGEST_FIELD if self._part.file_name is None else LONGEST_FILE
        if len(self._part.content) > most:
            template = N_("The field {name!r} is longer than {most:,} bytes.")
            raise BadForm(Message(template, {"name": self._part.name, "most": most}))

    def _close(self) -> None:
        part = self._part
        if part.file_name is None:
            self.fields.setdefault(part.name, []).append(_text(bytes(part.content)))
        elif part.name in FILE_SETTINGS:
            self.files.setdefault(part.name, []).append((part.file_name, bytes(part.content)))

    def _end(self) -> None:
        self._ended = True


def _text(given: bytes) -> str:
    try:
        return given.decode("utf-8")
    except UnicodeDecodeError:
        return given.decode("latin-1")


def _unreadable(error: Exception) -> BadForm:
    return BadForm(Message(N_("The form can't be read ({reason}); send it again."), {"reason": str(error)}))

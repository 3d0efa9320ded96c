"""Files of markup that are sheets: web pages named .xls, web archives (MHTML) and SpreadsheetML 2003."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import DamagedFile, OverTheLimit, UnknownFormat
from batchcast.ingest.common.source import FindLayout, LayoutT
from batchcast.ingest.files.markup import SPREADSHEET, CellBudget, MarkupSheet, SpreadsheetSheets, WebTables
from batchcast.ingest.files.novalues import NoValues
from batchcast.ingest.files.sheets import SheetReader, SheetSource, choose_sheet
from batchcast.ingest.text.bytestream import Bytes
from batchcast.ingest.text.charset import UTF8, codec_of, is_unlikely
from batchcast.ingest.text.encoding import EncodingEvidence, decide_encoding

HEAD_BYTES = 1 << 16  # that tell what a file is
_MIME_HEAD = 4096  # characters of them that have the head of a web archive
_PIECE = 1 << 20
_MOST_ARCHIVED = 200_000_000  # bytes of a web archive, which is read as a whole
_MOST_SHEETS = 200  # tables of two rows and columns and more, each of which could be the history
_TAG = re.compile(r"\s*<(?:[!?a-z])", re.IGNORECASE)
_BEFORE_TABLE = re.compile(r"[^<,;\t|]{0,2000}<(?:[^<]|<(?!table))*<table[\s>]", re.IGNORECASE)
_PAGE = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE | re.DOTALL)
_MIME = re.compile(
    r"(?=[\w-]+:)(?=.*^mime-version:)(?=.*^content-type:\s*(?:multipart/|text/html))", re.I | re.S | re.M
)
_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_CODEC = re.compile(r"(?:windows|cp|iso|iso-8859|iso-2022|koi8|tis|euc|shift|big5|gb)[\w-]{0,20}|mac\w{0,12}")
_WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}


def markup_kind(head: bytes) -> str | None:
    """HTML, MHTML, SpreadsheetML or XML by the first bytes of a file; None where it is none of them."""
    wide = _WIDE.get(head[:2])
    text = head.decode(wide or "utf-8", errors="ignore").removeprefix("\ufeff")
    if _MIME.match(text[:_MIME_HEAD]):
        return "MHTML"
    if text.lstrip().lower().startswith("<?xml"):
        return "SpreadsheetML" if SPREADSHEET in text else "HTML" if "<table" in text.lower() else "XML"
    if SPREADSHEET in text and _TAG.match(text) and "<html" not in text.lower():
        return "SpreadsheetML"
    return "HTML" if _PAGE.match(text) or _BEFORE_TABLE.match(text) else None


def open_markup(
    source: Bytes, kind: str, settings: BatchSettings, find: FindLayout[LayoutT]
) -> tuple[SheetSource, LayoutT]:
    """The table or sheet of a file of markup that has our columns.

    Raises:
        UnknownFormat: if there is no table in it.
        DamagedFile: if its markup is damaged.
        NotText: if its encoding can't be told.
        AmbiguousEncoding: if its letters read in several encodings.
        OverTheLimit: if it has more or larger tables than are read.
        InvalidInput: if no table has the columns.
    """
    if kind == "XML":
        template = N_("{name} is an XML file that is no spreadsheet; export it as CSV or XLSX.")
        raise UnknownFormat(Message(template, {"name": source.name}))
    read = {"HTML": _read_page, "MHTML": _read_archive, "SpreadsheetML": _read_spreadsheet}[kind]
    sheets, encoding = read(source, settings.encoding)
    filled = [sheet for sheet in sheets if sheet.start is not None]
    if not filled:
        raise _no_table(source.name)
    likely = [sheet for sheet in filled if len(sheet.rows) > 1 and sheet.width > 1] or filled
    if len(likely) > _MOST_SHEETS:
        template = N_("{name} has {count:,} tables, of which any could be the one to read; export it as CSV.")
        raise OverTheLimit(Message(template, {"name": source.name, "count": len(likely)}))
    workbook = MarkupWorkbook(kind, {sheet.name: sheet for sheet in filled}, [one.name for one in likely])
    found, layout = choose_sheet(workbook, source.name, settings, find)
    if encoding != UTF8:
        found.notes = (*found.notes, Message(N_("The text of the file is read as {encoding}."), {"encoding": encoding}))
    return found, layout


@dataclass(frozen=True, slots=True)
class MarkupWorkbook:
    """The tables or sheets of a file of markup."""

    kind: str
    sheets: Mapping[str, MarkupSheet]
    likely: Sequence[str]  # those that could be a history

    @property
    def names(self) -> Sequence[str]:
        """Of all tables with something in them."""
        return list(self.sheets)

    @property
    def visible(self) -> Sequence[str]:
        """Of those that could be a history and are not hidden."""
        return [name for name in self.likely if not self.sheets[name].is_hidden]

    def sheet(self, name: str) -> SheetReader:
        """One of them."""
        return self.sheets[name]

    def no_values(self, name: str) -> NoValues:
        """None: they stand in the cells themselves."""
        return {}

    def damage(self, name: str) -> Mapping[int, Message]:
        """Its rows with bytes that are no text."""
        reason = Message(N_("holds bytes that are no text in the encoding of the file"))
        rows = enumerate(self.sheets[name].rows, start=1)
        return {line: reason for line, row in rows if any(isinstance(cell, str) and "\ufffd" in cell for cell in row)}


def _no_table(name: str) -> UnknownFormat:
    template = N_(
        "{name} is a web page without a table of data: the download may have been a page to sign in, or a frame for "
        "other files. Export it again, as CSV or XLSX."
    )
    return UnknownFormat(Message(template, {"name": name}))


# Web pages: decoded by what the bytes show first, by what the page declares second, where that gives words.


def _read_page(source: Bytes, asked: str) -> tuple[Sequence[MarkupSheet], str]:
    def pieces() -> Iterator[bytes]:
        with source.open() as stream:
            while piece := stream.read(_PIECE):
                yield piece

    tables = WebTables(CellBudget(source.name, source.limits))
    codec, encoding = _encoding(pieces, source.name, asked)
    return _parsed(pieces(), codec, tables, source.name), encoding


def _parsed(pieces: Iterable[bytes], codec: str, tables: WebTables, name: str) -> Sequence[MarkupSheet]:
    from lxml import etree

    parser: Any = etree.HTMLParser(target=tables, encoding="utf-8")
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    try:
        for piece in pieces:
            parser.feed(decoder.decode(piece).encode())
        parser.feed(decoder.decode(b"", final=True).encode() or b" ")
        found: Sequence[MarkupSheet] = parser.close()
    except etree.LxmlError as error:
        raise _damaged(name, error) from error
    return found


def _encoding(pieces: Callable[[], Iterator[bytes]], name: str, asked: str) -> tuple[str, str]:
    """Python's name of the encoding of a page, and the name it is said by."""
    head = next(pieces(), b"")
    wide = _WIDE.get(head[:2])
    if wide:
        return wide, UTF8
    if _decodes(pieces(), "utf-8"):
        return "utf-8-sig", UTF8
    found = _CHARSET.search(head[:HEAD_BYTES])
    declared = found[1].decode().lower() if found else ""
    declared = "cp1252" if declared in ("iso-8859-1", "latin1", "latin-1", "windows-1252") else declared
    is_declared = asked == "auto" and _is_known(declared) and _decodes(pieces(), declared)
    if is_declared and not is_unlikely(declared, EncodingEvidence.of(_lines(pieces())).invalid):
        return declared, "Windows-1252" if declared == "cp1252" else declared
    has_mark = head.startswith(codecs.BOM_UTF8)
    encoding = decide_encoding(_lines(pieces()), name, 1, asked=asked, has_mark=has_mark)
    return ("utf-8-sig" if encoding == UTF8 else codec_of(encoding)), encoding


def _decodes(pieces: Iterable[bytes], codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for piece in pieces:
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _is_known(codec: str) -> bool:
    try:
        return _CODEC.fullmatch(codec) is not None and codecs.lookup(codec).name != ""
    except LookupError:
        return False


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes with a line end behind each tag, so that what is between two of them is a cell."""
    return (b"\n".join(piece.replace(b">", b">\n").splitlines()) for piece in _cut_at_tags(pieces))


def _cut_at_tags(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes in pieces that end behind a tag, so that no letter is cut in two."""
    rest = b""
    for piece in pieces:
        data = rest + piece
        end = data.rfind(b">") + 1 if len(data) < 16 * _PIECE else len(data)
        rest = data[end:]
        yield data[:end]
    yield rest


# Web archives, as SAP and Internet Explorer write them: the pages of one file.


def _read_archive(source: Bytes, asked: str) -> tuple[Sequence[MarkupSheet], str]:
    from email import message_from_bytes
    from email.errors import MessageError

    with source.open() as stream:
        data = b"".join(iter(lambda: stream.read(_PIECE), b""))
        if len(data) > _MOST_ARCHIVED:
            template = N_("{name} is a web archive of more than {most} MB; export it as CSV or XLSX.")
            raise OverTheLimit(Message(template, {"name": source.name, "most": _MOST_ARCHIVED // 1_000_000}))
    try:
        parts = [part for part in message_from_bytes(data).walk() if part.get_content_type() == "text/html"]
        pages = [bytes(part.get_payload(decode=True) or b"") for part in parts]
    except (MessageError, RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise _damaged(source.name, error) from error
    tables, encoding = WebTables(CellBudget(source.name, source.limits)), UTF8
    for page in pages:
        codec, encoding = _encoding(lambda page=page: iter([page]), source.name, asked)  # type: ignore[misc]
        _parsed([page], codec, tables, source.name)
    return tables.sheets, encoding


def _read_spreadsheet(source: Bytes, asked: str) -> tuple[Sequence[MarkupSheet], str]:
    from lxml import etree

    sheets = SpreadsheetSheets(CellBudget(source.name, source.limits))
    parser: Any = etree.XMLParser(target=sheets, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        with source.open() as stream:
            while piece := stream.read(_PIECE):
                parser.feed(piece)
            found: Sequence[MarkupSheet] = parser.close()
    except etree.LxmlError as error:
        raise _damaged(source.name, error) from error
    return found, UTF8


def _damaged(name: str, error: Exception) -> DamagedFile:
    template = N_("The markup of {name} is damaged ({cause}); export it again, as CSV or XLSX.")
    return DamagedFile(Message(template, {"name": name, "cause": str(error)[:200]}))

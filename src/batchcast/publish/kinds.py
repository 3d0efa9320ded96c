"""Every kind of file that a result has: the one table of names, formats and writers.

What publishes, the service, the API, the page, the command and `docs/reference/files.md` read it. A new kind is its row
here, the function that writes it, and its section in the docs; tests fail where kinds are listed anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from batchcast.domain.errors import N_

CSV, XLSX, PARQUET, JSON = "csv", "xlsx", "parquet", "json"
CSV_SEMICOLON = "csv_semicolon"  # as spreadsheets expect it whose decimal sign is the comma


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format of files."""

    name: str  # also the suffix, where it has none of its own
    label: str  # as people write it
    media_type: str
    own_suffix: str = ""

    @property
    def suffix(self) -> str:
        """Of the names that its files are saved under, without the dot."""
        return self.own_suffix or self.name


FORMATS: Mapping[str, FileFormat] = {
    one.name: one
    for one in (
        FileFormat(CSV, "CSV", "text/csv; charset=utf-8"),
        FileFormat(XLSX, "XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        FileFormat(CSV_SEMICOLON, "CSV (;)", "text/csv; charset=utf-8", own_suffix=CSV),
        FileFormat(PARQUET, "Parquet", "application/vnd.apache.parquet"),
        FileFormat(JSON, "JSON", "application/json"),
    )
}
TABLE_FORMATS = (CSV, XLSX, PARQUET)  # that a run publishes, the default first
SUFFIXES = tuple(f".{name}" for name in TABLE_FORMATS)
SERVED_FORMATS = (CSV, XLSX, CSV_SEMICOLON, PARQUET)  # that a server gives a table in
_ORDERS = (CSV, XLSX, CSV_SEMICOLON)
_ON_REQUEST = (XLSX, CSV_SEMICOLON)

FORECAST, STOCK, ACCURACY, REJECTED, CERTIFICATE = "forecast", "stock", "accuracy", "rejected", "certificate"
ATTRIBUTES = "attributes"
FIGURES, SERIES, PERIODS, OVERVIEW = "figures", "series", "periods", "overview"
ORDERS, NEXT_UNITS = "orders", "next_units"


@dataclass(frozen=True, slots=True)
class ResultKind:
    """One kind of file of a result."""

    name: str  # in the API, in `--kind` and in a certificate
    label: str  # English, marked for translation; empty where no person is shown the file
    formats: tuple[str, ...]  # that it can be had in, the default first
    beside: str | None  # its file name in the folder that a run publishes to; None: it is not there
    use: Literal["download", "order", "internal"]  # order: made for a stock file; internal: a server reads it
    writer: str  # the module below `batchcast` that makes it
    since: str  # version

    @property
    def stored(self) -> tuple[str, ...]:
        """The formats that a server publishes; the others are made when they are first asked for."""
        return () if self.use == "order" else tuple(name for name in self.formats if name not in _ON_REQUEST)


_ROWS = (
    ResultKind(FORECAST, N_("Forecast"), SERVED_FORMATS, "forecast.csv", "download", "publish.combined", "0.1.0"),
    ResultKind(STOCK, N_("Stock figures"), SERVED_FORMATS, "stock.csv", "download", "publish.combined", "0.1.0"),
    ResultKind(ACCURACY, N_("Accuracy"), SERVED_FORMATS, "accuracy.csv", "download", "publish.combined", "0.1.0"),
    ResultKind(ATTRIBUTES, N_("Attributes"), SERVED_FORMATS, "attributes.csv", "download", "publish.combined", "0.1.0"),
    ResultKind(FIGURES, "", (PARQUET,), "figures.parquet", "internal", "publish.combined", "0.1.0"),
    ResultKind(REJECTED, N_("Refused rows"), (CSV,), "rejected.csv", "download", "publish.combined", "0.1.0"),
    ResultKind(CERTIFICATE, N_("Certificate"), (JSON,), "certificate.json", "download", "publish.certificate", "0.1.0"),
    ResultKind(SERIES, "", (PARQUET,), None, "internal", "results.series", "0.1.0"),
    ResultKind(PERIODS, "", (PARQUET,), None, "internal", "results.overview", "0.1.0"),
    ResultKind(OVERVIEW, "", (JSON,), None, "internal", "results.overview", "0.1.0"),
    ResultKind(ORDERS, N_("Orders"), _ORDERS, None, "order", "results.ordering", "0.1.0"),
    ResultKind(NEXT_UNITS, N_("Next units to buy"), _ORDERS, None, "order", "results.ordering", "0.1.0"),
)
KINDS: Mapping[str, ResultKind] = {kind.name: kind for kind in _ROWS}
DOWNLOADS = tuple(kind for kind in _ROWS if kind.use == "download")
DOWNLOAD_FORMATS = tuple(name for name in FORMATS if any(name in kind.formats for kind in DOWNLOADS))
ORDER_TABLES = tuple(kind.name for kind in _ROWS if kind.use == "order")
ORDER_FORMATS = KINDS[ORDERS].formats

# The names as types: endpoints refuse what is none of them, and their description lists them.
if TYPE_CHECKING:
    DownloadKind: TypeAlias = str
    DownloadFormat: TypeAlias = str
    OrderTable: TypeAlias = str
    OrderFormat: TypeAlias = str
else:
    DownloadKind, DownloadFormat = Literal[tuple(kind.name for kind in DOWNLOADS)], Literal[DOWNLOAD_FORMATS]
    OrderTable, OrderFormat = Literal[ORDER_TABLES], Literal[ORDER_FORMATS]

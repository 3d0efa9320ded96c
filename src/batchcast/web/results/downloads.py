"""The menu of files that a batch has published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batchcast.domain.batch import Batch
from batchcast.domain.errors import N_

_TABLES = {
    "forecast": N_("Forecast"),
    "stock": N_("Stock figures"),
    "accuracy": N_("Accuracy"),
}
_REST = {
    "rejected": (N_("Refused rows"), "csv"),
    "certificate": (N_("Certificate"), "json"),
}
_FORMATS = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet", "json": "JSON"}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLink:
    """One file in one format."""

    format: str  # as people write it
    url: str
    size: int | None  # bytes; None: it is made when it is first asked for


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLinks:
    """One file in each of its formats."""

    label: str  # English, translated by the template
    links: tuple[FileLink, ...]


def files_of(batch: Batch) -> tuple[FileLinks, ...]:
    """What can be downloaded of a COMPLETED batch; nothing of any other."""
    return tuple(_files_of(batch)) if batch.result else ()


def _files_of(batch: Batch) -> Iterator[FileLinks]:
    for kind, label in _TABLES.items():
        links = tuple(_link(batch, kind, name) for name in ("csv", "xlsx", "parquet"))
        yield FileLinks(label=label, links=links)
    for kind, (label, name) in _REST.items():
        if _size(batch, kind, name) is not None:
            yield FileLinks(label=label, links=(_link(batch, kind, name),))


def _link(batch: Batch, kind: str, name: str) -> FileLink:
    url = f"/batches/{batch.batch_id}/download?kind={kind}&format={name}"
    return FileLink(format=_FORMATS[name], url=url, size=_size(batch, kind, name))


def _size(batch: Batch, kind: str, name: str) -> int | None:
    files = batch.result.files if batch.result else ()
    return next((one.file.size for one in files if (one.kind, one.format) == (kind, name)), None)

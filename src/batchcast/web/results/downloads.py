"""The menu of files that a batch has published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batchcast.domain.batch import Batch
from batchcast.publish.kinds import DOWNLOADS, FORMATS


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
    for kind in DOWNLOADS:
        if any(_size(batch, kind.name, name) is not None for name in kind.stored):
            yield FileLinks(label=kind.label, links=tuple(_link(batch, kind.name, name) for name in kind.formats))


def _link(batch: Batch, kind: str, name: str) -> FileLink:
    url = f"/batches/{batch.batch_id}/download?kind={kind}&format={name}"
    return FileLink(format=FORMATS[name].label, url=url, size=_size(batch, kind, name))


def _size(batch: Batch, kind: str, name: str) -> int | None:
    files = batch.result.files if batch.result else ()
    return next((one.file.size for one in files if (one.kind, one.format) == (kind, name)), None)

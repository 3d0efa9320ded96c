"""What every way to publish does alike: all partitions combined, tables written, files described and certified."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from batchcast.domain.history import DemandHistory
from batchcast.domain.message import Message, mark
from batchcast.domain.plan import Partition
from batchcast.publish.certificate import Certificate, PublishedFile
from batchcast.publish.combined import CombinedResult
from batchcast.publish.problems import PublishFailed
from batchcast.publish.verify import rejected
from batchcast.publish.writers import open_writer


def combine_all(
    partitions: Sequence[tuple[Partition, Path]], certificate: Certificate, history: DemandHistory
) -> CombinedResult:
    """The results of every partition of the plan.

    Raises:
        ResultRejected: if one is missing, or its summary does not account for every series.
    """
    given = {partition.number: partition for partition, _ in partitions}
    for partition in certificate.partitions:
        if given.get(partition.number) != partition:
            raise rejected(partition.number, "it is not the one of the plan, or there is none")
    return CombinedResult(partitions, request=certificate.request, history_path=history.path)


def counts_of(combined: CombinedResult) -> dict[str, int]:
    """How every series of the input is accounted for."""
    refused = len(combined.refused)
    return {"series": combined.series, "forecast": combined.series - refused, "refused": refused}


def certified(
    certificate: Certificate, counts: Mapping[str, int], files: Mapping[str, PublishedFile], started: float
) -> Certificate:
    """The certificate of a run whose files are written; `started` is when their writing began (perf_counter)."""
    seconds = round(time.perf_counter() - started, 3)
    return replace(
        certificate,
        counts=dict(certificate.counts) | dict(counts),
        timings=dict(certificate.timings) | {"publish": seconds},
        files=dict(files),
    )


def write_table(path: Path, pieces: Iterator[pa.Table], *, title: str = "forecast") -> None:
    """Write the pieces of one table, of which there is at least one; a workbook's sheet has the title."""
    first = next(pieces)
    writer = open_writer(path, first.schema, title=title)
    try:
        writer.write(first)
        for piece in pieces:
            writer.write(piece)
    finally:
        writer.close()


def describe(path: Path) -> PublishedFile:
    """A file as a certificate has it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PublishedFile(name=path.name, sha256=digest, size=path.stat().st_size)


def cannot_write(out: Path, error: OSError) -> PublishFailed:
    """The error that says why a result could not be written."""
    template = mark(
        "The result can't be written to {out}: {reason}. Nothing was published, and what was there before is whole. "
        "Make room or choose another place, and run it again."
    )
    return PublishFailed(Message(template, {"out": str(out), "reason": error.strerror or str(error)}))

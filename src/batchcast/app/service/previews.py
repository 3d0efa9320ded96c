"""Previews of files: their first rows as they would be read, in the limited workers that read uploads; and events."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from batchcast.app.intake import dated, error_of, renamed, renamed_error
from batchcast.app.service.submission import Received
from batchcast.domain.codec import decode, encode
from batchcast.domain.recipe import FileKind, FilePreview, Recipe
from batchcast.domain.settings import BatchSettings
from batchcast.run.asking import carry_out
from batchcast.run.job import Ending, Job, WorkerPool

_SECONDS = 120.0  # a workbook is opened whole, whatever rows of it are read
_MEMORY_MB = 2048


def preview_upload(
    upload: Received,
    kind: FileKind,
    settings: BatchSettings,
    *,
    pool: WorkerPool,
    folder: Path,
    recipes: Sequence[Recipe] = (),
) -> FilePreview:
    """The first rows of a file as they would be read; a reading that is refused is part of the answer.

    Args:
        upload: the file; sentences call it by its sender's name for it.
        kind: what it is: a demand history or a stock file.
        settings: that it would be read with.
        pool: of the workers that read it.
        folder: for scratch.
        recipes: those that its header may choose from.

    Raises:
        InvalidInput: if there is no header in it to map the columns of.
        InvalidSettings: if a setting can't be.
    """
    scratch = Path(tempfile.mkdtemp(dir=folder))
    given = {"source": upload.path, "kind": kind, "settings": dated(settings), "recipes": list(recipes)}
    job = Job(
        function="batchcast.run.jobs:preview_job",
        arguments=encode({**given, "into": scratch}),
        timeout_seconds=_SECONDS,
        memory_limit_mb=_MEMORY_MB,
    )
    try:
        outcome = carry_out(pool, job)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if outcome.ending is not Ending.DONE:
        raise renamed_error(error_of(upload.path, outcome, job), upload.path.name, upload.name)
    preview: FilePreview = decode(outcome.result)
    return _renamed(replace(preview, settings=replace(preview.settings, today=settings.today)), upload)


def read_events_upload(
    name: str, content: bytes, settings: BatchSettings, *, pool: WorkerPool, folder: Path
) -> tuple[str, ...]:
    """The events of a small file that came with a form, as the setting has them.

    Raises:
        InvalidInput: if it can't be read as one.
    """
    scratch = Path(tempfile.mkdtemp(dir=folder))
    path = scratch / "events"
    try:
        path.write_bytes(content)
        job = Job(
            function="batchcast.run.jobs:events_job",
            arguments=encode({"source": path, "settings": settings}),
            timeout_seconds=_SECONDS,
            memory_limit_mb=_MEMORY_MB,
        )
        outcome = carry_out(pool, job)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if outcome.ending is not Ending.DONE:
        raise renamed_error(error_of(path, outcome, job), path.name, name)
    events: tuple[str, ...] = decode(outcome.result)
    return events


def _renamed(preview: FilePreview, upload: Received) -> FilePreview:
    """The preview with the file's name as its sender has it."""
    before, after = upload.path.name, upload.name
    refusal = preview.refusal
    if refusal is not None:
        refusal = replace(refusal, message=renamed(refusal.message, before, after))
    return replace(preview, refusal=refusal, notes=tuple(renamed(note, before, after) for note in preview.notes))

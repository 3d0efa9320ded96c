"""Reads a text, some bytes or a file as `batchcast` would, and gives back what became of it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.reader import Ingested, ingest_file

Read = Callable[..., Ingested]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_it(
        content: str | bytes | Path, *, name: str = "demand.csv", limits: Any = None, **settings: Any
    ) -> Ingested:
        path = content if isinstance(content, Path) else tmp_path / name
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        made = BatchSettings(**settings)
        return ingest_file(path, into=tmp_path / "ingested", settings=made, limits=limits or IngestLimits())

    return read_it


@pytest.fixture
def series() -> Callable[[Ingested], dict[tuple[str, str], dict[int, float]]]:
    """The history as {(site, part): {day: quantity}}."""

    def of(ingested: Ingested) -> dict[tuple[str, str], dict[int, float]]:
        assert ingested.history is not None
        rows = pq.read_table(ingested.history.path).to_pylist()
        return {(r["site_code"], r["partnumber"]): dict(zip(r["day"], r["quantity"], strict=True)) for r in rows}

    return of


@pytest.fixture
def rejected() -> Callable[[Ingested], list[dict[str, str]]]:
    """The rows of rejected.csv."""

    def of(ingested: Ingested) -> list[dict[str, str]]:
        assert ingested.report.rejected_path is not None
        with ingested.report.rejected_path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return of

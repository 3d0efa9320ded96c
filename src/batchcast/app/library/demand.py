"""A history that is read and checked, kept for as long as the value lives."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from batchcast.app.intake import dated
from batchcast.app.library.tables import Table, kind_of, remove_with
from batchcast.app.words.settings_text import check_models
from batchcast.domain.history import DemandHistory, HistoryFacts, IngestReport
from batchcast.domain.plan import RowsRefused, check_refused
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.reader import ingest_file, ingest_table


class Demand:
    """A checked demand history, kept in a temporary folder for as long as this value lives.

    Attributes:
        facts: what it holds: rows, series, sites, dates, frequency.
        report: accounts for every row that was read.
    """

    def __init__(self, history: DemandHistory, report: IngestReport, kind: str) -> None:
        self.history = history
        self.report = report
        self.kind = kind  # of the tables to give back: pandas, polars or pyarrow

    @property
    def facts(self) -> HistoryFacts:
        """What the history holds."""
        return self.history.facts

    def __repr__(self) -> str:
        facts = self.facts
        return (
            f"<Demand: {facts.rows:,} rows, {len(facts.sites):,} sites, {facts.parts:,} parts, "
            f"{facts.first_date} to {facts.last_date}, {facts.frequency}>"
        )


def read_demand(source: str | Path | Table, **settings: Any) -> Demand:
    """Read and check a demand history.

    Args:
        source: a file (CSV, XLSX, Parquet, gz), a folder or zip of CSVs, or a pandas / polars / pyarrow table with
            the columns date, partnumber, demand_qty and, where there are several sites, site_code.
        settings: those of `BatchSettings` that decide reading.

    Returns:
        The checked history. Absent periods within a series are zeros.

    Raises:
        InvalidInput: if it can't be a demand history. RowsRefused, one of its kinds, carries the report of every
            row that can't be read; `bad_rows="skip"` leaves them out.
        InvalidSettings: if a setting is out of its range.
    """
    chosen = dated(check_models(BatchSettings.from_json(settings)))
    folder = Path(tempfile.mkdtemp(prefix="batchcast-"))
    try:
        if isinstance(source, str | Path):
            ingested = ingest_file(Path(source), into=folder, settings=chosen)
        else:
            ingested = ingest_table(source, into=folder, settings=chosen)
    except BaseException:
        shutil.rmtree(folder)
        raise
    try:
        if ingested.history is None:
            raise RowsRefused(ingested.report)
        check_refused(ingested.report, chosen)
    except RowsRefused as refused:
        remove_with(refused, folder)
        raise
    demand = Demand(ingested.history, ingested.report, kind_of(source))
    remove_with(demand, folder)
    return demand

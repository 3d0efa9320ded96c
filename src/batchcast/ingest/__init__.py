"""Ingest: a file of any kind to a checked demand history, with an account of every row.

Comes in: a file, folder or table as somebody's ERP exported it, and the settings.
Goes out: `history.parquet` (one row a series), `rejected.csv`, and a report of what was read, summed and refused.
Open first: `reader.py`; then `tally.py`, which judges the rows, and `source.py`, what every kind of file becomes.
"""

from batchcast.ingest.digest import digest_of
from batchcast.ingest.history import read_series_keys, read_series_table
from batchcast.ingest.limits import IngestLimits
from batchcast.ingest.names import HELD_NAMES
from batchcast.ingest.problems import InvalidStockFile, RowsRefused
from batchcast.ingest.reader import Ingested, ingest_file, ingest_table
from batchcast.ingest.series import read_series
from batchcast.ingest.stockfile import read_stock, read_stock_table

__all__ = [
    "HELD_NAMES",
    "IngestLimits",
    "Ingested",
    "InvalidStockFile",
    "RowsRefused",
    "digest_of",
    "ingest_file",
    "ingest_table",
    "read_series",
    "read_series_keys",
    "read_series_table",
    "read_stock",
    "read_stock_table",
]

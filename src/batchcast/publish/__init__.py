"""Finished partitions become one result: verified, streamed, and published whole or not at all.

Comes in: the plan's partitions with the folders of their results, the checked history, the certificate so far.
Goes out: one file (CSV, XLSX or Parquet) with stock.csv, accuracy.csv, figures.parquet,
rejected.csv and certificate.json beside it.
A server's result has more: the index of its series, figures of each, and what they add up to (`files.py`).
Nothing that was there before is lost before the new is whole.
Open first: `publisher.py`; `combined.py`: how partitions become one stream; `staging.py`: how files appear.
"""

from batchcast.domain.errors import UnknownSeries
from batchcast.publish.certificate import Certificate, PublishedFile, engine_versions
from batchcast.publish.files import PublishedFolder, convert, publish_files
from batchcast.publish.hindsight import look_back_at
from batchcast.publish.ladder import StockLadder
from batchcast.publish.layout import check_place, lay_out, place_accuracy
from batchcast.publish.ordering import (
    FoundResult,
    find_result,
    order,
    order_files,
    order_tables,
    refuse_strangers,
    write_orders,
)
from batchcast.publish.problems import (
    CertificateMismatch,
    InvalidCertificate,
    NoResultHere,
    OutputTaken,
    PublishFailed,
    ResultRejected,
    StockOfOtherParts,
)
from batchcast.publish.publisher import Published, commit_result, publish, publish_accuracy, stage_result
from batchcast.publish.series import SeriesIndex, SeriesPage, SeriesQuery, read_forecast_of, read_row_of
from batchcast.publish.site_periods import read_periods_of
from batchcast.publish.staging import discard, recover

__all__ = [
    "Certificate",
    "CertificateMismatch",
    "FoundResult",
    "InvalidCertificate",
    "NoResultHere",
    "OutputTaken",
    "PublishFailed",
    "Published",
    "PublishedFile",
    "PublishedFolder",
    "ResultRejected",
    "SeriesIndex",
    "SeriesPage",
    "SeriesQuery",
    "StockLadder",
    "StockOfOtherParts",
    "UnknownSeries",
    "check_place",
    "commit_result",
    "convert",
    "discard",
    "engine_versions",
    "find_result",
    "lay_out",
    "look_back_at",
    "order",
    "order_files",
    "order_tables",
    "place_accuracy",
    "publish",
    "publish_accuracy",
    "publish_files",
    "read_forecast_of",
    "read_periods_of",
    "read_row_of",
    "recover",
    "refuse_strangers",
    "stage_result",
    "write_orders",
]

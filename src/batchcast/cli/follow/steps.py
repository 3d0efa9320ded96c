"""The steps of a batch, as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping

from batchcast.domain.message import mark

STEPS: Mapping[str, str] = {
    "ingest": mark("Reading and checking the file"),
    "plan": mark("Planning the partitions"),
    "prepare": mark("Learning across all series"),
    "forecast": mark("Forecasting"),
    "publish": mark("Verifying and publishing"),
}

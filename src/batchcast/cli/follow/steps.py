"""The steps of a batch, as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping

from batchcast.domain.errors import N_

STEPS: Mapping[str, str] = {
    "ingest": N_("Reading and checking the file"),
    "plan": N_("Planning the partitions"),
    "prepare": N_("Learning across all series"),
    "forecast": N_("Forecasting"),
    "publish": N_("Verifying and publishing"),
}

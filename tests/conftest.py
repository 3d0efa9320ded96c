"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(os.environ.get("BATCHCAST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets, which are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data sets are not here ({SHARED_DATA}); set BATCHCAST_DATA to their folder")
    return SHARED_DATA

"""Groups of rows that are there more than once, equally often, where all others are there once."""

from __future__ import annotations

import numpy as np
import pytest

from batchcast.ingest.rows.repeats import evenly_repeated


@pytest.mark.parametrize(
    ("rows", "cells", "found"),
    [
        ([80, 40], [40, 40], [0]),
        ([120, 40, 120], [40, 40, 40], [0, 2]),
        ([40, 40], [40, 40], []),
        ([80, 80], [40, 40], []),  # all of them: every row may be there twice, or each day has two
        ([80, 41], [40, 40], []),  # as of a log of bookings
        ([81, 40], [40, 40], []),
        ([80, 120, 40], [40, 40, 40], []),
        ([8, 4], [4, 4], []),  # too few
        ([80, 40, 0], [40, 40, 0], [0]),
    ],
)
def test_groups_that_are_repeated_evenly(rows, cells, found):
    assert evenly_repeated(np.array(rows), np.array(cells)) == found

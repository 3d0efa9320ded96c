"""What batches on this installation really took, kept so that the next estimate is honest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median_low

from batchcast.domain.plan import Pace
from batchcast.domain.timing import Timing

# One core of a 2024 server, local models, 3 folds; scaled by what this machine measures.
TYPICAL_PACE = Pace(seconds_per_cell=6e-7, seconds_per_series=2.5e-4, start_seconds=1.5)
_REMEMBERED = 50  # latest batches that count


class Timings:
    """The timings of an installation: a file of JSON lines, only ever appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, timing: Timing) -> None:
        """Remember a finished batch."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(timing)) + "\n")

    def latest(self, version: str) -> list[Timing]:
        """The latest batches of this version; lines that a crash cut short are passed over."""
        if not self._path.exists():
            return []
        found = [_read_line(line) for line in self._path.read_text(encoding="utf-8").splitlines()[-_REMEMBERED:]]
        return [timing for timing in found if timing is not None and timing.version == version]

    def pace(self, version: str) -> Pace:
        """The pace to estimate with: the typical one, scaled to what was measured here."""
        return pace_from(self.latest(version))


def pace_from(timings: Sequence[Timing]) -> Pace:
    """The typical pace scaled by the median of measured over typical seconds; unscaled without timings.

    Of two middle ones the faster counts: what disturbs a measurement makes it slower, such as a first compilation.
    """
    if not timings:
        return TYPICAL_PACE
    scale = median_low(timing.work_seconds / _typical_work(timing) for timing in timings)
    return Pace(
        seconds_per_cell=TYPICAL_PACE.seconds_per_cell * scale,
        seconds_per_series=TYPICAL_PACE.seconds_per_series * scale,
        start_seconds=median_low(timing.start_seconds for timing in timings),
    )


def _typical_work(timing: Timing) -> float:
    return timing.cells * TYPICAL_PACE.seconds_per_cell + timing.series * TYPICAL_PACE.seconds_per_series


def _read_line(line: str) -> Timing | None:
    try:
        return Timing(**json.loads(line))
    except (ValueError, TypeError):
        return None

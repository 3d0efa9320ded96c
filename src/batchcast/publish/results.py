"""What one partition gave: a folder with three tables and a summary that accounts for every series."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from batchcast.domain.plan import Partition
from batchcast.publish.verify import rejected

SUMMARY_FILE = "summary.json"


@dataclass(frozen=True, slots=True)
class Refused:
    """A series that has no forecast."""

    site_code: str
    partnumber: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PartitionResult:
    """What one partition gave."""

    partition: Partition
    folder: Path
    refused: dict[tuple[str, str], str] = field(default_factory=dict)  # (site_code, partnumber) -> reason

    @classmethod
    def open(cls, partition: Partition, folder: Path) -> PartitionResult:
        """The result in a folder.

        Raises:
            ResultRejected: if its summary is missing or does not account for every series.
        """
        try:
            summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
            refused = {(site, part): str(reason) for site, part, reason in summary["refused"]}
            counted = int(summary["series"]), int(summary["forecast"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise rejected(partition.number, f"its summary can't be read ({error})") from error
        if counted != (partition.series, partition.series - len(refused)):
            what = f"{counted[0]} series, {counted[1]} forecast and {len(refused)} refused, of {partition.series}"
            raise rejected(partition.number, f"its series don't add up: {what}")
        return cls(partition=partition, folder=folder, refused=refused)

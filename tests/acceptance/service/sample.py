"""A demand history whose forecast takes no time, and what a server's home holds after it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SITES = ("S0", "S1", "S2")
SETTINGS: Mapping[str, Any] = {"batch_mode": "on", "models": "naive", "horizon": 2}  # a site is a partition
OF_EVERY_HOME = re.compile(
    r"[^/]+\.(db|sqlite\d?)(-wal|-shm|-journal)?|session\.key|reserve|checked\.json"
)  # no batch left them


def demand(sites: Sequence[str] = SITES, *, months: int = 8, seed: int = 0) -> bytes:
    """A demand history: two parts a site, a row a month; other seeds have other quantities."""
    lines = ["date,partnumber,site_code,demand_qty"]
    for k, site in enumerate(sites):
        for month in range(1, months + 1):
            lines += [f"2025-{month:02}-01,P-{part},{site},{month * (k + part) % 7 + 1 + seed}" for part in (1, 2)]
    return "\n".join(lines).encode() + b"\n"


def files_below(home: Path, *batch_ids: str) -> list[str]:
    """What a home holds of batches, numbers of attempts and owners left out: the same after any recovery."""
    names = [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()]
    for batch_id in batch_ids:
        names = [name.replace(batch_id, "ID") for name in names]
    return sorted(re.sub(r"-\d+(?=[-/])", "-N", name) for name in names if not OF_EVERY_HOME.fullmatch(name))

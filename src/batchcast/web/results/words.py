"""Terms of the results page, each with the sentence that a planner needs beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchcast.domain.message import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """What something is called, and what that means."""

    name: str  # English, translated by the template
    meaning: str


CLASSES: Mapping[str, Term] = {
    "smooth": Term(name=mark("Smooth"), meaning=mark("Demand in most periods, of even size.")),
    "erratic": Term(name=mark("Erratic"), meaning=mark("Demand in most periods, of very uneven size.")),
    "intermittent": Term(name=mark("Intermittent"), meaning=mark("Demand in few periods, of even size.")),
    "lumpy": Term(name=mark("Lumpy"), meaning=mark("Demand in few periods, of very uneven size.")),
    "new": Term(name=mark("New"), meaning=mark("Too little history to be judged.")),
    "dead": Term(name=mark("Dead"), meaning=mark("No demand for at least half a year.")),
}

FENCED = mark("The upper quantiles were held back at what the history makes plausible.")

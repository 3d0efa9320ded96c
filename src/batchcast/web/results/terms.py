"""The words of results: classes of demand, and marks of parts to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchcast.domain import attention as attention_kinds
from batchcast.domain.errors import N_

# Demand classes, each with the sentence that explains it.


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A name with its meaning."""

    name: str  # English, translated by the template
    meaning: str


CLASSES: Mapping[str, Term] = {
    "smooth": Term(name=N_("Smooth"), meaning=N_("Demand in most periods, of even size.")),
    "erratic": Term(name=N_("Erratic"), meaning=N_("Demand in most periods, of very uneven size.")),
    "intermittent": Term(name=N_("Intermittent"), meaning=N_("Demand in few periods, of even size.")),
    "lumpy": Term(name=N_("Lumpy"), meaning=N_("Demand in few periods, of very uneven size.")),
    "seen_once": Term(name=N_("Seen once"), meaning=N_("A single demand so far: like parts say how often more come.")),
    "new": Term(name=N_("New"), meaning=N_("Demand more than once, in fewer than six periods of history.")),
    "dead": Term(name=N_("Dead"), meaning=N_("No demand for at least half a year.")),
}

# What marks a part that needs attention: a word on a chip of some colour.


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkName:
    """The word of a kind of mark."""

    name: str  # English, translated by the template
    chip: str  # its colour: info, warn, bad or empty


MARKS: Mapping[str, MarkName] = {
    attention_kinds.NEW: MarkName(name=N_("New part"), chip="info"),
    attention_kinds.SILENT: MarkName(name=N_("Out of stock?"), chip="warn"),
    attention_kinds.ONE_OFF: MarkName(name=N_("One-off?"), chip="warn"),
    attention_kinds.LEVEL: MarkName(name=N_("Level changed"), chip="warn"),
    attention_kinds.JUMP: MarkName(name=N_("Far from demand"), chip="warn"),
    attention_kinds.BACKTEST: MarkName(name=N_("Backtest missed"), chip="bad"),
    attention_kinds.HELD: MarkName(name=N_("Held back"), chip="warn"),
    attention_kinds.LIMITED: MarkName(name=N_("Limited"), chip="info"),
    attention_kinds.LARGE: MarkName(name=N_("Large volume"), chip=""),
}

"""What was published, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from batchcast.cli.render.facts import card
from batchcast.cli.render.hindsight import hindsight_json, hindsight_lines
from batchcast.cli.render.orders import orders_json, orders_lines
from batchcast.cli.words import Words, safe
from batchcast.domain.message import mark

if TYPE_CHECKING:
    from batchcast.app.batchcast import RunResult

_KINDS: Mapping[str, str] = {
    "forecast": mark("Forecast"),
    "stock": mark("Stock figures"),
    "accuracy": mark("Accuracy"),
    "rejected": mark("Refused rows"),
    "certificate": mark("Certificate"),
}


def result_lines(result: RunResult, words: Words) -> Iterator[RenderableType]:
    """The files, how good the forecast is in words, and what to order."""
    yield files_card(result, words)
    if result.hindsight is not None:
        yield from hindsight_lines(result.hindsight, words)
    if result.orders is not None:
        yield from orders_lines(result.orders, result.files, words)


def files_card(result: RunResult, words: Words) -> RenderableType:
    """Where everything is."""
    facts = [
        (words.say(label), safe(str(result.files[kind]))) for kind, label in _KINDS.items() if kind in result.files
    ]
    return card(words.say(mark("Published in {time}"), time=words.duration(result.seconds)), facts)


def result_json(result: RunResult, words: Words) -> dict[str, Any]:
    """The closing object for programs."""
    return {
        "kind": "result",
        "batch_id": result.batch.batch_id,
        "state": result.batch.state.value,
        "files": {kind: str(path) for kind, path in result.files.items()},
        "counts": dict(result.counts),
        "seconds": round(result.seconds, 3),
        "leaderboard": [row.as_json() for row in result.leaderboard],
        "orders": None if result.orders is None else orders_json(result.orders, words),
        "hindsight": None if result.hindsight is None else hindsight_json(result.hindsight, words),
    }

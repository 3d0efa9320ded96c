"""How good the forecast is, in words, and the parts that were hurt most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from batchcast.app.findings import findings_of, why_no_findings
from batchcast.cli.render.facts import card
from batchcast.cli.words import Words, safe
from batchcast.domain.hindsight import Hindsight, HurtPart, in_units
from batchcast.domain.message import mark

_SHOWN = 5  # parts; the rest are in accuracy.csv


def hindsight_lines(hindsight: Hindsight, words: Words) -> Iterator[RenderableType]:
    """What the backtest found, a sentence a line; then the first parts that were short."""
    findings = findings_of(hindsight)
    if not findings:
        yield Text(words.tell(why_no_findings(hindsight)))
        return
    for finding in findings:
        yield Text(words.tell(finding.said))
    if hindsight.hurt:
        yield Text()
        yield card(
            words.say(mark("The parts that hurt most")), [_fact(part, words) for part in hindsight.hurt[:_SHOWN]]
        )


def hindsight_json(hindsight: Hindsight, words: Words) -> dict[str, Any]:
    """The same for programs: the sentences, and every part that is named."""
    findings = findings_of(hindsight)
    sentences = [finding.said for finding in findings] or [why_no_findings(hindsight)]
    return {
        "messages": [words.text(sentence) for sentence in sentences],
        "hurt": [
            {
                "site_code": part.site_code,
                "partnumber": part.partnumber,
                "units_short": part.units_short,
                "units_over": part.units_over,
                "reason": words.text(part.reason),
            }
            for part in hindsight.hurt
        ],
    }


def _fact(part: HurtPart, words: Words) -> tuple[str, str]:
    short = words.say(mark("{units:,} short."), units=in_units(part.units_short))
    return f"{safe(part.partnumber)} · {safe(part.site_code)}", f"{short} {words.tell(part.reason)}"

"""The language of an answer, by the Accept-Language header."""

from __future__ import annotations

from collections.abc import Mapping

from batchcast.app.translation import LANGUAGES, Language

_ALSO_CALLED = {"in": "id"}  # what old Java programs call Indonesian


def language_of(headers: Mapping[str, str]) -> Language:
    """The language a client likes best of those we speak; English where it likes none."""
    liked = [_weighed(part) for part in headers.get("accept-language", "").split(",")[:20]]
    ranked = sorted((one for one in liked if one[1] > 0), key=lambda one: -one[1])
    return next((known for name, _ in ranked for known in LANGUAGES if known == name), "en")


def _weighed(part: str) -> tuple[str, float]:
    name, _, weight = part.partition(";")
    base = name.strip().lower().split("-")[0]
    try:
        share = float(weight.strip().removeprefix("q=")) if weight else 1.0
    except ValueError:
        share = 0.0
    return _ALSO_CALLED.get(base, base), share

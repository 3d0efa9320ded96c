"""A sentence for people: an English template with named values, translated only by the faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def mark(template: str) -> str:
    """Return `template` unchanged: the mark by which translations find the sentences of the product."""
    return template


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with its values kept apart, so that every face can say it in the reader's language."""

    template: str  # English, with {named} places; the key of its translations
    values: Mapping[str, object] = field(default_factory=dict)  # what stands in the places

    def __str__(self) -> str:
        return self.template.format(**self.values) if self.values else self.template

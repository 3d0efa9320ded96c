"""Says things to a person: sentences, numbers and durations in one language, and nothing a terminal would obey."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from batchcast.app.translation import Language, format_number, translate
from batchcast.domain.message import Message, mark

_MINUTE = 60
_HOUR = 3600
_TENTHS_BELOW = 10  # seconds; over it nobody reads tenths


@dataclass(frozen=True)
class Words:
    """The language of the reader."""

    language: Language

    def say(self, template: str, **values: object) -> str:
        """A marked sentence with its values, safe to show."""
        return self.tell(Message(template, values))

    def tell(self, message: Message) -> str:
        """A sentence of the product, safe to show."""
        return safe(self.text(message))

    def text(self, message: Message) -> str:
        """A sentence of the product to the letter, for JSON: not to be shown on a terminal."""
        return translate(message, self.language)

    def number(self, number: float, form: str = ",") -> str:
        """A number as the language writes it; a dash where there is none."""
        if math.isnan(number):
            return "–"
        return format_number(number, form, self.language)

    def share(self, share: float, digits: int = 0) -> str:
        """A share as a percentage, as the sentences write it: 94.5%."""
        return self.number(share, f",.{digits}%")

    def duration(self, seconds: float) -> str:
        """`0.4 s`, `42 s`, `3 min 10 s`, `1 h 5 min`."""
        if seconds < _TENTHS_BELOW:
            return self.say(mark("{seconds:.1f} s"), seconds=seconds)
        whole = round(seconds)
        if whole < _MINUTE:
            return self.say(mark("{seconds} s"), seconds=whole)
        if whole < _HOUR:
            return self.say(mark("{minutes} min {seconds} s"), minutes=whole // _MINUTE, seconds=whole % _MINUTE)
        return self.say(mark("{hours} h {minutes} min"), hours=whole // _HOUR, minutes=whole % _HOUR // _MINUTE)

    def date(self, date: dt.date) -> str:
        """A date, in the form that reads one way only."""
        return date.isoformat()


def safe(text: str) -> str:
    """Text of a user, with everything that a terminal would obey or hide written out: `\\x1b`, `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shorten(text: str, most: int) -> str:
    """At most `most` characters of a text, an ellipsis for the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"

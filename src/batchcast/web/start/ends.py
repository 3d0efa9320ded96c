"""Where the histories of sites end: a row with a date for each, in a question about it and beside what was found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from batchcast.domain.errors import ReadingQuestion
from batchcast.domain.settings import SETTINGS
from batchcast.web.forms import ASKED_DAY, ASKED_SITE, Form, Texts, closed_days
from batchcast.web.start.form import Checked

_ENDS = next(name for name, declared in SETTINGS.items() if declared.kind == "ends")


@dataclass(frozen=True, kw_only=True, slots=True)
class EndRow:
    """A site, and the last day that is closed there."""

    site: str  # empty: all sites
    day: str  # YYYY-MM-DD, as its field shows it; empty: it is derived
    last: dt.date | None = None  # the day of its last row, where that is before those of the others


def rows_of_ends(form: Form, checked: Checked) -> list[EndRow]:
    """A row for each site that ends before the others, or whose end was said."""
    said = closed_days(form.texts.get(_ENDS, ()))
    sites = dict.fromkeys([*checked.early_ends, *(site for site in said if site)])
    return [EndRow(site=site, day=said.get(site, ""), last=checked.early_ends.get(site)) for site in sites]


def end_of_all(form: Form) -> str:
    """The last closed day of all sites, as its field shows it; empty where it was not said."""
    return closed_days(form.texts.get(_ENDS, ())).get("", "")


def rows_asked(question: ReadingQuestion | None, texts: Texts) -> list[EndRow]:
    """A row for each site that a question is about, with the last day of its rows; none for any other question.

    What was typed already stays.
    """
    if question is None or question.setting != _ENDS:
        return []
    days: dict[str, str] = {}
    for choice in question.choices:
        days |= closed_days([choice.settings[_ENDS]])
    days |= {site: day for site, day in zip(texts.get(ASKED_SITE, ()), texts.get(ASKED_DAY, ()), strict=False) if day}
    of_sites = {site: day for site, day in days.items() if site}
    return [EndRow(site=site, day=day) for site, day in (of_sites or days).items()]

"""English says one row, and several rows; every sentence of the package is written for several."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from tests.unit.app.test_translations import marked

from batchcast.app.words.locale.singular import singular
from batchcast.app.words.translation import translate
from batchcast.domain.errors import N_, Message

pytestmark = pytest.mark.xdist_group("sources")

SEVERAL = re.compile(r"(?<!all )(?<!All )(?<!each of )(?<!:)\{(\w+)[^{}]*\} (?:more |blank )?([a-z]+s)\b")
OTHER = """is was has does says holds times series as less belongs bounds closes declares differs ends exists falls goes
keeps lists looks names needs puts reads rises starts takes tells unpacks uses writes chooses counts asks"""
NO_NOUNS = set(OTHER.split())
LIMITS = {"most", "least", "limit"}


def test_no_sentence_speaks_of_one_rows():
    wrong = {}
    for template, place in marked().items():
        names = {name.split(".")[0] for _, name, _, _ in Formatter().parse(template) if name}
        said = singular(template, dict.fromkeys(names, 1))
        left = [noun for count, noun in SEVERAL.findall(said) if noun not in NO_NOUNS and count not in LIMITS]
        if left:
            wrong[template] = (place, left)
    assert wrong == {}


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        (N_("Held back: {count:,} parts"), {"count": 1}, "Held back: 1 part"),
        (N_("Held back: {count:,} parts"), {"count": 1001}, "Held back: 1,001 parts"),
        (N_("Held back: {count:,} parts"), {"count": 0}, "Held back: 0 parts"),
        (N_("{count} blank lines were passed over."), {"count": 1}, "1 blank line was passed over."),
        (N_("{count:,} parts, {units:,.0f} units"), {"count": 3, "units": 0.6}, "3 parts, 1 unit"),
        (N_("{count:,} parts, {units:,.0f} units"), {"count": 1, "units": 2}, "1 part, 2 units"),
        (N_("{demands:,} of {periods:,} periods with demand, {units} units"),
         {"demands": 1, "periods": 9, "units": "1"}, "1 of 9 periods with demand, 1 unit"),
        (N_("{count:,} rows stand in quotes as a whole; they are read as if they did not."),
         {"count": 1}, "1 row stands in quotes as a whole; it is read as if it did not."),
        (N_("{batches} batches that have ended take {size:,} MB; {free:,} MB are free on the disk."),
         {"batches": 1, "size": 4, "free": 1}, "1 batch that has ended takes 4 MB; 1 MB are free on the disk."),
        (N_("The file is a list of pages: {rules:,} lines of dashes, {headers:,} repeated headers and {titles:,} lines "
            "of titles are passed over."), {"rules": 1, "headers": 1, "titles": 2},
         "The file is a list of pages: 1 line of dashes, 1 repeated header and 2 lines of titles are passed over."),
        (N_("… and {count:,} more rows."), {"count": 1}, "… and 1 more row."),
    ],
)  # fmt: skip
def test_what_is_counted_once_is_in_the_singular(template, values, said):
    assert translate(Message(template, values), "en") == said


def test_indonesian_has_one_form():
    assert translate(Message(N_("Held back: {count:,} parts"), {"count": 1}), "id") == "Ditahan: 1 part"

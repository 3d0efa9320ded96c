"""What an error says is bounded before it is kept."""

from __future__ import annotations

import json

import pytest

from batchcast.domain.codec import decode_error, encode_error
from batchcast.domain.errors import InvalidInput, Message, bounded

HALF = "\ud800"  # of a character: no text in UTF-8 can hold it


@pytest.mark.parametrize(
    "value",
    [
        "x" * 3_000_000,
        "é" * 5000,
        HALF,
        "x" * 5000 + HALF,
        Message("{inner}", {"inner": "y" * 9000 + HALF}),
        ["z" * 9000],
    ],
    ids=["megabytes", "two bytes each", "half", "long with a half", "nested", "list"],
)
def test_a_sentence_is_cut_to_four_kilobytes_that_every_text_can_hold(value):
    kept = bounded(Message("Partition {partition} error: {problem}", {"partition": 3, "problem": value}))

    text = str(kept)
    assert len(text.encode()) <= 4096
    assert text.startswith("Partition 3 error: ")
    assert kept.template == "Partition {partition} error: {problem}"
    assert len(json.dumps(text)) > 20


def test_a_sentence_whose_values_grow_where_they_are_quoted_is_cut_too():
    kept = bounded(Message("{problem!r}", {"problem": "\\" * 4000}))

    assert len(str(kept).encode()) <= 4096


def test_a_sentence_that_fits_stays_as_it_is():
    message = Message("{rows:,} rows of {file}", {"rows": 12000, "file": "permintaan é.csv"})

    assert bounded(message) is message


@pytest.mark.parametrize("kind", [ValueError, lambda text: InvalidInput(Message("{text}", {"text": text}))])
def test_an_error_of_megabytes_comes_from_a_worker_as_a_short_one(kind):
    error = kind("x" * 3_000_000 + HALF)

    encoded = encode_error(error)
    arrived = decode_error(json.loads(json.dumps(encoded)))

    assert len(str(arrived).encode()) <= 4096
    assert len(arrived.__notes__[0].encode()) < 70_000

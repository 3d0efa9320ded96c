"""What goes through the pipe arrives as it was sent, to the last bit."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchcast.domain.batch import BatchState
from batchcast.domain.calendar import Frequency
from batchcast.domain.codec import decode, decode_error, encode, encode_error
from batchcast.domain.errors import BatchFailed, InternalError, Message, PartitionFailed
from batchcast.domain.history import IngestReport, RowProblem
from batchcast.domain.settings import BatchSettings

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=[]))
    | st.dates()
    | st.sampled_from(Frequency)
    | st.builds(Path, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.just("$"), inner)
        | st.builds(Message, st.text(), st.dictionaries(st.text(), inner))
    ),
    max_leaves=20,
)


def sent(value):
    """What arrives at the other end of the pipe."""
    return decode(json.loads(json.dumps(encode(value))))


@given(PLAIN)
def test_any_nest_of_values_arrives_as_it_was_sent(value):
    arrived = sent(value)

    assert arrived == value
    assert repr(arrived) == repr(value)  # -0.0, True and 1, tuples and lists


def test_the_nouns_arrive_as_they_were_sent(make_plan, a_history):
    plan = replace(make_plan([3, 2]), hints=(Message("{n} of {all}", {"n": 1, "all": Message("all")}),))
    settings = BatchSettings(
        site_codes=("A", "B"), forecast_start_date=dt.date(2025, 2, 1), column_mapping={"date": "$", "x": "Tanggal"}
    )
    problem = RowProblem(line=3, column="qty", letter="B", value="x\ud800", reason=Message("{v!r}", {"v": ("a", 1.5)}))
    report = IngestReport(
        source="demand.csv",
        format=Message("CSV"),
        columns={"$": "date", "date": "$"},
        columns_left_alone=("a",),
        rows_read=5,
        rows_kept=3,
        rows_summed=1,
        rows_refused=1,
        problems=(problem,),
        notes=(Message("note"),),
        rejected_path=Path("/tmp/rejected.csv"),
    )

    for noun in (plan, plan.request, plan.partitions[0], settings, a_history, report):
        assert sent(noun) == noun
    assert sent(problem).reason.values == {"v": ("a", 1.5)}


def test_numbers_of_numpy_arrive_as_plain_ones():
    assert sent([np.int32(3), np.float64(0.1), np.bool_(True), np.float32(0.5)]) == [3, 0.1, True, 0.5]


@pytest.mark.parametrize("value", [object(), {1: "a"}, {"a": {1, 2}}, dt.datetime(2025, 1, 1).time(), b"bytes"])
def test_what_has_no_form_is_refused(value):
    with pytest.raises(TypeError, match="has no JSON form between a pool and its workers"):
        encode(value)


def test_a_field_that_a_noun_no_longer_has_is_ignored_in_what_is_stored():
    settings = BatchSettings(horizon=3)

    assert decode(encode(settings) | {"gone": {"$": "date", "value": "2026-01-31"}}) == settings


def test_a_state_is_sent_as_its_word():
    assert sent(BatchState.PENDING) == "PENDING"


def test_an_error_keeps_its_class_its_sentence_and_its_fields():
    error = PartitionFailed(Message("Partition {n}", {"n": 3}), partition=3, reason="timeout")
    error.handle = object()

    arrived = decode_error(json.loads(json.dumps(encode_error(error))))

    assert type(arrived) is PartitionFailed
    assert (arrived.message, arrived.partition, arrived.reason) == (error.message, 3, "timeout")
    assert str(arrived) == "Partition 3"
    assert not hasattr(arrived, "handle")


class UnknownFailure(BatchFailed):
    """An error of ours from a module that is not of the package."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("builtins:SystemExit", "builtins:SystemExit: None"),
        ("batchcast.domain.errors:BatchcastError.mro", "batchcast.domain.errors:BatchcastError.mro: None"),
        ("batchcast.domain.errors:Message", "batchcast.domain.errors:Message: None"),
        ("os:path", "os:path: None"),
    ],
)
def test_a_class_that_is_no_error_of_ours_is_not_made(name, expected):
    error = decode_error({"class": name, "fields": {}, "where": "here"})

    assert type(error) is InternalError
    assert str(error) == expected

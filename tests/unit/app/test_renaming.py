"""Sentences about an upload name the file as its sender does."""

from __future__ import annotations

from batchcast.app.intake import renamed, renamed_error
from batchcast.domain.errors import InvalidInput, Message


def test_a_name_is_replaced_wherever_a_value_holds_it() -> None:
    inner = Message("line of {file}", {"file": "1a2b"})
    message = Message(
        "{name}: {inner}, {all}, {count}", {"name": "1a2b", "inner": inner, "all": ["1a2b/x"], "count": 3}
    )

    told = renamed(message, "1a2b", "demand.csv")

    assert str(told) == "demand.csv: line of demand.csv, ['demand.csv/x'], 3"
    assert str(message).startswith("1a2b")


def test_an_error_keeps_its_class_and_says_the_new_name() -> None:
    error = InvalidInput(Message("{name} is empty", {"name": "1a2b"}))

    told = renamed_error(error, "1a2b", "demand.csv")

    assert told is error
    assert str(told) == "demand.csv is empty"

"""`batchcast marks` of a running server: days of parts are marked, listed and removed."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("cli and its server")

MARK = "2025-01-05..2025-01-09 stock_out P-1 @ A"


@pytest.fixture
def marks(command, server, monkeypatch):
    """`batchcast marks …` of the server."""
    monkeypatch.setenv("BATCHCAST_URL", server.said["api"])
    return lambda *arguments: command("marks", *arguments)


def test_a_mark_is_added_listed_and_removed(marks):
    empty = marks("list")
    added = marks("add", MARK, "--reason", "kapal terlambat", "--json").told[0]
    listed = marks("list")
    number = str(added["mark"]["number"])
    removed = marks("remove", number)
    again = marks("remove", number)

    assert "No day is marked" in empty.out
    assert (added["kind"], added["mark"]["kind"], added["mark"]["last"]) == ("mark_added", "stock_out", "2025-01-09")
    assert "Out of stock  P-1 @ A" in listed.out
    assert "kapal terlambat" in listed.out
    assert removed.code == 0
    assert again.code == 2
    assert "There is no mark" in again.err
    assert marks("list", "--json").told == [{"kind": "marks", "marks": []}]
    assert marks("list", "--removed", "--json").told[0]["marks"][0]["removed_at"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add",), "MARK is missing"),
        (("add", "2025-01-05 forget P-1 @ A"), "one-off or stock-out"),
        (("remove",), "NUMBER is missing"),
        (("remove", "x"), "'x' is no number of a mark"),
    ],
)
def test_what_can_be_no_mark_is_refused(marks, arguments, sentence):
    called = marks(*arguments)

    assert called.code == 2
    assert sentence in called.err

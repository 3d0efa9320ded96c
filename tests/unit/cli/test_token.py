from __future__ import annotations

import json

import pytest

from batchcast.app.installation.tokens import Role, Tokens


def test_a_token_is_shown_once_beside_an_entry_that_does_not_tell_it(batchcast):
    made = batchcast("token", "planner-kendari", "--role", "planner")

    token, entry = (line.strip() for line in made.out.splitlines() if line.startswith("  "))
    assert token not in entry
    person = Tokens(entry).authenticate(token)
    assert (person.name, person.role) == ("planner-kendari", Role.PLANNER)


def test_a_program_gets_it_as_json(batchcast):
    told = json.loads(batchcast("token", "board", "--role", "viewer", "--json").out)

    assert told["kind"] == "token"
    assert Tokens(told["entry"]).authenticate(told["token"]).role is Role.VIEWER


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "NAME is missing"),
        (("a",), "--role is missing; it can be viewer, planner, admin."),
        (("a", "--role", "boss"), "--role is 'boss'; it can be viewer, planner, admin."),
        (("a:b", "--role", "admin"), "'a:b' can't be the name of a token"),
        (("a b", "--role", "admin"), "'a b' can't be the name of a token"),
    ],
)
def test_what_is_missing_or_wrong_is_named(batchcast, arguments, said):
    refused = batchcast("token", *arguments)

    assert refused.code == 2
    assert said in refused.err

"""Tokens: who asks, what their role allows, and that nothing but hashes is kept."""

from __future__ import annotations

import pytest

from batchcast.app.installation.tokens import UNRESTRICTED, NotAllowed, NotAuthenticated, Role, Tokens, new_token
from batchcast.domain.errors import InvalidSettings

PLAIN = "a-token-of-somebody"


def test_without_tokens_every_client_may_do_everything() -> None:
    tokens = Tokens(None)

    assert not tokens
    assert tokens.authenticate(None) is UNRESTRICTED
    UNRESTRICTED.require(Role.ADMIN)


def test_a_token_is_known_whether_it_was_given_plain_or_hashed() -> None:
    secret, entry = new_token("rina", Role.PLANNER)
    tokens = Tokens(f"{entry}, budi:viewer:{PLAIN}")

    assert tokens.authenticate(secret).name == "rina"
    assert tokens.authenticate(PLAIN).role is Role.VIEWER
    assert secret not in entry
    assert secret.encode() not in repr(vars(tokens)).encode()
    assert PLAIN not in repr(vars(tokens))


@pytest.mark.parametrize("token", [None, "", "another-token-entirely"])
def test_a_missing_or_unknown_token_is_refused(token: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        Tokens(f"budi:viewer:{PLAIN}").authenticate(token)


def test_a_role_allows_what_the_lower_ones_allow_and_no_more() -> None:
    planner = Tokens(f"rina:planner:{PLAIN}").authenticate(PLAIN)

    planner.require(Role.VIEWER)
    planner.require(Role.PLANNER)
    with pytest.raises(NotAllowed, match="rina has the role planner, and this needs the role admin"):
        planner.require(Role.ADMIN)


@pytest.mark.parametrize(
    "entry", ["rina", "rina:boss:" + PLAIN, "rina:viewer:", "rina:viewer:short", "rina:viewer:sha256:12"]
)
def test_an_entry_that_cannot_be_read_is_named_by_its_number_and_not_repeated(entry: str) -> None:
    with pytest.raises(InvalidSettings, match="entry 2") as raised:
        Tokens(f"budi:viewer:{PLAIN},{entry}")

    assert entry not in str(raised.value)

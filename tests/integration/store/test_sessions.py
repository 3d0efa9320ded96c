"""What every store keeps of the sessions of browsers; runs over each of `conftest.py`."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.domain.session import NewSession

HOUR, WEEK = 3600.0, 7 * 86_400.0


@pytest.fixture
def sign_in(store):
    """Adds a session of a person, under a digest."""

    def add(digest, name="ani", lasts=WEEK, basis="t"):
        new = NewSession(
            digest=digest * 64,
            name=name,
            role="planner",
            basis=basis * 64,
            address="10.0.0.7",
            browser="Firefox · Linux",
        )
        store.add_session(new, lasts)
        return new

    return add


def digests(store, **which):
    return {one.digest[0] for one in store.sessions(HOUR, **which)}


def test_a_session_is_found_by_its_digest_with_its_times(store, sign_in):
    new = sign_in("a")

    kept = store.session("a" * 64, HOUR)

    assert (kept.name, kept.role, kept.basis, kept.address, kept.browser) == (
        new.name,
        new.role,
        new.basis,
        new.address,
        new.browser,
    )
    assert abs(kept.ends_at - kept.began_at - dt.timedelta(days=7)) < dt.timedelta(seconds=1)
    assert kept.began_at.tzinfo is dt.UTC
    assert store.session("b" * 64, HOUR) is None


def test_sessions_are_listed_by_person_the_one_seen_last_first(store, sign_in):
    for digest, name in (("a", "ani"), ("b", "budi"), ("c", "ani")):
        sign_in(digest, name)
    store.see_session("a" * 64, "10.0.0.9")
    store.see_session("b" * 64, "10.0.0.9", unseen_seconds=HOUR)  # it was seen just now
    store.see_session("f" * 64, "10.0.0.9")  # there is none

    every, own = store.sessions(HOUR), store.sessions(HOUR, name="ani")

    assert [one.digest[0] for one in every] == ["a", "c", "b"]
    assert [(one.digest[0], one.address) for one in own] == [("a", "10.0.0.9"), ("c", "10.0.0.7")]
    assert every[2].address == "10.0.0.7"
    assert every[0].seen_at >= every[0].began_at


def test_a_session_is_over_at_its_end_and_where_it_is_not_used(store, sign_in):
    sign_in("a")
    sign_in("b", lasts=-1.0)

    assert digests(store) == {"a"}
    assert store.session("b" * 64, HOUR) is None
    assert store.session("a" * 64, -1.0) is None


def test_one_session_is_ended_or_all_of_a_person(store, sign_in):
    for digest, name in (("a", "ani"), ("b", "budi"), ("c", "ani"), ("d", "ani")):
        sign_in(digest, name)

    assert store.end_sessions() == 0
    assert store.end_sessions(digest="b" * 64, name="ani") == 0  # it is of another person
    assert store.end_sessions(digest="a" * 64, name="ani") == 1
    assert store.end_sessions(digest="a" * 64) == 0
    assert store.end_sessions(name="ani") == 2
    assert digests(store) == {"b"}


def test_what_is_over_is_swept_and_with_bases_what_stands_on_others(store, sign_in):
    for digest, lasts, basis in (("a", WEEK, "t"), ("b", -1.0, "t"), ("c", WEEK, "u")):
        sign_in(digest, lasts=lasts, basis=basis)

    assert store.sweep_sessions(HOUR) == 1
    assert digests(store) == {"a", "c"}
    assert store.sweep_sessions(HOUR, ["t" * 64]) == 1
    assert digests(store) == {"a"}
    assert store.sweep_sessions(HOUR, []) == 1

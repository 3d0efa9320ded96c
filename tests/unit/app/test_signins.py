"""Who is signed in: asked of the store now and then, over soon on every server, and kept while the store is away."""

from __future__ import annotations

import pytest

from batchcast.app.installation.tokens import NotAllowed, Person, Role, Tokens, new_token
from batchcast.app.service.signins import SignIns, UnknownSession
from batchcast.store.errors import StoreUnavailable
from batchcast.store.memory import MemoryStore

ANI = Person(name="ani", role=Role.PLANNER)
BUDI = Person(name="budi", role=Role.VIEWER)
ADMIN = Person(name="root", role=Role.ADMIN)
TOKEN, ENTRY = new_token("ani", Role.PLANNER)
OTHER_TOKEN, OTHER_ENTRY = new_token("budi", Role.VIEWER)
TOKENS = Tokens(f"{ENTRY},{OTHER_ENTRY}")
BASIS, OTHER_BASIS = TOKENS.fingerprint(TOKEN), TOKENS.fingerprint(OTHER_TOKEN)


class CountingStore(MemoryStore):
    """Counts what is asked of it, and can be away."""

    asked = noted = 0
    is_away = False

    def session(self, digest, idle_seconds):
        self.asked += 1
        if self.is_away:
            raise StoreUnavailable("demand.db", "it restarts")
        return super().session(digest, idle_seconds)

    def see_session(self, digest, address, *, unseen_seconds=0):
        self.noted += 1
        super().see_session(digest, address, unseen_seconds=unseen_seconds)


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def store():
    return CountingStore()


@pytest.fixture
def server(store, clock):
    """Makes another server over the same store."""

    def make(tokens=TOKENS, **more):
        return SignIns(store, lambda: tokens, monotonic=lambda: clock[0], **more)

    return make


def begin(sign_ins, session_id="s", person=ANI, basis=BASIS):
    sign_ins.begin(session_id, person, basis, "10.0.0.7", "Chrome · Android")
    return session_id


def test_a_session_that_one_server_ends_is_over_on_all_within_seconds(server, clock):
    here, there = server(), server()
    begin(here)
    assert there.person_of("s", BASIS, "::1") == ANI

    here.sign_out("s")

    assert here.person_of("s", BASIS, "::1") is None
    assert there.is_known("s")
    clock[0] += 5.1
    assert not there.is_known("s")
    assert there.person_of("s", BASIS, "::1") is None


def test_the_store_is_asked_once_in_five_seconds_and_told_once_a_minute(server, store, clock):
    sign_ins = server()
    begin(sign_ins)

    for _ in range(1000):  # requests in 100 seconds
        assert sign_ins.person_of("s", BASIS, "::1") == ANI
        clock[0] += 0.1

    assert store.asked <= 21
    assert store.noted == 2


def test_while_the_store_is_away_those_seen_a_short_while_ago_stay_signed_in(server, store, clock):
    here, there = server(), server()
    begin(here)
    assert here.person_of("s", BASIS, "::1") == ANI
    store.is_away = True

    clock[0] += 590
    assert here.person_of("s", BASIS, "::1") == ANI
    with pytest.raises(StoreUnavailable):
        there.person_of("s", BASIS, "::1")
    clock[0] += 20
    with pytest.raises(StoreUnavailable):
        here.person_of("s", BASIS, "::1")


def test_a_token_that_is_removed_ends_its_sessions_at_once_and_for_good(server, store):
    begin(server())
    begin(server(), "t", BUDI, OTHER_BASIS)
    without = server(Tokens(OTHER_ENTRY))

    assert without.person_of("s", BASIS, "::1") is None
    assert [one.name for one in without.sessions(ADMIN)] == ["budi"]
    without.end_unfounded()

    assert server().person_of("s", BASIS, "::1") is None
    assert server().person_of("t", OTHER_BASIS, "::1") == BUDI


def test_a_worker_without_tokens_ends_no_session(server):
    begin(server())

    server(Tokens(None)).end_unfounded()

    assert server().person_of("s", BASIS, "::1") == ANI


def test_a_role_that_a_token_gets_counts_at_once(server):
    begin(server())
    promoted = Tokens(ENTRY.replace(":planner:", ":admin:"))

    assert server(promoted).person_of("s", BASIS, "::1") == Person(name="ani", role=Role.ADMIN)


def test_a_session_of_a_provider_has_the_role_it_began_with_and_ends_with_the_provider(server):
    provider = "p" * 64
    begin(server(provider=provider), basis=provider)

    assert server(provider=provider).person_of("s", provider, "::1") == ANI
    assert server().person_of("s", provider, "::1") is None
    server(provider="q" * 64).end_unfounded()
    assert server(provider=provider).person_of("s", provider, "::1") is None


def test_a_cookie_with_another_basis_is_none(server):
    begin(server())

    assert server().person_of("s", OTHER_BASIS, "::1") is None
    assert server().person_of("s", "", "::1") is None


def test_people_see_and_end_their_own_sessions_and_admins_all(server):
    sign_ins = server()
    begin(sign_ins)
    begin(sign_ins, "t", BUDI, OTHER_BASIS)
    of_ani = next(one for one in sign_ins.sessions(ADMIN) if one.name == "ani")

    assert [one.name for one in sign_ins.sessions(BUDI, name="ani")] == ["budi"]
    assert [one.name for one in sign_ins.sessions(ADMIN, name="ani")] == ["ani"]
    with pytest.raises(UnknownSession):
        sign_ins.end(BUDI, of_ani.digest)
    with pytest.raises(NotAllowed):
        sign_ins.end_all(BUDI, "ani")
    assert sign_ins.person_of("s", BASIS, "::1") == ANI
    sign_ins.end(ANI, of_ani.digest)
    assert sign_ins.person_of("s", BASIS, "::1") is None
    assert sign_ins.end_all(ADMIN, "budi") == 1
    assert sign_ins.person_of("t", OTHER_BASIS, "::1") is None


def test_the_memory_of_sessions_is_bounded(server):
    sign_ins = server()
    for number in range(10_050):
        sign_ins.person_of(f"s{number}", BASIS, "::1")

    assert len(sign_ins._known) == 10_000

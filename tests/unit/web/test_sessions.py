"""A session holds what we signed, for as long as it is used; attempts are counted, and forgotten."""

from __future__ import annotations

import base64
import stat

import pytest

from batchcast.app.installation.configuration import read_config, session_key
from batchcast.app.service.signins import IDLE_SECONDS, LONGEST_SECONDS
from batchcast.http.error_status import TooManyAttempts
from batchcast.http.request import ATTEMPT_SECONDS, OF_ALL, OF_ONE, Attempts
from batchcast.web.sessions import Sessions

NOW = 1_800_000_000.0


@pytest.fixture
def sessions():
    return Sessions(b"k" * 32)


def test_a_session_is_read_as_it_was_written(sessions):
    session = sessions.new("fp")

    read = sessions.read(sessions.write(session, NOW), NOW + 5)

    assert (read.session_id, read.fingerprint, read.signed_at) == (session.session_id, "fp", int(NOW))


def test_a_session_that_is_not_used_runs_out(sessions):
    cookie = sessions.write(sessions.new(), NOW)

    assert sessions.read(cookie, NOW + IDLE_SECONDS - 1) is not None
    assert sessions.read(cookie, NOW + IDLE_SECONDS + 1) is None


def test_a_session_that_is_used_is_signed_anew_now_and_then(sessions):
    session = sessions.read(sessions.write(sessions.new(), NOW), NOW)

    assert not session.is_due(NOW + 60)
    assert session.is_due(NOW + 3600)
    assert sessions.new().is_due(NOW)


def test_a_session_ends_after_a_week_however_much_it_is_used(sessions):
    session, now = sessions.new("fp"), NOW
    while now < NOW + LONGEST_SECONDS:
        session = sessions.read(sessions.write(session, now), now)
        assert session.begun_at == int(NOW)
        now += IDLE_SECONDS / 2

    assert sessions.read(sessions.write(session, now), NOW + LONGEST_SECONDS + 1) is None


@pytest.mark.parametrize("cookie", [None, "", ".", "a.b", "a.b.c", "é.ü", "." * 500])
def test_what_we_did_not_sign_is_no_session(sessions, cookie):
    assert sessions.read(cookie, NOW) is None


def test_a_cookie_holds_what_it_signs(sessions):
    body, _ = sessions.write(sessions.new("viewer"), NOW).split(".")

    assert base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).endswith(b',"viewer",1800000000,0]')


def test_a_changed_session_or_that_of_another_server_is_none(sessions):
    body, sign = sessions.write(sessions.new("viewer"), NOW).split(".")
    forged = base64.urlsafe_b64encode(b'["x","admin",1800000000,0]').decode().rstrip("=")

    assert sessions.read(f"{forged}.{sign}", NOW) is None
    assert sessions.read(f"{body}.{'A' if sign[0] != 'A' else 'B'}{sign[1:]}", NOW) is None
    assert Sessions(b"other" * 8).read(f"{body}.{sign}", NOW) is None


@pytest.mark.parametrize("payload", [[], {}, "text", ["a", "b", "c"], None])
def test_a_signed_text_that_is_no_session_is_none(sessions, payload):
    assert sessions.read(sessions._cookies.dumps(payload), NOW) is None


def test_a_server_whose_clock_is_a_little_behind_takes_the_session(sessions):
    cookie = sessions.write(sessions.new(), NOW)

    assert sessions.read(cookie, NOW - 59) is not None
    assert sessions.read(cookie, NOW - 61) is None


def test_a_form_belongs_to_one_session(sessions):
    mine, other = sessions.new(), sessions.new()

    assert sessions.is_ours(mine, sessions.csrf(mine))
    assert not sessions.is_ours(other, sessions.csrf(mine))
    assert not sessions.is_ours(mine, "")
    assert not sessions.is_ours(mine, "é")


def test_one_address_may_be_wrong_a_few_times():
    attempts = Attempts()
    for k in range(OF_ONE):
        attempts.note("1.2.3.4", f"guess {k}", k)

    with pytest.raises(TooManyAttempts) as refused:
        attempts.note("1.2.3.4", "another", OF_ONE)

    assert 0 < refused.value.seconds <= ATTEMPT_SECONDS + 1
    attempts.note("5.6.7.8", "another", OF_ONE)
    attempts.note("1.2.3.4", "another", ATTEMPT_SECONDS + OF_ONE)


def test_a_program_that_goes_on_with_an_old_token_is_refused_by_itself():
    attempts = Attempts()
    for k in range(OF_ONE):
        attempts.note("1.2.3.4", "old", k)

    for _ in range(1000):
        with pytest.raises(TooManyAttempts):
            attempts.note("1.2.3.4", "old", OF_ONE)

    for k in range(OF_ONE - 1):
        attempts.note("1.2.3.4", f"mistyped {k}", OF_ONE)  # by people at the same address
    attempts.note("5.6.7.8", "old", OF_ONE)


def test_the_right_token_wipes_the_slate():
    attempts = Attempts()
    for _ in range(OF_ONE):
        attempts.note("1.2.3.4", "old", 0)

    attempts.forgive("1.2.3.4")

    attempts.note("1.2.3.4", "old", 1)


def test_many_addresses_together_are_slowed_down_and_take_no_memory():
    attempts = Attempts()
    for k in range(OF_ALL):
        attempts.note(f"address {k}", "a", 0)

    with pytest.raises(TooManyAttempts):
        attempts.note("another", "a", 1)

    for k in range(10_000):
        attempts.note(f"further {k}", "a", ATTEMPT_SECONDS * (k + 1))
    assert len(attempts._by_address) < 5_000
    assert len(attempts._all) <= OF_ALL


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    config = read_config(home=tmp_path / "home")

    first, again = session_key(config), session_key(config)

    file = tmp_path / "home" / "session.key"
    assert first == again
    assert len(first) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["session.key"]


def test_servers_with_one_key_in_their_set_up_share_sessions(tmp_path):
    one, two = (session_key(read_config(home=tmp_path / name, session_key="shared")) for name in "ab")

    assert one == two
    assert not (tmp_path / "a").exists()

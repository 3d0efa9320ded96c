"""The page of sessions, and sessions over several servers of one database."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.requests import Request
from tests.integration.web.conftest import Browser, page_over

from batchcast.app.installation.tokens import TOKEN_ROLES, Person, Role, new_token
from batchcast.app.service import signins

pytestmark = pytest.mark.xdist_group("page")

PHONE = {"user-agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"}
MADE = {name: new_token(name, role) for name, role in TOKEN_ROLES.items()}
VIEWER = Person(name="viewer", role=Role.VIEWER)
TOKENS = ",".join(entry for _, entry in MADE.values())


@pytest.fixture(scope="module")
def two_pages(tmp_path_factory):
    """The pages of two servers of one database, and the service of the first."""
    folder = tmp_path_factory.mktemp("two")
    shared = {"tokens": TOKENS, "session_key": "k", "database_url": f"sqlite:///{folder / 'shared.db'}"}
    with page_over(folder / "a", **shared) as (service, one), page_over(folder / "b", **shared) as (_, other):
        yield service, one, other


@pytest.fixture
def impatient(monkeypatch):
    """As if the seconds that an answer counts had passed."""
    monkeypatch.setattr(signins, "_SECONDS_KNOWN", 0.0)


def signed_in(app, role, **headers):
    browser = Browser(app, **headers)
    browser.post("/sign-in", {"token": MADE[role][0], "back": "/help"})
    return browser


def elsewhere(browser, app):
    """The same browser, at another server."""
    moved = Browser(app)
    moved._cookies, moved.csrf = browser._cookies, browser.csrf
    return moved


def is_signed_in(browser):
    return browser.get("/recipes").url.path == "/recipes"


def test_signing_out_ends_the_session_and_copies_of_its_cookie_on_every_server(two_pages, impatient):
    _, one, other = two_pages
    browser = signed_in(one, "viewer")
    copies = [elsewhere(browser, one), elsewhere(browser, other)]
    assert all(is_signed_in(copy) for copy in copies)

    browser.post("/sign-out")

    assert not any(is_signed_in(copy) for copy in copies)


def test_a_page_that_follows_within_seconds_asks_no_database(two_pages, monkeypatch):
    service, one, _ = two_pages
    browser = signed_in(one, "viewer")
    assert is_signed_in(browser)
    asked = []
    monkeypatch.setattr(service.sign_ins._store, "session", lambda *_: asked.append(1))

    assert is_signed_in(browser)
    assert asked == []


def test_a_person_sees_and_ends_their_own_sessions_alone(two_pages, impatient):
    service, one, other = two_pages
    admin, phone, desk = signed_in(one, "admin"), signed_in(other, "planner", **PHONE), signed_in(one, "planner")

    page = desk.get("/sessions")
    of_admin = re.search(
        r'name="session" value="(\w+)" aria-label="End the session of admin"', admin.get("/sessions").text
    )[1]
    refused = desk.post("/sessions/end", {"session": of_admin})
    refused_all = desk.post("/sessions/end", {"name": "admin"})
    row = next(part for part in page.text.split("<tr") if "Chrome · Android" in part)
    ended = desk.post("/sessions/end", {"session": re.search(r'name="session" value="(\w+)"', row)[1]})

    assert page.text.count('name="session"') == 2
    assert "(this one)" in page.text
    assert "End the session of admin" not in page.text
    assert (refused.status_code, refused_all.status_code) == (404, 403)
    assert ended.url.path == "/sessions"
    assert (is_signed_in(phone), is_signed_in(desk), is_signed_in(admin)) == (False, True, True)
    noted = [(entry.name, entry.status, entry.about) for entry in service.audit(3)]
    assert noted == [("planner", 303, "planner"), ("planner", 403, "admin"), ("planner", 404, "admin")]
    assert "<bdi>planner</bdi>" in admin.get("/audit").text


def test_an_admin_ends_all_sessions_of_a_person_and_it_is_noted(two_pages, impatient):
    service, one, other = two_pages
    admin, first, second = signed_in(one, "admin"), signed_in(other, "viewer"), signed_in(one, "viewer")

    admin.post("/sessions/end", {"name": "viewer"})

    assert (is_signed_in(first), is_signed_in(second), is_signed_in(admin)) == (False, False, True)
    noted = service.audit(1)[0]
    assert (noted.action, noted.name, noted.about) == ("end_session", "admin", "viewer")


def test_a_stream_ends_with_the_session_of_its_reader(two_pages, impatient):
    service, one, _ = two_pages
    context = one.state.context
    basis = service.tokens.fingerprint(MADE["viewer"][0])
    session = context.sessions.new(basis)
    service.sign_ins.begin(session.session_id, service.tokens.person_of(basis), basis, "::1", "")
    request = Request({"type": "http", "state": {"session": session}, "client": ("::1", 1)})

    async def changes():
        yield b"before"
        service.sign_ins.sign_out(session.session_id)
        yield b"after"

    async def read():
        return [chunk async for chunk in context.while_signed_in(request, changes())]

    assert asyncio.run(read()) == [b"before"]


def test_signing_in_anew_leaves_no_session_behind(two_pages):
    service, one, _ = two_pages
    browser = signed_in(one, "viewer")
    before = len(service.sign_ins.sessions(VIEWER))

    browser.post("/sign-in", {"token": MADE["viewer"][0], "back": "/help"})

    assert len(service.sign_ins.sessions(VIEWER)) == before


def test_without_sign_in_there_is_no_session_to_show(browser):
    page = browser.get("/sessions")

    assert "There are no sessions" in page.text
    assert 'href="/sessions"' not in page.text

"""Sign-in by a provider of identities, which a test runs on this machine: real requests, signed tokens."""

from __future__ import annotations

import sys

import httpx
import pytest
from joserfc.jwk import RSAKey
from tests.integration.api.conftest import serving
from tests.integration.web.conftest import Browser, page_over
from tests.integration.web.tiny_provider import CLIENT, SECRET, TinyProvider, providing

from batchcast.app.installation.configuration import provider_settings, read_config
from batchcast.app.installation.tokens import Person, Role, new_token
from batchcast.app.provider import IdentityProvider
from batchcast.domain.errors import InvalidSettings

pytestmark = pytest.mark.xdist_group("page")

TOKEN, ENTRY = new_token("ani", Role.PLANNER)
ADMIN = Person(name="root", role=Role.ADMIN)
ROLES = "planning=planner,it=admin,readers=viewer"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with providing() as provider:
        settings = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SECRET,
            "oidc_roles": ROLES,
            "tokens": ENTRY,
        }
        with page_over(tmp_path_factory.mktemp("oidc") / "home", **settings) as (service, app):
            yield provider, service, app


@pytest.fixture
def provider(running):
    """The provider, as it is at first."""
    fresh = vars(TinyProvider()) | {"issuer": running[0].issuer, "keys": running[0].keys}
    vars(running[0]).update(fresh)
    running[1].provider._kept.clear()
    return running[0]


@pytest.fixture
def browser(running):
    return Browser(running[2])


def leave(browser, back="/help"):
    """The address at the provider that the button leads to."""
    return browser.get(f"/sign-in/provider?next={back}", follow_redirects=False).headers["location"]


def sign_in(browser, provider, back="/help"):
    answer = provider.authorize(leave(browser, back))
    return browser.get(answer.removeprefix("http://localhost"))


def test_the_page_offers_the_provider_beside_tokens(provider, browser):
    page = browser.get("/sign-in?next=/history")

    host = provider.issuer.split("/")[2]
    assert f"Sign in with {host}" in page.text
    assert 'href="/sign-in/provider?next=/history"' in page.text
    assert 'name="token"' in page.text


def test_a_person_signs_in_with_the_name_and_the_role_of_their_groups(provider, running, browser):
    provider.person = {"sub": "u1", "preferred_username": "siti", "groups": ["others", "readers", "planning"]}

    page = sign_in(browser, provider, back="/recipes")

    assert page.url.path == "/recipes"
    assert "Sign out siti" in page.text
    assert browser.get("/").text.count('type="file"') > 0  # which planners see
    assert browser.get("/audit").status_code == 403
    entry = running[1].audit(1)[0]
    assert (entry.action, entry.name, entry.role, entry.status) == ("sign_in", "siti", "planner", 303)
    assert ("siti", "planner") in {(one.name, one.role) for one in running[1].sign_ins.sessions(ADMIN)}
    browser.post("/sign-out")
    assert browser.get("/recipes").url.path == "/sign-in"


def test_claims_that_only_userinfo_tells_are_asked_for(provider, browser):
    provider.person = {"sub": "u1", "preferred_username": "dewi"}
    provider.more = {"groups": "it"}

    assert "Sign out dewi" in sign_in(browser, provider).text
    assert browser.get("/audit").status_code == 200


def test_a_new_key_of_the_provider_is_found(provider, browser, monkeypatch):
    sign_in(browser, provider)
    monkeypatch.setattr("batchcast.app.provider._SECONDS_BETWEEN_KEYS", 0.0)
    provider.keys = [*provider.keys, RSAKey.generate_key(2048, {"kid": "2", "use": "sig"})]

    assert "Sign out siti" in sign_in(Browser(browser._app), provider).text


def test_what_the_provider_says_of_itself_is_asked_for_once(provider, browser):
    for _ in range(3):
        sign_in(browser, provider)

    assert sorted(provider.asked) == ["/realm/.well-known/openid-configuration", "/realm/keys"]


LATE = 1_600_000_000  # a fixed time: the processes of one run of tests must collect tests of the same names


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"claims": {"iss": "https://evil.example"}}, "the answer is from another provider"),
        ({"claims": {"aud": "another"}}, "the answer is for another program"),
        ({"claims": {"aud": [CLIENT, "another"]}}, "the answer is for another program"),
        ({"claims": {"aud": [CLIENT, "another"], "azp": "another"}}, "the answer is for another program"),
        ({"claims": {"nonce": "of another sign-in"}}, "the answer is one to another sign-in"),
        ({"claims": {"nonce": None}}, "the answer is one to another sign-in"),
        ({"claims": {"exp": LATE, "iat": LATE - 300}}, "the answer is too old"),
        ({"claims": {"exp": None}}, "the answer has no right exp"),
        ({"claims": {"sub": None}}, "the answer has no right sub"),
        ({"algorithm": "none"}, "not signed by a key of the provider"),
        ({"algorithm": "HS256"}, "not signed by a key of the provider"),
        ({"error": "access_denied"}, "access_denied"),
        ({"claims": {"preferred_username": None}}, "gives no name that can be used, as preferred_username"),
        ({"claims": {"preferred_username": "a\nb"}}, "gives no name that can be used"),
        ({"claims": {"preferred_username": ["a"]}}, "gives no name that can be used"),
        ({"claims": {"groups": None}, "more": {"sub": "u2", "groups": ["it"]}}, "tells of another person"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_can_not_be_trusted_signs_nobody_in(provider, browser, changes, said):
    vars(provider).update(changes)

    page = sign_in(browser, provider)

    assert page.status_code == 401
    assert "You were not signed in" in page.text
    assert said in page.text
    assert browser.get("/recipes").url.path == "/sign-in"


def test_a_token_signed_by_a_stranger_is_refused(provider, browser):
    stranger = TinyProvider()  # its key has the same name
    provider.signed = stranger.signed

    page = sign_in(browser, provider)
    del provider.signed

    assert "not signed by a key of the provider" in page.text


@pytest.mark.parametrize("groups", [[], ["others"], ["*"], [{"name": "it"}], None, 7])
def test_a_person_without_a_group_that_has_a_role_may_not_use_the_server(provider, browser, groups):
    provider.person = {"sub": "u1", "preferred_username": "siti", "groups": groups}

    page = sign_in(browser, provider)

    assert page.status_code == 403
    assert "siti may not use this server" in page.text
    assert browser.get("/recipes").url.path == "/sign-in"


def test_a_code_counts_once_and_only_in_the_browser_that_left(provider, running, browser):
    answer = provider.authorize(leave(browser)).removeprefix("http://localhost")
    cookies = browser._cookies

    elsewhere = Browser(running[2]).get(answer)
    first = browser.get(answer)
    again = browser.get(answer)  # its departure is used up
    thief = Browser(running[2])
    thief._cookies = cookies  # with a copy of the departure
    replayed = thief.get(answer)
    forged = Browser(running[2])
    leave(forged)
    other_state = forged.get(answer)

    assert "Sign out siti" in first.text
    for refused in (elsewhere, again, other_state):
        assert (refused.status_code, "not one to this browser" in refused.text) == (401, True)
    assert (replayed.status_code, "does not take the code: &#39;invalid_grant&#39;" in replayed.text) == (401, True)


def test_a_departure_ends_after_a_while(provider, browser, monkeypatch):
    answer = provider.authorize(leave(browser)).removeprefix("http://localhost")
    monkeypatch.setattr("batchcast.web.sessions.SECONDS_AWAY", -1)

    assert "came too late" in browser.get(answer).text


def test_a_provider_that_calls_itself_by_another_name_is_not_used(provider, browser):
    provider.issuer_told = "https://evil.example"

    page = browser.get("/sign-in/provider")

    assert page.status_code == 503
    assert "The provider of identities can&#39;t be used at the moment" in page.text
    assert not [told for told in ("evil.example", provider.issuer) if told in page.text]


def test_signing_in_leads_nowhere_else(provider, browser):
    assert sign_in(browser, provider, back="//evil.example/").url.path == "/"


def test_a_provider_that_is_down_leaves_tokens_and_those_who_are_signed_in(tmp_path):
    with providing() as provider:
        settings = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
        with page_over(tmp_path / "home", **settings, oidc_roles="*=viewer", tokens=ENTRY) as (service, app):
            early, late = Browser(app), Browser(app)
            assert "Sign out siti" in sign_in(early, provider).text
            answer = provider.authorize(leave(late))
            service.provider._kept.clear()
            provider.get = lambda *_: (500, {})

            broken = Browser(app).get("/sign-in/provider?next=/history")
            unfinished = late.get(answer.removeprefix("http://localhost"))
            still = early.get("/recipes")
            by_token = Browser(app)
            by_token.post("/sign-in", {"token": TOKEN, "back": "/help"})

            assert [page.status_code for page in (broken, unfinished, still)] == [503, 503, 200]
            assert "can&#39;t be used at the moment" in broken.text
            assert 'name="token"' in broken.text
            assert "Sign out ani" in by_token.get("/help").text


def test_with_a_provider_alone_the_api_is_closed_to_those_without_a_token(tmp_path):
    settings = {"oidc_issuer": "https://id.example", "oidc_client_id": CLIENT, "oidc_roles": "*=viewer"}
    with (
        page_over(tmp_path / "home", **settings) as (service, app),
        serving(service, service.config) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        answers = [
            client.get("/api/batch/history"),
            client.get("/api/batch/history", headers={"authorization": f"Bearer {TOKEN}"}),
        ]
        page = Browser(app).get("/history")

    assert [answer.status_code for answer in answers] == [401, 401]
    assert page.url.path == "/sign-in"
    assert 'name="token"' not in page.text
    assert "Sign in with id.example" in page.text


def test_without_a_provider_there_is_no_such_page(service_and_page):
    for path in ("/sign-in/provider", "/sign-in/answer?code=x&state=y"):
        assert Browser(service_and_page[1]).get(path).status_code == 404


def test_without_its_library_a_provider_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "joserfc", None)
    settings = provider_settings(
        read_config(oidc_issuer="https://id.example", oidc_client_id="b", oidc_roles="*=viewer")
    )

    with pytest.raises(InvalidSettings, match=r"pip install 'batchcast\[oidc\]'"):
        IdentityProvider(settings)

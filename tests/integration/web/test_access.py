"""What each role may do on the page, and which requests are refused as forged."""

from __future__ import annotations

import re

import pytest
from tests.integration.web.conftest import Browser, page_over

from batchcast.app.installation.tokens import TOKEN_ROLES, Role, new_token
from batchcast.http.request import OF_ONE
from batchcast.web.application import ROUTERS

pytestmark = pytest.mark.xdist_group("page")

UNKNOWN_ID = "0" * 32


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """The page of a server with a token for each role, and those tokens."""
    made = {name: new_token(name, role) for name, role in TOKEN_ROLES.items()}
    entries = ",".join(entry for _, entry in made.values())
    with page_over(tmp_path_factory.mktemp("guarded") / "home", tokens=entries) as (_, app):
        yield app, {role: token for role, (token, _) in made.items()}


@pytest.fixture
def signed_in(guarded):
    """Makes a browser that has signed in with a role."""
    app, tokens = guarded

    def sign_in(role):
        browser = Browser(app)
        browser.get("/sign-in")
        assert browser.post("/sign-in", {"token": tokens[role], "back": "/help"}).url.path == "/help"
        return browser

    return sign_in


def test_without_a_token_every_page_leads_to_the_sign_in_page_and_back(guarded):
    answer = Browser(guarded[0]).get("/history?status=FAILED", follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fhistory%3Fstatus%3DFAILED"


def test_a_script_that_asks_without_a_token_is_led_there_too(guarded):
    answer = Browser(guarded[0]).get("/", headers={"hx-request": "true"})

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


def test_a_stream_without_a_token_is_refused(guarded):
    assert Browser(guarded[0]).get(f"/batches/{UNKNOWN_ID}/live").status_code == 401


def test_a_token_begins_a_session_that_no_script_can_read(guarded):
    app, tokens = guarded
    browser = Browser(app)
    browser.get("/sign-in")

    answer = browser.post("/sign-in", {"token": tokens["viewer"], "back": "/"}, follow_redirects=False)

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert tokens["viewer"] not in cookie
    assert "Sign out viewer" in browser.get("/").text


def test_signing_in_leads_nowhere_else(guarded):
    app, tokens = guarded
    browser = Browser(app)
    browser.get("/sign-in?next=//evil.example/")

    answer = browser.post("/sign-in", {"token": tokens["viewer"], "back": "//evil.example/"}, follow_redirects=False)

    assert answer.headers["location"] == "/"


def test_signing_out_ends_the_session(signed_in):
    browser = signed_in("viewer")

    browser.post("/sign-out")

    assert browser.get("/").url.path == "/sign-in"


def test_wrong_tokens_are_told_and_counted(tmp_path):
    token, entry = new_token("ani", Role.VIEWER)
    with page_over(tmp_path / "home", tokens=entry) as (_, app):
        browser = Browser(app)
        browser.get("/sign-in")

        wrong = [browser.post("/sign-in", {"token": f"wrong {k}"}) for k in range(OF_ONE)]
        refused = browser.post("/sign-in", {"token": "wrong again"})
        right = browser.post("/sign-in", {"token": token, "back": "/help"})

    assert {answer.status_code for answer in wrong} == {401}
    assert "not one of this server" in wrong[0].text
    assert "wrong 0" not in wrong[0].text
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert right.url.path == "/help"  # wrong guesses of others lock no person out


def test_behind_a_proxy_with_tls_and_a_path_every_link_and_cookie_is_of_the_public_address(tmp_path):
    token, entry = new_token("ani", Role.PLANNER)
    public = "https://forecast.example/plan"
    with page_over(tmp_path / "home", tokens=entry, public_url=public) as (_, app):
        browser = Browser(app)
        page = browser.get("/plan/sign-in")
        led = browser.get("/plan/history", follow_redirects=False)
        begun = {"cookie": page.headers["set-cookie"].partition(";")[0]}  # which httpx sends by HTTPS alone
        form = {"token": token, "back": "/help"}
        signed = browser.post("/sign-in", form, follow_redirects=False, headers=begun)
        own = {"cookie": signed.headers["set-cookie"].partition(";")[0]}
        browser.get("/help", headers=own)
        chosen = [
            browser.post(path, choice, follow_redirects=False, headers=own)
            for path, choice in (("/language", {"choice": "id"}), ("/settings", {"horizon": "30"}))
        ]

    links = re.findall(r'(?:href|src|action|formaction|hx-get|hx-post)="([^"]*)"', page.text)
    assert len(links) > 5
    assert [link for link in links if link.startswith("/") and not link.startswith("/plan/")] == []
    assert led.headers["location"] == "/plan/sign-in?next=%2Fhistory"
    assert signed.headers["location"] == "/plan/help"
    assert signed.headers["strict-transport-security"].startswith("max-age=")
    cookie = signed.headers["set-cookie"]
    assert cookie.startswith("__Host-batchcast_session=")
    assert "; Secure" in cookie
    assert "Path=/;" in cookie
    assert ["; Secure" in answer.headers.get("set-cookie", "") for answer in chosen] == [True, True]


def test_viewers_see_and_change_nothing(signed_in):
    browser = signed_in("viewer")

    page = browser.get("/")
    stopped = browser.post(f"/batches/{UNKNOWN_ID}/stop")
    run = browser.post(f"/files/{UNKNOWN_ID}/run")

    assert 'type="file"' not in page.text
    assert (stopped.status_code, run.status_code) == (403, 403)
    assert "viewer has the role viewer" in stopped.text


def test_planners_run(signed_in):
    browser = signed_in("planner")

    assert 'type="file"' in browser.get("/").text
    assert browser.post(f"/files/{UNKNOWN_ID}/run").status_code == 404


@pytest.mark.parametrize("headers", [{}, {"x-csrf-token": "0" * 64}])
def test_every_form_that_changes_something_has_to_be_ours(service_and_page, headers):
    _, app = service_and_page
    browser = Browser(app)
    browser.get("/")
    posts = [route for router in ROUTERS for route in router.routes if "POST" in route.methods]

    answers = {}
    for path in {route.path for route in posts}:
        real = path.format(
            batch_id=UNKNOWN_ID, draft_id=UNKNOWN_ID, name="alldemand_augjul", kind="orders", file_format="csv"
        )
        takes_file = path == "/files" or ("orders" in path and "draft_id" not in path)
        files = {"file": ("d.csv", b"a,b\n1,2\n")} if takes_file else None
        answers[path] = browser._ask("POST", real, data={"x": "1"}, files=files, headers=headers)

    assert len(answers) >= 8
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert all("comes from elsewhere" in answer.text for answer in answers.values())


def test_a_page_of_another_site_may_change_nothing(browser):
    answer = browser.post("/theme", {"choice": "dark"}, headers={"origin": "https://evil.example"})

    assert answer.status_code == 403
    assert "page of another site" in answer.text


def test_a_token_that_is_taken_away_ends_its_sessions(tmp_path):
    token, entry = new_token("ani", Role.PLANNER)
    _, other = new_token("budi", Role.PLANNER)
    with page_over(tmp_path / "one", tokens=entry, session_key="shared") as (_, app):
        browser = Browser(app)
        browser.get("/sign-in")
        browser.post("/sign-in", {"token": token})
        assert browser.get("/").status_code == 200
        cookies = browser._cookies

    with page_over(tmp_path / "two", tokens=other, session_key="shared") as (_, app):
        later = Browser(app)
        later._cookies = cookies
        assert later.get("/").url.path == "/sign-in"

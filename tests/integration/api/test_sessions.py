"""Sessions by the API: each person's own, and all for admins."""

from __future__ import annotations

import httpx
import pytest
from tests.integration.api.conftest import opened, serving

from batchcast.app.installation.tokens import TOKEN_ROLES, Person

pytestmark = pytest.mark.xdist_group("api")


@pytest.fixture(scope="module")
def server(tmp_path_factory, tokens):
    entries = ",".join(entry for _, entry in tokens.values())
    with (
        opened(tmp_path_factory.mktemp("home"), tokens=entries) as service,
        serving(service, service.config) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        client.service = service
        yield client


@pytest.fixture
def ask(server, tokens):
    for role, person in TOKEN_ROLES.items():
        server.service.sign_ins.end_all(Person(name="admin", role=TOKEN_ROLES["admin"]), role)
        basis = server.service.tokens.fingerprint(tokens[role][0])
        for number in range(2):
            server.service.sign_ins.begin(
                f"{role}{number}", Person(name=role, role=person), basis, "::1", "Firefox · Linux"
            )

    def send(role, method, path):
        return server.request(method, path, headers={"authorization": f"Bearer {tokens[role][0]}"})

    return send


def listed(answer):
    return sorted(one["name"] for one in answer.json()["sessions"])


def test_people_see_their_own_sessions_and_admins_all(ask):
    own = ask("viewer", "GET", "/api/sessions?name=admin")

    assert listed(own) == ["viewer"] * 2
    assert set(own.json()["sessions"][0]) == {
        "session", "name", "role", "address", "browser", "began_at", "seen_at", "ends_at"
    }  # fmt: skip
    assert listed(ask("admin", "GET", "/api/sessions")) == ["admin"] * 2 + ["planner"] * 2 + ["viewer"] * 2
    assert listed(ask("admin", "GET", "/api/sessions?name=planner")) == ["planner"] * 2


def test_people_end_their_own_sessions_and_admins_all(ask):
    of_admin = ask("admin", "GET", "/api/sessions?name=admin").json()["sessions"][0]["session"]
    own = ask("viewer", "GET", "/api/sessions").json()["sessions"][0]["session"]

    foreign, mine, again = (ask("viewer", "DELETE", f"/api/sessions/{one}") for one in (of_admin, own, own))
    foreign_all = ask("viewer", "DELETE", "/api/sessions?name=admin")
    rest = ask("viewer", "DELETE", "/api/sessions")
    all_of_planner = ask("admin", "DELETE", "/api/sessions?name=planner")

    assert (foreign.status_code, foreign.json()["code"]) == (404, "unknown-session")
    assert (mine.status_code, again.status_code) == (204, 404)
    assert (foreign_all.status_code, foreign_all.json()["code"]) == (403, "not-allowed")
    assert (rest.json(), all_of_planner.json()) == ({"ended": 1}, {"ended": 2})
    assert listed(ask("admin", "GET", "/api/sessions")) == ["admin"] * 2
    noted = [
        (one["name"], one["status"], one["about"]) for one in ask("admin", "GET", "/api/audit").json()["entries"][:6]
    ]
    assert noted == [
        ("admin", 200, "planner"),
        ("viewer", 200, "viewer"),
        ("viewer", 403, "admin"),
        ("viewer", 404, None),  # it was over
        ("viewer", 204, "viewer"),
        ("viewer", 404, "admin"),
    ]

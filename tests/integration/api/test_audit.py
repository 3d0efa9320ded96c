"""The audit log: what changes something is noted with its person, on both faces; admins read it."""

from __future__ import annotations

import csv
import io

import pytest
from tests.integration.api.conftest import opened, serving

from batchcast.api import application
from batchcast.http.audit import ACTION_OF
from batchcast.web import application as page

pytestmark = pytest.mark.xdist_group("api")

UNKNOWN_ID = "0" * 32


@pytest.fixture(scope="module")
def as_person(tmp_path_factory, tokens):
    """Asks a server with tokens as the person of a role."""
    import httpx

    entries = ",".join(entry for _, entry in tokens.values())
    with (
        opened(tmp_path_factory.mktemp("home"), tokens=entries) as service,
        serving(service, service.config) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):

        def ask(role, method, path, **content):
            return client.request(method, path, headers={"authorization": f"Bearer {tokens[role][0]}"}, **content)

        yield ask


def test_what_changes_something_is_noted_with_its_person_and_read_by_admins(as_person, demand, fast):
    sent = as_person("planner", "POST", "/api/batch/submit", files={"file": ("d.csv", demand())}, data=fast)
    batch_id = sent.json()["batch_id"]
    as_person("planner", "POST", "/api/batch/analyze", files={"file": ("d.csv", demand())}, data=fast)
    as_person("admin", "POST", f"/api/batch/cancel/{batch_id}")
    as_person("admin", "DELETE", f"/api/batch/{UNKNOWN_ID}")

    entries = as_person("admin", "GET", "/api/audit").json()["entries"]
    older = as_person("admin", "GET", "/api/audit", params={"before": entries[1]["number"], "limit": 1}).json()
    table = as_person("admin", "GET", "/api/audit", params={"format": "csv"})

    told = [(one["action"], one["name"], one["role"], one["status"], one["batch_id"]) for one in entries]
    assert told == [
        ("delete", "admin", "admin", 404, UNKNOWN_ID),
        ("cancel", "admin", "admin", 200, batch_id),
        ("submit", "planner", "planner", 202, batch_id),
    ]
    assert {one["address"] for one in entries} == {"127.0.0.1"}
    assert older["entries"] == [entries[2]]
    assert [row["action"] for row in csv.DictReader(io.StringIO(table.text))] == ["delete", "cancel", "submit"]
    assert table.headers["content-type"].startswith("text/csv")
    for role in ("viewer", "planner"):
        assert as_person(role, "GET", "/api/audit").json()["code"] == "not-allowed"


def test_a_recipe_that_a_request_keeps_is_noted_beside_what_else_it_does(as_person, demand, fast):
    known = len(as_person("admin", "GET", "/api/audit").json()["entries"])
    keeping = fast | {"save_recipe": "monthly"}
    for address, content in (("analyze", demand()), ("analyze", b"no,history\n1,2\n"), ("submit", demand())):
        as_person("planner", "POST", f"/api/batch/{address}", files={"file": ("d.csv", content)}, data=keeping)

    entries = as_person("admin", "GET", "/api/audit").json()["entries"]

    told = [(one["action"], one["name"], one["status"], one["about"]) for one in entries[:-known]]
    assert told == [
        ("keep_recipe", "planner", 202, "monthly"),
        ("submit", "planner", 202, None),
        ("keep_recipe", "planner", 200, "monthly"),
    ]
    assert entries[0]["batch_id"] == entries[1]["batch_id"]


def test_an_entry_tells_what_was_changed_beside_a_batch(as_person):
    mark = {"kind": "exclude", "site_code": "KDI", "partnumber": "P-7", "first": "2025-01-01"}
    number = as_person("planner", "POST", "/api/marks", json=mark).json()["number"]
    as_person("planner", "DELETE", f"/api/marks/{number}")
    as_person("admin", "DELETE", "/api/recipes/unknown")
    as_person("planner", "POST", f"/api/batch/looked/{UNKNOWN_ID}", json={"site_code": "", "partnumber": "P" * 300})

    entries = as_person("admin", "GET", "/api/audit").json()["entries"][:4]

    assert [(one["action"], one["status"], one["about"]) for one in reversed(entries)] == [
        ("add_mark", 201, "P-7 · KDI"),
        ("remove_mark", 204, str(number)),
        ("delete_recipe", 404, "unknown"),
        ("look", 404, "P" * 200),
    ]


CHANGES_NOTHING = {  # that others see, but a recipe
    ("POST", "/api/batch/analyze"),
    ("POST", "/api/batch/preview"),
    ("POST", "/api/batch/orders/{batch_id}"),
    ("POST", "/batches/{batch_id}/orders"),
    ("POST", "/batches/{batch_id}/orders/mapping"),
    ("POST", "/batches/{batch_id}/orders/mapping/{draft_id}"),
    ("POST", "/batches/{batch_id}/orders/{kind}.{file_format}"),
    ("POST", "/batches/{batch_id}/retry/analysis"),
    ("POST", "/batches/{batch_id}/retry/mapping"),
    ("POST", "/files"),  # a draft: it is gone after a day
    ("POST", "/files/{draft_id}/analysis"),
    ("POST", "/files/{draft_id}/discard"),
    ("POST", "/files/{draft_id}/mapping"),
    ("POST", "/settings"),  # of this browser
    ("POST", "/settings/reset"),
    ("POST", "/language"),
    ("POST", "/theme"),
}


def test_every_address_that_takes_something_is_noted_or_known_to_change_nothing():
    routes = {
        (method, route.path)
        for router in (*application.ROUTERS, *page.ROUTERS)
        for route in router.routes
        for method in route.methods - {"GET", "HEAD"}
    }
    routes.add(("GET", "/sign-in/answer"))  # where a provider sends browsers back to

    assert routes == {*ACTION_OF, *CHANGES_NOTHING}
    assert len(ACTION_OF) == 26

"""Who may ask what, and what every answer carries."""

from __future__ import annotations

import re
from itertools import islice
from queue import Queue

import httpx
import pytest
from tests.integration.api.conftest import opened, serving

from batchcast.app.installation.tokens import Role, Tokens, new_token
from batchcast.app.installation.workspace import DiskRoom
from batchcast.domain.settings import SETTINGS
from batchcast.http import error_status, gate
from batchcast.http.request import OF_ONE
from batchcast.store.errors import StoreUnavailable

pytestmark = pytest.mark.xdist_group("api")

UNKNOWN_ID = "0" * 32


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, tokens):
    entries = ",".join(entry for _, entry in tokens.values())
    with (
        opened(tmp_path_factory.mktemp("home"), tokens=entries, allowed_hosts="plan.example,*.mine.example") as service,
        serving(service, service.config) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        client.service = service
        yield client


def as_(tokens, role):
    return {"authorization": f"Bearer {tokens[role][0]}"}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic eDp5"}])
@pytest.mark.parametrize("path", ["/api/batch/history", "/metrics", "/nothing/here", f"/api/batch/status/{UNKNOWN_ID}"])
def test_without_a_token_nothing_is_told(guarded, path, headers):
    answer = guarded.get(path, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/docs", "/api/openapi.json", "/api/errors", "/"])
def test_what_holds_no_data_is_open(guarded, path):
    assert guarded.get(path).status_code in (200, 307, 503)


@pytest.mark.parametrize(
    ("role", "statuses"), [("viewer", [200, 403, 403]), ("planner", [200, 404, 403]), ("admin", [200, 404, 404])]
)
def test_each_role_may_do_what_the_one_before_may(guarded, tokens, role, statuses):
    headers = as_(tokens, role)

    looked = guarded.get("/api/batch/history", headers=headers)
    changed = guarded.post(f"/api/batch/cancel/{UNKNOWN_ID}", headers=headers)
    removed = guarded.delete(f"/api/batch/{UNKNOWN_ID}", headers=headers)

    assert [answer.status_code for answer in (looked, changed, removed)] == statuses


def test_a_batch_remembers_who_submitted_it(guarded, tokens, demand, fast):
    answer = guarded.post(
        "/api/batch/submit", files={"file": ("d.csv", demand())}, data=fast, headers=as_(tokens, "planner"), timeout=60
    )

    status = guarded.get(f"/api/batch/status/{answer.json()['batch_id']}", headers=as_(tokens, "viewer")).json()
    assert status["submitted_by"] == "planner"
    assert (status["status"], status["queue_place"]) == ("PENDING", 1)


@pytest.fixture
def of_the_planner(guarded, tokens, demand, fast):
    """The batch that the planner has submitted."""
    answer = guarded.post(
        "/api/batch/submit",
        files={"file": ("d.csv", demand(["Sofifi"]))},
        data=fast,
        headers=as_(tokens, "planner") | {"idempotency-key": "monday"},
        timeout=60,
    )
    return answer.json()["batch_id"]


def test_a_planner_stops_and_reruns_only_their_own_batches_and_an_admin_all(
    guarded, tokens, of_the_planner, demand, fast
):
    other, entry = new_token("other", Role.PLANNER)
    guarded.service.tokens = Tokens(",".join([*(entry for _, entry in tokens.values()), entry]))
    theirs = {"authorization": f"Bearer {other}", "idempotency-key": "monday"}

    cancelled = guarded.post(f"/api/batch/cancel/{of_the_planner}", headers=theirs)
    again = guarded.post(f"/api/batch/retry/{of_the_planner}", headers=theirs, timeout=60)
    same_key = guarded.post(
        "/api/batch/submit", files={"file": ("d.csv", demand(["Bitung"]))}, data=fast, headers=theirs, timeout=60
    )

    assert (cancelled.status_code, again.status_code) == (403, 403)
    assert cancelled.json()["code"] == "not-allowed"
    assert "is of planner" in cancelled.json()["detail"]
    assert same_key.status_code == 202
    assert same_key.json()["batch_id"] != of_the_planner
    own = guarded.post(f"/api/batch/cancel/{of_the_planner}", headers=as_(tokens, "planner"))
    assert (own.status_code, own.json()["status"]) == (200, "CANCELLED")
    every = guarded.post(f"/api/batch/cancel/{same_key.json()['batch_id']}", headers=as_(tokens, "admin"))
    assert every.status_code == 200


@pytest.mark.parametrize("host", ["plan.example", "PLAN.example:9571", "a.b.mine.example", "localhost:1", "[::1]:80"])
def test_a_server_answers_to_its_names(guarded, host):
    assert guarded.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "plan.example.evil", "mine.example", "127.0.0.1.evil.example", "[::2]"]
)
def test_a_server_does_not_answer_to_other_names(guarded, host):
    answer = guarded.get("/healthz", headers={"host": host})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad-host")


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/api/docs", f"/api/batch/status/{UNKNOWN_ID}"])
def test_every_answer_is_made_safe(client, path):
    headers = client.get(path, headers={"origin": "https://evil.example"}).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"].partition("script-src")[2].partition(";")[0]
    assert not [name for name in headers if name.startswith("access-control")]
    assert "server" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "no-such-page"),
        ("GET", "/api/docs/secrets.js", 404, "no-such-page"),
        ("PUT", "/healthz", 405, "method-not-allowed"),
        ("GET", "/api/batch/submit", 405, "method-not-allowed"),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(client, method, path, status, code):
    answer = client.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


class Log:
    """Keeps what is logged."""

    def __init__(self):
        self.said = Queue()  # a request is logged after its answer

    def info(self, _sentence, **about):
        self.said.put(about)

    error = warning = info


def test_a_mistake_of_ours_tells_an_incident_and_nothing_more(client, service, monkeypatch):
    def fail(query):
        raise ZeroDivisionError("the secret of the house")

    log = Log()
    monkeypatch.setattr(error_status, "_log", log)
    monkeypatch.setattr(service, "history", fail)

    answer = client.get("/api/batch/history")

    told = answer.json()
    assert (answer.status_code, told["code"]) == (500, "internal-error")
    assert "secret" not in answer.text
    incident = told["detail"].split("incident ")[1].split(" ")[0]
    about = log.said.get(timeout=10)
    assert about["incident"] == incident
    assert isinstance(about["exc_info"], ZeroDivisionError)


def test_a_store_that_is_away_is_told_with_a_time_to_come_back(client, service, monkeypatch):
    def fail(*_):
        raise StoreUnavailable("demand.db", "it restarts")

    monkeypatch.setattr(service, "status_version", fail)

    answer = client.get(f"/api/batch/status/{UNKNOWN_ID}")

    assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_a_server_that_is_not_ready_says_why(guarded, client):
    stopped = guarded.get("/readyz")  # its dispatcher was never started

    assert stopped.status_code == 503
    assert stopped.json()["status"] == "not ready"
    assert len(stopped.json()["problems"]) == 1
    assert client.get("/readyz").json() == {"status": "ready", "problems": []}


def test_the_description_is_shown_without_any_other_host(client):
    page = client.get("/api/docs")
    script = client.get("/api/docs/docs.js")

    assert "https://" not in page.text + script.text
    assert page.headers["content-type"].startswith("text/html")
    assert script.headers["content-type"].startswith("text/javascript")
    assert client.get("/").headers["location"] == "/api/docs"


def test_every_code_is_explained_where_its_type_leads(client):
    told = client.get("/nothing").json()
    path, _, anchor = told["type"].partition("#")

    assert f'id="{anchor}"' in client.get(path).text


def test_generated_clients_read_well_and_reset_nothing(client):
    """A default in the schema of changes is sent by a generated client, and undoes what the batch was asked for."""
    described = client.get("/api/openapi.json").json()

    operations = [one for path in described["paths"].values() for one in path.values()]
    ids = [one["operationId"] for one in operations]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) and "api" not in name for name in ids)
    assert {tag for one in operations for tag in one["tags"]} == {tag["name"] for tag in described["tags"]}
    retry = described["paths"]["/api/batch/retry/{batch_id}"]["post"]["requestBody"]["content"]
    assert {one["schema"]["$ref"] for one in retry.values()} == {"#/components/schemas/BatchSettings"}
    changes = described["components"]["schemas"]["BatchSettings"]
    assert set(changes["properties"]) == set(SETTINGS)
    assert not any("default" in one for one in changes["properties"].values())


def test_the_description_has_every_setting_and_problem(client):
    described = client.get("/api/openapi.json").json()

    form = described["paths"]["/api/batch/submit"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    partitions = form["properties"]["max_partitions"]
    assert (partitions["minimum"], partitions["maximum"]) == (1, 10000)
    assert "Default: 20." in partitions["description"]
    assert form["properties"]["returns"]["enum"] == ["net", "ignore", "reject"]
    assert "RowErrors" in described["components"]["schemas"]
    for path in described["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if status.startswith(("4", "5")) and operation["summary"] != "This server can take work":
                    assert "application/problem+json" in answer["content"]


def test_figures_tell_what_has_been_done(client, completed):
    figures = client.get("/metrics")

    lines = figures.text.splitlines()
    assert figures.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'batchcast_queue_batches{state="PENDING"} 0.0' in lines
    assert any(line.startswith('batchcast_partitions_total{outcome="COMPLETED"} ') for line in lines)
    assert any(line.startswith("batchcast_partition_seconds_count ") for line in lines)
    assert any(line.startswith('batchcast_batch_seconds_count{outcome="COMPLETED"} ') for line in lines)
    assert any("batchcast_worker_memory_bytes" in line and not line.endswith(" 0.0") for line in lines)
    submitted = '{method="POST",route="/api/batch/submit",status="202"}'
    assert any(line.startswith(f"batchcast_http_requests_total{submitted} ") for line in lines)
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)
    assert any(line.startswith("batchcast_build_info{") and 'numpy="' in line for line in lines)
    assert not [line for line in lines if "_created" in line]


def test_figures_come_as_openmetrics_where_that_is_asked_for(client):
    figures = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert figures.headers["content-type"].startswith("application/openmetrics-text")
    assert figures.text.endswith("# EOF\n")


def test_a_head_is_answered_as_a_get_without_its_body(client, completed):
    paths = [
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/batch/history",
        f"/api/batch/status/{completed}",
        "/api/openapi.json",
    ]
    paths += [f"/api/batch/download/{completed}", f"/api/batch/events/{completed}", f"/api/batch/status/{UNKNOWN_ID}"]
    for path in paths:
        got, head = client.get(path), client.head(path)

        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers["content-type"] == got.headers["content-type"], path
        if path != "/metrics":  # which counts its own requests
            assert head.headers.get("content-length") == got.headers.get("content-length"), path
    assert client.head("/api/batch/submit").status_code == 405


def test_a_head_does_not_wait_for_the_end_of_a_stream(client, submit):
    batch_id = submit(seed="31").json()["batch_id"]

    head = client.head(f"/api/batch/events/{batch_id}")

    assert (head.status_code, head.content) == (200, b"")


def test_a_request_is_logged_without_the_text_of_its_sender(client, monkeypatch):
    log = Log()
    monkeypatch.setattr(gate, "_log", log)

    client.get("/api/batch/status/evil%0Aaction=forged", headers={"user-agent": "forged"})
    client.get(f"/api/batch/status/{UNKNOWN_ID}")

    lines = iter(
        lambda: log.said.get(timeout=10) | {"seconds": 0}, None
    )  # of an earlier request too, where it was slow
    forged, plain = islice((line for line in lines if line["route"] == "/api/batch/status/{batch_id}"), 2)
    told = {"action": "request", "method": "GET", "route": "/api/batch/status/{batch_id}", "status": 404, "seconds": 0}
    assert forged == told
    assert plain == told | {"batch_id": UNKNOWN_ID}


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost.evil.example:9571",
        "http://127.0.0.1:8000",  # another program of this machine
        "https://plan.example:8443",
    ],
)
def test_a_page_of_another_site_may_change_nothing(guarded, tokens, origin):
    headers = as_(tokens, "admin") | {"origin": origin}

    changed = guarded.post(f"/api/batch/cancel/{UNKNOWN_ID}", headers=headers)

    assert (changed.status_code, changed.json()["code"]) == (403, "foreign-page")
    assert guarded.get("/api/batch/history", headers=headers).status_code == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", "https://plan.example"])
def test_a_page_of_this_server_may(guarded, tokens, origin):
    headers = as_(tokens, "admin") | {"origin": origin.format(port=guarded.base_url.port)}

    assert guarded.post(f"/api/batch/cancel/{UNKNOWN_ID}", headers=headers).status_code == 404


def test_wrong_tokens_are_counted_and_a_right_one_is_always_taken(guarded, tokens):
    wrong = [
        guarded.get("/api/batch/history", headers={"authorization": f"Bearer wrong-{k}"}) for k in range(OF_ONE + 1)
    ]
    right = guarded.get("/api/batch/history", headers=as_(tokens, "viewer"))

    assert {answer.status_code for answer in wrong[:2]} == {401}
    assert (wrong[-1].status_code, wrong[-1].json()["code"]) == (429, "too-many-attempts")
    assert int(wrong[-1].headers["retry-after"]) > 0
    assert right.status_code == 200


def test_without_a_token_no_place_on_the_server_is_told(guarded, tokens, monkeypatch):
    monkeypatch.setattr(DiskRoom, "free", 1 << 20)

    unknown = guarded.get("/readyz")
    known = guarded.get("/readyz", headers=as_(tokens, "viewer"))

    assert (unknown.status_code, known.status_code) == (503, 503)
    assert "has 1 MB left" not in unknown.text
    assert "its log says why" in unknown.json()["problems"][0]
    assert "has 1 MB left" in known.text

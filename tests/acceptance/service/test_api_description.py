"""The API against its own description: whatever is asked, no 5xx and no answer that is not described."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import Server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = [8, pytest.param(40, marks=pytest.mark.long)]  # of every operation, in good and in bad order each
ENDPOINTS = (
    "POST /api/batch/submit",
    "POST /api/batch/analyze",
    "GET /api/batch/status/{batch_id}",
    "GET /api/batch/download/{batch_id}",
    "POST /api/batch/cancel/{batch_id}",
    "POST /api/batch/retry/{batch_id}",
    "GET /api/batch/history",
    "DELETE /api/batch/{batch_id}",
    "GET /api/batch/events/{batch_id}",
    "GET /api/batch/series/{batch_id}",
    "GET /api/batch/series/{batch_id}/{site_code}/{partnumber}",
    "GET /api/batch/rejected/{batch_id}",
)
WITHOUT_PARAMETERS = ("GET /healthz", "GET /readyz", "GET /metrics")  # so that nothing can be wrong with a request
TRIES = [(endpoint, mode) for mode in GenerationMode for endpoint in ENDPOINTS]
TRIES += [(endpoint, GenerationMode.POSITIVE) for endpoint in WITHOUT_PARAMETERS]
pytestmark = [
    pytest.mark.xdist_group("api description"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the libraries that schemathesis stands on
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server for all of them."""
    server = Server(tmp_path_factory.mktemp("described") / "home", max_upload_mb=1)
    yield server.start()
    server.close()


@pytest.fixture(scope="module")
def batch_ids(server):
    """A batch that is published with refused rows left out, and one that was rolled back."""
    refused = demand() + b"32/13/2025,P-1,S0,1\n"
    published = server.client.accepted(refused, **SETTINGS, bad_rows="skip")
    assert server.client.await_end(published)["status"] == "COMPLETED"
    server.set_fault("S1", "crash")
    rolled_back = server.client.accepted(demand(seed=1), **SETTINGS)
    assert server.client.await_end(rolled_back)["status"] == "ROLLED_BACK"
    server.lift_fault("S1")
    return published, rolled_back


@pytest.fixture(scope="module")
def description(server):
    return schemathesis.openapi.from_url(f"{server.client.http.base_url}/api/openapi.json")


def test_every_endpoint_is_described(description):
    described = {found.ok().label for found in description.get_all_operations()}

    assert {*ENDPOINTS, *WITHOUT_PARAMETERS} <= described


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize(("endpoint", "mode"), TRIES)
def test_every_answer_is_one_that_is_described(*, description, server, batch_ids, endpoint, mode, examples):
    operation = next(found.ok() for found in description.get_all_operations() if found.ok().label == endpoint)
    codes = set()
    ids = st.sampled_from([None] if endpoint.startswith("DELETE") else [None, *batch_ids])

    @hypothesis.settings(
        max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), batch_id=ids)
    def ask(case, batch_id):
        if batch_id and "batch_id" in (case.path_parameters or {}):
            case.path_parameters["batch_id"] = batch_id
        answer = case.call(timeout=30)
        codes.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    ask()

    if mode is GenerationMode.POSITIVE and endpoint.startswith("GET") and "partnumber" not in endpoint:
        assert 200 in codes  # and not only refusals

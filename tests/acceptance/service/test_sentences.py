"""What a planner reads where a batch fails: the sentences of the product, word for word, through the API."""

from __future__ import annotations

import itertools

import pytest
from tests.acceptance.service.sample import SETTINGS, demand

SITES = tuple(f"S{k}" for k in range(8))
SEEDS = itertools.count()  # a partition of a history that came before is not forecast again


@pytest.fixture(scope="module")
def server(server_of_module):
    """One server for all tests of this module, which set faults and lift them."""
    return server_of_module


@pytest.fixture(autouse=True)
def _faults_lifted(server):
    yield
    server.lift_all_faults()


@pytest.fixture
def failed(server):
    """A batch of eight partitions of which this one meets with that fault; its status in the end."""

    def fail(partition, act, **limits):
        if "max_execution_time" in limits:  # that of a worker, which is to be warm
            warm = server.client.await_end(server.client.accepted(demand(SITES, seed=next(SEEDS)), **SETTINGS))
            assert warm["status"] == "COMPLETED"
        server.set_fault(SITES[partition], act)
        return server.client.await_end(server.client.accepted(demand(SITES, seed=next(SEEDS)), **SETTINGS, **limits))

    return fail


def test_out_of_memory_names_the_partition_the_limit_and_what_to_do(failed):
    ended = failed(3, "memory", memory_limit_mb=700)

    sentence = (
        "Partition 3 failed: Out of memory (limit 700 MB). Reduce max_rows_per_partition or raise memory_limit_mb."
    )
    assert_told(ended, 3, "FAILED", "out-of-memory", sentence)


@pytest.mark.parametrize("act", ["hold", pytest.param("stuck", marks=pytest.mark.long)])
def test_a_timeout_names_the_partition_and_the_seconds(failed, act):
    ended = failed(5, act, max_execution_time=5)

    assert_told(ended, 5, "TIMEOUT", "timeout", "Partition 5 timeout: Exceeded 5s")


def test_a_crash_names_the_partition_and_the_signal(failed, server):
    begun = server.jobs().count("S2")
    ended = failed(2, "crash")

    sentence = "Partition 2 crash: Its worker ended with signal SIGKILL in each of 2 attempts"
    assert_told(ended, 2, "FAILED", "crash", sentence)
    assert server.jobs().count("S2") - begun == 2


def test_a_row_that_is_no_date_names_the_partition_the_line_and_the_value(server):
    lines = demand(SITES).decode().splitlines()
    lines += ["2025-08-01,P-1,S0,1"] * 1200
    lines[1203] = "31/02/2025,P-1,S7,1"
    batches = server.client.history()["total"]

    refused = server.client.submit("\n".join(lines).encode(), **SETTINGS)

    assert refused.status_code == 422, refused.text
    assert refused.headers["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert problem["code"] == "rows-refused"
    assert problem["row_errors"]["count"] == 1
    (row,) = problem["row_errors"]["first"]
    assert (row["line"], row["column"], row["value"], row["partition"]) == (1204, "date", "31/02/2025", 7)
    assert "Partition 7 error: Invalid date format (line 1204: '31/02/2025')" in refused.text
    assert server.client.history()["total"] == batches


@pytest.mark.long
def test_the_sentences_are_indonesian_for_those_who_ask_for_it(failed, server):
    ended = failed(5, "hold", max_execution_time=5)

    answer = server.client.http.get(f"/api/batch/status/{ended['batch_id']}", headers={"Accept-Language": "id"})

    assert answer.json()["error"]["code"] == ended["error"]["code"]
    assert answer.json()["error"]["message"] != ended["error"]["message"]
    assert answer.json()["error"]["message"].startswith("Partisi 5")


def assert_told(ended, number, state, code, sentence):
    """The batch and its partition tell it alike; siblings at work or waiting were cancelled."""
    assert ended["status"] == "ROLLED_BACK"
    assert ended["error"]["message"] == sentence
    partition = ended["partitions"][number]
    assert (partition["status"], partition["error"]["code"], partition["error"]["message"]) == (state, code, sentence)
    others = {other["status"] for other in ended["partitions"]} - {state}
    assert others <= {"COMPLETED", "CANCELLED"}
    assert "Error occurred" not in str(ended)

"""A noun has one JSON form: what the API answers is what the command writes with `--json`."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.xdist_group("cli-nouns")

HEADER = "date,partnumber,site_code,demand_qty\n"
ROWS = [
    f"{2023 + month // 12}-{month % 12 + 1:02}-15,{part},{site},{(month * 7 + len(site)) % 5}\n"
    for site in ("Kendari", "Makassar")
    for part in ("0012", "A/1")
    for month in range(24)
]
DEMAND = (HEADER + "".join(ROWS)).encode()
STOCK = b"site_code,partnumber,on_hand,unit_cost\nKendari,0012,0,2.5\nKendari,A/1,50,\nMakassar,0012,,1\nMars,X,1,1\n"
SETTINGS = {"models": "naive", "batch_mode": "on", "frequency": "M", "horizon": "3"}
OPTIONS = [part for name, value in SETTINGS.items() for part in (f"--{name.replace('_', '-')}", value)]
MEASURED = ("seconds", "estimate_seconds", "single_job_seconds", "speed_up")  # other from one run to the next


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.said["api"], timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def status(client):
    """The status of a batch that the server has published."""
    answer = client.post("/api/batch/submit", files={"file": ("demand.csv", DEMAND)}, data=SETTINGS)
    batch_id = answer.json()["batch_id"]
    with client.stream("GET", f"/api/batch/events/{batch_id}") as stream:
        for _ in stream.iter_lines():
            pass
    return client.get(f"/api/batch/status/{batch_id}").json()


@pytest.fixture
def told(command, monkeypatch):
    """What the command writes of the same history and stock file, by kind; of several lines of a kind the last."""
    monkeypatch.setenv("BATCHCAST_MAX_PARALLEL", "1")
    Path("demand.csv").write_bytes(DEMAND)
    Path("stock.csv").write_bytes(STOCK)
    called = command("run", "demand.csv", "-o", "out", "--stock", "stock.csv", "--json", *OPTIONS)
    assert called.code == 0, called.err
    return called.told


def lines_of(told, kind):
    return [without(line, "kind") for line in told if line["kind"] == kind]


def without(noun, *names):
    """The noun without some fields, at whatever depth."""
    match noun:
        case dict():
            return {name: without(value, *names) for name, value in noun.items() if name not in names}
        case list():
            return [without(value, *names) for value in noun]
    return noun


def as_a_program_reads(noun):
    """The noun of a command whose hints name options, with hints that name fields: each reader sets what it can set."""
    plan = noun["analysis"]["plan"]
    assert any("--max-partitions" in hint for hint in plan["hints"])
    plan["hints"] = [_fields_for_options(hint) for hint in plan["hints"]]
    return noun


def _fields_for_options(hint):
    return hint.replace("--max-partitions", "max_partitions").replace("--strategy auto", "partition_strategy=auto")


def fields_of(noun):
    """The names of the fields of a noun, at whatever depth."""
    match noun:
        case dict():
            return {name: fields_of(value) for name, value in noun.items()}
        case list():
            return [fields_of(value) for value in noun]
    return None


@pytest.mark.long
def test_analysis_batch_partitions_leaderboard_accuracy_and_orders_are_told_alike(client, status, told, command):
    analyzed = client.post("/api/batch/analyze", files={"file": ("demand.csv", DEMAND)}, data=SETTINGS).json()
    (line,), (result,) = lines_of(told, "analysis"), lines_of(told, "result")
    assert fields_of(line) == fields_of(analyzed)
    assert as_a_program_reads(without(line, *MEASURED)) == without(analyzed, *MEASURED)
    assert without(status["analysis"], *MEASURED) == without(analyzed["analysis"], *MEASURED)
    (alone,) = command("analyze", "demand.csv", "--json", *OPTIONS).told
    assert as_a_program_reads(without(alone, "kind", *MEASURED)) == without(analyzed, *MEASURED)

    batch = lines_of(told, "batch")[-1]
    assert batch == {"batch_id": result["batch_id"], "status": status["status"], "progress": status["progress"]}
    ended = {line["number"]: line for line in lines_of(told, "partition")}
    assert [without(ended[one["number"]], "seconds") for one in status["partitions"]] == without(
        status["partitions"], "seconds"
    )
    assert fields_of(list(ended.values())) == fields_of(status["partitions"])
    assert result["leaderboard"] == status["result"]["leaderboard"]
    assert result["counts"] == status["result"]["counts"]

    batch_id = status["batch_id"]
    assert result["accuracy"] == client.get(f"/api/batch/accuracy/{batch_id}").json()
    orders = client.post(f"/api/batch/orders/{batch_id}", files={"file": ("stock.csv", STOCK)}).json()
    assert orders["to_order"] > 0
    assert result["orders"] == orders
    (alone,) = command("orders", "out", "--stock", "stock.csv", "--json").told
    assert without(alone, "kind", "files") == orders
    (asked,) = command(
        *("batches", "orders", batch_id, "--stock", "stock.csv", "--url", str(client.base_url), "--json")
    ).told
    assert without(asked, "kind", "files", "batch_id") == orders


@pytest.mark.long
def test_refused_rows_are_told_alike(client, command):
    bad = DEMAND + b"2024-13-01,0012,Kendari,1\n2024-12-15,0012,Kendari,many\n2024-12-15,0012,,1\n"
    Path("demand.csv").write_bytes(bad)

    refused = client.post("/api/batch/analyze", files={"file": ("demand.csv", bad)}, data=SETTINGS)
    (line,) = command("run", "demand.csv", "-o", "out", "--json", *OPTIONS).told[-1:]

    assert refused.status_code == 422
    assert line["row_errors"] == refused.json()["row_errors"]
    assert line["row_errors"]["count"] == 3

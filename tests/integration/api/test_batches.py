"""The endpoints of a batch, from a submission to its deletion."""

from __future__ import annotations

import gzip
import json

import pytest

pytestmark = pytest.mark.xdist_group("api")


def problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["code"], told["type"]) == (status, code, f"/api/errors#{code}")
    return told


def test_a_submission_is_accepted_with_its_analysis_and_plan(submit):
    answer = submit()

    accepted = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == accepted["links"]["status"] == f"/api/batch/status/{accepted['batch_id']}"
    assert accepted["is_new"]
    assert accepted["analysis"]["report"]["rows_read"] == 3 * 2 * 24
    assert (
        accepted["analysis"]["plan"] | {"sites": 3, "parts": 2, "series": 6, "horizon": 3, "partitions": 3}
        == (accepted["analysis"]["plan"])
    )
    assert sorted(p["sites"][0] for p in accepted["partitions"]) == ["Kendari", "Makassar", "Sorowako"]


def test_a_completed_batch_tells_everything(client, completed):
    status = client.get(f"/api/batch/status/{completed}").json()

    assert status["status"] == "COMPLETED"
    assert status["progress"] == {"percent": 100.0, "completed": 3, "total": 3}
    assert status["file_name"] == "demand 2024.csv"
    assert status["settings"]["horizon"] == 3
    assert [p["number"] for p in status["partitions"]] == [0, 1, 2]
    told = {(p["status"], p["attempt"], p["reused"], p["seconds"] > 0) for p in status["partitions"]}
    assert told == {("COMPLETED", 1, False, True)}
    assert {(f["kind"], f["format"]) for f in status["result"]["files"]} >= {("forecast", "csv"), ("stock", "parquet")}
    assert status["result"]["counts"]["series"] == 6
    assert status["error"] is status["seconds_left"] is status["queue_place"] is None
    assert status["submitted_at"] <= status["started_at"] <= status["ended_at"]


def test_a_status_is_sent_again_only_when_it_has_changed(client, completed):
    first = client.get(f"/api/batch/status/{completed}", headers={"accept-encoding": "identity"})
    packed = client.get(f"/api/batch/status/{completed}", headers={"accept-encoding": "gzip"})
    again = client.get(f"/api/batch/status/{completed}", headers={"if-none-match": first.headers["etag"]})

    assert "content-encoding" not in first.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == first.json()
    assert len(gzip.compress(first.content)) < len(first.content)
    assert (again.status_code, again.content) == (304, b"")


def test_a_status_can_be_asked_for_with_some_partitions_or_none(client, completed):
    address = f"/api/batch/status/{completed}"
    whole = client.get(address)

    none = client.get(address, params={"limit": 0})
    second = client.get(address, params={"offset": 1, "limit": 1})
    again = client.get(address, params={"limit": 0}, headers={"if-none-match": none.headers["etag"]})

    assert none.json() == whole.json() | {"partitions": []}
    assert second.json()["partitions"] == whole.json()["partitions"][1:2]
    assert len({answer.headers["etag"] for answer in (whole, none, second)}) == 3
    assert again.status_code == 304
    assert client.get(address, params={"limit": -1}).status_code == 422


def test_a_status_is_told_in_the_readers_language(client, submit, ended):
    batch_id = submit(bad_rows="skip", content=None).json()["batch_id"]
    ended(batch_id)

    english, indonesian = (
        client.get(f"/api/batch/status/{batch_id}", headers={"accept-language": name}).json()["analysis"]["plan"]
        for name in ("en-GB", "id-ID,en;q=0.5")
    )

    assert "fewer than 500 rows" in english["hints"][0]
    assert indonesian["hints"] != english["hints"]


def test_an_analysis_plans_and_queues_nothing(client, demand, fast):
    before = client.get("/api/batch/history").json()["total"]

    answer = client.post("/api/batch/analyze", files={"file": ("d.csv", demand())}, data=fast)

    assert answer.status_code == 200
    assert answer.json()["analysis"]["plan"]["partitions"] == len(answer.json()["partitions"]) == 3
    assert client.get("/api/batch/history").json()["total"] == before


def test_refused_rows_are_all_told_with_their_partition(submit, demand):
    told = problem(submit(demand(bad_rows=120)), 422, "rows-refused")

    assert told["detail"].startswith("120 of 264 rows can't be read, the first at line 146, column date: '2024-13-01'")
    rows = told["row_errors"]
    assert rows["count"] == 120
    assert len(rows["first"]) == 100
    first = rows["first"][0]
    assert (first["line"], first["column"], first["letter"], first["value"]) == (146, "date", "A", "2024-13-01")
    assert (first["site_code"], first["partnumber"]) == ("Kendari", "0012")
    sentence = f"Partition {first['partition']} error: Invalid date format (line 146: '2024-13-01')"
    assert rows["by_partition"] == [{"partition": first["partition"], "count": 120, "message": sentence}]


def test_rows_of_sites_without_a_partition_are_counted_apart(submit, demand):
    content = demand() + b"2024-13-01,A,Nowhere,1\n2024-13-01,A,Nowhere,2\n2024-13-01,A,Kendari,1\n"

    counts = problem(submit(content), 422, "rows-refused")["row_errors"]["by_partition"]

    assert [entry["count"] for entry in counts] == [1, 2]
    assert counts[1]["partition"] is None


def test_what_cannot_be_a_demand_history_is_refused_in_the_readers_language(client):
    files = {"file": ("d.csv", b"date,part\n2024-01-01,A\n")}

    told = problem(
        client.post("/api/batch/submit", files=files, headers={"accept-language": "id"}), 422, "missing-column"
    )

    assert told["detail"].startswith("File tidak punya kolom untuk demand_qty")


def test_every_wrong_setting_is_named(submit):
    told = problem(submit(horizon="many", max_partitions="0", horizn="3"), 422, "invalid-settings")

    assert len(told["problems"]) == 2
    assert told["problems"][0].startswith("horizon is 'many'")
    assert [one["detail"] for one in told["errors"]] == told["problems"]
    assert {one["code"] for one in told["errors"]} == {"invalid-settings"}
    assert told["errors"][0] | {"parameter": "horizon", "pointer": "#/horizon"} == told["errors"][0]


@pytest.mark.parametrize(
    ("sent", "parameter"),
    [
        ({"horizn": "3"}, "horizn"),
        ({"service_level": "2"}, "service_level"),
        ({"quantiles": "2"}, "quantiles"),
        ({"forecast_start_date": "2001-01-01"}, "forecast_start_date"),
        ({"models": "croton"}, "models"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_field_of_each_problem_is_told_to_machines(submit, sent, parameter):
    told = problem(submit(**sent), 422, "invalid-settings")

    assert [(one["parameter"], one["pointer"]) for one in told["errors"]] == [(parameter, f"#/{parameter}")]


def test_the_parameter_of_an_address_is_told_to_machines(client):
    told = client.get("/api/batch/history", params={"limit": "many", "offset": -1}).json()

    assert sorted((one["parameter"], one["pointer"]) for one in told["errors"]) == [("limit", None), ("offset", None)]
    assert [one["detail"] for one in told["errors"]] == told["problems"]


def test_problems_of_no_field_have_no_errors(client):
    assert "errors" not in client.get(f"/api/batch/status/{'0' * 32}").json()


def test_settings_are_repeated_where_they_are_lists(client, demand, fast):
    mapping = ["demand_qty=demand_qty", "date=date"]
    data = fast | {"site_codes": ["Kendari", "Makassar"], "batch_mode": "off", "column_mapping": mapping, "seed": ""}

    answer = client.post("/api/batch/analyze", files={"file": ("d.csv", demand())}, data=data)

    assert answer.json()["analysis"]["plan"]["sites"] == 2


def test_the_same_key_and_file_is_one_batch_and_another_file_is_a_conflict(submit, demand):
    first = submit(key="order-1").json()
    again = submit(key="order-1").json()

    assert (again["batch_id"], again["is_new"]) == (first["batch_id"], False)
    problem(submit(demand(["Kendari"]), key="order-1"), 409, "idempotency-key-reused")


@pytest.mark.parametrize("key", ["with space", "x" * 256])
def test_a_key_that_is_none_is_refused(submit, key):
    assert "Idempotency-Key" in problem(submit(key=key), 422, "invalid-request")["detail"]


def test_a_batch_that_has_ended_cannot_be_cancelled(client, completed):
    told = problem(client.post(f"/api/batch/cancel/{completed}"), 409, "batch-ended")

    assert "it is COMPLETED" in told["detail"]
    assert told["instance"] == f"/api/batch/cancel/{completed}"


def test_a_batch_is_cancelled_and_has_nothing_to_download(client, submit, ended):
    batch_id = submit(models="").json()["batch_id"]

    answer = client.post(f"/api/batch/cancel/{batch_id}")

    assert answer.json() == {"batch_id": batch_id, "status": "CANCELLED"}
    assert ended(batch_id)["status"] == "CANCELLED"
    assert "CANCELLED" in problem(client.get(f"/api/batch/download/{batch_id}"), 409, "result-not-ready")["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"json": {"max_execution_time": 100}},
        {"data": {"max_execution_time": "100"}},
        {"files": {"max_execution_time": (None, "100")}},
    ],
    ids=["nothing", "JSON", "urlencoded", "multipart"],
)
def test_a_retry_says_what_it_reuses(client, completed, ended, body):
    answer = client.post(f"/api/batch/retry/{completed}", **body)

    assert answer.status_code == 202, answer.text
    assert answer.json()["retry_of"] == completed
    status = ended(answer.json()["batch_id"])
    assert status["settings"]["max_execution_time"] == (100 if body else 300)
    assert all(p["reused"] and p["reused_from"] for p in status["partitions"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"json": {"horizon": 999, "no": [1, {"a": True}, None]}}, 422, "invalid-settings"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 422, "bad-form"),
        ({"json": [1]}, 422, "bad-form"),
        ({"content": b"a=%ff", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 422, "bad-form"),
        ({"content": b"x", "headers": {"content-type": "text/plain"}}, 415, "not-a-form"),
        ({"content": b"x" * (2**20 + 1)}, 422, "bad-form"),
        ({"files": {"file": ("d.csv", b"x")}}, 422, "bad-form"),
    ],
)
def test_a_retry_that_cannot_be_read_is_refused(client, completed, body, status, code):
    problem(client.post(f"/api/batch/retry/{completed}", **body), status, code)


def test_a_deleted_batch_is_gone(client, submit, ended):
    batch_id = submit().json()["batch_id"]
    ended(batch_id)
    client.get(f"/api/batch/status/{batch_id}")

    assert client.delete(f"/api/batch/{batch_id}").status_code == 204

    problem(client.get(f"/api/batch/status/{batch_id}"), 404, "unknown-batch")
    problem(client.get(f"/api/batch/events/{batch_id}"), 404, "unknown-batch")
    problem(client.delete(f"/api/batch/{batch_id}"), 404, "unknown-batch")


def test_the_history_is_filtered_searched_and_paged(client, submit, completed):
    submit()

    page = client.get("/api/batch/history", params={"status": "COMPLETED", "search": completed[:12], "limit": 1}).json()
    rest = client.get("/api/batch/history", params={"offset": 1, "limit": 1, "search": "demand\0 2024"}).json()

    assert [line["batch_id"] for line in page["batches"]] == [completed]
    assert (page["total"], page["offset"], page["limit"]) == (1, 0, 1)
    assert page["batches"][0]["progress"] == {"percent": 100.0, "completed": 3, "total": 3}
    assert len(rest["batches"]) == 1
    assert rest["total"] >= 2


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "offset=-1", "status=DONE"])
def test_a_page_out_of_range_is_refused(client, query):
    told = problem(client.get(f"/api/batch/history?{query}"), 422, "invalid-request")

    assert query.partition("=")[0] in told["problems"][0]


@pytest.mark.parametrize("batch_id", ["0" * 32, "0" * 31, "A" * 32, "..%2F..%2Fetc%2Fpasswd", "%00"])
@pytest.mark.parametrize("what", ["status", "download", "events", "series", "rejected"])
def test_what_is_no_batch_is_not_found(client, what, batch_id):
    answer = client.get(f"/api/batch/{what}/{batch_id}")

    assert answer.status_code == 404
    assert answer.json()["code"] in {"unknown-batch", "no-such-page"}


def test_events_are_told_from_where_a_client_left_off(client, completed):
    whole = client.get(f"/api/batch/events/{completed}")
    blocks = [block for block in whole.text.split("\n\n") if block.startswith("id:")]
    numbers = [int(block.split("\n")[0].removeprefix("id: ")) for block in blocks]
    last = json.loads(blocks[-1].split("\ndata: ")[1])

    resumed = client.get(f"/api/batch/events/{completed}", headers={"last-event-id": str(numbers[-3])}).text
    queried = client.get(f"/api/batch/events/{completed}?after={numbers[-3]}").text
    over = client.get(f"/api/batch/events/{completed}", headers={"last-event-id": str(numbers[-1])})

    assert whole.headers["content-type"].startswith("text/event-stream")
    assert numbers == list(range(1, len(numbers) + 1))
    assert (last["kind"], last["state"]) == ("batch", "COMPLETED")
    assert resumed == queried
    assert [line for line in resumed.split("\n") if line.startswith("id:")] == [f"id: {n}" for n in numbers[-2:]]
    assert over.status_code == 204

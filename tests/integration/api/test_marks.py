"""Marks and ticks over the API: made and taken back by planners, and noted."""

from __future__ import annotations

import time

import pytest
from tests.integration.api.test_audit import as_person

from batchcast.http.audit import ACTIONS

__all__ = ["as_person"]
pytestmark = pytest.mark.xdist_group("api")

MARK = {"kind": "exclude", "site_code": "Kendari", "partnumber": "0012", "first": "2024-01-01", "last": "2024-01-31"}


def test_a_mark_is_made_listed_and_removed(client):
    made = client.post("/api/marks", json=MARK | {"reason": "one project"})
    again = client.post("/api/marks", data=MARK)
    number = made.json()["number"]
    listed = client.get("/api/marks").json()["marks"]

    assert made.status_code == again.status_code == 201
    assert again.json() == made.json()
    assert [(one["number"], one["reason"], one["removed_at"]) for one in listed] == [(number, "one project", None)]
    assert client.delete(f"/api/marks/{number}").status_code == 204
    gone = client.delete(f"/api/marks/{number}")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown-mark")
    assert client.get("/api/marks").json()["marks"] == []
    assert client.get("/api/marks", params={"removed": True}).json()["marks"][0]["removed_at"]


def test_what_can_be_no_mark_is_refused_with_all_that_is_wrong(client):
    refused = client.post("/api/marks", json={"kind": "x", "first": "y"})

    assert refused.status_code == 422
    assert len(refused.json()["problems"]) == 5


def test_a_part_is_ticked_and_the_tick_taken_back(client, demand, fast):
    late = demand() + b"2024-12-20,NEW-1,Kendari,500\n"
    batch_id = client.post("/api/batch/submit", files={"file": ("d.csv", late)}, data=fast).json()["batch_id"]
    while client.get(f"/api/batch/status/{batch_id}").json()["status"] != "COMPLETED":
        time.sleep(0.1)
    parts = client.get(f"/api/batch/attention/{batch_id}").json()["parts"]
    key = {name: parts[0][name] for name in ("site_code", "partnumber")}

    def keys(**asked: str) -> list[dict[str, str]]:
        found = client.get(f"/api/batch/attention/{batch_id}", params=asked).json()["parts"]
        return [{name: one[name] for name in ("site_code", "partnumber")} for one in found]

    assert parts[0]["reasons"][0]["reason"]
    assert client.post(f"/api/batch/looked/{batch_id}", json=key).status_code == 204
    assert keys(looked="done") == [key]
    assert key not in keys(looked="open")
    assert client.delete(f"/api/batch/looked/{batch_id}", params=key).status_code == 204
    assert keys(looked="done") == []
    unknown = client.post(f"/api/batch/looked/{batch_id}", json={"site_code": "x", "partnumber": "y"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-in-attention")


def test_planners_take_back_what_they_left_and_viewers_leave_nothing(as_person, demand, fast):
    made = as_person("planner", "POST", "/api/marks", json=MARK)
    removed = as_person("planner", "DELETE", f"/api/marks/{made.json()['number']}")

    assert made.json()["name"] == "planner"
    assert removed.status_code == 204
    assert as_person("viewer", "POST", "/api/marks", json=MARK).status_code == 403
    assert as_person("viewer", "DELETE", f"/api/marks/{made.json()['number']}").status_code == 403
    entries = as_person("admin", "GET", "/api/audit").json()["entries"]
    told = [(one["action"], one["name"], one["status"]) for one in entries[:2]]
    assert told == [("remove_mark", "planner", 204), ("add_mark", "planner", 201)]
    assert {one["action"] for one in entries} <= set(ACTIONS)

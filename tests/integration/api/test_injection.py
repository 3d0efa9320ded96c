"""Text of users in every parameter of the API: it reaches the database as a value, never as a part of a statement."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa

from batchcast.domain.settings import SETTINGS

pytestmark = pytest.mark.xdist_group("api")

MARK = "zq7"  # in the payload, and in nothing else
PAYLOAD = f"{MARK}'); DROP TABLE batch; -- \" OR 1=1 -- %' ESCAPE 'z {{{{7*191}}}}${{7*191}}\r\nX-Injected: 1"
HELD = "0123456789abcdef" * 2


@pytest.fixture
def statements():
    """What is sent to the database: each statement with its values."""
    seen = []

    def note(*given):
        seen.append((given[2], repr(given[3])))

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def operations(client):
    """Every operation of the description: method, path, its parameters, and the fields of its form."""
    found = []
    description = client.get("/api/openapi.json").json()
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {})
            fields = list(itertools.chain.from_iterable(fields_of(one, description) for one in body.items()))
            found.append((method.upper(), path, operation.get("parameters", []), fields))
    return found


def fields_of(content, description):
    kind, described = content
    schema = described["schema"]
    if "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return [(kind, name) for name in schema.get("properties", {})]


def requests_with(operations):
    """A request for each parameter of each operation and each field of forms, in which that one is the payload."""
    settings = set()  # the same in several forms
    for method, path, parameters, fields in operations:
        for one in [*parameters, None]:
            given = {p["name"]: PAYLOAD if p is one else HELD for p in parameters if p["in"] == "path"}
            address = path.format(**{name: httpx_quoted(value) for name, value in given.items()})
            query = {one["name"]: PAYLOAD} if one and one["in"] == "query" else {}
            text = PAYLOAD.replace("\r\n", " ")  # no client sends line breaks in a header
            headers = {one["name"]: text} if one and one["in"] == "header" else {}
            yield method, address, {"params": query, "headers": headers}
        for kind, name in fields:
            address = path.format(**{p["name"]: HELD for p in parameters if p["in"] == "path"})
            if kind == "application/json":
                yield method, address, {"json": {other: PAYLOAD for k, other in fields if k == kind and other == name}}
            elif name == "file":
                yield method, address, {"files": {"file": (PAYLOAD, demand_with(PAYLOAD))}}
            elif name not in settings:
                settings.add(name)
                yield method, address, {"data": {name: PAYLOAD}, "files": {"file": ("d.csv", b"date\n")}}


def httpx_quoted(text):
    return "".join(f"%{byte:02X}" for byte in text.encode())


def demand_with(text):
    cell = '"' + text.replace('"', '""') + '"'
    return (f"date,partnumber,site_code,demand_qty\n2025-01-01,{cell},{cell},1\n2025-02-01,{cell},{cell},2\n").encode()


def test_no_parameter_becomes_a_part_of_a_statement_a_header_or_a_template(client, statements, operations):
    asked = 0
    for method, address, given in requests_with(operations):
        if method == "GET" and "/events/" in address:
            continue  # it never ends; its id is looked up as those of the others are
        answer = client.request(method, address, **given)
        asked += 1
        assert answer.status_code < 500, (method, address, given, answer.text)
        assert "x-injected" not in answer.headers
        assert "1337" not in answer.text.replace(HELD, "")
    as_values = [values for _, values in statements if MARK in values]

    assert asked > len(SETTINGS)
    assert as_values, "no parameter reached the database"
    assert [statement for statement, _ in statements if MARK in statement] == []
    assert client.get("/api/batch/history").status_code == 200


@pytest.mark.parametrize("condition", ["d%d", "dem_nd", "' OR '2'='2", "%' OR 2=2 --"])
def test_a_search_takes_no_condition_from_what_it_is_given(client, submit, ended, condition):
    ended(submit(seed="13").json()["batch_id"])

    assert client.get("/api/batch/history", params={"search": "demand"}).json()["total"] > 0
    assert client.get("/api/batch/history", params={"search": condition}).json()["total"] == 0

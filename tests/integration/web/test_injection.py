"""Text of users in every parameter and form field of the page: a value for the database, text for the reader."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.integration.api.conftest import demand_file

import batchcast.web
from batchcast.domain.settings import SETTINGS
from batchcast.web.application import ROUTERS

pytestmark = [pytest.mark.xdist_group("page"), pytest.mark.long]  # a thousand requests

MARK = "zq7"  # in the payload, and in nothing else
PAYLOAD = f"<{MARK}>'); DROP TABLE batch; -- \" OR 1=1 -- %' ESCAPE 'z {{{{7919*7907}}}}${{7919*7907}}\r\nX-Injected: 1"
PRODUCT = str(7919 * 7907)
HELD = "0123456789abcdef" * 2
ENDING = ("/run", "/retry", "/delete", "/stop", "/discard")  # what would start or end something is asked of no batch
_FIELD = re.compile(r'name="(\w+)"')


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
def form_fields():
    """The names of all fields that templates have, settings left out."""
    folder = Path(batchcast.web.__file__).parent / "templates"
    found = {name for path in folder.rglob("*.html") for name in _FIELD.findall(path.read_text(encoding="utf-8"))}
    return sorted(found - set(SETTINGS) - {"csrf", "viewport"})


@pytest.fixture(scope="module")
def routes():
    """Every route of the page: its method, path, the names of its parameters, and the source of its module."""
    return [
        (
            method,
            route.path,
            names_of(route.dependant, "path_params"),
            names_of(route.dependant, "query_params"),
            source_of(route),
        )
        for router in ROUTERS
        for route in router.routes
        for method in sorted(route.methods)
        if method in ("GET", "POST") and not route.path.startswith("/static")
    ]


def source_of(route):
    return inspect.getsource(inspect.getmodule(route.endpoint))


def names_of(dependant, kind):
    mine = {one.alias for one in getattr(dependant, kind)}
    return mine.union(*(names_of(one, kind) for one in dependant.dependencies))


def requests_to(routes, known, fields):
    """Requests in which one parameter of a route, or one field that its module names, is the payload."""
    for method, path, in_path, in_query, source in routes:
        real = {name: HELD if path.endswith(ENDING) and method == "POST" else known.get(name, HELD) for name in in_path}
        for name in in_path:
            yield method, path.format(**{**real, name: quoted(PAYLOAD)}), {}, None
        for name in [*in_query, None]:
            query = {"site_code": "S0", "partnumber": "P-1"} | ({name: PAYLOAD} if name else {})
            yield method, path.format(**real), query, None
        if method == "POST":
            yield method, path.format(**real), {}, dict.fromkeys(fields, PAYLOAD)
            for name in (name for name in fields if re.search(rf"\b{name}\b", source)):
                yield method, path.format(**real), {}, {name: PAYLOAD}


def quoted(text):
    return "".join(f"%{byte:02X}" for byte in text.encode())


def check(answer, request):
    assert answer.status_code < 500, (request, answer.text)
    assert "x-injected" not in answer.headers
    assert PRODUCT not in answer.text, request
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert f"<{MARK}" not in answer.text, request


def test_no_text_becomes_a_part_of_a_statement_a_header_a_template_or_the_page(
    browser, statements, routes, form_fields, run_batch
):
    batch = run_batch(name=f"{MARK}.csv", horizon="2")
    draft = re.search(r"/files/([^/?\"]+)", str(browser.post("/files", files={"file": ("d.csv", demand_file())}).url))[
        1
    ]
    known = {
        "batch_id": batch.batch_id,
        "draft_id": draft,
        "name": "demand.csv",
        "file_format": "csv",
        "kind": "orders",
    }
    asked = 0
    for method, path, query, form in requests_to(routes, known, form_fields):
        ask = browser.get if method == "GET" else browser.post
        given = {} if form is None else {"data": form}
        check(ask(path, params=query, follow_redirects=False, **given), (method, path, query, form))
        asked += 1
    for name in SETTINGS:
        address = f"/files/{draft}/analysis"
        check(browser.post(address, {name: PAYLOAD}, headers={"hx-request": "true"}), (address, name))

    assert asked > 4 * len(routes)
    assert [values for _, values in statements if MARK in values], "no text reached the database"
    assert [statement for statement, _ in statements if MARK in statement] == []
    assert browser.get("/history").status_code == 200

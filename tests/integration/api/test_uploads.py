"""Uploads that are too large, too slow, broken off or no form at all: refused, and nothing of them is kept."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
from tests.acceptance.service.server import until
from tests.integration.api.conftest import opened, serving

from batchcast.app.installation.workspace import DiskRoom

pytestmark = pytest.mark.xdist_group("api")

BOUNDARY = "b0undary"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="d.csv"\r\n'
    "Content-Type: text/csv\r\n\r\ndate,partnumber\r\n"
).encode()
LAST = f"--{BOUNDARY}--\r\n".encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()


def kept(service):
    return [path for path in (service._folder / "uploads").rglob("*") if path.is_file()]


def part(name, content, file_name=None):
    named = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def post(client, *parts, url="/api/batch/submit", end=LAST):
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return client.post(url, content=b"".join(parts) + end, headers=headers)


def ask_by_hand(url, head_fields, *chunks):
    """Send a request as bytes, and read until the server has said its status line."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        lines = ["POST /api/batch/submit HTTP/1.1", f"Host: {place.netloc}", *head_fields, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        for chunk in chunks:
            connection.sendall(chunk)
        told = b""
        while b"\r\n\r\n" not in told:
            told += connection.recv(65536) or b"\r\n\r\n"
    return told


def form_head(*fields):
    return (f"Content-Type: multipart/form-data; boundary={BOUNDARY}", *fields)


def test_a_file_over_the_limit_is_refused_before_it_is_read(url, service):
    told = ask_by_hand(url, form_head(f"Content-Length: {10 * 2**20}"), HEAD)

    assert told.startswith(b"HTTP/1.1 413 ")
    assert kept(service) == []


def test_a_file_that_the_disk_has_no_room_for_is_refused_before_it_is_read(url, service, client, monkeypatch):
    monkeypatch.setattr(DiskRoom, "free", (512 << 20) + 100_000)

    told = ask_by_hand(url, form_head("Content-Length: 200000"), HEAD)  # 512 MB are the reserve
    answer = client.get("/readyz")
    monkeypatch.setattr(DiskRoom, "free", 100 << 20)
    refused = post(client, part("file", b"date,partnumber\n", "d.csv"))

    assert told.startswith(b"HTTP/1.1 507 ")
    assert answer.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (507, "disk-almost-full")
    assert "has 100 MB left, of which 512 MB are kept" in refused.json()["detail"]
    assert client.get("/readyz").status_code == 503
    assert kept(service) == []


def test_a_file_that_turns_out_to_be_over_the_limit_is_refused(client, service, fast):
    answer = client.post("/api/batch/submit", files={"file": ("d.csv", b"x" * (2**20 + 1))}, data=fast)

    assert (answer.status_code, answer.json()["code"]) == (413, "upload-too-large")
    assert "larger than the 1 MB" in answer.json()["detail"]
    assert kept(service) == []


def test_a_file_of_exactly_the_limit_is_taken(client, demand, fast):
    row = b"2023-01-15,0012,Kendari,1\n"
    content = demand() + row * ((2**20 - len(demand())) // len(row))
    content += b"\n" * (2**20 - len(content))

    answer = client.post("/api/batch/analyze", files={"file": ("d.csv", content)}, data=fast)

    assert answer.status_code == 200, answer.text


def test_the_file_is_taken_from_a_body_of_unknown_length(client, demand):
    def chunks():
        yield part("models", b"naive") + HEAD.removesuffix(b"date,partnumber\r\n")
        for start in range(0, len(demand()), 100):
            yield demand()[start : start + 100]
        yield END

    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}

    answer = client.post("/api/batch/analyze", content=chunks(), headers=headers)

    assert answer.json()["analysis"]["report"]["rows_read"] == 144


def test_an_upload_that_stalls_is_ended_and_not_kept(tmp_path):
    with opened(tmp_path / "home", upload_seconds=0.3) as service, serving(service, service.config) as url:
        told = ask_by_hand(url, form_head("Content-Length: 5000"), HEAD)

        assert told.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in told.lower()
        assert kept(service) == []


def test_an_upload_that_is_broken_off_is_not_kept(url, service, client):
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port)) as connection:
        lines = ["POST /api/batch/submit HTTP/1.1", f"Host: {place.netloc}", *form_head("Content-Length: 900000")]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + HEAD + b"x" * 600_000)
        until(lambda: kept(service))

    until(lambda: not kept(service))
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([part("horizon", b"3")], "sends no file"),
        ([part("file", b"x")], "sends no file"),
        ([part("file", b"", "")], "sends no file"),
        ([part("file", b"x", "a.csv"), part("file", b"x", "b.csv")], "more than one file"),
        ([part("data", b"x", "a.csv")], "sends a file as 'data'"),
        ([part("horizon", b"3" * 70_000)], "'horizon' is longer than 65,536 bytes"),
        ([part(f"x{i}", b"1") for i in range(101)], "more than 100 fields"),
        ([part(f"x{i}", b"1" * 60_000) for i in range(20)], "larger than 1,048,576 bytes beside its file"),
        ([b"--b0undary\r\nContent-Type: text/csv\r\n\r\nx\r\n"], "has no name"),
        (
            [part("a", b"x").replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1)],
            "transfer encoding",
        ),
        ([b"nothing of the kind"], "can't be read"),
    ],
)
def test_a_form_that_is_none_is_refused_with_the_reason(client, service, parts, said):
    answer = post(client, *parts)

    assert (answer.status_code, answer.json()["code"]) == (422, "bad-form"), answer.text
    assert said in answer.json()["detail"]
    assert kept(service) == []


def test_a_form_that_ends_in_the_middle_is_refused(client):
    answer = post(client, HEAD, end=b"")

    assert (answer.status_code, answer.json()["code"]) == (422, "bad-form")
    assert "ends in the middle" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("text/csv", 415, "not-a-form"),
        ("multipart/form-data", 422, "bad-form"),
        (f"multipart/form-data; boundary={'x' * 300}", 422, "bad-form"),
    ],
)
def test_a_body_that_is_no_form_is_refused(client, content_type, status, code):
    answer = client.post("/api/batch/submit", content=b"x", headers={"content-type": content_type})

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_names_of_files_and_fields_are_text_of_any_kind(client, demand):
    answer = post(
        client,
        part("models", b"naive"),
        part("site_codes", b"Kendari"),
        part("file", demand(), "../../etc/permintaan é\x07.csv"),
        url="/api/batch/analyze",
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["analysis"]["report"]["source"] == "permintaan é.csv"

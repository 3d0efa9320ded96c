"""The files of `deploy/` as an administrator uses them: a proxy with TLS below a path, and units of systemd."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import free_ports, until
from tests.plugins.debian import find_program, skip_or_fail

from batchcast.app.installation.tokens import Role, new_token

DEPLOY = Path(__file__).parents[3] / "deploy"
SITE = "example.com"


def program(name: str, package: str) -> str:
    """A program of the system; without it the test is skipped, in CI it fails."""
    found = find_program(name, package)
    if found is None:
        skip_or_fail(f"{name} is not on this machine; install {package}")
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    paths = folder / "site.pem", folder / "site.key"
    made = [program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, *names, "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


def nginx_command(folder: Path, port: int, upstream: str, certificate: tuple[Path, Path]) -> list[str]:
    text = (DEPLOY / "nginx.conf").read_text()
    for found, put in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        (f"server_name {SITE}", "server_name localhost"),
        (f"/etc/ssl/certs/{SITE}.pem", str(certificate[0])),
        (f"/etc/ssl/private/{SITE}.key", str(certificate[1])),
        ("127.0.0.1:9572", upstream),
    ):
        assert found in text
        text = text.replace(found, put)
    own = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "whole.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;\n"
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{own}{text}}}\n"
    )
    return [program("nginx", "nginx-light"), "-c", str(folder / "whole.conf"), "-e", str(folder / "log")]


def caddy_command(folder: Path, port: int, upstream: str, certificate: tuple[Path, Path]) -> list[str]:
    text = (DEPLOY / "Caddyfile").read_text()
    put = f"localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate[0]} {certificate[1]}\n"
    assert f"{SITE} {{\n" in text
    assert "127.0.0.1:9572" in text
    text = re.sub(rf"(?m)^{re.escape(SITE)} {{\n", put, text).replace("127.0.0.1:9572", upstream)
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{text}")
    return [program("caddy", "caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture(params=[nginx_command, caddy_command], ids=["nginx", "Caddy"])
def site(request, make_server, certificate, tmp_path) -> Iterator[tuple[httpx.Client, str]]:
    """A browser of a site behind a proxy with the file of `deploy/`, and a token of a planner."""
    (port,) = free_ports(1)
    token, entry = new_token("ani", Role.PLANNER)
    address = f"https://localhost:{port}"
    server = make_server(public_url=f"{address}/forecast", trusted_proxies="127.0.0.1", tokens=entry).start()
    folder = tmp_path / "proxy"
    folder.mkdir()
    command = request.param(folder, port, server.page.removeprefix("http://"), certificate)
    own = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "out").open("wb") as out:
        proxy = subprocess.Popen(command, env=os.environ | own, stdout=out, stderr=out)
    try:
        trusted = ssl.create_default_context(cafile=str(certificate[0]))
        with httpx.Client(base_url=address, verify=trusted, timeout=60, trust_env=False) as browser:
            until(lambda: proxy.poll() is not None or is_up(browser))
            assert proxy.poll() is None, (folder / "out").read_text()
            yield browser, token
    finally:
        proxy.terminate()
        proxy.wait(20)


def is_up(browser: httpx.Client) -> bool:
    try:
        return browser.get("/forecast/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.long
def test_a_planner_works_below_a_path_behind_a_proxy_with_tls(site):
    browser, token = site

    assert browser.get("/forecast").next_request.url.path == "/forecast/"
    asked = browser.get("/forecast/", follow_redirects=True)
    assert asked.url.path == "/forecast/sign-in"
    signed_in = browser.post(
        "/forecast/sign-in",
        data={"token": token, "back": "/forecast/", "csrf": csrf_of(asked.text)},
        headers={"Origin": str(browser.base_url)},
    )
    assert signed_in.status_code == 303, signed_in.text
    cookies = signed_in.headers.get_list("set-cookie")
    assert all("Secure" in cookie for cookie in cookies)
    assert any(cookie.startswith("__Host-") for cookie in cookies)
    start = browser.get("/forecast/")
    assert start.status_code == 200
    for address in set(re.findall(r'(?:href|src|action)="(/[^"]*)"', start.text)):
        assert address.startswith("/forecast/"), address
    assets = re.findall(r'(?:href|src)="(/forecast/[^"]+\.(?:css|js))[^"]*"', start.text)
    assert assets
    assert {browser.get(address).status_code for address in assets} == {200}

    form = {"csrf": csrf_of(start.text), "batch_mode": "on", "models": "naive", "horizon": "2"}
    ours = {"Origin": str(browser.base_url)}
    draft = browser.post("/forecast/files", data=form, files={"file": ("d.csv", demand())}, headers=ours)
    assert draft.status_code == 303, draft.text
    place = draft.headers["location"].partition("?")[0]
    assert re.fullmatch(r"/forecast/files/[^/]+", place)
    assert browser.get(draft.headers["location"]).status_code == 200
    first = ended_batch(browser, browser.post(f"{place}/run", data=form, headers=ours))
    assert browser.get(f"{first}/retry").status_code == 200
    again = ended_batch(browser, browser.post(f"{first}/retry", data=form, headers=ours))
    assert again != first


def ended_batch(browser: httpx.Client, begun: httpx.Response) -> str:
    """The address of a batch that a form began, once the batch has completed."""
    assert begun.status_code == 303, begun.text
    place = begun.headers["location"].partition("?")[0]
    assert re.fullmatch(r"/forecast/batches/[0-9a-f]{32}", place)
    until(lambda: browser.get(f"{place}/results").status_code == 200)
    return place


@pytest.mark.long
def test_a_program_submits_follows_and_downloads_behind_a_proxy(site):
    browser, token = site
    browser.headers["Authorization"] = f"Bearer {token}"
    settings = {name: str(value) for name, value in SETTINGS.items()}

    answer = browser.post("/forecast/api/batch/submit", files={"file": ("d.csv", demand())}, data=settings)
    assert answer.status_code == 202, answer.text
    batch_id = answer.json()["batch_id"]
    with browser.stream("GET", f"/forecast/api/batch/events/{batch_id}") as events:
        told = [line for line in events.iter_lines() if line.startswith("event:")]
    assert told
    status = browser.get(f"/forecast/api/batch/status/{batch_id}").json()
    assert status["status"] == "COMPLETED"
    download = browser.get(f"/forecast/api/batch/download/{batch_id}")
    assert download.status_code == 200
    assert download.text.count("\n") > len(demand().splitlines()) // 8

    retried = browser.post(f"/forecast/api/batch/retry/{batch_id}")
    assert retried.status_code == 202, retried.text
    again = retried.json()["batch_id"]
    assert again != batch_id
    with browser.stream("GET", f"/forecast/api/batch/events/{again}") as events:
        assert [line for line in events.iter_lines() if line.startswith("event:")]
    assert browser.get(f"/forecast/api/batch/download/{again}").text == download.text
    part = browser.get(f"/forecast/api/batch/download/{again}", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.text) == (206, download.text[:10])


@pytest.mark.long
def test_a_file_larger_than_a_proxy_takes_by_itself_goes_through(site):
    browser, token = site
    browser.headers["Authorization"] = f"Bearer {token}"
    content = demand() + b"".join(b"2025-01-01,P-%d,S0,1\n" % part for part in range(150_000))
    assert len(content) > 2**21  # nginx takes one MB unless told otherwise

    answer = browser.post("/forecast/api/batch/analyze", files={"file": ("d.csv", content)}, data={"models": "naive"})

    assert answer.status_code == 200, answer.text


_SUBMIT = b"POST /forecast/api/batch/submit HTTP/1.1\r\nHost: {host}\r\n"
_MALFORMED = {
    "two lengths": _SUBMIT + b"Content-Length: 3\r\nContent-Length: 9\r\n\r\nabc",
    "a length and chunks": _SUBMIT + b"Content-Length: 6\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /forecast/api/batch/history HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a chunk of no size": _SUBMIT + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    "a header without a colon": b"GET /forecast/healthz HTTP/1.1\r\nHost: {host}\r\nnonsense\r\n\r\n",
    "no version": b"GET /forecast/healthz\r\n\r\n",
    "bytes": bytes(range(256)) * 4 + b"\r\n\r\n",
    "a header of 64 kB": b"GET /forecast/healthz HTTP/1.1\r\nHost: {host}\r\nX: " + b"x" * 2**16 + b"\r\n\r\n",
    "a path that leaves": b"GET /forecast/../../etc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
}


@pytest.mark.long
def test_malformed_requests_through_a_proxy_are_refused_and_change_nothing(site, certificate):
    browser, token = site
    host = f"localhost:{browser.base_url.port}".encode()
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    for name, request in _MALFORMED.items():
        with (
            socket.create_connection(("127.0.0.1", browser.base_url.port), 30) as plain,
            trusted.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(request.replace(b"{host}", host))
            answer = connection.recv(4096)  # it is answered or hung up on
        assert request.startswith(b"GET") or not re.match(rb"HTTP/1\.1 2", answer), (name, answer)

    assert browser.get("/forecast/healthz").status_code == 200
    history = browser.get("/forecast/api/batch/history", headers={"Authorization": f"Bearer {token}"})
    assert history.json()["total"] == 0


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    return found[1] if found else ""


@pytest.mark.parametrize("unit", sorted(path.name for path in DEPLOY.glob("*.[st]*[er]") if path.suffix != ".conf"))
def test_a_unit_of_systemd_is_one(unit, tmp_path):
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        pytest.skip("systemd-analyze is not on this machine")
    for path in (*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")):
        text = path.read_text().replace("/opt/batchcast/bin/batchcast", "/bin/true").replace("User=batchcast\n", "")
        (tmp_path / path.name).write_text(text)

    found = subprocess.run(
        [verifier, "verify", "--man=no", str(tmp_path / unit)], capture_output=True, text=True, check=False
    )

    told = [line for line in found.stderr.splitlines() if str(tmp_path) in line or unit in line]
    assert (found.returncode, told) == (0, [])


def test_the_units_start_what_the_command_has(batchcast_commands):
    for path in DEPLOY.glob("*.service"):
        called = re.findall(r"/opt/batchcast/bin/batchcast ([a-z]+)", path.read_text())
        assert called
        assert set(called) <= batchcast_commands


@pytest.fixture(scope="module")
def batchcast_commands() -> set[str]:
    """The names of the commands."""
    from batchcast.cli.command import COMMANDS

    return set(COMMANDS)

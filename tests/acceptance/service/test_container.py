"""The image of `deploy/Containerfile` at work as containers run it, and the services of `deploy/compose.yaml`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from tests.acceptance.service.client import Client
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import free_ports, until
from tests.plugins.image import Image

from batchcast.app.installation.tokens import Role, new_token

pytestmark = pytest.mark.xdist_group("image")  # it is built once
COMPOSE = Path(__file__).parents[3] / "deploy" / "compose.yaml"
TOKEN, ENTRY = new_token("ani", Role.ADMIN)


@pytest.fixture
def start(image: Image, tmp_path: Path) -> Iterator[Callable[..., Container]]:
    """Starts processes of the image, each with a volume of its own; all are ended."""
    started: list[Container] = []

    def make(command: list[str], **variables: str) -> Container:
        started.append(Container(image, command, tmp_path / f"volume{len(started)}", variables))
        return started[-1].start()

    yield make
    for one in started:
        one.end()
        one.client.close()


class Container:
    """A process of an image with a volume, which may be started again."""

    def __init__(self, image: Image, command: list[str], volume: Path, variables: Mapping[str, str]) -> None:
        self._image = image
        self._command = command
        self.volume = volume
        self._variables = dict(variables)
        self.api, self.page = free_ports(2)
        owner = int((image.root / "etc/passwd").read_text().partition(f"\n{image.user}:x:")[2].partition(":")[0])
        volume.mkdir(mode=0o700)
        subprocess.run(["chown", f"{owner}:{owner}", volume], check=True)
        self.owner = owner
        self.client = Client(f"http://127.0.0.1:{self.api}")
        self.client.http.headers["Authorization"] = f"Bearer {TOKEN}"

    def start(self) -> Container:
        own = {"API_PORT": str(self.api), "PAGE_PORT": str(self.page), "HOST": "127.0.0.1"}
        self.log = (self.volume.with_name(f"{self.volume.name}.log")).open("ab")
        self._process = self._image.start(
            [*self._image.entrypoint, *self._command],
            volumes=dict.fromkeys(self._image.volumes, self.volume),
            variables={**{f"BATCHCAST_{name}": value for name, value in own.items()}, **self._variables},
            output=self.log.fileno(),
        )
        return self

    @property
    def said(self) -> str:
        return Path(self.log.name).read_text(errors="replace")

    def main(self) -> psutil.Process:
        """Process 1 of the container."""
        (main,) = psutil.Process(self._process.pid).children()
        return main

    def await_ready(self) -> None:
        until(lambda: self._process.poll() is not None or self.client.is_ready(), 180)
        assert self._process.poll() is None, self.said

    def end(self) -> None:
        """As `docker stop` ends it."""
        if self._process.poll() is None:
            self.main().terminate()
        self._process.wait(30)
        self.log.close()


@pytest.mark.long
def test_a_container_works_without_rights_on_a_root_that_cannot_be_written(start, image: Image) -> None:
    server = start(image.command, BATCHCAST_TOKENS=ENTRY)
    server.await_ready()

    at_work = [server.main(), *server.main().children(recursive=True)]
    assert {process.uids().real for process in at_work} == {server.owner}
    assert server.owner != 0
    batch_id = server.client.accepted(demand(), **SETTINGS)
    assert server.client.await_end(batch_id, 180)["status"] == "COMPLETED"
    before = server.client.sha256(batch_id)
    server.end()
    assert server.start() is server
    server.await_ready()
    assert server.client.sha256(batch_id) == before, "what is kept is in the volume"


@pytest.mark.long
def test_a_container_has_its_kernels_compiled_and_is_healthy(start, image: Image) -> None:
    server = start(image.command, BATCHCAST_TOKENS=ENTRY)
    server.await_ready()
    kept, ahead = server.volume / "kernels", image.root / "opt/batchcast/kernels"
    batch_id = server.client.accepted(demand(months=12), horizon=2)
    assert server.client.await_end(batch_id, 180)["status"] == "COMPLETED"

    names = {path.relative_to(ahead) for path in ahead.rglob("*.nb*")}
    assert len(names) > 50
    assert {path.relative_to(kept) for path in kept.rglob("*.nb*")} == names, "a kernel was compiled again"
    check = [word.replace("9571", str(server.api)) for word in image.health]
    inside = {"volumes": dict.fromkeys(image.volumes, server.volume), "variables": {}}
    assert image.start(check, **inside).wait(60) == 0
    server.end()
    assert image.start(check, **inside, output=subprocess.DEVNULL).wait(60) != 0


@pytest.mark.long
def test_nothing_but_the_volume_can_be_written(image: Image, tmp_path: Path) -> None:
    volumes = dict.fromkeys(image.volumes, tmp_path)
    tmp_path.chmod(0o777)
    for place, code in (("/opt/batchcast/x", 1), ("/var/lib/x", 1), (f"{image.volumes[0]}/x", 0), ("/tmp/x", 0)):
        found = image.start(["sh", "-c", f"echo x > {place} || exit 1"], volumes=volumes, variables={}).wait(60)
        assert bool(found) == bool(code), place


def composed(**values: str) -> Mapping[str, Any]:
    """The services of the file, its variables replaced."""
    text = re.sub(r"\$\{(\w+):\?\}", lambda found: values[found[1]], COMPOSE.read_text())
    return dict(yaml.safe_load(re.sub(r"\$\{\w+:-(.*?)\}", r"\1", text))["services"])


def test_the_compose_file_fits_its_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    variables = set(re.findall(r"\$\{(\w+):\?\}", COMPOSE.read_text()))
    assert variables == {"DATABASE_PASSWORD", "FILES_SECRET", "SESSION_KEY", "BATCHCAST_TOKENS"}
    assert all(name in COMPOSE.read_text().partition("\nname:")[0] for name in variables), "all are explained above"


@pytest.mark.long
def test_the_services_of_the_compose_file_carry_out_a_batch(
    start, new_postgresql_database, s3_server, make_bucket
) -> None:
    given = {"BATCHCAST_TOKENS": ENTRY, "SESSION_KEY": "k" * 40, "DATABASE_PASSWORD": "p", "FILES_SECRET": "s"}
    services = composed(**given)
    own = {  # the database and the store of files run on this machine
        "BATCHCAST_DATABASE_URL": new_postgresql_database(),
        "BATCHCAST_ARTIFACTS_URL": f"s3://{make_bucket()}/files",
        "AWS_ENDPOINT_URL": s3_server,
    }
    assert own.keys() <= services["server"]["environment"].keys()

    server = start(services["server"]["command"], **(services["server"]["environment"] | own))
    server.await_ready()
    worker = start(services["worker"]["command"], **(services["worker"]["environment"] | own))
    until(lambda: "Taking batches" in worker.said, 120)
    batch_id = server.client.accepted(demand(), **SETTINGS)

    assert server.client.await_end(batch_id, 180)["status"] == "COMPLETED"
    page = httpx.get(f"http://127.0.0.1:{server.page}/sign-in", headers={"Host": f"localhost:{server.page}"})
    assert page.status_code == 200

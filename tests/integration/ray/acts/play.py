"""One act in a network namespace: a batch on machines of Ray, to which something happens. Prints what came of it.

unshare --net --pid --fork --mount-proc --kill-child python play.py ACT FOLDER HISTORY
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.integration.ray.acts.cluster import (
    ADDRESS,
    CLIENT,
    Cluster,
    bring_up_loopback,
    cluster_in,
    given_environment,
)

from batchcast.app.batchcast import Batchcast
from batchcast.app.installation.workspace import Environment
from batchcast.domain.settings import BatchSettings
from batchcast.run.process_tree import marked_processes
from batchcast.run.ray.choice import PoolChoice
from batchcast.run.ray.pool import RayPool

SETTINGS = {"batch_mode": "on", "models": ["croston", "moving_average"], "max_execution_time": 1800}
Act = Callable[[Cluster, "Stage"], None]
ACTS: dict[str, Act] = {}


class Stage:
    """What an act can look at."""

    def __init__(self) -> None:
        self.pools: list[RayPool] = []

    def await_work(self, name: str) -> None:
        """Wait until the machine has a job at work."""
        await_true(lambda: any(one.name == name and one.at_work for pool in self.pools for one in pool.nodes))


def await_true(condition: Callable[[], bool], seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come true")
        time.sleep(0.005)


def act(play: Act) -> Act:
    ACTS[play.__name__] = play
    return play


@contextmanager
def held_until_work(cluster: Cluster, stage: Stage, name: str) -> Iterator[None]:
    """Hold the workers of machine one from their first job on until another machine has work, and the block is over."""
    stage.await_work("one")
    held = cluster.processes("one", "batchcast.run.worker")
    for process in held:
        process.suspend()
    try:
        stage.await_work(name)
        yield
    finally:
        for process in held:
            process.resume()


@act
def nothing(cluster: Cluster, stage: Stage) -> None:
    """Two machines do it all."""


@act
def through_the_client(cluster: Cluster, stage: Stage) -> None:
    """Two machines do it all, and batchcast stands on none of them."""


@act
def agent_killed(cluster: Cluster, stage: Stage) -> None:
    with held_until_work(cluster, stage, "two"):
        cluster.agent("two").kill()


@act
def raylet_killed(cluster: Cluster, stage: Stage) -> None:
    with held_until_work(cluster, stage, "two"):
        cluster.raylet("two").kill()


@act
def raylet_stopped(cluster: Cluster, stage: Stage) -> None:
    with held_until_work(cluster, stage, "two"):
        cluster.raylet("two").suspend()


@act
def agent_stopped(cluster: Cluster, stage: Stage) -> None:
    with held_until_work(cluster, stage, "two"):
        cluster.agent("two").suspend()


@act
def machine_lost(cluster: Cluster, stage: Stage) -> None:
    with held_until_work(cluster, stage, "two"):
        cluster.kill("two")


@act
def machine_joins(cluster: Cluster, stage: Stage) -> None:
    stage.await_work("one")
    held = cluster.processes("one", "batchcast.run.worker")
    for process in held:
        process.suspend()
    cluster.start("three")
    stage.await_work("three")
    for process in held:
        process.resume()


@act
def head_lost(cluster: Cluster, stage: Stage) -> None:
    stage.await_work("one")
    cluster.close()
    cluster.start("one")


def main(name: str, folder: Path, history: Path) -> dict[str, Any]:
    """Play one act, and tell what came of it."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    bring_up_loopback()
    os.environ.update(given_environment())
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    S3FileSystem(skip_instance_cache=True, endpoint_url=endpoint, key="batchcast", secret="not a secret").mkdir(
        "bucket"
    )
    os.environ.update(AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="batchcast", AWS_SECRET_ACCESS_KEY="not a secret")
    os.environ.update(AWS_DEFAULT_REGION="us-east-1")
    stage, trouble = Stage(), []
    note_pools(stage, silence_seconds=15)
    with cluster_in(folder / "r") as cluster:
        cluster.start("one")
        if name not in ("machine_joins", "head_lost"):
            cluster.start("two")

        def play() -> None:
            try:
                ACTS[name](cluster, stage)
            except Exception as error:  # noqa: BLE001 the test tells
                trouble.append(repr(error))

        player = threading.Thread(target=play)
        player.start()
        address = CLIENT if name == "through_the_client" else ADDRESS
        choice = PoolChoice(address=address, artifacts_url="s3://bucket/of/batchcast")
        app = Batchcast(Environment(home=folder / "home"))
        settings = BatchSettings.from_json(SETTINGS)
        began = time.monotonic()
        result = app.run(history, settings, out=folder / "out" / "forecast.csv", pool=choice)
        seconds = time.monotonic() - began
        player.join()
        await_true(lambda: not list(marked_processes()), 30)  # of the workers of all machines that live
        left = [f"{process.pid} {mark}" for process, mark in marked_processes()]
    files = S3FileSystem(skip_instance_cache=True, endpoint_url=endpoint, key="batchcast", secret="not a secret")
    return {
        "sha256": hashlib.sha256(result.files["forecast"].read_bytes()).hexdigest(),
        "trouble": trouble,
        "left": left,
        "files": files.find("bucket/of/batchcast"),
        "seconds": seconds,
        "reasons": [[one.partition.number, one.attempt, one.reason] for one in result.batch.partitions],
    }


def note_pools(stage: Stage, silence_seconds: float) -> None:
    """Have the stage see every pool, and wait less for machines that are silent."""
    opened = RayPool.open

    def noted(pool: RayPool) -> RayPool:
        pool.silence_seconds = silence_seconds
        stage.pools.append(pool)
        return opened(pool)

    RayPool.open = noted  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))) + "\n")

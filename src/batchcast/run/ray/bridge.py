"""The process that speaks with Ray: `python -m batchcast.run.ray.bridge SETTINGS`, started and watched by `RayPool`.

Ray ends a process that has lost its head node, takes its signals and writes to its output: so it has a process of its
own, which may die at any moment. JSON lines come on stdin and go to stdout; each machine has a thread here.

    in:   {"submit": 1, "node": "...", "job": {...}}   {"cancel": 1, "node": "..."}
          {"end_batch": "..."}   {"close": true}
    out:  {"ready": true}, then {"connected": "2.60.0"} or {"refused": {...}, "may_pass": true}, the sentence
          {"joined": "...", "name": ..., "cores": ..., "memory_mb": ...}   {"unfit": "...", "message": {...}}
          {"polled": "...", "is_leaving": ..., "worker_mb": ..., "progress": [[1, 0.5]]}   {"lost": "...", "why": "..."}
          {"ended": 1, "node": "...", "outcome": {...}}
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import threading
import time
from typing import Any

from batchcast.domain.codec import encode
from batchcast.domain.errors import N_, Message
from batchcast.run.ray.agent import NodeAgent, installed
from batchcast.run.ray.form import BridgeSettings
from batchcast.run.worker import die_with_parent, take_pipes

ON_THIS_MACHINE = "ray"  # in place of an address
SUPPORTED = (2, 60), (3, 0)  # versions of Ray: from the first on, below the second
_AUTH, _TOKEN = "RAY_AUTH_MODE", "token"

_TOO_OPEN = N_(
    "Ray at {address} does not ask for a token (RAY_AUTH_MODE=token), so anybody who reaches it could run programs as "
    "batchcast. Start it with a token, or say --ray-insecure (BATCHCAST_RAY_INSECURE=true) where the network "
    "itself keeps others out."
)
_OTHER_RAY = N_("batchcast works with Ray {first} up to, not including, {last}; version {found} is installed.")
_NO_RAY = N_("Ray is not installed: pip install 'batchcast[ray]'")
_UNREACHED = N_("Ray at {address} can't be reached: {server_reason}")
_OTHER_BATCHCAST = N_(
    "Machine {node} is not used: it has another batchcast ({found}), Python or library than this machine ({expected}). "
    "Install the same versions on both."
)
_NO_FILES = N_(
    "Machine {node} is not used: it can't read the files of batches ({server_reason}). Machines that share no folder "
    "need BATCHCAST_ARTIFACTS_URL=s3://…, and the keys of that bucket."
)
_OPEN_NODE = N_("Machine {node} is not used: its Ray does not ask for a token (RAY_AUTH_MODE=token).")


class RayRefused(Exception):
    """Ray can't be used; the message says why."""

    def __init__(self, template: str, *, may_pass: bool = False, **values: Any) -> None:
        self.message = Message(template, values)
        self.may_pass = may_pass  # another try may succeed
        super().__init__(str(self.message))


class Output:
    """The pipe to the pool."""

    def __init__(self, output: int) -> None:
        self._output = output
        self._lock = threading.Lock()

    def send(self, **fields: Any) -> None:
        """Write one line."""
        line = memoryview(json.dumps(fields).encode() + b"\n")
        with self._lock:
            while line:
                line = line[os.write(self._output, line) :]


_SECONDS_TO_START = 180  # for an agent
_SECONDS_BETWEEN_POLLS = 1.0
_SECONDS_UNTIL_SUBMITTED = 5  # after which a job that the agent does not know is sent once more
_SECONDS_BETWEEN_TRIES = 5  # to start an agent on a machine that is there
_SECONDS_TO_CLOSE = 8  # for the workers of all machines to be gone


class NodeLink(threading.Thread):
    """One machine: its agent, and the jobs that it has been given."""

    def __init__(self, settings: BridgeSettings, lines: Output, node: dict[str, Any]) -> None:
        super().__init__(name=f"node-{node['NodeID'][:8]}", daemon=True)
        self._settings = settings
        self._lines = lines
        self.node_id: str = node["NodeID"]
        address, given, host = node["NodeManagerAddress"], node.get("NodeName"), node["NodeManagerHostname"]
        self._name = given if given and given != address else f"{host} ({address})"
        self._cores = int(node["Resources"]["CPU"])
        self._jobs: dict[int, tuple[float, dict[str, Any]]] = {}  # when they were sent, by number
        self._lock = threading.Lock()
        self._agent: Any = None

    def run(self) -> None:
        """Start the agent, and pass on what it reports until it is lost."""
        try:
            if self._has_joined():
                self._poll_until_lost()
        except Exception as error:  # noqa: BLE001 whatever Ray says of it: the machine is lost to us
            self._lines.send(lost=self.node_id, why=f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")
        finally:
            self._kill()

    def submit(self, number: int, job: dict[str, Any]) -> None:
        """Give it a job."""
        with self._lock:
            self._jobs[number] = (time.monotonic(), job)
        self._agent.submit.remote(number, job)

    def cancel(self, number: int) -> None:
        """Have a job killed."""
        self._agent.cancel.remote(number)

    def end_batch(self, batch_id: str) -> None:
        """Have what was fetched removed."""
        if self._agent is not None:
            self._agent.end_batch.remote(batch_id)

    def close(self) -> Any:
        """Have it end its workers; what to wait for."""
        return None if self._agent is None else self._agent.close.remote()

    def _has_joined(self) -> bool:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        options = {
            "num_cpus": 0,  # all of the machine is used, whatever else Ray has there
            "max_concurrency": 8,
            "max_restarts": 0,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(self.node_id, soft=False),
        }
        actor = ray.remote(NodeAgent).options(**options)
        settings = self._settings
        self._agent = actor.remote(self._cores, settings.artifacts_url, settings.probe, settings.allowed)
        hello = ray.get(self._agent.hello.remote(), timeout=_SECONDS_TO_START)
        problem = self._problem(hello)
        if problem is not None:
            self._lines.send(unfit=self.node_id, message=encode(problem))
            return False
        self._lines.send(joined=self.node_id, name=self._name, cores=self._cores, memory_mb=hello["memory_mb"])
        return True

    def _problem(self, hello: dict[str, Any]) -> Message | None:
        named = {"node": self._name}
        if not (hello["has_token"] or self._settings.is_insecure):
            return Message(_OPEN_NODE, named)
        if hello["installed"] != installed():
            from batchcast.publish.certificate import engine_versions

            versions = {"found": hello["version"], "expected": engine_versions()["batchcast"]}
            return Message(_OTHER_BATCHCAST, named | versions)
        if hello["trouble"]:
            return Message(_NO_FILES, named | {"server_reason": hello["trouble"]})
        return None

    def _poll_until_lost(self) -> None:
        import ray

        heard: list[int] = []
        while True:
            answer = ray.get(
                self._agent.poll.remote(heard, _SECONDS_BETWEEN_POLLS), timeout=self._settings.silence_seconds
            )
            ended = [(number, outcome) for number, outcome in answer["ended"] if self._jobs.pop(number, None)]
            for number, outcome in ended:
                self._lines.send(ended=number, node=self.node_id, outcome=outcome)
            heard = [number for number, _ in answer["ended"]]
            self._send_again(set(answer["known"]))
            told = {name: answer[name] for name in ("is_leaving", "worker_mb", "progress")}
            self._lines.send(polled=self.node_id, **told)

    def _send_again(self, known: set[int]) -> None:
        """Send what got lost on the way."""
        late = time.monotonic() - _SECONDS_UNTIL_SUBMITTED
        with self._lock:
            lost = [(number, job) for number, (sent, job) in self._jobs.items() if number not in known and sent < late]
        for number, job in lost:
            self.submit(number, job)

    def _kill(self) -> None:
        import ray

        if self._agent is not None:
            with contextlib.suppress(Exception):  # Ray may be gone
                ray.kill(self._agent)


class Bridge:
    """Finds machines as they come, and hands on what the pool says."""

    def __init__(self, settings: BridgeSettings, lines: Output) -> None:
        self._settings = settings
        self._lines = lines
        self._links: dict[str, NodeLink] = {}
        self._next_try: dict[str, float] = {}

    def connect(self) -> None:
        """Start or join Ray.

        Raises:
            RayRefused: if that can't be done, or would not be safe.
        """
        address, is_insecure = self._settings.address, self._settings.is_insecure
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ.setdefault("RAY_worker_niceness", "0")  # of a Ray that is started here
        os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "20")
        has_token = os.environ.get(_AUTH) == _TOKEN
        if address != ON_THIS_MACHINE and not (has_token or is_insecure):
            raise RayRefused(_TOO_OPEN, address=address)
        is_own = address == ON_THIS_MACHINE and not (has_token or is_insecure)
        if is_own:  # nobody else is told
            os.environ[_AUTH], os.environ["RAY_AUTH_TOKEN"] = _TOKEN, secrets.token_hex(32)
        try:
            import ray
        except ImportError as error:
            raise RayRefused(_NO_RAY) from error
        found = tuple(int(part) for part in ray.__version__.split(".")[:2])
        if not SUPPORTED[0] <= found < SUPPORTED[1]:
            first, last = (".".join(map(str, one)) for one in SUPPORTED)
            raise RayRefused(_OTHER_RAY, first=first, last=last, found=ray.__version__)
        try:
            self._init(ray, is_own=is_own)
        except Exception as error:
            reason = " ".join(str(error).split())[:500]
            raise RayRefused(_UNREACHED, may_pass=True, address=address, server_reason=reason) from error
        self._lines.send(connected=ray.__version__)

    def _init(self, ray: Any, *, is_own: bool) -> None:
        quiet = {"log_to_driver": False, "logging_level": "ERROR", "namespace": "batchcast"}
        if self._settings.address != ON_THIS_MACHINE:
            ray.init(address=self._settings.address, **quiet)
            return
        if not is_own:
            with contextlib.suppress(ConnectionError):  # there is none to join
                ray.init(address=os.environ.get("RAY_ADDRESS", "auto"), **quiet)
                return
        ray.init(
            address="local",
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            object_store_memory=100 << 20,  # nothing large passes through it
            **quiet,
        )

    def watch(self) -> None:
        """Look for machines until the process ends."""
        import ray

        while True:
            nodes: Any = ray.nodes  # has no types
            for node in nodes():
                if node["Alive"] and node["Resources"].get("CPU", 0) >= 1:  # a head without cores does no work
                    self._link(node)
            time.sleep(1)

    def hear(self, message: dict[str, Any]) -> None:
        """Hand on what the pool says."""
        match message:
            case {"submit": number, "node": node, "job": job} if self._is_linked(node):
                self._links[node].submit(number, job)
            case {"cancel": number, "node": node} if self._is_linked(node):
                self._links[node].cancel(number)
            case {"end_batch": batch_id}:
                for link in list(self._links.values()):
                    if link.is_alive():
                        link.end_batch(batch_id)
            case {"close": True}:
                self.close()

    def close(self) -> None:
        """End every worker on every machine, leave Ray, and end; what cannot be reached ends with its Ray."""
        closing = [link.close() for link in list(self._links.values()) if link.is_alive()]
        with contextlib.suppress(Exception):  # Ray may be gone
            import ray

            started = [one for one in closing if one is not None]
            if started:
                ray.wait(started, num_returns=len(started), timeout=_SECONDS_TO_CLOSE)
            ray.shutdown()
        os._exit(0)

    def _is_linked(self, node: str) -> bool:
        link = self._links.get(node)
        return link is not None and link.is_alive()

    def _link(self, node: dict[str, Any]) -> None:
        node_id, now = node["NodeID"], time.monotonic()
        if self._is_linked(node_id) or now < self._next_try.get(node_id, 0):
            return
        self._next_try[node_id] = now + _SECONDS_BETWEEN_TRIES
        self._links[node_id] = NodeLink(self._settings, self._lines, node)
        self._links[node_id].start()


def main() -> None:
    """Speak with Ray until the pool closes the pipe."""
    die_with_parent()
    settings = BridgeSettings.of_text(sys.argv[1])
    commands, output = take_pipes()
    lines = Output(output)
    bridge = Bridge(settings, lines)
    lines.send(ready=True)
    threading.Thread(target=_hear_until_closed, args=(bridge, commands), daemon=True).start()
    try:
        bridge.connect()
    except RayRefused as refused:
        lines.send(refused=encode(refused.message), may_pass=refused.may_pass)
        return
    bridge.watch()


def _hear_until_closed(bridge: Bridge, commands: int) -> None:
    with os.fdopen(commands, "rb") as pipe:
        for line in pipe:
            with contextlib.suppress(Exception):  # of a machine that is lost in this moment: its link tells
                bridge.hear(json.loads(line))
    bridge.close()


if __name__ == "__main__":
    main()

"""Workers of many machines, seen as one pool; what must stay on this machine is done by a `LocalPool` here."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import sys
import tempfile
import threading
import time
from bisect import insort
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

from batchcast.domain.codec import decode
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.run.job import Ending, Inbox, Job, Node, Outcome, PoolClosed, Progress, SubmittedJob
from batchcast.run.local_pool import JOBS, LocalPool
from batchcast.run.process_tree import MARK, new_pool_mark
from batchcast.run.ray.form import BridgeSettings, decode_outcome, encode_job
from batchcast.run.worker_process import WorkerProcess, WorkerStartFailed
from batchcast.store.artifacts.artifacts import Artifacts

MOST_BYTES = 1 << 20  # of what goes through Ray for one job; a job that says more of itself is done here
PROBES = "ray"  # prefix of the artifacts that show machines that they have the right place
_SECONDS_TO_CONNECT = 300  # to Ray, and until a first machine has joined
_SECONDS_FOR_ANOTHER = 10  # machine to join, where the first can't be used
_SECONDS_TO_CLOSE = 15  # for the process that speaks with Ray, and for the workers of all machines
_SECONDS_TO_START = 60  # for the process that speaks with Ray
_TRIES = 3  # to reach Ray at first: where machines are busy, what it starts for us may come too late
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0  # seconds between two tries to reach Ray; each is twice the one before

_log = logging.getLogger(__name__)

_NO_MACHINE = N_("No machine of Ray at {address} has joined within {seconds} seconds.")


class PoolUnavailable(BatchcastError):
    """Ray can't be reached or used, or none of its machines can do the work; the message says why."""

    slug = "pool-unavailable"


class RemoteJob:
    """A job in the hands of a RayPool; implements `SubmittedJob`."""

    def __init__(self, pool: RayPool, job: Job, number: int, reports: Inbox | None, priority: int) -> None:
        self._pool = pool
        self._reports = reports
        self._ended = threading.Event()
        self._outcome: Outcome  # once it has ended
        self.job = job
        self.number = number
        self.place = (priority, number)  # in the queue
        self.node: str | None = None  # id of the machine that has it
        self.here: SubmittedJob | None = None  # where this machine has it
        self.is_cancelled = False
        self._progress = Progress(0.0)
        self._reporting = threading.Lock()  # held while a report is put: none comes after the outcome

    def wait(self, timeout_seconds: float | None = None) -> Outcome:
        """See `SubmittedJob.wait`."""
        if not self._ended.wait(timeout_seconds):
            raise TimeoutError(f"{self.job.function} has not ended after {timeout_seconds} s")
        return self._outcome

    def cancel(self) -> None:
        """See `SubmittedJob.cancel`."""
        self.is_cancelled = True
        self._pool.cancel(self)

    def put(self, report: tuple[SubmittedJob, Progress | Outcome], /) -> None:
        """Take a report of the pool here, in its place."""
        if isinstance(report[1], Progress):
            self.note(report[1])
        else:
            self._pool.end(self, report[1])

    def note(self, progress: Progress) -> None:
        """Pass on how far it is."""
        self._progress = progress
        self.note_again()

    def note_again(self) -> None:
        """Wake those who wait for reports: they may have more to submit."""
        with self._reporting:
            if self._reports is not None and not self._ended.is_set():
                self._reports.put((self, self._progress))

    def end(self, outcome: Outcome) -> None:
        """Pass on how it ended; what comes later is not."""
        with self._reporting:
            if self._ended.is_set():
                return
            self._outcome = outcome
            self._ended.set()
            if self._reports is not None:
                self._reports.put((self, outcome))


@dataclass
class _Machine:
    """What is known of a machine that has joined."""

    node: Node
    jobs: set[int] = field(default_factory=set)  # numbers of those it has
    worker_mb: float = 0.0


@dataclass(eq=False)
class RayPool:
    """Implements `WorkerPool` with the machines of a Ray; they may come and go.

    Jobs that name their files are done there; all others by `here`, which is closed with this pool.
    """

    address: str  # "ray": start or join one on this machine; else "host:port" or "ray://host:port"
    here: LocalPool
    artifacts: Artifacts
    artifacts_url: str  # where the machines find the same artifacts
    _: KW_ONLY
    allowed: tuple[str, ...] = (JOBS,)  # as that of LocalPool
    is_insecure: bool = False  # a Ray that asks for no token is used too
    may_stay_here: bool = False  # while no machine can be reached, its jobs are done here
    silence_seconds: float = 60  # after which a machine that does not answer counts as lost
    python: str = sys.executable
    is_wide = True

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._queue: list[RemoteJob] = []  # by their places
        self._jobs: dict[int, RemoteJob] = {}  # at work, by number
        self._machines: dict[str, _Machine] = {}  # by id
        self._unfit: dict[str, Message] = {}  # by id of the machine: why it is not used
        self._changed = threading.Condition()
        self._outbox: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._bridge: WorkerProcess | None = None
        self._refusal: Message | None = None
        self._tries = 0  # to reach Ray, that it has refused
        self._is_closed = False
        self._no_machine_since = time.monotonic()
        self._mark = new_pool_mark()
        self._probe = (PROBES, self._mark.replace(".", "-"))
        self._thread = threading.Thread(target=self._work, name="ray-pool", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Self:
        """Connect, and return when a first machine has joined, or none is needed; the pool is closed where it raises.

        Raises:
            PoolUnavailable: if that can't be done, or lasts too long.
        """
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder) / "probe"
            probe.touch()
            self.artifacts.put(probe, "/".join(self._probe))
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._machines or self._refusal or self._unfit, _SECONDS_TO_CONNECT)
            if self._unfit:  # another may be fit
                self._changed.wait_for(lambda: self._machines, _SECONDS_FOR_ANOTHER)
            problem = self._problem()
        if problem is None or self.may_stay_here:
            return self
        self.close()
        raise PoolUnavailable(problem)

    def _problem(self) -> Message | None:
        if self._machines:
            return None
        if self._refusal is not None:
            return self._refusal
        if self._unfit:
            return next(iter(self._unfit.values()))
        return Message(_NO_MACHINE, {"address": self.address, "seconds": _SECONDS_TO_CONNECT})

    # WorkerPool

    @property
    def nodes(self) -> tuple[Node, ...]:
        """See `WorkerPool.nodes`."""
        with self._changed:
            return tuple(replace(one.node, at_work=len(one.jobs)) for one in self._machines.values())

    @property
    def size(self) -> int:
        """See `WorkerPool.size`: the cores of all machines; where there is none, those here do steps at least."""
        with self._changed:
            cores = sum(one.node.cores for one in self._machines.values() if not one.node.is_leaving)
        return cores or self.here.size

    @property
    def idle(self) -> int:
        """See `WorkerPool.idle`; none while no machine can be reached, unless all may be done here."""
        with self._changed:
            if not self._machines and not self.may_stay_here:
                return 0
            busy = len(self._jobs) + len(self._queue)
        return max(min(self.size - busy, self.here.idle), 0)

    @property
    def is_warming(self) -> bool:
        """See `WorkerPool.is_warming`: the first step of a batch is done here."""
        return self.here.is_warming

    def megabytes(self) -> float:
        """See `WorkerPool.megabytes`."""
        with self._changed:
            there = sum(one.worker_mb for one in self._machines.values())
        return there + self.here.megabytes()

    def submit(self, job: Job, reports: Inbox | None = None, priority: int = 0) -> SubmittedJob:
        """See `WorkerPool.submit`."""
        if job.files is None:
            return self.here.submit(job, reports, priority)
        with self._changed:
            if self._is_closed:
                raise PoolClosed(f"the pool is closed; it takes no {job.function}")
            remote = RemoteJob(self, job, next(self._numbers), reports, priority)
            insort(self._queue, remote, key=lambda queued: queued.place)
        self._hand_out()
        return remote

    def cancel(self, remote: RemoteJob) -> None:
        """Take a job out of the queue, or have its worker killed."""
        with self._changed:
            is_queued = remote in self._queue
            if is_queued:
                self._queue.remove(remote)
        if is_queued:
            remote.end(Outcome(ending=Ending.CANCELLED))
        elif remote.here is not None:
            remote.here.cancel()
        elif remote.node is not None:
            self._send(cancel=remote.number, node=remote.node)

    def end_batch(self, batch_id: str) -> None:
        """See `WorkerPool.end_batch`."""
        self._send(end_batch=batch_id)

    def close(self) -> None:
        """See `WorkerPool.close`; Ray itself goes on, unless it was started here."""
        with self._changed:
            self._is_closed = True
            left = [*self._queue, *self._jobs.values()]
            self._queue.clear()
            self._changed.notify_all()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        for remote in left:
            self.end(remote, Outcome(ending=Ending.CANCELLED))
        self.here.close()
        with contextlib.suppress(BatchcastError):
            self.artifacts.remove("/".join(self._probe))

    def end(self, remote: RemoteJob, outcome: Outcome) -> None:
        """A job has ended."""
        with self._changed:
            self._jobs.pop(remote.number, None)
            machine = self._machines.get(remote.node or "")
            if machine is not None:
                machine.jobs.discard(remote.number)
        if outcome.ending is Ending.LOST and (remote.is_cancelled or self._is_closed):
            outcome = Outcome(ending=Ending.CANCELLED)
        remote.end(outcome)
        self._hand_out()

    # Handing out

    def _hand_out(self) -> None:
        """Give queued jobs to machines with a free core, those with the most of them first."""
        for remote, node in self._assigned():
            given = encode_job(remote.job)
            if len(json.dumps(given)) > MOST_BYTES:
                self._do_here(remote)
            else:
                self._send(submit=remote.number, node=node, job=given)

    def _assigned(self) -> Iterator[tuple[RemoteJob, str]]:
        while True:
            with self._changed:
                free = {
                    node_id: one.node.cores - len(one.jobs)
                    for node_id, one in self._machines.items()
                    if not one.node.is_leaving
                }
                node_id = max(free, key=free.__getitem__, default="")
                if not self._queue or free.get(node_id, 0) <= 0:
                    return
                remote = self._queue.pop(0)
                remote.node = node_id
                self._jobs[remote.number] = remote
                self._machines[node_id].jobs.add(remote.number)
            yield remote, node_id

    def _do_here(self, remote: RemoteJob) -> None:
        """Have this machine do a job: its arguments name the files here too."""
        with self._changed:
            machine = self._machines.get(remote.node or "")
            if machine is not None:
                machine.jobs.discard(remote.number)
            remote.node = None
            self._jobs[remote.number] = remote
        remote.here = self.here.submit(replace(remote.job, files=None), remote, remote.place[0])
        if remote.is_cancelled:
            remote.here.cancel()

    def _stay_here(self) -> None:
        """While there is no machine, and that was allowed: all is done here."""
        with self._changed:
            if self._machines or time.monotonic() - self._no_machine_since < self.silence_seconds:
                return
            queued = list(self._queue)
            self._queue.clear()
        for remote in queued:
            self._do_here(remote)

    # The process that speaks with Ray

    def _work(self) -> None:
        pause = _FIRST_PAUSE
        while not self._is_closed:
            why = "it could not be started"
            try:
                self._bridge = self._start_bridge()
                self._bridge.await_ready(_SECONDS_TO_START)
                why = self._serve(self._bridge)
            except (WorkerStartFailed, InterruptedError) as error:
                why = str(error)
            except Exception:  # noqa: BLE001 of a report that is none of ours: the queue must go on
                _log.exception("the bridge to Ray has failed")
            finally:
                if self._bridge is not None:
                    self._end_bridge(self._bridge)
            self._lose_all(why)
            pause = _FIRST_PAUSE if why == _CONNECTED else min(2 * pause, _LONGEST_PAUSE)
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed, pause)
            if self.may_stay_here:
                self._stay_here()

    def _start_bridge(self) -> WorkerProcess:
        settings = BridgeSettings(
            address=self.address,
            artifacts_url=self.artifacts_url,
            probe=self._probe,
            allowed=self.allowed,
            is_insecure=self.is_insecure,
            silence_seconds=self.silence_seconds,
        )
        command = (self.python, "-P", "-m", "batchcast.run.ray.bridge", settings.as_text())
        environment = {**os.environ, MARK: f"{self._mark}.0", "RAY_USAGE_STATS_ENABLED": "0"}
        return WorkerProcess(command, environment, f"{self._mark}.0", Path(tempfile.mkdtemp(prefix="batchcast-ray-")))

    def _end_bridge(self, bridge: WorkerProcess) -> None:
        if self._is_closed and bridge.is_ready:
            bridge.send({"close": True})
            deadline = time.monotonic() + _SECONDS_TO_CLOSE
            while not bridge.has_ended() and time.monotonic() < deadline:
                bridge.next_report(0.1)
        bridge.kill()
        with contextlib.suppress(Empty):  # what was meant for machines that are gone
            while True:
                self._outbox.get_nowait()

    def _serve(self, bridge: WorkerProcess) -> str:
        """Pass on what is said on both sides until the process or the pool ends; returns why."""
        was_connected = False
        while not self._is_closed:
            with contextlib.suppress(Empty):
                while True:
                    bridge.send(self._outbox.get_nowait())
            report = bridge.next_report(1.0)
            match report:
                case {"ended": True}:
                    _log.warning("the bridge to Ray ended: %s. %s", bridge.end_of_itself(), bridge.stderr_tail)
                    return _CONNECTED if was_connected else "it ended"
                case {"refused": message, "may_pass": may_pass}:
                    self._tries += 1
                    self._note_refusal(decode(message), is_final=not may_pass or self._tries >= _TRIES)
                    return "refused"
                case {"connected": version}:
                    was_connected = True
                    _log.info("connected to Ray %s at %s", version, self.address)
                case dict():
                    self._read(report)
            if self.may_stay_here:
                self._stay_here()
        return "closed"

    def _read(self, report: dict[str, Any]) -> None:
        match report:
            case {"joined": node_id, "name": name, "cores": cores, "memory_mb": memory_mb}:
                with self._changed:
                    node = Node(name=name, cores=cores, memory_mb=memory_mb, at_work=0)
                    self._machines[node_id] = _Machine(node)
                    self._unfit.pop(node_id, None)
                    self._changed.notify_all()
                    at_work = list(self._jobs.values())
                _log.info("machine %s has joined with %d cores", name, cores)
                for one in at_work:
                    one.note_again()
            case {"polled": node_id, "is_leaving": is_leaving, "worker_mb": worker_mb, "progress": progress}:
                self._note_poll(node_id, is_leaving, worker_mb)
                for number, share in progress:
                    if remote := self._jobs.get(number):
                        remote.note(Progress(share))
            case {"ended": number, "node": node_id, "outcome": outcome}:
                remote, machine = self._jobs.get(number), self._machines.get(node_id)
                if remote is not None and machine is not None and remote.node == node_id:
                    self.end(remote, decode_outcome(outcome, machine.node.name))
            case {"lost": node_id, "why": why}:
                self._lose(node_id, why)
            case {"unfit": node_id, "message": message}:
                self._note_unfit(node_id, decode(message))
        self._hand_out()

    def _note_poll(self, node_id: str, is_leaving: bool, worker_mb: float) -> None:
        with self._changed:
            machine = self._machines.get(node_id)
            if machine is not None:
                if is_leaving and not machine.node.is_leaving:
                    _log.info("machine %s is leaving: it ends what it has", machine.node.name)
                machine.node = replace(machine.node, is_leaving=is_leaving)
                machine.worker_mb = worker_mb

    def _note_refusal(self, message: Message, *, is_final: bool) -> None:
        with self._changed:
            if self._refusal is None:
                _log.warning("%s", message)
            if is_final:
                self._refusal = message
                self._changed.notify_all()

    def _note_unfit(self, node_id: str, message: Message) -> None:
        with self._changed:
            if self._unfit.get(node_id) != message:
                _log.warning("%s", message)
            self._unfit[node_id] = message
            self._changed.notify_all()

    def _lose_all(self, why: str) -> None:
        with self._changed:
            lost = list(self._machines)
        for node_id in lost:
            self._lose(node_id, why)

    def _lose(self, node_id: str, why: str) -> None:
        """A machine is gone: its jobs have ended so."""
        with self._changed:
            machine = self._machines.pop(node_id, None)
            if machine is None:
                _log.warning("a machine of Ray could not join: %s", why)
                return
            if not self._machines:
                self._no_machine_since = time.monotonic()
            jobs = [self._jobs[number] for number in machine.jobs if number in self._jobs]
        if not self._is_closed:
            _log.warning("machine %s is lost: %s; it had %d jobs", machine.node.name, why, len(jobs))
        for remote in jobs:
            self.end(remote, Outcome(ending=Ending.LOST, ended_by=why, node=machine.node.name))

    def _send(self, **message: Any) -> None:
        self._outbox.put(message)
        self._wake()

    def _wake(self) -> None:
        bridge = self._bridge
        if bridge is not None:
            bridge.wake()


_CONNECTED = "the connection to Ray ended"

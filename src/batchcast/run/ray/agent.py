"""What stands on each machine of Ray: a pool of workers there, the files that they need, and what they have written.

A `NodeAgent` is an actor; the bridge calls it, and asks again and again what there is to report.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import shutil
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from batchcast.domain.codec import encode
from batchcast.domain.errors import BatchcastError
from batchcast.publish.certificate import engine_versions
from batchcast.run.job import Ending, Job, JobFiles, Outcome, Progress, Report, SubmittedJob
from batchcast.run.local_pool import JOBS, LocalPool
from batchcast.run.process_tree import BYTES_IN_MB, start_of
from batchcast.run.ray.form import decode_job, encode_outcome
from batchcast.run.steps import WARM_UP, code_digest
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.artifacts.opening import open_artifacts

_FOLDER = "batchcast-node-"  # how folders of agents begin, in the system's place for temporary files


def installed() -> str:
    """What must be the same on all machines, so that each gives the same numbers."""
    given = {**engine_versions(), "python": platform.python_version_tuple()[:2], "code": code_digest()}
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


class NodeAgent:
    """Carries out jobs on its machine; all methods but those of the pool are called by the bridge, through Ray.

    Args:
        cores: jobs at work at once.
        artifacts_url: where files are kept, as `open_artifacts` takes it.
        probe: key of a file there, and its content: the agent tells whether it can read it.
        allowed: as those of `LocalPool`.
    """

    def __init__(
        self, cores: int, artifacts_url: str, probe: tuple[str, str], allowed: tuple[str, ...] = (JOBS,)
    ) -> None:
        _sweep_folders()
        name = f"{_FOLDER}{_namespace()}.{os.getpid()}.{start_of(os.getpid())}.{secrets.token_hex(4)}"
        self._folder = Path(tempfile.gettempdir()) / name
        self._folder.mkdir(mode=0o700)
        self._artifacts: Artifacts | None = None
        self._trouble = ""
        self._open(artifacts_url, probe)
        self._pool = LocalPool(cores, warm_up=WARM_UP, scratch=self._folder / "workers", allowed=allowed)
        self._threads = ThreadPoolExecutor(cores + 1)  # one more fetches while the workers are busy
        self._changed = threading.Condition()
        self._jobs: dict[int, _AgentJob] = {}  # by number: until the bridge knows how each ended
        self._ended: dict[int, dict[str, Any]] = {}
        self._progress: dict[int, float] = {}

    def hello(self) -> dict[str, Any]:
        """What this machine is, and whether it can do the work."""
        return {
            "host": platform.node(),
            "memory_mb": psutil.virtual_memory().total // BYTES_IN_MB,
            "installed": installed(),
            "version": engine_versions()["batchcast"],
            "has_token": os.environ.get("RAY_AUTH_MODE") == "token",
            "trouble": self._trouble,
        }

    def submit(self, number: int, job: Mapping[str, Any]) -> None:
        """Take a job; a number that is known already is no other job."""
        with self._changed:
            if number in self._jobs:
                return
            self._jobs[number] = agent_job = _AgentJob(self, number, decode_job(job))
        self._threads.submit(agent_job.carry_out)

    def cancel(self, number: int) -> None:
        """Kill the worker of a job."""
        with self._changed:
            job = self._jobs.get(number)
        if job is not None:
            job.cancel()

    def poll(self, heard: list[int], wait_seconds: float) -> dict[str, Any]:
        """What there is to report, at once where a job has ended, else after a while.

        `heard`: numbers of jobs whose end need not be told again.
        """
        with self._changed:
            for number in heard:
                self._jobs.pop(number, None)
                self._ended.pop(number, None)
            self._changed.wait_for(lambda: self._ended, wait_seconds)
            progress, self._progress = self._progress, {}
            return {
                "known": list(self._jobs),
                "progress": list(progress.items()),
                "ended": list(self._ended.items()),
                "is_leaving": _is_drained(),
                "worker_mb": self._pool.megabytes(),
            }

    def end_batch(self, batch_id: str) -> None:
        """Remove what was fetched for a batch."""
        shutil.rmtree(self._batch_folder(batch_id), ignore_errors=True)

    def close(self) -> None:
        """End every worker, and remove what was written."""
        self._pool.close()
        self._threads.shutdown(cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    # For the jobs

    def fetched(self, files: JobFiles) -> dict[str, Path]:
        """Where a job finds what it reads, by the names of its arguments."""
        artifacts, folder = self._required_artifacts(), self._batch_folder(files.batch_id)
        folder.mkdir(parents=True, exist_ok=True)
        return {
            one.argument: artifacts.fetch(one.file, folder)
            if one.pieces is None
            else artifacts.fetch_pieces(one.file, one.pieces, folder)
            for one in files.reads
        }

    def written_to(self, files: JobFiles, number: int) -> Path:
        """An own place for what a job writes."""
        return self._batch_folder(files.batch_id) / f"result-{number}"

    def keep(self, files: JobFiles, written: Path) -> None:
        """Keep what a job has written."""
        self._required_artifacts().put_folder(written, files.keep_as, move=True)

    def submit_here(self, job: Job, reports: _AgentJob) -> SubmittedJob:
        """Have a worker of this machine do it."""
        return self._pool.submit(job, reports)

    def note_progress(self, number: int, share: float) -> None:
        """Keep how far a job is until the bridge asks."""
        with self._changed:
            self._progress[number] = share

    def note_end(self, number: int, outcome: Outcome) -> None:
        """Keep how a job ended until the bridge has heard it."""
        with self._changed:
            self._progress.pop(number, None)
            self._ended[number] = encode_outcome(outcome)
            self._changed.notify_all()

    def _open(self, url: str, probe: tuple[str, str]) -> None:
        key, content = probe
        try:
            artifacts = open_artifacts(url, self._folder)
            names = artifacts.names(key)
        except BatchcastError as error:
            self._trouble = str(error)
            return
        if content not in names:
            self._trouble = f"{url} is another place there"
            return
        self._artifacts = artifacts

    def _required_artifacts(self) -> Artifacts:
        if self._artifacts is None:
            raise RuntimeError(self._trouble)
        return self._artifacts

    def _batch_folder(self, batch_id: str) -> Path:
        return self._folder / "batches" / batch_id


class _AgentJob:
    """One job on its way: what it reads is fetched, a worker does it, what it wrote is kept."""

    def __init__(self, agent: NodeAgent, number: int, job: Job) -> None:
        self._agent = agent
        self._number = number
        self._job = job
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._submitted: SubmittedJob | None = None

    def carry_out(self) -> None:
        """Do it, and tell the agent how it ended."""
        try:
            outcome = self._outcome()
        except BatchcastError as error:
            outcome = Outcome(ending=Ending.ERROR, error=error)
        except BaseException as error:  # noqa: BLE001 a mistake of ours must not leave the batch waiting for ever
            from batchcast.domain.codec import decode_error, encode_error

            outcome = Outcome(ending=Ending.ERROR, error=decode_error(encode_error(error)))
        self._agent.note_end(self._number, outcome)

    def cancel(self) -> None:
        """Kill its worker, or never have one."""
        with self._lock:
            self._is_cancelled = True
            submitted = self._submitted
        if submitted is not None:
            submitted.cancel()

    def put(self, report: Report, /) -> None:
        """See `Inbox`."""
        if isinstance(report[1], Progress):
            self._agent.note_progress(self._number, report[1].share)

    def _outcome(self) -> Outcome:
        files = self._job.files
        if files is None:
            raise ValueError(f"{self._job.function} does not name its files")
        if self._is_cancelled:
            return Outcome(ending=Ending.CANCELLED)
        written = self._agent.written_to(files, self._number)
        try:
            paths = {**self._agent.fetched(files), files.writes: written}
            arguments = {**self._job.arguments, **{name: encode(path) for name, path in paths.items()}}
            outcome = self._worker_outcome(replace(self._job, arguments=arguments, files=None))
            if outcome.ending is not Ending.DONE or self._is_cancelled:
                return outcome
            self._agent.keep(files, written)
            return replace(outcome, kept=files.keep_as)
        finally:
            shutil.rmtree(written, ignore_errors=True)

    def _worker_outcome(self, job: Job) -> Outcome:
        with self._lock:
            if self._is_cancelled:
                return Outcome(ending=Ending.CANCELLED)
            self._submitted = self._agent.submit_here(job, self)
        return self._submitted.wait()


def _is_drained() -> bool:
    """Whether Ray is about to take this machine away; False where that can't be asked."""
    import ray

    try:
        draining = ray._private.state.state.get_draining_nodes()
        return ray.get_runtime_context().get_node_id() in draining
    except Exception:  # noqa: BLE001 Ray has no public way to ask, and no work may stand still for it
        return False


def _sweep_folders() -> None:
    """Remove what agents that were killed have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        namespace, pid, start, *_ = (*folder.name.removeprefix(_FOLDER).split("."), "", "")
        if namespace == _namespace() and pid.isdecimal() and start_of(int(pid)) != start:
            shutil.rmtree(folder, ignore_errors=True)


def _namespace() -> str:
    """In what ids of processes count: those of another container mean nothing here."""
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)  # noqa: PTH116
    except OSError:
        return "0"

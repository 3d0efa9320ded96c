"""Pools with workers that know the acts of `acts/acts.py`, and a look at what processes are left."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import PriorityQueue
from typing import Any

import psutil
import pytest

from batchcast.domain.batch import Batch, Source
from batchcast.domain.codec import decode, encode
from batchcast.domain.errors import InternalError, Message
from batchcast.domain.history import IngestReport
from batchcast.domain.settings import BatchSettings
from batchcast.run.dispatcher import Dispatcher
from batchcast.run.job import Ending, Job, Outcome
from batchcast.run.local_pool import LocalPool
from batchcast.run.process_tree import marked_processes
from batchcast.store.artifacts.folder import LocalFolder
from batchcast.store.memory import MemoryStore
from batchcast.store.records import Lease, NewBatch
from batchcast.store.sql.sql_store import SqlStore

ACTS = Path(__file__).parent / "acts"


@pytest.fixture
def make_pool() -> Iterator[Callable[..., LocalPool]]:
    """Starts pools that may call the acts; they are closed in the end."""
    pools: list[LocalPool] = []

    def make(size: int = 1, **options: object) -> LocalPool:
        environment = {"PYTHONPATH": str(ACTS), **options.pop("environment", {})}  # type: ignore[dict-item]
        pools.append(LocalPool(size, allowed=("acts",), environment=environment, **options))  # type: ignore[arg-type]
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def act() -> Callable[..., Job]:
    """Makes the job that does one act."""

    def make(name: str, *, timeout_seconds: float = 30, memory_limit_mb: int = 2048, **arguments: object) -> Job:
        return Job(
            function=f"acts:{name}",
            arguments=arguments,
            timeout_seconds=timeout_seconds,
            memory_limit_mb=memory_limit_mb,
        )

    return make


@pytest.fixture
def until() -> Callable[[Callable[[], object], float], None]:
    """Waits until something is so, and fails where it is not in time."""

    def wait(is_so: Callable[[], object], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, f"not so after {seconds} s"
            threading.Event().wait(0.01)

    return wait


@pytest.fixture
def workers_of() -> Callable[[int], list[psutil.Process]]:
    """The living processes that carry the mark of a process's pools."""

    def find(pid: int) -> list[psutil.Process]:
        found = []
        for process, mark in marked_processes():
            if mark.startswith(f"{pid}."):
                found.append(process)
        return found

    return find


@pytest.fixture
def a_source(tmp_path: Path, a_history: Any, a_report: IngestReport) -> Callable[..., Source]:
    """Keeps an upload and a history as artifacts of a batch, and says what the batch is made of."""

    def keep(artifacts: Any, batch_id: str = "b") -> Source:
        kept = {}
        for name in ("upload", "history.parquet"):
            path = tmp_path / "sent"
            path.unlink(missing_ok=True)
            path.write_text(name)
            kept[name] = artifacts.put(path, f"batches/{batch_id}/{name}")
        return Source(
            file_name="demand.csv",
            upload=kept["upload"],
            history=kept["history.parquet"],
            rejected=None,
            input_sha256="0" * 64,
            facts=a_history.facts,
            report=a_report,
            ingest_seconds=0.25,
        )

    return keep


class InstantJob:
    """A job in the hands of an InstantPool."""

    def __init__(self, pool: InstantPool, job: Job, reports: Any, place: tuple[int, int]) -> None:
        self.job = job
        self.step = job.function.partition(":")[2].removesuffix("_job")
        self.place = place
        self.is_cancelled = threading.Event()
        self._pool = pool
        self._reports = reports
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._has_begun = False

    def __lt__(self, other: InstantJob) -> bool:
        return self.place < other.place

    def wait(self, timeout_seconds: float | None = None) -> Outcome:
        if not self._ended.wait(timeout_seconds):
            raise TimeoutError("not ended")
        return self.outcome

    def cancel(self) -> None:
        """As a pool does it: one that waits ends at once, one at work when its worker is gone."""
        with self._lock:
            self.is_cancelled.set()
            has_begun = self._has_begun
        if not has_begun:
            self.end(Outcome(ending=Ending.CANCELLED))

    def begin(self) -> bool:
        """From now on a worker has it; False where it was cancelled before."""
        with self._lock:
            self._has_begun = not self.is_cancelled.is_set()
            return self._has_begun

    def end(self, outcome: Outcome) -> None:
        with self._lock:
            if self._ended.is_set():
                return
            self.outcome = outcome
            self._ended.set()
        self._pool.at_work.discard(self)
        if self._reports is not None:
            self._reports.put((self, outcome))


class InstantPool:
    """Does the steps of a batch in threads, without forecasting; `acts` does some otherwise.

    An act is called as `act(job, arguments)`; it returns an Outcome, the result of a job that is done, or None for what
    the pool does by itself.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.acts: dict[str, Callable[[InstantJob, Any], Any]] = {}
        self.knowledge = "all"
        self.log: list[tuple[str, int | None]] = []  # step and partition, in the order they were begun
        self.at_work: set[InstantJob] = set()
        self._numbers = itertools.count()
        self._queue: PriorityQueue[InstantJob] = PriorityQueue()
        self._is_closed = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    @property
    def idle(self) -> int:
        return max(self.size - len(self.at_work), 0)

    is_wide = False
    is_warming = False
    nodes = ()

    def megabytes(self) -> float:
        return 64.0

    def end_batch(self, batch_id: str) -> None:
        """Nothing is fetched."""

    def submit(self, job: Job, reports: Any = None, priority: int = 0) -> InstantJob:
        submitted = InstantJob(self, job, reports, (priority, next(self._numbers)))
        self.at_work.add(submitted)
        self._queue.put(submitted)
        return submitted

    def close(self) -> None:
        self._is_closed = True
        for submitted in list(self.at_work):
            submitted.cancel()
        for _ in self._threads:
            self.submit(Job(function="m:nothing"), priority=2**63)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._is_closed:
            submitted = self._queue.get()
            if self._is_closed or not submitted.begin():
                continue
            arguments = decode(submitted.job.arguments)
            partition = arguments.get("partition")
            self.log.append((submitted.step, partition.number if partition else None))
            act = self.acts.get(submitted.step)
            try:
                done = act(submitted, arguments) if act else None
                if done is None:
                    done = getattr(self, f"_{submitted.step}")(arguments)
            except OSError as error:
                done = Outcome(ending=Ending.ERROR, error=InternalError(Message(str(error))))
            if submitted.is_cancelled.is_set():
                done = Outcome(ending=Ending.CANCELLED)
            submitted.end(done if isinstance(done, Outcome) else Outcome(ending=Ending.DONE, result=done, seconds=0.5))

    def _prepare(self, given: Any) -> Any:
        return {"knowledge": self.knowledge, "partitions": [f"rows of {p.sites[0]}" for p in given["partitions"]]}

    def _partition(self, given: Any) -> Any:
        given["into"].mkdir(parents=True)
        (given["into"] / "forecast.parquet").write_text(given["partition"].sites[0])
        (given["into"] / "summary.json").write_text("{}")
        return {"series": 1, "forecast": 1, "refused": 0}

    def _publish(self, given: Any) -> Any:
        given["into"].mkdir(parents=True)
        path = given["into"] / "forecast.csv"
        path.write_text(" ".join((folder / "forecast.parquet").read_text() for folder in given["folders"]))
        return encode({"files": [["forecast", "csv", path]], "counts": {"series": 1}, "leaderboard": []})


@pytest.fixture
def make_instant_pool() -> Iterator[Callable[..., InstantPool]]:
    """Starts pools that do every job at once, in threads; they are closed in the end."""
    pools: list[InstantPool] = []

    def make(size: int = 2) -> InstantPool:
        pools.append(InstantPool(size))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


class Site:
    """Everything that servers share: a store and artifacts; and the servers on it."""

    def __init__(self, folder: Path, store: Any, make_plan: Any, source: Any) -> None:
        self.folder = folder
        self.store = store
        self.artifacts = LocalFolder(folder / "artifacts")
        self.servers: list[Dispatcher] = []
        self.ended: list[tuple[str, str, bool]] = []
        self._make_plan = make_plan
        self._source = source

    def submit(
        self, batch_id: str, cells: Sequence[int] = (10,), *, retry_of: str | None = None, **settings: Any
    ) -> None:
        """Queue a batch of partitions with so many cells each."""
        source = self._source(self.artifacts, batch_id)
        new = NewBatch(batch_id, BatchSettings(**settings), self._make_plan(cells), source=source, retry_of=retry_of)
        self.store.add_batch(new)

    def server(self, pool: Any, *, lease_seconds: float = 30, store: Any = None, **options: Any) -> Dispatcher:
        """A server that takes batches; its owner is not on this machine, so it is never found dead."""
        number = len(self.servers)
        server = Dispatcher(
            store or self.store,
            pool,
            options.pop("artifacts", self.artifacts),
            owner=f"elsewhere:boot:1:1:{number}",
            folder=self.folder / f"scratch-{number}",
            lease_seconds=lease_seconds,
            on_ended=lambda batch, timing: self.ended.append((batch.batch_id, batch.state.value, timing is not None)),
            **options,
        )
        self.servers.append(server)
        server.start()
        return server

    def die(self, batch_id: str, owner: str = "elsewhere:boot:9:9:dead") -> Lease:
        """Take a batch as a server would that dies at once without being found dead."""
        lease: Lease = self.store.claim_batch(owner, 60, batch_id=batch_id)
        return lease

    def states(self, batch_id: str) -> list[str]:
        return [record.state.value for record in self.store.batch(batch_id).partitions]

    def files(self, batch_id: str) -> set[str]:
        """Names of the artifacts of a batch, folders of partitions among them."""
        root = f"batches/{batch_id}"
        found = set(self.artifacts.names(root)) - {"upload", "history.parquet", "partitions"}
        return found | set(self.artifacts.names(f"{root}/partitions"))

    def result(self, batch_id: str) -> str:
        """The text of the published forecast."""
        result = self.store.batch(batch_id).result
        file = next(one.file for one in result.files if one.kind == "forecast")
        text: str = self.artifacts.fetch(file, self.folder / "fetched").read_text()
        return text

    def scratch(self) -> list[Path]:
        """What lies in the scratch folders of all servers."""
        return [path for folder in self.folder.glob("scratch-*") for path in folder.iterdir()]


@pytest.fixture
def site(
    request: Any, tmp_path: Path, make_plan: Any, a_source: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """Servers on one store, all stopped in the end; a memory store, unless a test asks for sqlite."""
    monkeypatch.setattr("os.fsync", lambda handle: None)  # no power fails here, and hundreds of batches are kept
    is_sqlite = getattr(request, "param", "memory") == "sqlite"
    store = SqlStore.open(f"sqlite:///{tmp_path / 'batchcast.db'}") if is_sqlite else MemoryStore()
    site = Site(tmp_path, store, make_plan, a_source)
    yield site
    for server in site.servers:
        server.stop(10)
    store.close()


@pytest.fixture
def ends(site: Site, until: Any) -> Callable[[str], Batch]:
    """Waits until a batch has ended, and a server has told of it."""

    def wait(batch_id: str) -> Batch:
        until(lambda: batch_id in [ended[0] for ended in site.ended])
        until(lambda: all(batch_id not in server.at_work() for server in site.servers))
        batch: Batch = site.store.batch(batch_id)
        assert batch.state.is_final
        return batch

    return wait

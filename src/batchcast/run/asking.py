"""For whom a server reads a file: their share of its readers, and what to stop where they have gone.

The faces say it (`asked_by`) around what they ask of the service; what starts a job (`carry_out`) takes it from here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from batchcast.run.job import Ending, Job, Outcome, PoolClosed, WorkerPool

# Lets what is at work be stopped from any thread, and from a signal handler.


class CancelToken:
    """Passes a request to stop on to the work that is going on.

    A signal handler may run while its own thread holds any lock; so `ask` only drops a note, and a thread of our own
    acts on it.
    """

    def __init__(self) -> None:
        self._requests: SimpleQueue[bool] = SimpleQueue()  # its put is safe in a signal handler
        self._lock = threading.Lock()
        self._stop: Callable[[], object] | None = None
        self.was_asked = False

    def ask(self) -> None:
        """Ask that the work stops; returns at once."""
        self._requests.put(True)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Act on requests for as long as this is open."""
        thread = threading.Thread(target=self._listen, name="cancel-token", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._requests.put(False)
            thread.join()

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """While this is open, a request calls `stop`; an earlier request calls it at once."""
        with self._lock:
            self._stop = stop
            asked = self.was_asked
        if asked:
            stop()
        try:
            yield
        finally:
            with self._lock:
                self._stop = None

    def _listen(self) -> None:
        while self._requests.get():
            self.stop()

    def stop(self) -> None:
        """Stop the work at once; not from a signal handler."""
        with self._lock:
            self.was_asked = True
            stop = self._stop
        if stop is not None:
            stop()


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """A request at work."""

    share: str  # whose: the jobs of one share never take all workers of a pool
    gone: CancelToken = field(default_factory=CancelToken)  # asked once its sender waits no longer


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


@contextmanager
def asked_by(asking: Asking) -> Iterator[None]:
    """Say for whom everything in here is done, also in threads that are started from it with its context."""
    token = _asking.set(asking)
    try:
        yield
    finally:
        _asking.reset(token)


def asker() -> Asking:
    """For whom this is done; a share of no name where that was not said."""
    return _asking.get() or Asking(share="")


def carry_out(
    pool: WorkerPool, job: Job, token: CancelToken | None = None, before_again: Callable[[], object] = lambda: None
) -> Outcome:
    """Have a worker read something for the present asker.

    It is cancelled where `token` says so (else: where they have gone) or the pool is closed, and done once more where
    its worker crashes, for the machine may have killed it; `before_again` is called in between.
    """
    asking = asker()
    job, token = replace(job, share=asking.share), token or asking.gone
    outcome = _once(pool, job, token)
    if outcome.ending is not Ending.CRASH or token.was_asked:
        return outcome
    before_again()
    return _once(pool, job, token)


def _once(pool: WorkerPool, job: Job, token: CancelToken) -> Outcome:
    try:
        submitted = pool.submit(job)
    except PoolClosed:
        return Outcome(ending=Ending.CANCELLED)
    with token.stopping(submitted.cancel):
        return submitted.wait()

"""Spans of batches at work, for those who collect traces; without a tracer nothing is done, and nothing imported.

    batch ─┬─ prepare
           ├─ forecast ── partition, partition, ... (each attempt, with the process that worked at it)
           └─ publish

The id of a batch is the id of its trace: so all servers that work at it add to one trace, without being told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import time_ns
from typing import TYPE_CHECKING

from batchcast.run.job import Ending, Outcome

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_IN_A_SECOND = 10**9  # nanoseconds
_PREFIX = "batchcast."  # of the names of attributes

_tracer: Tracer | None = None
wanted_trace: ContextVar[int | None] = ContextVar("wanted_trace", default=None)  # of a span that has no parent


def use_tracer(tracer: Tracer | None) -> None:
    """Have spans made from now on, or, with None, no more."""
    global _tracer  # noqa: PLW0603 a process has one
    _tracer = tracer


@contextmanager
def batch_span(batch_id: str) -> Iterator[None]:
    """Trace a batch for as long as the block runs, on this thread."""
    if _tracer is None:
        yield
        return
    before = wanted_trace.set(_trace_of(batch_id))
    try:
        with phase("batch", batch_id=batch_id):
            yield
    finally:
        wanted_trace.reset(before)


@contextmanager
def phase(name: str, **attributes: str | float) -> Iterator[None]:
    """A part of what is traced on this thread; it has failed where the block raises."""
    if _tracer is None:
        yield
        return
    named = {_PREFIX + key: value for key, value in attributes.items()}
    with _tracer.start_as_current_span(
        name, attributes=named, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as error:
            from opentelemetry.trace import StatusCode

            span.set_status(StatusCode.ERROR, type(error).__name__)  # its sentence may name parts and sites
            raise


def note(**attributes: str | float) -> None:
    """Say more of what is traced on this thread, or of the request that is answered."""
    if _tracer is None:
        return
    from opentelemetry.trace import get_current_span

    get_current_span().set_attributes({_PREFIX + name: value for name, value in attributes.items()})


def note_job(name: str, outcome: Outcome, **attributes: str | float) -> None:
    """A job that a worker has ended now, as a part of what is traced on this thread."""
    if _tracer is None:
        return
    from opentelemetry.trace import StatusCode

    ended_at = time_ns()
    span = _tracer.start_span(name, start_time=ended_at - int(outcome.seconds * _IN_A_SECOND))
    span.set_attributes({_PREFIX + key: value for key, value in attributes.items()})
    span.set_attributes({f"{_PREFIX}ending": outcome.ending.value, f"{_PREFIX}peak_mb": outcome.peak_mb})
    if outcome.worker_pid is not None:
        span.set_attribute("process.pid", outcome.worker_pid)
    if outcome.ending is not Ending.DONE:
        span.set_status(StatusCode.ERROR, outcome.ending.value)
    span.end(ended_at)


def current_ids() -> dict[str, str]:
    """The ids of the trace and the span at work on this thread, as the log has them; empty where there is none."""
    if _tracer is None:
        return {}
    from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}


def _trace_of(batch_id: str) -> int | None:
    try:
        return int(batch_id, 16)
    except ValueError:
        return None  # of a command, or a measurement: any trace will do

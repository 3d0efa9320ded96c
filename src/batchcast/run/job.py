"""A job for a worker, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from batchcast.domain.errors import BatchcastError


class Ending(StrEnum):
    """How a job ended; the values are the codes that partitions keep as their reason."""

    DONE = "done"
    ERROR = "error"  # its function raised
    TIMEOUT = "timeout"  # it was at work longer than its limit, and was killed
    OUT_OF_MEMORY = "out-of-memory"  # its worker and all that it started took more than the limit, and were killed
    CRASH = "crash"  # its worker died of itself or by a stranger's hand
    CANCELLED = "cancelled"  # we were asked to stop it


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A function for a worker to call, by name, with plain values, and its limits."""

    function: str  # "module:function"; the module must be one that the pool allows
    arguments: Mapping[str, Any] = field(default_factory=dict)  # JSON values
    timeout_seconds: float = 300  # from the moment a worker has it
    memory_limit_mb: int = 2048  # MB of 2**20 bytes, resident, of the worker and all that it started


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a job ended, with what it took."""

    ending: Ending
    result: Any = None  # JSON value, where it is done
    error: BatchcastError | None = None  # where its function raised, or no worker could be started
    ended_by: str | None = None  # of a crash: "signal SIGSEGV", "exit code 3"
    last_words: str = ""  # end of what its worker wrote to stderr, where it did not end well
    seconds: float = 0.0  # at work
    peak_mb: float = 0.0  # most memory seen, in MB of 2**20 bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job at work has come."""

    share: float  # of its work done, 0 to 1

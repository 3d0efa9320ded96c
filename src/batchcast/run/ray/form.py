"""What goes to the bridge and to other machines, and comes back, as JSON values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from batchcast.domain.codec import decode, decode_error, encode, encode_error
from batchcast.run.job import Ending, Job, JobFiles, NeededFile, Outcome


@dataclass(frozen=True, kw_only=True)
class BridgeSettings:
    """What the bridge is told at its start."""

    address: str  # "ray", "host:port" or "ray://host:port"
    artifacts_url: str  # where machines find files
    probe: tuple[str, str]  # see `NodeAgent`
    allowed: tuple[str, ...]  # see `LocalPool`
    is_insecure: bool  # tokens are not asked for
    silence_seconds: float  # after which a machine counts as lost

    def as_text(self) -> str:
        """As an argument of the command."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Those that `as_text` gave."""
        given = json.loads(text)
        return cls(**{**given, "probe": tuple(given["probe"]), "allowed": tuple(given["allowed"])})


def encode_job(job: Job) -> dict[str, Any]:
    """A job that names its files, as a JSON value."""
    files = job.files
    return {
        "function": job.function,
        "arguments": job.arguments,
        "timeout_seconds": job.timeout_seconds,
        "memory_limit_mb": job.memory_limit_mb,
        "files": files
        and {
            "batch_id": files.batch_id,
            "reads": [[one.argument, encode(one.file), encode(one.pieces)] for one in files.reads],
            "writes": files.writes,
            "keep_as": files.keep_as,
        },
    }


def decode_job(given: Mapping[str, Any]) -> Job:
    """The job that `encode_job` made this of."""
    files = given["files"]
    reads = files and tuple(
        NeededFile(argument=argument, file=decode(file), pieces=decode(pieces))
        for argument, file, pieces in files["reads"]
    )
    return Job(**{**given, "files": files and JobFiles(**{**files, "reads": reads})})


def encode_outcome(outcome: Outcome) -> dict[str, Any]:
    """How a job ended, as a JSON value."""
    return {
        "ending": outcome.ending.value,
        "result": outcome.result,
        "error": outcome.error and encode_error(outcome.error),
        "ended_by": outcome.ended_by,
        "stderr_tail": outcome.stderr_tail,
        "seconds": outcome.seconds,
        "peak_mb": outcome.peak_mb,
        "worker_pid": outcome.worker_pid,
        "kept": outcome.kept,
    }


def decode_outcome(given: Mapping[str, Any], node: str) -> Outcome:
    """The outcome that `encode_outcome` made this of, on the machine of that name."""
    error = given["error"] and decode_error(given["error"])
    return Outcome(**{**given, "ending": Ending(given["ending"]), "error": error, "node": node})

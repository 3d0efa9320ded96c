"""What a run was given and what it gave: enough to repeat it to the byte."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from batchcast.domain.calendar import Calendar, Frequency
from batchcast.domain.disk import file_sha256
from batchcast.domain.errors import N_, BatchcastError, BatchFailed, InvalidInput, InvalidSettings, Message
from batchcast.domain.plan import ForecastRequest, Occasion, Partition
from batchcast.domain.settings import BatchSettings

FORMAT = 1  # of the file; grows when an old one can no longer be read
_ENGINE = ("batchcast", "numpy", "numba", "pyarrow", "lightgbm")  # a number can change with their version


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """One file of a result."""

    name: str  # in the folder of the certificate
    sha256: str
    size: int  # bytes

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file at a path, read for its checksum."""
        return cls(name=path.name, sha256=file_sha256(path), size=path.stat().st_size)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A run: what went in, how it was done, what came out. No path of a machine is in it."""

    input_name: str  # of the file as it was sent
    input_sha256: str
    settings: BatchSettings
    request: ForecastRequest  # with every `auto` resolved
    partitions: tuple[Partition, ...]
    versions: Mapping[str, str]  # of the engine, by package
    counts: Mapping[str, int]  # rows and series accounted for
    leaderboard: tuple[Mapping[str, Any], ...] = ()  # accuracy by model, best first
    timings: Mapping[str, float] = field(default_factory=dict)  # seconds of each step
    files: Mapping[str, PublishedFile] = field(default_factory=dict)  # by kind: forecast, stock, accuracy, rejected

    def as_json(self) -> dict[str, Any]:
        """The certificate as plain values, in a fixed order; `from_json` reads them back."""
        return {
            "format": FORMAT,
            "input": {"name": self.input_name, "sha256": self.input_sha256},
            "seed": self.settings.seed,
            "settings": self.settings.as_json(),
            "request": asdict(self.request),
            "versions": dict(self.versions),
            "plan": [asdict(partition) for partition in self.partitions],
            "counts": dict(self.counts),
            "leaderboard": [dict(row) for row in self.leaderboard],
            "timings": dict(self.timings),
            "files": {kind: asdict(file) for kind, file in self.files.items()},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The certificate that `as_json` gave.

        Raises:
            KeyError, TypeError, ValueError, BatchcastError: if the values are not those of a certificate.
        """
        if values["format"] != FORMAT:
            raise ValueError(f"format {values['format']}, expected {FORMAT}")
        return cls(
            input_name=_text(values["input"]["name"]),
            input_sha256=_text(values["input"]["sha256"]),
            # Workers change no byte, and the machine that reads this may have fewer cores.
            settings=BatchSettings.from_json(values["settings"] | {"max_parallel": None}),
            request=_request(values["request"]),
            partitions=tuple(_partition(item) for item in values["plan"]),
            versions={_text(name): _text(number) for name, number in values["versions"].items()},
            counts={_text(name): int(count) for name, count in values["counts"].items()},
            leaderboard=tuple(dict(row) for row in values["leaderboard"]),
            timings={_text(name): float(seconds) for name, seconds in values["timings"].items()},
            files={_text(kind): PublishedFile(**file) for kind, file in values["files"].items()},
        )

    def completed(self, counts: Mapping[str, int], files: Mapping[str, PublishedFile], seconds: float) -> Self:
        """The certificate once the files are written: with what they hold and the seconds that writing took."""
        return replace(
            self,
            counts=dict(self.counts) | dict(counts),
            timings=dict(self.timings) | {"publish": round(seconds, 3)},
            files=dict(files),
        )

    def write(self, path: Path) -> None:
        """Write the certificate as JSON; the same certificate gives the same bytes."""
        text = json.dumps(self.as_json(), indent=2, ensure_ascii=False, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """The certificate in a file.

        Raises:
            InvalidCertificate: if the file is missing or not a certificate; the message says where it is not.
        """
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except KeyError as error:
            raise _invalid(path, f"{error} is missing") from error
        except OSError as error:
            raise _invalid(path, error.strerror or str(error)) from error
        except (TypeError, ValueError, AttributeError, BatchcastError) as error:
            raise _invalid(path, str(error)) from error

    def require_input(self, sha256: str) -> None:
        """Check that an input is the one of this certificate.

        Raises:
            CertificateMismatch: if its SHA-256 differs.
        """
        if sha256 != self.input_sha256:
            template = N_(
                "The certificate is of {name} with SHA-256 {expected}, but the input has {found}: it is another file "
                "or was changed, so the result can't be the same. Give the file of that run."
            )
            values = {"name": self.input_name, "expected": self.input_sha256[:16], "found": sha256[:16]}
            raise CertificateMismatch(Message(template, values))

    def require_engine(self) -> None:
        """Check that the packages that numbers depend on have the versions of this certificate.

        Raises:
            CertificateMismatch: if any differs; all that do are named.
        """
        here = engine_versions()
        changed = [name for name in _ENGINE if self.versions.get(name) != here[name]]
        if changed:
            template = N_(
                "The certificate was made with {expected}, and here is {found}: the same bytes can't be promised. "
                "Install the versions of the certificate to repeat the run."
            )
            expected = ", ".join(f"{name} {self.versions.get(name, '?')}" for name in changed)
            found = ", ".join(f"{name} {here[name]}" for name in changed)
            raise CertificateMismatch(Message(template, {"expected": expected, "found": found}))


def engine_versions() -> dict[str, str]:
    """Versions of everything that numbers depend on, and of Python."""
    return {name: _version(name) for name in _ENGINE} | {"python": platform.python_version()}


@cache  # it reads and parses a file of the package, and a batch asks again for each of its partitions
def _version(name: str) -> str:
    return version(name)


def _invalid(path: Path, reason: str) -> InvalidCertificate:
    template = N_("{path} is not a certificate of a batchcast run: {reason}. Give the certificate.json of a result.")
    return InvalidCertificate(Message(template, {"path": str(path), "reason": reason}))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {value!r:.60}")
    return value


def _request(values: Mapping[str, Any]) -> ForecastRequest:
    calendar = values["calendar"]
    return ForecastRequest(
        **dict(values)
        | {
            "calendar": Calendar(frequency=Frequency(calendar["frequency"]), week_start=calendar["week_start"]),
            "quantiles": tuple(values["quantiles"]),
            "models": tuple(values["models"]),
            "occasions": tuple(Occasion(**one) for one in values.get("occasions", ())),
        }
    )


def _partition(values: Mapping[str, Any]) -> Partition:
    ranges = tuple((int(start), int(stop)) for start, stop in values["ranges"])
    return Partition(**dict(values) | {"ranges": ranges, "sites": tuple(values["sites"])})


# Why a result was not published, is not read, or is not ordered from.


class ResultRejected(BatchFailed):
    """A partition's result is incomplete or impossible; nothing was published."""

    slug = "result-rejected"

    def __init__(self, message: Message, *, partition: int) -> None:
        self.partition = partition
        super().__init__(message)


class PublishFailed(BatchFailed):
    """The result files could not be written; what was there before is still whole."""

    slug = "publish-failed"


class OutputTaken(InvalidSettings):
    """Files at the output's place are not of an earlier run of the same name; nothing was overwritten."""

    slug = "output-taken"


class InvalidCertificate(InvalidInput):
    """The file is not a certificate of a run."""

    slug = "invalid-certificate"


class CertificateMismatch(InvalidInput):
    """The input or the versions are not those of the certificate, so the same bytes can't be promised."""

    slug = "certificate-mismatch"


class NoResultHere(InvalidInput):
    """At the place is no published result, or not all that is needed of it."""

    slug = "no-result-here"


class ChangedResult(InvalidInput):
    """A file of the result that orders are made from is not as it was published."""

    slug = "changed-result"


class StockOfOtherParts(InvalidInput):
    """No part of the stock file is one that was forecast, most likely because its codes are written another way."""

    slug = "stock-of-other-parts"


def cannot_write(out: Path, error: OSError) -> PublishFailed:
    """The error that says why a result could not be written."""
    template = N_(
        "The result can't be written to {server_place}: {server_reason}. Nothing was published, and what was there "
        "before is whole. Make room or choose another place, and run it again."
    )
    return PublishFailed(Message(template, {"server_place": str(out), "server_reason": error.strerror or str(error)}))

"""Sentences about an upload name the file as its sender does, not as we keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from batchcast.domain.errors import BatchcastError
from batchcast.domain.history import IngestReport
from batchcast.domain.message import Message


def renamed(message: Message, before: str, after: str) -> Message:
    """The sentence with one name for another wherever a value holds it."""
    return replace(message, values={name: _renamed(value, before, after) for name, value in message.values.items()})


def renamed_error(error: BatchcastError, before: str, after: str) -> BatchcastError:
    """The same error, its sentence changed."""
    error.message = renamed(error.message, before, after)
    error.args = (str(error.message),)
    return error


def renamed_report(report: IngestReport, before: str, after: str) -> IngestReport:
    """The report of a file, with one name for another."""
    return replace(
        report,
        source=report.source.replace(before, after),
        format=renamed(report.format, before, after),
        notes=tuple(renamed(note, before, after) for note in report.notes),
        problems=tuple(
            replace(
                problem,
                reason=renamed(problem.reason, before, after),
                file=problem.file.replace(before, after) if problem.file else problem.file,
            )
            for problem in report.problems
        ),
    )


def _renamed(value: object, before: str, after: str) -> object:
    match value:
        case str():
            return value.replace(before, after)
        case Message():
            return renamed(value, before, after)
        case Mapping():
            return {name: _renamed(item, before, after) for name, item in value.items()}
        case list() | tuple():
            return type(value)(_renamed(item, before, after) for item in value)
    return value

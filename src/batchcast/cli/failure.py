"""From an error to what is said of it and the exit code: the one table of this face.

2  InvalidInput, InvalidSettings, ConflictError, ServerRefused, and words of the command line that can't be read
3  BatchFailed
4  BatchCancelled, Ctrl-C
5  ServerUnavailable: a server that can't be reached, or not now
1  everything else: a mistake of ours
"""

from __future__ import annotations

import tempfile
import traceback
from typing import Any

from rich.text import Text

from batchcast.cli.options import option_words
from batchcast.cli.render.analysis import remark
from batchcast.cli.session import ServerRefused, ServerUnavailable, Session
from batchcast.domain.errors import (
    N_,
    BatchCancelled,
    BatchcastError,
    BatchFailed,
    ConflictError,
    InternalError,
    InvalidInput,
    InvalidSettings,
    Message,
    PartitionFailed,
    ReadingQuestion,
)

OURS = 1
_CODES: tuple[tuple[type[BatchcastError], int], ...] = (
    (InvalidInput, 2),
    (InvalidSettings, 2),
    (ConflictError, 2),
    (ServerRefused, 2),
    (BatchFailed, 3),
    (BatchCancelled, 4),
    (ServerUnavailable, 5),
)


def tell_failure(error: BaseException, session: Session) -> int:
    """Say what went wrong, in the form the reader asked for; returns the exit code."""
    known = _as_ours(error)
    code = exit_code_of(known)
    try:
        if session.as_json:
            session.screen.write_json(_failure_json(known, code, session))
        _tell_person(known, session)
        if session.debug and code == OURS:
            session.screen.err.print(Text("".join(traceback.format_exception(error))))
    except BrokenPipeError:
        return code  # the reader of the output is gone; the exit code still says it
    return code


def exit_code_of(error: BatchcastError) -> int:
    """The exit code of an error of batchcast."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), OURS)


def _as_ours(error: BaseException) -> BatchcastError:
    match error:
        case BatchcastError():
            return error
        case KeyboardInterrupt():
            return BatchCancelled(Message(N_("Cancelled; nothing was published.")))
        case _:
            return InternalError(_mistake(error))


def _mistake(error: BaseException) -> Message:
    with tempfile.NamedTemporaryFile(
        "w", prefix="batchcast-mistake-", suffix=".txt", encoding="utf-8", errors="backslashreplace", delete=False
    ) as file:
        file.write("".join(traceback.format_exception(error)))
    template = N_(
        "batchcast itself has made a mistake ({kind}: {detail}); nothing was published. Send us {path}, which tells "
        "where it happened."
    )
    return Message(template, {"kind": type(error).__name__, "detail": error, "path": file.name})


def _tell_person(error: BatchcastError, session: Session) -> None:
    screen, words = session.screen.err, session.words
    for message in _messages_of(error):
        screen.print(remark("✗", words.tell(message), "bold red"))
    if isinstance(error, PartitionFailed) and error.way_out is not None:
        screen.print(remark("→", words.tell(error.way_out), "bold"))
    if isinstance(error, ReadingQuestion) and not session.as_json:
        for choice in error.choices:
            screen.print(remark("→", f"{option_words(choice.settings)}: {words.tell(choice.reading)}", "bold"))
    report = getattr(error, "report", None)
    if report is not None and not session.as_json:
        from batchcast.cli.render.analysis import refused_rows

        for part in refused_rows(report.problems, report.rows_refused, words):
            screen.print(part)
    if isinstance(error, ServerRefused) and error.row_errors is not None and not session.as_json:
        from batchcast.cli.render.analysis import refused_rows
        from batchcast.cli.render.server import row_problems

        for part in refused_rows(row_problems(error.row_errors), error.row_errors["count"], words):
            screen.print(part)


def _failure_json(error: BatchcastError, code: int, session: Session) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": "error",
        "code": error.slug,
        "exit_code": code,
        "messages": [session.words.text(message) for message in _messages_of(error)],
    }
    if isinstance(error, PartitionFailed):
        told |= {"partition": error.partition, "reason": error.reason}
    if isinstance(error, ReadingQuestion):
        told |= {
            "setting": error.setting,
            "choices": [
                {
                    "settings": dict(choice.settings),
                    "option": option_words(choice.settings),
                    "reading": session.words.text(choice.reading),
                }
                for choice in error.choices
            ],
        }
    report = getattr(error, "report", None)
    if report is not None:
        from batchcast.app.words.nouns import row_errors_json

        told["row_errors"] = row_errors_json(report, getattr(error, "plan", None), session.words.text)
    if isinstance(error, ServerRefused):
        told |= {"code": error.code} | ({"row_errors": error.row_errors} if error.row_errors is not None else {})
    return told


def _messages_of(error: BatchcastError) -> tuple[Message, ...]:
    """The sentences of an error: one, but where several are named at once."""
    match error:
        case InvalidSettings():
            return error.problems
        case ServerRefused():
            return error.messages
    return (error.message,)

"""The commands below `batchcast batches`: list, show, submit, retry, cancel, download, orders, delete."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from batchcast.app.recipes import SAVE
from batchcast.cli.options import URL_HELP, given_texts, recipe_fields, recipe_parameters, setting_parameters
from batchcast.cli.parsing import Argument, Command, Group, Option, Values, argument, flag, option
from batchcast.cli.render.server import SHOWN_OF_ID
from batchcast.cli.session import Session, safe
from batchcast.domain.batch import MOST_A_PAGE, BatchState
from batchcast.domain.errors import N_, BatchCancelled, BatchFailed, Message
from batchcast.domain.settings import OF_STOCK_FILE
from batchcast.publish.kinds import CSV, DOWNLOAD_FORMATS, DOWNLOADS, FORECAST, KINDS, ORDER_TABLES

if TYPE_CHECKING:
    from batchcast.cli.server_client import ServerClient

HELP = N_("The batches of a running server: list, show, submit, retry, cancel, download, orders, delete.")
ID_HELP = N_("The batch: its id, or as much of its beginning as no other has.")
WAIT_HELP = N_("Wait until the batch has ended; exit code 3 where it was rolled back, 4 where it was cancelled.")
STOCK_HELP = N_("Stock file. Default: the columns of stock that the history of the batch has.")
OLDER_HELP = N_("All batches that ended so long ago, such as 90d or 12h; asks for nothing.")
KEY_HELP = N_("Idempotency key: the same call with the same key is one batch, however often it is sent.")
_KINDS = tuple(kind.name for kind in DOWNLOADS)
_FORMATS = "|".join(DOWNLOAD_FORMATS)
_SECONDS_BETWEEN_LOOKS = 0.5
_AGE = re.compile(r"[0-9]{1,5}[dh]", re.ASCII)

Action = Callable[[Session, "ServerClient", Values], None]


def command(session: Session) -> Group:
    """The group of commands."""
    say = session.words.say
    batch = argument("batch_id", "BATCH", say(ID_HELP))
    wait = flag("wait", ["--wait"], say(WAIT_HELP))
    key = option("key", ["--key"], "KEY", say(KEY_HELP))
    taken: Mapping[str, list[Option | Argument]] = {
        "list": [
            option(
                "status", ["--status"], "|".join(BatchState), say(N_("Only these; may be repeated.")), repeated=True
            ),
            option("search", ["--search"], "TEXT", say(N_("In the file's name and the id."))),
            option("offset", ["--offset"], "N", say(N_("Leave out so many of the newest. Default: 0."))),
            option("limit", ["--limit"], "N", say(N_("Show so many, at most 200. Default: 50."))),
        ],
        "show": [batch, wait],
        "submit": [
            argument("file", "FILE", say(N_("Demand history."))),
            wait,
            key,
            *setting_parameters(session.words),
            *recipe_parameters(session.words),
        ],
        "retry": [batch, wait, key, *setting_parameters(session.words)],
        "cancel": [batch],
        "download": [
            batch,
            option("out", ["--out", "-o"], "OUT", say(N_("The file to write. Default: a name of kind and batch."))),
            option("kind", ["--kind"], "|".join(_KINDS), say(N_("Which file of the result. Default: forecast."))),
            option("format", ["--format"], _FORMATS, say(N_("Default: by the name of OUT, else csv."))),
        ],
        "orders": [
            batch,
            option("stock", ["--stock"], "STOCKFILE", say(STOCK_HELP)),
            option("out", ["--out", "-o"], "FOLDER", say(N_("Folder for the two tables. Default: the current one."))),
            *setting_parameters(session.words, only=OF_STOCK_FILE),
            *recipe_parameters(session.words, file="STOCKFILE"),
        ],
        "delete": [batch, option("older_than", ["--older-than"], "AGE", say(OLDER_HELP))],
    }
    url = option("url", ["--url"], "URL", say(URL_HELP))
    commands = [
        Command(
            session,
            name,
            help_template,
            parameters=[*taken[name], url],
            carry_out=partial(_carry_out, action=action),
        )
        for name, (help_template, action) in ACTIONS.items()
    ]
    return Group(session, "batches", say(HELP), commands=commands, parameters=[url])


def _carry_out(session: Session, values: Values, *, action: Action) -> None:
    missing = {
        "batch_id": N_("BATCH is missing: name the batch; `batchcast batches list` shows them."),
        "file": N_("FILE is missing: name the demand history, such as demand.csv."),
    }
    session.refuse_problems(
        *(Message(missing[name]) for name in values if name in missing and _is_missing(name, values)),
        *_problems_of_age(values),
        *_problems_of_choices(values),
        *_problems_of_numbers(values),
    )
    from batchcast.app.installation.configuration import read_server_address
    from batchcast.cli.server_client import ServerClient

    with ServerClient(read_server_address(values["url"]), session.words.language) as client:
        action(session, client, values)


def _list(session: Session, client: ServerClient, values: Values) -> None:
    from batchcast.cli.render.server import history_view

    page = client.history(
        states=[state.upper() for state in values["status"] or ()],
        search=values["search"] or "",
        offset=int(values["offset"] or 0),
        limit=int(values["limit"] or 50),
    )
    is_chosen = any(values[name] for name in ("status", "search", "offset"))
    _tell(session, {"kind": "batches", **page}, lambda: history_view(page, session.words, is_chosen=is_chosen))


def _show(session: Session, client: ServerClient, values: Values) -> None:
    if values["wait"]:
        _await_end(session, client, client.whole_id(values["batch_id"]))
        return
    _show_status(session, client.status(values["batch_id"]))


def _submit(session: Session, client: ServerClient, values: Values) -> None:
    fields = {**given_texts(values), **recipe_fields(values)}
    submitted = client.submit(Path(values["file"]), fields, values["key"] or secrets.token_hex(16))
    _tell_submitted(session, client, submitted, wait=values["wait"])


def _retry(session: Session, client: ServerClient, values: Values) -> None:
    submitted = client.retry(values["batch_id"], given_texts(values), values["key"] or secrets.token_hex(16))
    _tell_submitted(session, client, submitted, wait=values["wait"])


def _cancel(session: Session, client: ServerClient, values: Values) -> None:
    cancelled = client.cancel(values["batch_id"])
    _say(session, {"kind": "cancelled", **cancelled}, N_("Batch {batch} is cancelled."), cancelled["batch_id"])


def _download(session: Session, client: ServerClient, values: Values) -> None:
    batch_id, kind = client.whole_id(values["batch_id"]), values["kind"] or FORECAST
    out = Path(values["out"]) if values["out"] else None
    suffix = out.suffix.lower().removeprefix(".") if out else ""
    file_format = values["format"] or (suffix if suffix in DOWNLOAD_FORMATS else KINDS[kind].formats[0])
    out = out or Path(f"{kind}-{batch_id[:SHOWN_OF_ID]}.{file_format}")
    size = client.download(batch_id, kind, file_format, out)
    told = {"kind": "downloaded", "batch_id": batch_id, "file": str(out), "bytes": size}
    _tell(session, told, lambda: Text(session.words.say(N_("Wrote {file}."), file=safe(str(out)))))


def _orders(session: Session, client: ServerClient, values: Values) -> None:
    from batchcast.cli.render.server import orders_view
    from batchcast.cli.server_client import cannot_write

    batch_id, recipes = client.whole_id(values["batch_id"]), recipe_fields(values)
    stock = None if values["stock"] is None else Path(values["stock"])
    answer = client.orders(batch_id, stock, {**given_texts(values), **recipes})
    texts = {**given_texts(values), **{name: recipes[name] for name in recipes if name != SAVE}}  # kept once
    folder = Path(values["out"] or ".")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    files = {kind: folder / f"{kind}-{batch_id[:SHOWN_OF_ID]}.{CSV}" for kind in ORDER_TABLES}
    for kind, path in files.items():
        client.save_orders(batch_id, kind, stock, texts, path)
    written = {kind: str(path) for kind, path in files.items()}
    told = {"kind": "ordered", "batch_id": batch_id, "files": written, **answer}
    _tell(session, told, lambda: orders_view(answer, files, session.words))


def _delete(session: Session, client: ServerClient, values: Values) -> None:
    if values["older_than"] is not None:
        _delete_older(session, client, dt.datetime.now(dt.UTC) - _age(values["older_than"]))
        return
    batch_id = client.delete(values["batch_id"])
    _say(session, {"kind": "deleted", "batch_id": batch_id}, N_("Batch {batch} is deleted."), batch_id)


def _delete_older(session: Session, client: ServerClient, before: dt.datetime) -> None:
    """Delete every batch that ended before a time, the oldest first."""
    found = [batch["batch_id"] for batch in client.ended() if dt.datetime.fromisoformat(batch["ended_at"]) < before]
    for batch_id in reversed(found):
        client.delete(batch_id)
    told = {"kind": "deleted", "batch_ids": found, "before": before.isoformat()}
    template = N_("{count} batches that ended before {date} are deleted.")
    _tell(session, told, lambda: Text(session.words.say(template, count=len(found), date=before.date())))


ACTIONS: Mapping[str, tuple[str, Action]] = {
    "list": (N_("The batches of the server, the newest first."), _list),
    "show": (N_("One batch: how far it is, its partitions, what went wrong."), _show),
    "submit": (N_("Queue a demand history on the server."), _submit),
    "retry": (N_("Run a batch that has ended again, with changed settings if you like."), _retry),
    "cancel": (N_("Stop a batch."), _cancel),
    "download": (N_("Save a file of a completed batch."), _download),
    "orders": (N_("Say what to order now, and write it and the next units to buy as tables."), _orders),
    "delete": (N_("Forget a batch that has ended, with its files."), _delete),
}


def _tell_submitted(session: Session, client: ServerClient, submitted: Mapping[str, Any], *, wait: bool) -> None:
    batch_id = submitted["batch_id"]
    template = N_("Batch {batch} is in the queue; `batchcast batches show {batch}` says how far it is.")
    _say(session, {"kind": "submitted", **submitted}, template, batch_id)
    if wait:
        _await_end(session, client, batch_id)


def _await_end(session: Session, client: ServerClient, batch_id: str) -> None:
    """Show the batch once it has ended.

    Raises:
        BatchFailed, BatchCancelled: if it did not end well.
    """
    while not BatchState((status := client.status(batch_id))["status"]).is_final:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    _show_status(session, status)
    if status["status"] == BatchState.ROLLED_BACK:
        error = status["error"] or {}
        raise BatchFailed(Message(error.get("message") or N_("The batch was rolled back.")))
    if status["status"] == BatchState.CANCELLED:
        raise BatchCancelled(Message(N_("The batch was cancelled; nothing was published.")))


def _show_status(session: Session, status: Mapping[str, Any]) -> None:
    from batchcast.cli.render.server import status_view

    _tell(session, {"kind": "status", **status}, lambda: status_view(status, session.words, session.screen.out))


def _say(session: Session, told: Mapping[str, Any], template: str, batch_id: str) -> None:
    _tell(session, told, lambda: Text(session.words.say(template, batch=batch_id)))


def _tell(session: Session, told: Mapping[str, Any], view: Callable[[], Any]) -> None:
    """For programs the answer as it came, for people a view of it."""
    if session.as_json:
        session.screen.write_json(told)
    else:
        session.screen.out.print(view(), soft_wrap=True)


def _is_missing(name: str, values: Values) -> bool:
    return values[name] is None and values.get("older_than") is None


def _problems_of_age(values: Values) -> list[Message]:
    text = values.get("older_than")
    if text is None:
        return []
    if not _AGE.fullmatch(text):
        template = N_("--older-than is {found!r}; write a number and d for days or h for hours, such as 90d.")
        return [Message(template, {"found": text})]
    return [] if values["batch_id"] is None else [Message(N_("Name one batch, or say --older-than; not both."))]


def _age(text: str) -> dt.timedelta:
    return dt.timedelta(**{{"d": "days", "h": "hours"}[text[-1]]: int(text[:-1])})


def _problems_of_choices(values: Values) -> list[Message]:
    choices: Mapping[str, tuple[str, ...]] = {"kind": _KINDS, "format": DOWNLOAD_FORMATS, "status": tuple(BatchState)}
    template = N_("{setting} is {found!r}; it can be {choices}.")
    problems = []
    for name, known in choices.items():
        given = values.get(name) or ()
        for text in [given] if isinstance(given, str) else given:
            if text not in known and text.upper() not in known:
                told = {"setting": f"--{name}", "found": text, "choices": ", ".join(known)}
                problems.append(Message(template, told))
    return problems


def _problems_of_numbers(values: Values) -> list[Message]:
    problems = []
    for name, least, most in (("offset", 0, 10**9), ("limit", 1, MOST_A_PAGE)):
        text = values.get(name)
        if text is not None and not (text.isdecimal() and text.isascii() and least <= int(text) <= most):
            template = N_("{setting} is {found!r}; it must be a whole number from {least} to {most:,}.")
            told = {"setting": f"--{name}", "found": text, "least": least, "most": most}
            problems.append(Message(template, told))
    return problems

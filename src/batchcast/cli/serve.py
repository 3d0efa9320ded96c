"""The commands of those who run a server.

`serve` starts the API, the page and the workers behind them, `worker` the workers of a shared queue, `token` makes a
bearer token for one who is to use it, `backup` and `restore` copy what a server keeps and put it back, and `warm`
compiles every kernel beforehand.
"""

from __future__ import annotations

import re
import signal
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING

from rich.text import Text

from batchcast.app.installation.tokens import TOKEN_ROLES, new_token
from batchcast.cli.options import place_parameters, read_service_config, service_parameters
from batchcast.cli.parsing import Command, Values, argument, option
from batchcast.cli.render.analysis import remark
from batchcast.cli.session import Session, hand_over_log, safe
from batchcast.domain.errors import N_, Message

if TYPE_CHECKING:
    from batchcast.app.installation.backup import Backup
    from batchcast.app.installation.configuration import ServiceConfig
    from batchcast.server.server import Sockets

_SECONDS_BETWEEN_LOOKS = 1.0

HELP = N_("Start a server: the API, its page, and workers that carry batches out until it is stopped.")
ADDRESSES = N_("The API is at {api}, its description at {docs}, the page at {page}.")
HOW_TO_STOP = N_("Stop it with Ctrl-C or SIGTERM: batches at work go on when it, or another server, is there again.")
WORKER_HELP = N_("Carry out batches of a queue that servers share, until it is stopped; listens nowhere.")
AT_WORK = N_("Taking batches from the queue, {workers} partitions at once. Stop it with Ctrl-C or SIGTERM.")


def command(session: Session) -> Command:
    """`batchcast serve`."""
    parameters = service_parameters(session.words, listens=True)
    return Command(session, "serve", HELP, parameters=parameters, carry_out=_serve)


def worker_command(session: Session) -> Command:
    """`batchcast worker`."""
    parameters = service_parameters(session.words, listens=False)
    return Command(session, "worker", WORKER_HELP, parameters=parameters, carry_out=_work)


def _serve(session: Session, values: Values) -> int:
    config = _checked_config(session, values)
    from batchcast.app.service.service import Service
    from batchcast.app.service.tracing import start_tracing
    from batchcast.server.server import open_sockets, run_servers

    sockets = open_sockets(config)
    hand_over_log(config.log_format, debug=session.debug)
    end_tracing = start_tracing()
    try:
        service = Service.open(config)
    except BaseException:
        sockets.close()
        raise
    try:
        return run_servers(service, config, sockets=sockets, on_listening=partial(_announce, session, config))
    finally:
        end_tracing()


def _announce(session: Session, config: ServiceConfig, sockets: Sockets) -> None:
    """Say where everything is; called once requests are answered there."""
    api_url, page_url = sockets.api_url, sockets.page_url
    if session.as_json:
        session.screen.write_json(
            {"kind": "serving", "api": api_url, "docs": f"{api_url}/api/docs", "page": page_url}
            | {"home": str(config.home), "workers": config.workers}
        )
        return
    say, out = session.words.say, session.screen.out
    out.print(Text(say(ADDRESSES, api=api_url, docs=f"{api_url}/api/docs", page=page_url)), soft_wrap=True)
    out.print(Text(say(HOW_TO_STOP)), soft_wrap=True)


def _work(session: Session, values: Values) -> None:
    config = _checked_config(session, values)
    from batchcast.app.service.service import Service
    from batchcast.app.service.tracing import start_tracing

    hand_over_log(config.log_format, debug=session.debug)
    end_tracing = start_tracing()
    stop = _stop_asked_for()
    service = Service.open(config)
    try:
        service.start()
        if session.as_json:
            session.screen.write_json({"kind": "working", "home": str(config.home), "workers": config.workers})
        else:
            session.screen.out.print(Text(session.words.say(AT_WORK, workers=config.workers)), soft_wrap=True)
        _await(stop)
    finally:
        service.stop()
        end_tracing()


def _stop_asked_for() -> SimpleQueue[int]:
    """Filled by the first SIGINT or SIGTERM; a second SIGINT ends at once."""
    asked: SimpleQueue[int] = SimpleQueue()  # its put is safe in a signal handler, an event's set is not

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.put(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return asked


def _await(asked: SimpleQueue[int]) -> None:
    """Wait; and look up now and then, because a signal that comes just before the wait begins does not end it."""
    while True:
        try:
            asked.get(timeout=_SECONDS_BETWEEN_LOOKS)
        except Empty:
            continue
        return


def _checked_config(session: Session, values: Values) -> ServiceConfig:
    session.refuse_problems()
    config = read_service_config(values)
    from batchcast.app.installation.kernels import keep_kernels
    from batchcast.app.installation.surroundings import check_home, check_workers

    check_home(config.home)
    keep_kernels(config.home)
    check_workers()
    return config


# `batchcast token`: its entry in the settings of the server does not tell it.

TOKEN_HELP = N_("Make a bearer token for a person or program that is to use a server.")
NAME_HELP = N_("Whose token it is: letters, digits and . _ - @")
ROLE_HELP = N_(
    "viewer: see and download. planner: also submit, and stop and rerun their own. admin: also all others', and delete."
)
_NAME = re.compile(r"[\w.@-]{1,100}", re.ASCII)


def token_command(session: Session) -> Command:
    """`batchcast token`."""
    say = session.words.say
    parameters = [
        argument("name", "NAME", say(NAME_HELP)),
        option("role", ["--role"], "|".join(TOKEN_ROLES), say(ROLE_HELP)),
    ]
    return Command(session, "token", TOKEN_HELP, parameters=parameters, carry_out=_make_token)


def _make_token(session: Session, values: Values) -> None:
    name, role = values["name"], values["role"]
    session.refuse_problems(*_problems_of_name(name), *_problems_of_role(role))
    token, entry = new_token(name, TOKEN_ROLES[role])
    if session.as_json:
        session.screen.write_json({"kind": "token", "name": name, "role": role, "token": token, "entry": entry})
        return
    say, out = session.words.say, session.screen.out
    out.print(Text(say(N_("Token, shown this once; {name} keeps it in BATCHCAST_TOKEN:"), name=name)))
    out.print(Text(f"  {token}"), soft_wrap=True)
    out.print(Text(say(N_("Entry for the server's BATCHCAST_TOKENS, which does not tell the token:"))))
    out.print(Text(f"  {entry}"), soft_wrap=True)


def _problems_of_name(name: str | None) -> list[Message]:
    if name is None:
        return [Message(N_("NAME is missing: say whose token it is, such as planner-kendari."))]
    if not _NAME.fullmatch(name):
        template = N_("{found!r} can't be the name of a token: use letters, digits and . _ - @")
        return [Message(template, {"found": name})]
    return []


def _problems_of_role(role: str | None) -> list[Message]:
    if role is None:
        return [Message(N_("--role is missing; it can be {choices}."), {"choices": ", ".join(TOKEN_ROLES)})]
    if role not in TOKEN_ROLES:
        template = N_("{setting} is {found!r}; it can be {choices}.")
        return [Message(template, {"setting": "--role", "found": role, "choices": ", ".join(TOKEN_ROLES)})]
    return []


# `batchcast backup` and `batchcast restore`.

BACKUP_HELP = N_("Copy everything that a server keeps into a new folder, while it runs.")
TO_HELP = N_("The folder to make.")
NO_TO = N_("TO is missing: name the folder to make, such as backup-2026-01-31.")
MADE = N_(
    "The backup is in {folder}. Batches: {batches:,}. "
    "Files, each compared with its SHA-256: {files:,} ({megabytes:,.1f} MB)."
)
DAMAGED = N_("Left out, because it is damaged: {problem}")
NEXT = N_("Put it back with: batchcast restore {folder} --home NEW_FOLDER")
RESTORE_HELP = N_("Put a backup into an installation that holds nothing yet.")
FROM_HELP = N_("The folder that `batchcast backup` made.")
NO_FROM = N_("FROM is missing: name the folder that `batchcast backup` made.")
RESTORED = N_(
    "The backup of {made_at} is put back. Batches: {batches:,}. Files: {files:,}. Start the server: batchcast serve"
)
_DAMAGED_CODE = 1


def backup_command(session: Session) -> Command:
    """`batchcast backup`."""
    parameters = [argument("to", "TO", session.words.say(TO_HELP)), *place_parameters(session.words)]
    return Command(session, "backup", BACKUP_HELP, parameters=parameters, carry_out=_back_up)


def restore_command(session: Session) -> Command:
    """`batchcast restore`."""
    parameters = [argument("source", "FROM", session.words.say(FROM_HELP)), *place_parameters(session.words)]
    return Command(session, "restore", RESTORE_HELP, parameters=parameters, carry_out=_restore)


def _back_up(session: Session, values: Values) -> int:
    folder = _folder(session, values["to"], NO_TO)
    config = read_service_config(values)
    from batchcast.app.installation.backup import back_up

    backup = back_up(config, folder)
    if session.as_json:
        damaged = [session.words.text(problem) for problem in backup.damaged]
        session.screen.write_json({"kind": "backup", "folder": str(folder), **backup.as_json(), "damaged": damaged})
    else:
        _tell(session, MADE, folder=safe(str(folder)), **_figures(backup))
        for problem in backup.damaged:
            text = session.words.say(DAMAGED, problem=session.words.tell(problem))
            session.screen.err.print(remark("✗", text, "bold red"))
        _tell(session, NEXT, folder=safe(str(folder)))
    return _DAMAGED_CODE if backup.damaged else 0


def _restore(session: Session, values: Values) -> None:
    folder = _folder(session, values["source"], NO_FROM)
    config = read_service_config(values)
    from batchcast.app.installation.backup import restore
    from batchcast.app.installation.surroundings import check_home

    check_home(config.home)
    backup = restore(config, folder)
    if session.as_json:
        session.screen.write_json({"kind": "restored", "folder": str(folder), **backup.as_json()})
        return
    _tell(session, RESTORED, made_at=f"{backup.made_at:%Y-%m-%d %H:%M} UTC", **_figures(backup))


def _folder(session: Session, given: str | None, missing: str) -> Path:
    session.refuse_problems(*[Message(missing)] * (given is None))
    return Path(given or "")


def _figures(backup: Backup) -> dict[str, float]:
    from batchcast.app.installation.configuration import MEGABYTE

    return {"batches": backup.batches, "files": backup.files, "megabytes": backup.size / MEGABYTE}


def _tell(session: Session, template: str, **values: object) -> None:
    session.screen.out.print(Text(session.words.say(template, **values)), soft_wrap=True)


# `batchcast warm`.

WARM_HELP = N_("Compile every kernel and keep it on disk, so that no batch waits for a compiler.")


def warm_command(session: Session) -> Command:
    """`batchcast warm`."""
    return Command(session, "warm", WARM_HELP, parameters=[], carry_out=_warm)


def _warm(session: Session, _values: Values) -> None:
    session.refuse_problems()
    words = session.words
    if not session.as_json:
        session.screen.err.print(words.say(N_("Compiling every kernel; the first time this takes a minute …")))
    seconds = session.open_app().warm()
    if session.as_json:
        session.screen.write_json({"kind": "warm", "seconds": round(seconds, 3)})
        return
    session.screen.out.print(words.say(N_("Every kernel is ready ({time})."), time=words.duration(seconds)))

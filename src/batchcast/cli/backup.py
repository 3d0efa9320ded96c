"""`batchcast backup` and `batchcast restore`: a copy of what a server keeps, and a server's data from one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from batchcast.app.configuration import MEGABYTE
from batchcast.cli.options import place_parameters, read_service_config
from batchcast.cli.parsing import Command, Values, argument
from batchcast.cli.render.analysis import remark
from batchcast.cli.session import Session, safe
from batchcast.domain.errors import N_, Message

if TYPE_CHECKING:
    from batchcast.app.backup import Backup

HELP = N_("Copy everything that a server keeps into a new folder, while it runs.")
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


def command(session: Session) -> Command:
    """`batchcast backup`."""
    parameters = [argument("to", "TO", session.words.say(TO_HELP)), *place_parameters(session.words)]
    return Command(session, "backup", HELP, parameters=parameters, carry_out=_back_up)


def restore_command(session: Session) -> Command:
    """`batchcast restore`."""
    parameters = [argument("source", "FROM", session.words.say(FROM_HELP)), *place_parameters(session.words)]
    return Command(session, "restore", RESTORE_HELP, parameters=parameters, carry_out=_restore)


def _back_up(session: Session, values: Values) -> int:
    folder = _folder(session, values["to"], NO_TO)
    config = read_service_config(values)
    from batchcast.app.backup import back_up

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
    from batchcast.app.backup import restore
    from batchcast.app.surroundings import check_home

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
    return {"batches": backup.batches, "files": backup.files, "megabytes": backup.size / MEGABYTE}


def _tell(session: Session, template: str, **values: object) -> None:
    session.screen.out.print(Text(session.words.say(template, **values)), soft_wrap=True)

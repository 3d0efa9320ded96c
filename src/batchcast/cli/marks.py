"""`batchcast marks`: days of parts that planners marked on a running server: list, add, remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.text import Text

from batchcast.cli.options import URL_HELP
from batchcast.cli.parsing import Argument, Command, Group, Option, Values, argument, flag, option
from batchcast.cli.session import Session, safe
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import MARK_KINDS, mark_of, mark_problem

if TYPE_CHECKING:
    from batchcast.cli.server_client import ServerClient

HELP = N_("Marks on the history of parts, of a running server: list, add, remove.")
MARK_HELP = N_("The mark: days, one-off or stock-out, part and site: '2025-07-01..2025-07-31 one-off P-1 @ Sofifi'.")
NO_MARK = N_("MARK is missing: write it as 2025-07-01..2025-07-31 one-off P-1 @ Sofifi.")
NO_NUMBER = N_("NUMBER is missing: `batchcast marks list` shows the numbers.")
NOT_A_NUMBER = N_("{found!r} is no number of a mark; `batchcast marks list` shows them.")
NONE = N_("No day is marked on this server.")
ADDED = N_("Mark {number} is kept; the next run of this part uses it: {mark}")
REMOVED = N_("Mark {number} is removed; the next runs are made without it.")

Action = Callable[[Session, "ServerClient", Values], None]


def command(session: Session) -> Group:
    """The group of commands."""
    say = session.words.say
    taken: Mapping[str, list[Option | Argument]] = {
        "list": [flag("removed", ["--removed"], say(N_("Those that were removed too.")))],
        "add": [
            argument("mark", "MARK", say(MARK_HELP)),
            option("reason", ["--reason"], "TEXT", say(N_("Why, in your words."))),
        ],
        "remove": [argument("number", "NUMBER", say(N_("The mark, as `batchcast marks list` numbers it.")))],
    }
    url = option("url", ["--url"], "URL", say(URL_HELP))
    below = [
        Command(session, name, help_text, parameters=[*taken[name], url], carry_out=partial(_carry_out, action=action))
        for name, (help_text, action) in ACTIONS.items()
    ]
    return Group(session, "marks", say(HELP), commands=below, parameters=[url])


def _carry_out(session: Session, values: Values, *, action: Action) -> None:
    session.refuse_problems(*_problems(values))
    from batchcast.app.installation.configuration import read_server_address
    from batchcast.cli.server_client import ServerClient

    with ServerClient(read_server_address(values["url"]), session.words.language) as client:
        action(session, client, values)


def _problems(values: Values) -> list[Message]:
    if "mark" in values:
        text = values["mark"]
        return [Message(NO_MARK)] if text is None else [mark_problem(text)] if mark_of(text) is None else []
    if "number" in values:
        number = values["number"]
        if number is None:
            return [Message(NO_NUMBER)]
        if not (number.isdecimal() and number.isascii() and int(number) > 0):
            return [Message(NOT_A_NUMBER, {"found": number})]
    return []


def _list(session: Session, client: ServerClient, values: Values) -> None:
    found = client.marks(removed=values["removed"])
    if session.as_json:
        session.screen.write_json({"kind": "marks", **found})
        return
    for mark in found["marks"]:
        session.screen.out.print(Text(safe(_line(session, mark))), soft_wrap=True)
    if not found["marks"]:
        session.screen.out.print(Text(session.words.say(NONE)))


def _add(session: Session, client: ServerClient, values: Values) -> None:
    mark = mark_of(values["mark"])
    if mark is None:
        return  # refused before
    days = {"first": mark.first.isoformat(), "last": mark.last.isoformat()}
    part = {"site_code": mark.site_code, "partnumber": mark.partnumber}
    kept = client.add_mark({"kind": mark.kind, **part, **days, "reason": values["reason"] or ""})
    _tell(session, {"kind": "mark_added", "mark": kept}, ADDED, number=kept["number"], mark=safe(str(mark)))


def _remove(session: Session, client: ServerClient, values: Values) -> None:
    number = int(values["number"])
    client.remove_mark(number)
    _tell(session, {"kind": "mark_removed", "number": number}, REMOVED, number=number)


def _tell(session: Session, told: Mapping[str, Any], template: str, **words: object) -> None:
    if session.as_json:
        session.screen.write_json(told)
    else:
        session.screen.out.print(Text(session.words.say(template, **words)), soft_wrap=True)


def _line(session: Session, mark: Mapping[str, Any]) -> str:
    days = mark["first"] if mark["last"] == mark["first"] else f"{mark['first']}..{mark['last']}"
    who = "  ".join(piece for piece in (mark["name"], mark["at"][:10], mark["reason"]) if piece)
    gone = session.words.say(N_("removed")) + " " + mark["removed_at"][:10] if mark["removed_at"] else ""
    kind = session.words.say(MARK_KINDS[mark["kind"]])
    pieces = (str(mark["number"]), days, kind, f"{mark['partnumber']} @ {mark['site_code']}", who, gone)
    return "  ".join(piece for piece in pieces if piece)


ACTIONS: Mapping[str, tuple[str, Action]] = {
    "list": (N_("The marks in force, the newest first."), _list),
    "add": (N_("Mark days of a part."), _add),
    "remove": (N_("Remove a mark; it stays in the list of those that were removed."), _remove),
}

"""`batchcast token`: a fresh bearer token for a person or program that is to use a server."""

from __future__ import annotations

import re

from rich.text import Text

from batchcast.app.tokens import TOKEN_ROLES, new_token
from batchcast.cli.parsing import Command, Values, argument, option
from batchcast.cli.session import Session
from batchcast.domain.errors import N_, Message

HELP = N_("Make a bearer token for a person or program that is to use a server.")
NAME_HELP = N_("Whose token it is: letters, digits and . _ - @")
ROLE_HELP = N_("viewer: see and download. planner: also submit, cancel, retry. admin: also delete.")
_NAME = re.compile(r"[\w.@-]{1,100}", re.ASCII)


def command(session: Session) -> Command:
    """The command."""
    say = session.words.say
    parameters = [
        argument("name", "NAME", say(NAME_HELP)),
        option("role", ["--role"], "|".join(TOKEN_ROLES), say(ROLE_HELP)),
    ]
    return Command(session, "token", HELP, parameters=parameters, carry_out=_carry_out)


def _carry_out(session: Session, values: Values) -> None:
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

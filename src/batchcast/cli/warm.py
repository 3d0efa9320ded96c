"""`batchcast warm`: compiles every kernel now, so that no batch waits for a compiler."""

from __future__ import annotations

from batchcast.cli.parsing import Command, Values
from batchcast.cli.session import Session
from batchcast.domain.errors import N_

HELP = N_("Compile every kernel and keep it on disk, so that no batch waits for a compiler.")


def command(session: Session) -> Command:
    """The command."""
    return Command(session, "warm", HELP, parameters=[], carry_out=_carry_out)


def _carry_out(session: Session, _values: Values) -> None:
    session.refuse_problems()
    words = session.words
    if not session.as_json:
        session.screen.err.print(words.say(N_("Compiling every kernel; the first time this takes a minute …")))
    seconds = session.open_app().warm()
    if session.as_json:
        session.screen.write_json({"kind": "warm", "seconds": round(seconds, 3)})
        return
    session.screen.out.print(words.say(N_("Every kernel is ready ({time})."), time=words.duration(seconds)))

"""The whole command: parses what was typed, carries it out, turns errors into sentences and exit codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from batchcast.app.words.translation import read_language
from batchcast.cli import analyze, backtest, batches, marks, orders, recipes, run, sample, serve, sums
from batchcast.cli.failure import tell_failure
from batchcast.cli.parsing import Commands, Group, take_shared_options, version_option
from batchcast.cli.session import Screen, Session, Words, open_batchcast, set_up_log
from batchcast.domain.errors import N_

if TYPE_CHECKING:
    from batchcast.app.batchcast import Batchcast

ABOUT = N_("Forecast the demand for every part at every site, in batches that cannot half-fail.")
EXIT_CODES = N_(
    "Exit codes: 0 published, 2 bad input or settings, 3 rolled back, 4 cancelled, 5 no server to be reached, "
    "1 a mistake of ours."
)
COMMANDS = {
    "run": run.command,
    "analyze": analyze.command,
    "backtest": backtest.command,
    "orders": orders.command,
    "sums": sums.command,
    "recipes": recipes.command,
    "serve": serve.command,
    "worker": serve.worker_command,
    "batches": batches.command,
    "marks": marks.command,
    "token": serve.token_command,
    "backup": serve.backup_command,
    "restore": serve.restore_command,
    "sample": sample.command,
    "warm": serve.warm_command,
}


def call(arguments: Sequence[str], screen: Screen, open_app: Callable[[], Batchcast] = open_batchcast) -> int:
    """Carry out one call of the command; returns its exit code."""
    session = Session(words=Words(read_language()), screen=screen, open_app=open_app)
    try:
        words = take_shared_options(arguments, session)
        set_up_log(shown=session.debug)
        with build(session).make_context("batchcast", words) as context:
            code: int | None = context.command.invoke(context)
        return code or 0
    except click.exceptions.Exit as ended:  # --help, --version
        return ended.exit_code
    except BrokenPipeError:
        return 0  # the reader has seen enough; a batch at work would have been cancelled, and said so
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 the one place that turns errors into sentences
        return tell_failure(error, session)


def build(session: Session) -> Group:
    """The command with all its commands, described in the reader's language."""
    say = session.words.say
    about = say(ABOUT) + "\n\n" + say(EXIT_CODES)
    return Group(
        session, "batchcast", about, commands=Commands(session, COMMANDS), parameters=[version_option(session)]
    )

"""The whole command: parses what was typed, carries it out, turns errors into sentences and exit codes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

import typer

from batchcast import __version__
from batchcast.app.configuration import read_language
from batchcast.app.translation import LANGUAGES, Language
from batchcast.cli import analyze, backtest, orders, run, sample, serve, token, warm, worker
from batchcast.cli.arguments import Values, add_root, flag, language_option
from batchcast.cli.batches import commands as batches
from batchcast.cli.failure import tell_failure
from batchcast.cli.session import Screen, Session, Words, open_batchcast
from batchcast.domain.errors import N_, InvalidSettings, Message

if TYPE_CHECKING:
    from batchcast.app.batchcast import Batchcast

ABOUT = N_("Forecast the demand for every part at every site, in batches that cannot half-fail.")
EXIT_CODES = N_(
    "Exit codes: 0 published, 2 bad input or settings, 3 rolled back, 4 cancelled, 5 no server to be reached, "
    "1 a mistake of ours."
)
COMMANDS = {
    "run": run,
    "analyze": analyze,
    "backtest": backtest,
    "orders": orders,
    "serve": serve,
    "worker": worker,
    "batches": batches,
    "token": token,
    "sample": sample,
    "warm": warm,
}
VERSION_HELP = N_("Show the version and end.")


def call(arguments: Sequence[str], screen: Screen, open_app: Callable[[], Batchcast] = open_batchcast) -> int:
    """Carry out one call of the command; returns its exit code."""
    session = Session(words=Words(language_asked_for(arguments)), screen=screen, open_app=open_app)
    session.as_json = "--json" in arguments  # so that even an option that can't be parsed is told as JSON
    try:
        _check_command(arguments)
        command = typer.main.get_command(build(session))
        with command.make_context("batchcast", list(arguments)) as context:
            command.invoke(context)
        return 0
    except typer.Exit as ended:  # --help
        return ended.exit_code
    except BrokenPipeError:
        return 0  # the reader has seen enough; a batch at work would have been cancelled, and said so
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 the one place that turns errors into sentences
        return tell_failure(error, session)


def build(session: Session) -> typer.Typer:
    """The command with all its commands, described in the reader's language."""
    say = session.words.say
    commands = typer.Typer(
        name="batchcast",
        help=say(ABOUT) + "\n\n" + say(EXIT_CODES),
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    version = flag("version", ["--version"], say(VERSION_HELP))
    add_root(commands, [version, language_option(session.words)], partial(_without_command, session))
    for command in COMMANDS.values():
        command.register(commands, session)
    return commands


def _without_command(session: Session, context: typer.Context, values: Values) -> None:
    if values["version"]:
        session.screen.out.print(f"batchcast {__version__}")
    elif context.invoked_subcommand is None:
        session.screen.out.file.write(context.get_help())


def language_asked_for(arguments: Sequence[str]) -> Language:
    """The language behind `--lang`, else that of the terminal."""
    for here, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == "--lang":
            asked = value if equals else next(iter(arguments[here + 1 :]), "")
            return next((language for language in LANGUAGES if language == asked), read_language())
    return read_language()


def _check_command(arguments: Sequence[str]) -> None:
    values_of_lang = {here + 1 for here, word in enumerate(arguments) if word == "--lang"}
    words = [w for here, w in enumerate(arguments) if not w.startswith("-") and here not in values_of_lang]
    known: Collection[str] = COMMANDS
    if words[:1] == ["batches"]:
        words, known = words[1:], batches.ACTIONS
    if words and words[0] not in known:
        near = difflib.get_close_matches(words[0], known, n=1)
        far = N_("{found!r} is not a command; there are {choices}.")
        close = N_("{found!r} is not a command; did you mean {near}?")
        values = {"found": words[0], "choices": ", ".join(known), "near": near[0] if near else ""}
        raise InvalidSettings([Message(close if near else far, values)])

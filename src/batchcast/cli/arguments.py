"""Declares a command and what it takes; help is said in the reader's language."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from batchcast.app.translation import LANGUAGES
from batchcast.cli.log import set_up_log
from batchcast.cli.session import Session, Words
from batchcast.domain.errors import N_, Message

Values = Mapping[str, Any]  # name of a parameter -> what was given
SHOWN = N_("What is shown")


@dataclass(frozen=True)
class Taken:
    """An argument or option that a command takes."""

    parameter: inspect.Parameter  # as typer reads it
    names: tuple[str, ...]  # of an option; an argument has none


def add_command(
    commands: typer.Typer,
    session: Session,
    name: str,
    help_template: str,
    *,
    parameters: Sequence[Taken],
    carry_out: Callable[[Session, Values], None],
) -> None:
    """Add a command that calls `carry_out` with what was given; `--lang`, `--json`, `--debug` are seen to here."""
    declared = [*parameters, *_shared(session.words)]

    def command(*, context: typer.Context, **values: Any) -> None:
        session.as_json, session.debug = values.pop("as_json"), values.pop("debug")
        set_up_log(shown=session.debug)
        session.problems += _problems_of_language(values.pop("lang"))
        session.problems += _problems_of_words([*_arguments(values, parameters), *context.args], context.args, declared)
        carry_out(session, values)

    _declare(command, declared)
    settings = {"ignore_unknown_options": True, "allow_extra_args": True}  # named by us, with everything else
    commands.command(name, help=session.words.say(help_template), context_settings=settings)(command)


def add_root(
    commands: typer.Typer, parameters: Sequence[Taken], carry_out: Callable[[typer.Context, Values], None]
) -> None:
    """What `batchcast` itself takes, before or without a command."""

    def root(*, context: typer.Context, **values: Any) -> None:
        carry_out(context, values)

    _declare(root, parameters)
    commands.callback(invoke_without_command=True)(root)


def argument(name: str, metavar: str, help_text: str) -> Taken:
    """A text that is told by its place; None where it is missing, so that all that is missing is said at once."""
    return _take(name, str | None, typer.Argument(metavar=metavar, help=help_text, show_default=False), None)


def option(
    name: str, names: Sequence[str], metavar: str, help_text: str, *, panel: str | None = None, repeated: bool = False
) -> Taken:
    """A text behind a name, or a list of them where it may be repeated; None where it wasn't given."""
    declared = typer.Option(*names, metavar=metavar, help=help_text, rich_help_panel=panel, show_default=False)
    return _take(name, list[str] | None if repeated else str | None, declared, None, names)


def flag(name: str, names: Sequence[str], help_text: str, *, panel: str | None = None) -> Taken:
    """An option that is there or not."""
    declared = typer.Option(*names, metavar="", help=help_text, rich_help_panel=panel, show_default=False)
    return _take(name, bool, declared, False, names)


def language_option(words: Words) -> Taken:
    """`--lang`."""
    help_text = words.say(N_("Language of what a person reads. Default: that of the terminal, else English."))
    return option("lang", ["--lang"], "|".join(LANGUAGES), help_text, panel=words.say(SHOWN))


def _shared(words: Words) -> list[Taken]:
    panel = words.say(SHOWN)
    json_help = words.say(N_("For programs: one JSON object a line on standard output."))
    debug_help = words.say(N_("Show the log, and the traceback where batchcast itself has made a mistake."))
    return [
        flag("as_json", ["--json"], json_help, panel=panel),
        language_option(words),
        flag("debug", ["--debug"], debug_help, panel=panel),
    ]


def _declare(command: Callable[..., None], parameters: Sequence[Taken]) -> None:
    """Give a function the signature that typer reads: its context and these."""
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    declared = [context, *(taken.parameter for taken in parameters)]
    command.__dict__["__signature__"] = inspect.Signature(declared)
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in declared}


def _problems_of_language(asked: str | None) -> list[Message]:
    if asked is None or asked in LANGUAGES:
        return []
    template = N_("{setting} is {found!r}; it can be {choices}.")
    return [Message(template, {"setting": "--lang", "found": asked, "choices": ", ".join(LANGUAGES)})]


def _arguments(values: Values, parameters: Sequence[Taken]) -> list[str]:
    """What was taken for an argument; an unknown option can be among them."""
    names = [taken.parameter.name for taken in parameters if not taken.names]
    return [values[name] for name in names if values[name] is not None]


def _problems_of_words(words: Sequence[str], left_over: Sequence[str], declared: Sequence[Taken]) -> list[Message]:
    """What was typed and belongs to nothing; after an unknown option nobody knows which words were its own."""
    options = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
    if not options:
        return [Message(N_("{found!r} is one word too many."), {"found": word}) for word in left_over]
    known = [name for taken in declared for name in taken.names]
    return [_unknown_option(option, known) for option in options]


def _unknown_option(option: str, known: Sequence[str]) -> Message:
    near = difflib.get_close_matches(option, known, n=1)
    if near:
        return Message(N_("{option} is not an option; did you mean {near}?"), {"option": option, "near": near[0]})
    return Message(N_("{option} is not an option; --help shows those there are."), {"option": option})


def _take(name: str, kind: Any, declared: Any, default: object, names: Sequence[str] = ()) -> Taken:
    annotation = Annotated[kind, declared]
    parameter = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    return Taken(parameter, tuple(names))

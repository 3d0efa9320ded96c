"""The command line over click: what a command takes, what is wrong with a call, and help in the reader's language."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, cast

import click

from batchcast import __version__
from batchcast.app.words.translation import LANGUAGES, read_language
from batchcast.cli.session import Session, Words
from batchcast.domain.errors import N_, InvalidSettings, Message

Values = Mapping[str, Any]  # name of a parameter -> what was given
CarryOut = Callable[[Session, Values], int | None]  # returns the exit code where it is not 0
SHOWN = N_("What is shown")
_WIDTH_OF_HELP = 110  # characters at most
_END_OF_OPTIONS = "--"


class Option(click.Option):
    """An option, with the heading of the help that it stands under."""

    def __init__(self, declared: Sequence[str], *, heading: str = "", **attributes: Any) -> None:
        super().__init__(declared, **attributes)
        self.heading = heading


class Argument(click.Argument):
    """An argument, with its line of help; it is None where it is missing, so that all problems are told at once."""

    def __init__(self, name: str, *, metavar: str, about: str) -> None:
        super().__init__([name], metavar=metavar, required=False)
        self.about = about


def argument(name: str, metavar: str, help_text: str) -> Argument:
    """A text that is told by its place; None where it is missing."""
    return Argument(name, metavar=metavar, about=help_text)


def option(
    name: str, names: Sequence[str], metavar: str, help_text: str, *, panel: str = "", repeated: bool = False
) -> Option:
    """A text behind a name; None where it wasn't given, and a tuple of texts where it may be repeated."""
    return Option([*names, name], metavar=metavar, help=help_text, multiple=repeated, heading=panel)


def flag(name: str, names: Sequence[str], help_text: str, *, panel: str = "") -> Option:
    """An option that is there or not."""
    return Option([*names, name], is_flag=True, help=help_text, heading=panel)


class Command(click.Command):
    """Calls `carry_out` with what was given; what the command does not know is added to the problems of the session."""

    def __init__(
        self,
        session: Session,
        name: str,
        help_template: str,
        *,
        parameters: Sequence[click.Parameter] = (),
        carry_out: CarryOut,
    ) -> None:
        super().__init__(
            name,
            help=session.words.say(help_template),
            params=[*parameters, _help_option(session)],
            add_help_option=False,
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        )
        self._session = session
        self._carry_out = carry_out

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of the command; all that belong to nothing are told, not the first alone."""
        typed = _before_end_of_options(args)
        _refuse_missing_values(ctx, typed)
        with _telling_usage(ctx):
            left = super().parse_args(ctx, list(args))
        texts = [ctx.params[one.name] for one in self.params if isinstance(one, Argument) and one.name]
        words = [word for word in (*texts, *ctx.args) if word is not None]
        unknown = [word.partition("=")[0] for word in words if word in typed and word.startswith("-") and word != "-"]
        if unknown:  # it is not known which of the other words were their values
            self._session.problems += [_unknown_option(name, _names_of(ctx)) for name in unknown]
        else:
            template = N_("{found!r} is one word too many.")
            self._session.problems += [Message(template, {"found": word}) for word in ctx.args]
        return left

    def invoke(self, ctx: click.Context) -> int | None:
        """Carry it out; an option that was given before the command holds where it is not given behind it."""
        before = ctx.parent.params if ctx.parent else {}
        values = {name: before.get(name) if value is None else value for name, value in ctx.params.items()}
        return self._carry_out(self._session, values)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the line of usage."""
        _write_usage(self, ctx, formatter, self._session.words)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the parameters under their headings."""
        _write_parameters(self, ctx, formatter, self._session.words)


class Commands(Mapping[str, click.Command]):
    """Commands by name, each made when it is first looked at: a call of one does not wait for the others' options."""

    def __init__(self, session: Session, makers: Mapping[str, Callable[[Session], click.Command]]) -> None:
        self._session = session
        self._makers = makers
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._made:
            self._made[name] = self._makers[name](self._session)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class Group(click.Group):
    """Commands under one name; without a command it shows what there is."""

    def __init__(
        self,
        session: Session,
        name: str,
        help_text: str,
        *,
        commands: Mapping[str, click.Command] | Sequence[click.Command],
        parameters: Sequence[click.Parameter] = (),
    ) -> None:
        named = commands if isinstance(commands, Mapping) else {str(command.name): command for command in commands}
        super().__init__(
            name,
            help=help_text,
            commands=cast(MutableMapping[str, click.Command], named),  # nothing is added to them
            params=[*parameters, _help_option(session)],
            add_help_option=False,
            context_settings={"max_content_width": _WIDTH_OF_HELP},
            invoke_without_command=True,
            callback=lambda **_: self._show_help(),
        )
        self._session = session

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in their own order."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words up to the command."""
        _refuse_missing_values(ctx, args[:2])
        with _telling_usage(ctx):
            return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names, and the words behind it."""
        if args[0] not in self.commands:
            raise InvalidSettings([_unknown_command(args[0], list(self.commands))])
        return super().resolve_command(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the line of usage."""
        _write_usage(self, ctx, formatter, self._session.words)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the parameters under their headings, and the commands."""
        _write_parameters(self, ctx, formatter, self._session.words)
        with formatter.section(self._session.words.say(N_("Commands"))):
            formatter.write_dl([(name, command.help or "") for name, command in self.commands.items()])

    def _show_help(self) -> None:
        context = click.get_current_context()
        if context.invoked_subcommand is None:
            self._session.refuse_problems()
            self._session.screen.out.file.write(context.get_help() + "\n")


def take_shared_options(words: Sequence[str], session: Session) -> list[str]:
    """Take --json, --quiet, --lang and --debug, which every command has, from anywhere; returns the other words.

    They are taken first because they say how everything else is told.

    Raises:
        InvalidSettings: if one of them can't be read.
    """
    typed = _before_end_of_options(words)
    taker = click.Command("batchcast", params=_shared(session.words), add_help_option=False)
    context = click.Context(taker, ignore_unknown_options=True, allow_extra_args=True)
    with _telling_usage(context):
        taker.parse_args(context, list(typed))
    session.as_json, session.debug = context.params["as_json"], context.params["debug"]
    session.is_quiet = session.screen.out.quiet = context.params["is_quiet"]
    asked = context.params["lang"]
    session.words = Words(next((language for language in LANGUAGES if language == asked), read_language()))
    if asked == "":
        session.problems.append(Message(N_("{option} needs a value."), {"option": "--lang"}))
    elif asked is not None and asked not in LANGUAGES:
        template = N_("{setting} is {found!r}; it can be {choices}.")
        values = {"setting": "--lang", "found": asked, "choices": ", ".join(LANGUAGES)}
        session.problems.append(Message(template, values))
    return [*context.args, *words[len(typed) :]]


def version_option(session: Session) -> Option:
    """`--version`: writes the version and ends."""

    def show(_context: click.Context, _parameter: click.Parameter, is_asked: bool) -> None:
        if is_asked:
            session.screen.out.print(f"batchcast {__version__}")
            raise click.exceptions.Exit(0)

    help_text = session.words.say(N_("Show the version and end."))
    return Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=show, help=help_text)


@contextmanager
def _telling_usage(ctx: click.Context) -> Iterator[None]:
    """Tell in our sentences what click can't read.

    Raises:
        InvalidSettings: for the first.
    """
    try:
        yield
    except click.NoSuchOption as error:
        problem = _unknown_option(error.option_name, _names_of(ctx), _commands_with(error.option_name, ctx))
        raise InvalidSettings([problem]) from error
    except click.BadOptionUsage as error:
        named = [one for one in ctx.command.params if error.option_name in one.opts]
        takes_none = any(isinstance(one, click.Option) and one.is_flag for one in named)
        template = N_("{option} takes no value.") if takes_none else N_("{option} needs a value.")
        raise InvalidSettings([Message(template, {"option": error.option_name})]) from error


def _help_option(session: Session) -> Option:
    def show(context: click.Context, _parameter: click.Parameter, is_asked: bool) -> None:
        if is_asked:
            session.screen.out.file.write(context.get_help() + "\n")
            context.exit()

    help_text, panel = session.words.say(N_("Show this and end.")), session.words.say(SHOWN)
    names = ["--help", "-h"]
    return Option(names, is_flag=True, is_eager=True, expose_value=False, callback=show, help=help_text, heading=panel)


def _shared(words: Words) -> list[click.Parameter]:
    """The options that every command has."""
    panel = words.say(SHOWN)
    json_help = words.say(N_("For programs: one JSON object a line on standard output."))
    lang_help = words.say(N_("Language of what a person reads. Default: that of the terminal, else English."))
    quiet_help = words.say(N_("Show neither progress nor results, only what went wrong; files are written."))
    debug_help = words.say(N_("Show the log, and the traceback where batchcast itself has made a mistake."))
    return [
        flag("as_json", ["--json"], json_help, panel=panel),
        flag("is_quiet", ["--quiet", "-q"], quiet_help, panel=panel),
        Option(["--lang"], metavar="|".join(LANGUAGES), help=lang_help, is_flag=False, flag_value="", heading=panel),
        flag("debug", ["--debug"], debug_help, panel=panel),
    ]


def _before_end_of_options(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index(_END_OF_OPTIONS)] if _END_OF_OPTIONS in words else words


def _refuse_missing_values(ctx: click.Context, words: Sequence[str]) -> None:
    """Refuse the name of an option in the place of a value, where click would take it for the value.

    Raises:
        InvalidSettings: for the first.
    """
    needing = {name for one in ctx.command.params if not getattr(one, "is_flag", False) for name in one.opts}
    known = set(_names_of(ctx))
    for name, value in pairwise(words):
        if name.startswith("-") and name in needing and value.partition("=")[0] in known:
            raise InvalidSettings([Message(N_("{option} needs a value."), {"option": name})])


def _names_of(ctx: click.Context) -> list[str]:
    """The options that can be given here."""
    declared = [*ctx.command.params, *_shared(Words("en"))]
    return [name for one in declared if isinstance(one, click.Option) for name in one.opts]


def _commands_with(name: str, ctx: click.Context) -> list[str]:
    """The commands below a group that have an option."""
    if not isinstance(ctx.command, click.Group):
        return []
    return [
        command.name or ""
        for command in ctx.command.commands.values()
        if any(name in one.opts for one in command.params if isinstance(one, click.Option))
    ]


def _unknown_option(name: str, known: Iterable[str], commands: Sequence[str] = ()) -> Message:
    if commands:
        template = N_("{option} goes behind the command, as in `batchcast {command} {option}`.")
        return Message(template, {"option": name, "command": commands[0]})
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    if near:
        return Message(N_("{option} is not an option; did you mean {near}?"), {"option": name, "near": near[0]})
    return Message(N_("{option} is not an option; --help shows those there are."), {"option": name})


def _unknown_command(found: str, known: Sequence[str]) -> Message:
    near = difflib.get_close_matches(found, known, n=1)
    if near:
        return Message(N_("{found!r} is not a command; did you mean {near}?"), {"found": found, "near": near[0]})
    template = N_("{found!r} is not a command; there are {choices}.")
    return Message(template, {"found": found, "choices": ", ".join(known)})


def _write_usage(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter, words: Words) -> None:
    pieces = " ".join(command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, prefix=words.say(N_("Usage")) + ": ")


def _write_parameters(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter, words: Words) -> None:
    arguments, options = words.say(N_("Arguments")), words.say(N_("Options"))
    sections: dict[str, list[tuple[str, str]]] = {arguments: [], options: []}
    for one in (*command.params, *_shared(words)):
        if isinstance(one, Argument):
            sections[arguments].append((one.make_metavar(ctx), one.about))
        elif isinstance(one, Option) and (record := one.get_help_record(ctx)):
            sections.setdefault(one.heading or options, []).append(record)
    for heading, records in sections.items():
        if records:
            with formatter.section(heading):
                formatter.write_dl(records)

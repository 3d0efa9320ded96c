"""`batchcast run`: from a demand history to one published result."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from batchcast.cli.options import (
    given_texts,
    read_recipes,
    read_settings,
    recipe_fields,
    recipe_parameters,
    setting_parameters,
)
from batchcast.cli.parsing import Command, Values, argument, option
from batchcast.cli.render.results import result_json, result_lines
from batchcast.cli.session import Session
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.recipe import FILE_KINDS

if TYPE_CHECKING:
    from batchcast.app.batchcast import RunResult

HELP = N_("Forecast a demand history: publish one result, or roll everything back.")
STANDARD_INPUT = "-"
FILE_HELP = N_("Demand history: {kinds} (CSV also gzipped), a folder or zip of CSVs, or - for standard input.")
OUT_HELP = N_("Where the result goes: a .csv, .xlsx or .parquet file, or a folder.")
REPLAY_HELP = N_("Repeat the run of this certificate.json: the same input gives the same bytes.")
STOCK_HELP = N_("Write what to order too: a stock file, or FILE again where it has columns of stock.")
POOL_HELP = N_("Where partitions are forecast: local, ray, or a Ray's host:port or ray://host:port. Default: local.")
NO_FILE = N_("FILE is missing: name the demand history, such as demand.csv.")
NO_OUT = N_("--out is missing: say where the result goes, such as -o forecast.csv.")
SETTINGS_FROM_CERTIFICATE = N_("{settings} can't be given with --replay: the certificate holds every setting.")


def command(session: Session) -> Command:
    """The command."""
    say = session.words.say
    parameters = [
        argument("file", "FILE", say(FILE_HELP, kinds=", ".join(FILE_KINDS))),
        option("out", ["--out", "-o"], "OUT", say(OUT_HELP)),
        option("stock", ["--stock"], "STOCKFILE", say(STOCK_HELP)),
        option("replay", ["--replay"], "CERTIFICATE", say(REPLAY_HELP)),
        option("pool", ["--pool"], "POOL", say(POOL_HELP)),
        *recipe_parameters(session.words),
        *setting_parameters(session.words),
    ]
    return Command(session, "run", HELP, parameters=parameters, carry_out=_carry_out)


@contextmanager
def opened_input(file: str) -> Iterator[Path]:
    """The file of this name; of `-` one that holds what standard input does, until it has been read.

    Raises:
        InvalidSettings: if standard input is a terminal.
    """
    if file != STANDARD_INPUT:
        yield Path(file)
        return
    if sys.stdin.isatty():
        raise InvalidSettings([Message(N_("Standard input is a terminal: pipe a file into it, or name the file."))])
    with TemporaryDirectory(prefix="batchcast-") as folder:
        kept = Path(folder) / "stdin"
        with kept.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield kept


def _carry_out(session: Session, values: Values) -> None:
    from batchcast.cli.views import follow

    file, out, certificate = values["file"], values["out"], values["replay"]
    missing = [Message(NO_FILE)] * (file is None and certificate is None) + [Message(NO_OUT)] * (out is None)
    if certificate is not None and (given := [*given_texts(values), *recipe_fields(values)]):
        missing.append(Message(SETTINGS_FROM_CERTIFICATE, {"settings": ", ".join(given)}))
    settings = read_settings(values, also=session.problems + missing)
    from batchcast.run.ray.choice import read_pool_choice

    pool = read_pool_choice(values["pool"])
    app, stock = session.open_app(), None if values["stock"] is None else Path(values["stock"])
    with ExitStack() as stack:
        path = None if file is None else stack.enter_context(opened_input(file))
        listener = stack.enter_context(follow(session, app))
        if certificate is not None:
            result = app.replay(Path(certificate), path, out=Path(out), listener=listener, stock=stock, pool=pool)
        elif path is not None:
            recipes = read_recipes(values)
            result = app.run(path, settings, out=Path(out), listener=listener, stock=stock, recipes=recipes, pool=pool)
    _show(session, result)


def _show(session: Session, result: RunResult) -> None:
    if session.as_json:
        session.screen.write_json(result_json(result, session.words))
        return
    for line in result_lines(result, session.words):
        session.screen.out.print(line)

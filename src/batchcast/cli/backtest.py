"""`batchcast backtest`: judges every model on the past of a file."""

from __future__ import annotations

from pathlib import Path

from batchcast.cli.options import read_settings, setting_parameters
from batchcast.cli.parsing import Command, Values, argument, option
from batchcast.cli.render.results import files_card, hindsight_lines, leaderboard_table, result_json
from batchcast.cli.run import FILE_HELP, NO_FILE, opened_input
from batchcast.cli.session import Session
from batchcast.domain.errors import N_, Message
from batchcast.domain.recipe import FILE_KINDS

HELP = N_("Judge every model on the past of a demand history: forecasts from past cutoffs, scored.")
OUT_HELP = N_("Also write the accuracy of every series: a .csv, .xlsx or .parquet file, or a folder.")


def command(session: Session) -> Command:
    """The command."""
    say = session.words.say
    parameters = [
        argument("file", "FILE", say(FILE_HELP, kinds=", ".join(FILE_KINDS))),
        option("out", ["--out", "-o"], "OUT", say(OUT_HELP)),
        *setting_parameters(session.words),
    ]
    return Command(session, "backtest", HELP, parameters=parameters, carry_out=_carry_out)


def _carry_out(session: Session, values: Values) -> None:
    from batchcast.cli.views import follow

    file, out = values["file"], values["out"]
    settings = read_settings(values, also=session.problems + [Message(NO_FILE)] * (file is None))
    app = session.open_app()
    with opened_input(file) as path, follow(session, app) as listener:
        result = app.backtest(path, settings, out=None if out is None else Path(out), listener=listener)
    if session.as_json:
        session.screen.write_json(result_json(result, session.words))
        return
    show = session.screen.out.print
    show(leaderboard_table(result.leaderboard, session.words))
    if result.hindsight is not None:
        for line in hindsight_lines(result.hindsight, session.words):
            show(line)
    if result.files:
        show(files_card(result, session.words))

"""`batchcast analyze`: what a file holds and how it would be partitioned; nothing runs."""

from __future__ import annotations

from batchcast.cli.options import read_recipes, read_settings, recipe_parameters, setting_parameters
from batchcast.cli.parsing import Command, Values, argument
from batchcast.cli.run import FILE_HELP, NO_FILE, opened_input
from batchcast.cli.session import Session
from batchcast.domain.errors import N_, Message
from batchcast.domain.recipe import FILE_KINDS

HELP = N_("Read and check a demand history and plan its batch; nothing runs.")


def command(session: Session) -> Command:
    """The command."""
    parameters = [
        argument("file", "FILE", session.words.say(FILE_HELP, kinds=", ".join(FILE_KINDS))),
        *recipe_parameters(session.words),
        *setting_parameters(session.words),
    ]
    return Command(session, "analyze", HELP, parameters=parameters, carry_out=_carry_out)


def _carry_out(session: Session, values: Values) -> None:
    from batchcast.app.words.nouns import analyzed_json
    from batchcast.cli.progress import stopping
    from batchcast.cli.render.analysis import analysis_card, partitions_card

    file = values["file"]
    settings = read_settings(values, also=session.problems + [Message(NO_FILE)] * (file is None))
    app = session.open_app()
    with opened_input(file) as path, stopping(app.cancel):
        analysis = app.analyze(path, settings, read_recipes(values))
    if session.as_json:
        session.screen.write_json({"kind": "analysis"} | analyzed_json(analysis, session.words.text))
        return
    session.screen.out.print(analysis_card(analysis, session.words))
    if analysis.plan is not None:
        session.screen.out.print(partitions_card(analysis.plan, session.words))

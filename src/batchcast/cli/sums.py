"""`batchcast sums`: the demand of the parts of a finished result summed over windows, with its chances."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from batchcast.cli.orders import RESULT_HELP
from batchcast.cli.parsing import Command, Values, argument, option
from batchcast.cli.render.results import sums_lines
from batchcast.cli.session import Session
from batchcast.domain.errors import N_, Message

HELP = N_("Tell the demand of parts summed over windows: its mean, the chance of none and quantiles, from a result.")
WINDOW_HELP = N_("Periods from the end of history on; may be repeated. Default: one, two, ... lead times.")
LEVEL_HELP = N_("Of a quantile, such as 0.95; may be repeated. Default: 0.1, 0.5, 0.8, 0.9, 0.95 and 0.99.")
PART_HELP = N_("These part numbers alone; may be repeated.")
SITE_HELP = N_("These sites alone; may be repeated.")
OUT_HELP = N_("The file to write: .csv, .xlsx or .parquet. Without it the first are shown.")
MOST_TOLD = 100  # series in the answer for programs; the file has all of them


def command(session: Session) -> Command:
    """The command."""
    say = session.words.say
    parameters = [
        argument("result", "RESULT", say(RESULT_HELP)),
        option("window", ["--window"], "N", say(WINDOW_HELP), repeated=True),
        option("level", ["--level"], "P", say(LEVEL_HELP), repeated=True),
        option("part", ["--part"], "PART", say(PART_HELP), repeated=True),
        option("site", ["--site"], "SITE", say(SITE_HELP), repeated=True),
        option("out", ["--out", "-o"], "FILE", say(OUT_HELP)),
    ]
    return Command(session, "sums", HELP, parameters=parameters, carry_out=_carry_out)


def _carry_out(session: Session, values: Values) -> None:
    result, out, problems = values["result"], values["out"], []
    if result is None:
        problems.append(Message(N_("RESULT is missing: name the folder or the forecast of a finished run.")))
    windows, levels = (_numbers(name, values[name] or (), problems) for name in ("window", "level"))
    session.refuse_problems(*problems)
    from batchcast.app.sums import tell_sums

    told = tell_sums(
        Path(result),
        windows=windows,
        levels=levels,
        partnumbers=values["part"] or (),
        site_codes=values["site"] or (),
        out=None if out is None else Path(out),
    )
    if session.as_json:
        rows = told.table.slice(0, MOST_TOLD * told.windows).to_pylist()
        file = None if told.file is None else str(told.file)
        notes = [session.words.text(note) for note in told.notes]
        session.screen.write_json({"kind": "sums", "rows": rows, "total": told.series, "file": file, "notes": notes})
        return
    for line in sums_lines(told, session.words):
        session.screen.out.print(line)


def _numbers(name: str, texts: Sequence[str], problems: list[Message]) -> list[float]:
    """The numbers of an option; what is none is added to the problems."""
    numbers = []
    for text in texts:
        try:
            numbers.append(float(text))
        except ValueError:
            template = N_("{setting} is {found!r}; it must be a number, such as {example}.")
            example = "3" if name == "window" else "0.95"
            problems.append(Message(template, {"setting": f"--{name}", "found": text, "example": example}))
    return numbers

"""`batchcast orders`: what to order, and which units to buy next, of a finished result and today's stock."""

from __future__ import annotations

from pathlib import Path

from batchcast.cli.options import given_texts, read_recipes, recipe_parameters, setting_parameters
from batchcast.cli.parsing import Command, Values, argument, option
from batchcast.cli.render.results import orders_lines
from batchcast.cli.session import Session
from batchcast.domain.errors import N_, Message
from batchcast.domain.inventory import MOST_PURCHASES
from batchcast.domain.settings import OF_STOCK_FILE

HELP = N_("Say what to order now, and rank the next units to buy, from a finished result and a stock file.")
RESULT_HELP = N_("What a run published: its folder, or its forecast.")
STOCK_HELP = N_(
    "File with site_code, partnumber and any of on_hand, on_order, unit_cost, pack_size, lead_time (periods), "
    "lead_time_days, or a demand history with such columns: then the latest of each part counts."
)
OUT_HELP = N_("Folder for the two tables. Default: beside the result.")
LIMIT_HELP = N_("Units to buy next that are ranked, from 1 to {most}. Default: {most}.")


def command(session: Session) -> Command:
    """The command."""
    say = session.words.say
    parameters = [
        argument("result", "RESULT", say(RESULT_HELP)),
        option("stock", ["--stock"], "FILE", say(STOCK_HELP)),
        option("out", ["--out", "-o"], "FOLDER", say(OUT_HELP)),
        option("limit", ["--limit"], "N", say(LIMIT_HELP, most=MOST_PURCHASES)),
        *setting_parameters(session.words, only=OF_STOCK_FILE),
        *recipe_parameters(session.words, file="--stock"),
    ]
    return Command(session, "orders", HELP, parameters=parameters, carry_out=_carry_out)


def _carry_out(session: Session, values: Values) -> None:
    result, stock, out, limit = values["result"], values["stock"], values["out"], values["limit"]
    session.refuse_problems(*_problems(result, stock, limit))
    from batchcast.app.ordering import make_orders

    most = MOST_PURCHASES if limit is None else int(limit)
    into, texts = None if out is None else Path(out), given_texts(values)
    recipes, book = read_recipes(values), session.open_app().recipes
    orders, files = make_orders(Path(result), Path(stock), out=into, most=most, texts=texts, book=book, recipes=recipes)
    if session.as_json:
        from batchcast.app.words.nouns import orders_json

        written = {kind: str(path) for kind, path in files.items()}
        session.screen.write_json({"kind": "orders", "files": written, **orders_json(orders, session.words.text)})
        return
    for line in orders_lines(orders, files, session.words):
        session.screen.out.print(line)


def _problems(result: str | None, stock: str | None, limit: str | None) -> list[Message]:
    problems = []
    if result is None:
        problems.append(Message(N_("RESULT is missing: name the folder or the forecast of a finished run.")))
    if stock is None:
        problems.append(
            Message(N_("--stock is missing: name the file that says what is on hand, or the demand history."))
        )
    if limit is not None and not (limit.isdecimal() and 1 <= int(limit[:9]) <= MOST_PURCHASES):
        template = N_("{setting} is {found!r}; it must be a whole number from {least} to {most}.")
        values = {"setting": "--limit", "found": limit, "least": 1, "most": MOST_PURCHASES}
        problems.append(Message(template, values))
    return problems

"""`batchcast sample`: seeded synthetic histories to try things on."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from batchcast.cli.parsing import Command, Values, argument, option
from batchcast.cli.session import Session, safe
from batchcast.domain.errors import N_, Message

HELP = N_("Write a seeded synthetic demand history: sample_optimal, alldemand_augjul or m5.")
NAME_HELP = N_("sample_optimal (1,000 rows, 3 sites), alldemand_augjul (11,919 rows, 13 sites) or m5 (its shape).")
OUT_HELP = N_("The CSV file to write.")
STOCK_HELP = N_("Also write what is held, on order and paid of its parts: a stock file for orders.")
SEED_HELP = N_("Another seed gives another history of the same shape. Default: 0.")


def command(session: Session) -> Command:
    """The command."""
    say = session.words.say
    parameters = [
        argument("name", "NAME", say(NAME_HELP)),
        argument("out", "OUT", say(OUT_HELP)),
        option("stock", ["--stock"], "FILE", say(STOCK_HELP)),
        option("seed", ["--seed"], "N", say(SEED_HELP)),
    ]
    return Command(session, "sample", HELP, parameters=parameters, carry_out=_carry_out)


def _carry_out(session: Session, values: Values) -> None:
    name, out, seed = values["name"], values["out"], values["seed"]
    problems = [*_problems_of_name(name), *_problems_of_seed(seed)]
    if out is None:
        problems.append(Message(N_("OUT is missing: name the file to write, such as demand.csv.")))
    session.refuse_problems(*problems)
    from batchcast.app.samples.writing import write_sample, write_sample_stock

    path, stock, seeded = Path(out), values["stock"], int(seed or 0)
    told: dict[str, Any] = {"kind": "sample", "name": name, "file": str(path)}
    if stock is not None:
        told |= {"stock": stock, "parts": write_sample_stock(name, Path(stock), seed=seeded)}
    told["rows"] = rows = write_sample(name, path, seed=seeded)
    if session.as_json:
        session.screen.write_json(told)
        return
    template = N_("Wrote {file} with {rows:,} rows; next: batchcast run {file} -o forecast.csv")
    if stock is not None:
        template = N_("Wrote {file} with {rows:,} rows; next: batchcast run {file} -o forecast.csv --stock {stock}")
    said = session.words.say(template, file=safe(str(path)), rows=rows, stock=safe(str(stock)))
    session.screen.out.print(said, soft_wrap=True)


def _problems_of_name(name: str | None) -> list[Message]:
    from batchcast.app.samples.writing import SAMPLE_NAMES

    if name in SAMPLE_NAMES:
        return []
    if name is None:
        return [Message(N_("NAME is missing; there are {choices}."), {"choices": ", ".join(SAMPLE_NAMES)})]
    near = difflib.get_close_matches(name, SAMPLE_NAMES, n=1)
    if near:
        return [Message(N_("{found!r} is not a sample; did you mean {near}?"), {"found": name, "near": near[0]})]
    values = {"found": name, "choices": ", ".join(SAMPLE_NAMES)}
    return [Message(N_("{found!r} is not a sample; there are {choices}."), values)]


def _problems_of_seed(seed: str | None) -> list[Message]:
    if seed is None or seed.isdecimal():
        return []
    template = N_("{setting} is {found!r}; it must be a whole number.")
    return [Message(template, {"setting": "seed", "found": seed})]

"""What to say of a header that lacks some of our columns: which column is likeliest, and what its periods lack."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.demandnames import are_purchases, is_named_for_money, is_of_measures, words_of_plans
from batchcast.ingest.common.names import (
    ACCEPTED_NAMES,
    LONGEST_COMPARED,
    STOCK_NAMES,
    accepted_names,
    mapping_example,
    named_columns,
    normal,
    shortened,
    target_of,
)
from batchcast.ingest.common.problems import MissingColumn
from batchcast.ingest.layout.candidates import fitting_columns, median_of
from batchcast.ingest.layout.movements import role_of
from batchcast.ingest.layout.sample import Sample, is_date, number_of
from batchcast.ingest.values.bands import bands_in
from batchcast.ingest.values.months import lack_a_year, month_named, years_of

_COUNTED_PERIOD = re.compile(
    r"(?:(?:week|wk|kw|minggu|month|bulan|period|periode|day|hari)\W*\d+"  # counted
    r"|(?:(?:FY|TA)?\W?\d{2,4}\W?)?[PM]\d{1,2}(?:\W\d{2,4})?|(?:FY|TA)\W?\d{2,4}(?:\W?\d{1,2})?"  # of a fiscal year
    r"|(?:19|20)\d{2}|(?:\d{4}\W?)?Q[1-4](?:\W?\d{2,4})?)$",  # years and quarters
    re.IGNORECASE,
)
_PART_OF_YEAR = (  # a quarter or a half, in the languages of the files
    r"(?:(?:Q|K|T|TW|Qtr|Quarter|Kuartal|Triwulan|Trim|Trimestre|Trimester|Quartal|Kwartaal|Kvartal)\W?(?:[1-4]|I{1,3}|IV)"
    r"|(?:H|S|Sem|Smt|Semester|Semestre|Half|Halbjahr)\W?(?:[12]|II?)|[1-4]\W{0,2}(?:Q|Quartal|Trimestre)|[12]\W{0,2}(?:H|Halbjahr))"
)
_COARSE_PERIOD = re.compile(
    rf"(?:(?:19|20)\d{{2}}|(?:19|20)?\d{{2}}\W?{_PART_OF_YEAR}|{_PART_OF_YEAR}\W{{0,2}}(?:19|20)?\d{{2}})$",
    re.IGNORECASE | re.ASCII,
)
_WORDS = re.compile(r"[^\W\d_]{3,}")
MOST_NAMES = 8  # accepted names that a sentence lists
_IDENTIFIER = re.compile(r"(?<![a-z])(no|nr|number|nomor|code|kode|id)(?![a-z])", re.IGNORECASE)
_MOST_COMPARED = 16  # accepted names that a name is compared with, letter by letter
_LONGEST_COMPARED = 60  # characters of a name that is compared
_LONGEST_HEADER = 1_000  # characters of a name that may be several
_LEAST_BANDS = 2
LEAST_PERIODS = 3  # columns that are written alike, that make a table a wide one
_RUNS = re.compile(r"[0-9]+")
_MOST_GUESSED = 200  # columns that are compared when one is missing


def counted_periods(names: Sequence[str]) -> list[str]:
    """Column names that count periods, such as `week 1`, without saying which."""
    return [name for name in names if _COUNTED_PERIOD.match(name.strip())]


def _are_too_coarse(periods: Sequence[str]) -> bool:
    """Whether columns are named for quarters, halves or years, with their years."""
    return len(periods) >= LEAST_PERIODS and all(_COARSE_PERIOD.match(name.strip()) for name in periods)


def _shaped_periods(names: Sequence[str], free: Sequence[int], sample: Sample) -> list[str]:
    """Columns of numbers whose names are written alike, with digits: `I/2023`, `2019 H1`, `1/23`; three and more."""
    shapes: dict[str, list[str]] = {}
    for i in free[:_MOST_GUESSED]:
        if any(map(str.isdigit, names[i])) and len(names[i]) <= LONGEST_COMPARED and sample.has_numbers(i):
            shapes.setdefault(_RUNS.sub("9", re.sub(r"[^\W\d_]+", "A", names[i])), []).append(names[i])
    likeliest = max(shapes.values(), key=len, default=[])
    return likeliest if len(likeliest) > 2 else []


def missing_columns(
    missing: Sequence[str], names: Sequence[str], free: Sequence[int], where: Message | None, sample: Sample
) -> MissingColumn:
    """The error that says what is missing, and what to do about it: a mapping, dates as headers, or another export."""
    refuse_data_as_header(names, where, sample)
    accepted = "; ".join(f"{ours}: {', '.join(ACCEPTED_NAMES[ours][:MOST_NAMES])} …" for ours in missing)
    values: dict[str, object] = {"missing": ", ".join(missing), "accepted": accepted, "found": named_columns(names)}
    values |= {"where": where or Message(N_("The file"))}
    periods = counted_periods(names)
    if len(periods) < LEAST_PERIODS and {columns.DATE, columns.DEMAND_QTY} <= set(missing):
        periods = _shaped_periods(names, free, sample)
    values |= {"periods": ", ".join(map(repr, periods[:3]))}
    if len(periods) >= LEAST_PERIODS and {columns.DATE, columns.DEMAND_QTY} == set(missing) and lack_a_year(names):
        template = N_(
            "{where} is a wide table whose periods are no dates ({periods} …): they have no year. Say the year of the "
            "first with {@first_year}, or write the year into each, such as 2024-01-31."
        )
    elif {columns.DATE, columns.DEMAND_QTY} <= set(missing) and _are_too_coarse(periods):
        template = N_(
            "{where} is a wide table whose periods are quarters, halves or years ({periods} …): their totals are too "
            "coarse to forecast. Send months, weeks or days."
        )
    elif len(periods) >= LEAST_PERIODS and columns.DEMAND_QTY in missing and columns.DATE in missing:
        template = N_(
            "{where} is a wide table whose periods are no dates ({periods} …). Write the first date of each "
            "period, such as 2024-01-01, in the header row in its place, and name the column of parts with "
            "{@column_mapping} if it has none of the names {accepted}; the columns are {found}."
        )
        values["accepted"] = ", ".join(ACCEPTED_NAMES[columns.PARTNUMBER][:MOST_NAMES])
    elif len(months_alone(names)) > 2 and columns.DEMAND_QTY in missing:
        template = N_(
            "{where} has a column for each month, but no year in their headers ({months} …){year}. Write the year "
            "into each header, such as Jan 2024, with the columns of all years side by side; or say the year of the "
            "first with {@first_year}."
        )
        values |= {"months": ", ".join(map(repr, months_alone(names)[:3])), "year": _year_column(names, sample)}
    elif several_in_one(names):
        template = N_(
            "{where} has several columns in one cell of its header ({cell!r}), as lists of two levels have. Export it "
            "as a table: a row for each demand with all its columns, in SAP the detail list, saved as a spreadsheet."
        )
        values["cell"] = shortened(several_in_one(names))
    elif list(missing) == [columns.DEMAND_QTY] and (money := _money_alone(names, free, sample)):
        template = N_(
            "{where} has no column for {missing}: {money!r} is named for money, or is another column times a price. "
            "The columns are {found}. Export the quantity too, or count each row as one with "
            "{@column_mapping=demand_qty==1}."
        )
        values["money"] = money
    elif purchases := are_purchases(names):
        template = N_(
            "{where} has no column for {missing}, and may be a list of purchases or receipts, by its columns "
            "{purchases}: what was bought is not what was needed. Export goods issues or sales; or, if every row is "
            "demand, name the columns with {@column_mapping}."
        )
        values["purchases"] = ", ".join(map(repr, purchases))
    elif list(missing) == [columns.DEMAND_QTY] and (plan := _plan_alone(names, free, sample)):
        template = N_(
            "{where} has no column for {missing}: {plan!r} is named for a plan or forecast, which is no demand. The "
            "columns are {found}. Export what was issued or sold too; or name the column with "
            "{@column_mapping=$example}, if it holds just that."
        )
        values["plan"] = plan
    elif list(missing) == [columns.DEMAND_QTY]:
        template = N_(
            "{where} has no column for {missing}. Accepted names are {accepted}; the columns are {found}. Name "
            "the column with {@column_mapping=$example}, or count each row as one with "
            "{@column_mapping=demand_qty==1}."
        )
    else:
        template = N_(
            "{where} has no column for {missing}. Accepted names are {accepted}; the columns are {found}. Name "
            "them with {@column_mapping=$example}; or send a column for each period, with its date as header."
        )
    if "$example" in template:
        values["example"] = _example(missing, names, free, sample)
    return MissingColumn(Message(template, values))


def refuse_bands(missing: Sequence[str], names: Sequence[str], free: Sequence[int], where: Message) -> None:
    """Refuse a table whose numbers are those of bands of ages or sizes, with or without a date.

    Raises:
        MissingColumn: if that is so.
    """
    bands = bands_in(names[i] for i in free[:_MOST_GUESSED]) if columns.DEMAND_QTY in missing else []
    if len(bands) < _LEAST_BANDS:
        return
    template = N_(
        "{where} has columns for bands, such as ages or sizes ({bands} …), and not for periods of time: they don't say "
        "when something was needed. Send a list with a row for each issue or sale and its date, or a column for each "
        "month. If another column is the demand, name it with {@column_mapping}."
    )
    raise MissingColumn(Message(template, {"where": where, "bands": ", ".join(map(repr, bands[:3]))}))


def refuse_data_as_header(names: Sequence[str], where: Message | None, sample: Sample) -> None:
    """Refuse a header that is a row of data: it has a date over dates, and a number over numbers.

    Raises:
        MissingColumn: if that is so.
    """
    dates = [i for i, name in enumerate(names[:_MOST_GUESSED]) if sample.has_dates(i) and is_date(name)]
    others = (i for i in range(min(len(names), _MOST_GUESSED)) if i not in dates)
    if not dates or not any(number_of(names[i]) is not None and sample.has_numbers(i) for i in others):
        return
    template = N_(
        "{where} has no header: its first row is one of data, {found}. Write a row above it that names the columns, "
        "such as date, partnumber, site_code, demand_qty."
    )
    values = {"where": where or Message(N_("The file")), "found": named_columns(names)}
    raise MissingColumn(Message(template, values))


def _example(missing: Sequence[str], names: Sequence[str], free: Sequence[int], sample: Sample) -> str:
    """A mapping of what is missing, each to another column that can hold it by its cells."""
    left = list(free)[:_MOST_GUESSED]
    said = {}
    for ours in sorted(missing, key=lambda one: one == columns.PARTNUMBER):  # the rest is most likely the part
        said[ours], found = likely_target(ours, names, left, sample)
        left = [i for i in left if i != found]
    return mapping_example({ours: said[ours] for ours in missing})


def likely_target(ours: str, names: Sequence[str], free: Sequence[int], sample: Sample) -> tuple[str, int | None]:
    """What a mapping calls the column that is most likely one of ours, and its number; None where none can be."""
    chosen = fitting_columns(ours, free, names, sample) if sample else list(free)
    if ours == columns.PARTNUMBER:
        chosen = _likeliest_parts(chosen, names, sample)
    if ours == columns.DEMAND_QTY:
        chosen = _likeliest_units(chosen, names, sample)
    likely = likely_column(ours, [names[i] for i in chosen if names[i]])
    found = [i for i in chosen if names[i] == likely] or [i for i in chosen if not names[i] and sample.filled(i)]
    return (target_of(found[0], names), found[0]) if found else (likely, None)


def _likeliest_units(free: Sequence[int], names: Sequence[str], sample: Sample) -> list[int]:
    """The columns most likely the quantity: those named like one, else that of whole numbers, and of the smallest.

    What came in is none, where another column can be it.
    """
    free = [i for i in free if role_of(names[i], "") != "receipt"] or free
    accepted = [normal(name) for name in ACCEPTED_NAMES[columns.DEMAND_QTY] if len(name) > 2]
    if not sample or any(word in normal(names[i]) for i in free for word in accepted):
        return list(free)
    return sorted(free, key=lambda i: (sample.has_decimals(i), median_of(i, sample)))[:1]


def _likeliest_parts(free: Sequence[int], names: Sequence[str], sample: Sample) -> list[int]:
    """The columns most likely the part: those named like one, else those of codes with the most different ones."""
    accepted = [normal(name) for name in ACCEPTED_NAMES[columns.PARTNUMBER] if len(name) > 2]
    if not sample or any(word in normal(names[i]) for i in free for word in accepted):
        return list(free)
    codes = [i for i in free if names[i] and not (sample.has_decimals(i) or sample.has_currency(i))]
    codes = [i for i in codes if not is_named_for_money(names[i])]
    texts = [i for i in codes if sample.filled(i) and not sample.has_numbers(i)] or codes
    most = max((len(sample.distinct(i)) for i in texts), default=0)
    return [i for i in texts if len(sample.distinct(i)) == most] or list(free)


def _money_alone(names: Sequence[str], free: Sequence[int], sample: Sample) -> str:
    """The first column of money, where no other column can hold the quantity; empty where one can."""
    found = [i for i in free[:_MOST_GUESSED] if names[i] and sample.has_numbers(i)]
    if not found or fitting_columns(columns.DEMAND_QTY, found, names, sample):
        return ""
    return names[found[0]]


def _plan_alone(names: Sequence[str], free: Sequence[int], sample: Sample) -> str:
    """The first column of a plan, where no other column can hold the quantity; empty where one can."""
    found = fitting_columns(columns.DEMAND_QTY, free[:_MOST_GUESSED], names, sample) if sample else []
    return names[found[0]] if found and words_of_plans(names[found[0]])[0] else ""


def several_in_one(names: Sequence[str]) -> str:
    """A name that is several accepted ones with blanks between them; empty where there is none."""
    for name in names[:_MOST_GUESSED]:
        pieces = {normal(piece) for piece in re.split(r"\s{2,}|(?<=\w)\s(?=\w)", name[:_LONGEST_HEADER].strip(" |"))}
        if len(pieces) > 2 and "  " in name.strip() and len(pieces & accepted_names()) > 1:
            return name.strip(" |")
    return ""


def months_alone(names: Sequence[str]) -> list[str]:
    """Columns named for a month, with no year; also with a measure, such as `Jan In`."""
    words = {name: _WORDS.findall(name) for name in names if not any(map(str.isdigit, name))}
    return [name for name, found in words.items() if any(month_named(word) is not None for word in found)]


def month_words(names: Sequence[str]) -> list[str]:
    """The words of months in such columns, each once: `Jan` of `Jan In`; none of `Out Jan`, as Out is October too."""
    words = ([word for word in _WORDS.findall(name) if month_named(word) is not None] for name in months_alone(names))
    return list(dict.fromkeys(found[0] for found in words if len(found) == 1))


def _year_column(names: Sequence[str], sample: Sample) -> Message:
    years = [name for i, name in enumerate(names) if years_of(sample.filled(i))]
    return Message(N_("; the years stand in column {name!r}"), {"name": years[0]}) if years else Message("")


def likely_sites(names: Sequence[str], free: Sequence[int], sample: Sample) -> list[int]:
    """Columns of numbers, where no name among them has a word of quantities, stock, receipts or money in it."""
    found = [i for i in free[:_MOST_GUESSED] if names[i] and sample.has_numbers(i)]
    words = [normal(name) for name in (*ACCEPTED_NAMES[columns.DEMAND_QTY], "amount", "price", "total", "out", "in")]
    words += [normal(name) for accepted in STOCK_NAMES.values() for name in accepted]
    if any(is_named_for_money(names[i]) or role_of(names[i], "") == "receipt" for i in found) or is_of_measures(
        found, names
    ):
        return []
    return [] if any(len(word) > 1 and word in normal(names[i]) for i in found for word in words) else found


def likely_column(ours: str, names: Sequence[str]) -> str:
    """The column most likely meant: one that holds an accepted name, else the nearest by its letters."""
    if not any(names):
        return "COLUMN"
    accepted = [normal(name) for name in ACCEPTED_NAMES[ours] if len(name) > 2]

    def likeness(name: str) -> float:
        plain = normal(name)
        if not plain or len(name) > LONGEST_COMPARED:
            return -1.0
        contained = max((len(word) for word in accepted if word in plain), default=0) / len(plain)
        if ours == columns.PARTNUMBER and _IDENTIFIER.search(name):
            contained *= 2
        if contained or len(plain) > _LONGEST_COMPARED:
            return max(contained, 0.6) + contained if contained else 0.0
        return max(difflib.SequenceMatcher(None, plain, word).ratio() for word in accepted[:_MOST_COMPARED])

    return max(names[:_MOST_GUESSED], key=likeness)

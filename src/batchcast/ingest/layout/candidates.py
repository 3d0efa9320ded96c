"""Which of several columns is one of ours, by what they hold; and the question to ask where that does not decide."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from batchcast.domain import columns
from batchcast.domain.errors import N_, Choice, Message
from batchcast.ingest.common.demandnames import (
    by_likelihood,
    is_named_for_money,
    is_named_for_quantities,
    is_of_measures,
    likeliest,
)
from batchcast.ingest.common.names import (
    ACCEPTED_NAMES,
    IN_HEADER,
    MONEY_NAMES,
    NAMES_OF_YEARS,
    NUMBERED_NAMES,
    STOCK_NAMES,
    is_total_word,
    letter_of,
    mapping_example,
    normal,
    shortened,
    target_of,
)
from batchcast.ingest.common.problems import AmbiguousColumn
from batchcast.ingest.layout.sample import Sample
from batchcast.ingest.values.keys import key_text
from batchcast.ingest.values.months import month_named

MOST_CHOICES = 6
LEAST_PRICE = 20.0  # of most rows: less is no price that money is told from units by
_DISCOUNT = 0.35  # by which money may differ from a quantity times a price
_NUMBER_OF_DOCUMENT = re.compile(
    r"(?:doc|dok|entry|order|invoice|beleg|rechnung|auftrag|lieferschein|faktur|nota|transa|bukti|surat|pièce|factura)"
    r"\w*[ ._-]+(?:no|nr|n[°º])\.?\s*$",
    re.IGNORECASE,
)
PRICES = (
    *STOCK_NAMES["unit_cost"],
    "priceeach",
    "sale_price",
    "selling_price",
    "rate",
    "preis",
    "precio",
    "prix",
    "hpp",
)
_STOCK = {normal(name) for names in STOCK_NAMES.values() for name in names} | {"min", "max", "lineno", "linenumber"}


def narrowed(ours: str, matches: Sequence[int], names: Sequence[str], sample: Sample) -> list[int]:
    """Those of several columns with an accepted name that can be it, by what they hold; all where none of them can."""
    if not sample:
        return list(matches)
    left = [i for i in matches if sample.filled(i)]
    if ours == columns.DATE:
        left = [i for i in left if sample.has_dates(i) or not any(sample.has_dates(j) for j in matches)]
    if ours == columns.DEMAND_QTY:
        left = [i for i in left if sample.has_numbers(i) and not is_money(i, names, sample)]
        left = likeliest(left, names) if left else []
    return left or list(matches)


def is_money(index: int, names: Sequence[str], sample: Sample) -> bool:
    """Whether a column holds a currency, or another column times a price."""
    return sample.has_currency(index) or _product_of(index, names, sample) is not None


def _product_of(index: int, names: Sequence[str], sample: Sample) -> tuple[int, int] | None:
    """The quantity and the price that the column is the product of, or nearly so where prices are high."""
    accepted = {normal(name) for name in PRICES}
    prices = [i for i, name in enumerate(names) if normal(name) in accepted and i != index]
    for price in prices:
        for other in numeric_columns(names, sample, {index, price}):
            if sample.is_product(index, other, price) or (
                median_of(price, sample) >= LEAST_PRICE and sample.is_product(index, other, price, within=_DISCOUNT)
            ):
                return other, price
    return None


def median_of(index: int, sample: Sample) -> float:
    """The median of the numbers of a column; 0 where there are none."""
    found = sorted(abs(number) for number in sample.numbers(index) if number)
    return found[len(found) // 2] if found else 0.0


def numeric_columns(names: Sequence[str], sample: Sample, taken: Collection[int]) -> list[int]:
    """Other columns of numbers that could be quantities: no stock, no dates."""
    return [
        i
        for i, name in enumerate(names)
        if i not in taken and normal(name) not in _STOCK and sample.has_numbers(i) and not sample.has_dates(i)
    ]


def question(ours: str, matches: Sequence[int], names: Sequence[str], sample: Sample) -> AmbiguousColumn:
    """Which of several columns is one of ours."""
    matches = by_likelihood(matches, names) if ours == columns.DEMAND_QTY else matches
    found = ", ".join(f"{names[i]!r} ({letter_of(i)})" for i in matches)
    template = N_("Several columns could be {ours}: {found}. Say which with {@column_mapping=$example}.")
    choices = choices_of(ours, matches, names, sample)
    if ours == columns.SITE_CODE and len(matches) == 2:
        joined = "+".join(target_of(i, names) for i in matches)
        reading = Message(N_("both joined: each pair of {columns} is a site"), {"columns": joined})
        choices.append(Choice(settings={"column_mapping": f"{ours}={joined}"}, reading=reading))
    values = {"ours": ours, "found": found, "example": mapping_example({ours: target_of(matches[0], names)})}
    return AmbiguousColumn(Message(template, values), choices=choices)


def of_one_name(ours: str, matches: Sequence[int], names: Sequence[str], sample: Sample) -> AmbiguousColumn:
    """Which of several columns of one name is one of ours, as that name is mapped to it."""
    template = N_("Columns {letters} are all named {name!r}: which of them is {ours}?")
    values = {"letters": ", ".join(map(letter_of, matches)), "name": names[matches[0]], "ours": ours}
    return AmbiguousColumn(Message(template, values), choices=choices_of(ours, matches, names, sample))


def choices_of(ours: str, matches: Sequence[int], names: Sequence[str], sample: Sample) -> list[Choice]:
    """Each of several columns as an answer to which of them is one of ours."""
    return [
        Choice(
            settings={"column_mapping": f"{ours}={target_of(i, names)}"},
            reading=Message(
                N_("column {name} ({letter}): {speaks}"),
                {"name": names[i], "letter": letter_of(i), "speaks": contents_of(i, names, sample)},
            ),
        )
        for i in matches[:MOST_CHOICES]
    ]


def contents_of(index: int, names: Sequence[str], sample: Sample) -> Message:
    """What a column holds, in a few words."""
    found = sample.distinct(index)
    values = {"values": ", ".join(shortened(str(cell), 20) for cell in found[:3]), "count": len(found)}
    product = _product_of(index, names, sample) if sample.has_numbers(index) else None
    if not found:
        return Message(N_("nothing in the first rows"))
    if product is not None:
        quantity, price = product
        values |= {"quantity": names[quantity], "price": names[price]}
        return Message(N_("{quantity} times {price}, such as {values}"), values)
    if sample.has_currency(index):
        return Message(N_("with a currency, such as {values}"), values)
    if sample.has_dates(index):
        return Message(N_("dates, such as {values}"), values)
    if sample.has_numbers(index):
        template = (
            N_("numbers with decimals, such as {values}")
            if any(number is not None and number != round(number) for number in sample.numbers(index))
            else N_("whole numbers, such as {values}")
        )
        return Message(template, values)
    return Message(N_("{count} different values, such as {values}"), values)


# Columns of numbers that may be the parts or the sites of a table with dates down.


def parts_across(indices: Sequence[int], names: Sequence[str], where: Message) -> AmbiguousColumn:
    """Whether each of several columns is a part, or one of them holds the parts and another the quantity."""
    template = N_(
        "{where} has dates down and no column that is known as the part: {columns}. If each of these is a part, say so "
        "with {@column_mapping=$example}; else name the column of parts and that of quantities with {@column_mapping}."
    )
    mapping = {columns.PARTNUMBER: IN_HEADER}
    values = {"where": where, "columns": _named(indices, names), "example": mapping_example(mapping)}
    choices = [_each_is_one(mapping, N_("each of these {count} columns is a part: {columns}"), indices, names)]
    if len(indices) == 2:
        for part, quantity in (indices, indices[::-1]):
            text = f"{columns.PARTNUMBER}={target_of(part, names)}, {columns.DEMAND_QTY}={target_of(quantity, names)}"
            template_of_pair = N_("the parts are in {part}, the quantities in {quantity}")
            reading = Message(template_of_pair, {"part": names[part], "quantity": names[quantity]})
            choices.append(Choice(settings={"column_mapping": text}, reading=reading))
    return AmbiguousColumn(Message(template, values), choices=choices)


def sites_across(indices: Sequence[int], names: Sequence[str], sample: Sample, where: Message) -> AmbiguousColumn:
    """Whether each of several columns is a site, or one of them is the quantity."""
    template = N_(
        "{where} has several columns of numbers, and none is named as the quantity: {columns}. If each is a site, say "
        "so with {@column_mapping=$sites}; else name the quantity with {@column_mapping=$example}."
    )
    mapping = {columns.SITE_CODE: IN_HEADER}
    values = {"where": where, "columns": _named(indices, names), "sites": mapping_example(mapping)}
    values["example"] = mapping_example({columns.DEMAND_QTY: target_of(indices[0], names)})
    each = _each_is_one(mapping, N_("each of these {count} columns is a site: {columns}"), indices, names)
    choices = [each, *choices_of(columns.DEMAND_QTY, indices, names, sample)]
    return AmbiguousColumn(Message(template, values), choices=choices)


def _each_is_one(mapping: dict[str, str], template: str, indices: Sequence[int], names: Sequence[str]) -> Choice:
    ((ours, target),) = mapping.items()
    reading = Message(template, {"count": len(indices), "columns": _named(indices, names)})
    return Choice(settings={"column_mapping": f"{ours}={target}"}, reading=reading)


def _named(indices: Sequence[int], names: Sequence[str]) -> str:
    shown = ", ".join(repr(shortened(names[i], 40)) for i in indices[:MOST_CHOICES])
    return shown + (f", … ({len(indices)})" if len(indices) > MOST_CHOICES else "")


# A part in a column `No.`, as Dynamics NAV calls it; others number their rows or documents so.


def numbered_part(names: Sequence[str], sample: Sample, *, is_wide: bool) -> int | None:
    """The column `No.` where it holds parts; None where there is none, or it counts the rows.

    Raises:
        AmbiguousColumn: if it may as well hold the numbers of documents: a wide table has none, and a list with some
            calls them so, `Document No.`.
    """
    wanted = set(map(normal, NUMBERED_NAMES))
    found = next((i for i, name in enumerate(names) if normal(name) in wanted), None)
    if found is None or not sample.filled(found) or _counts_rows(sample.numbers(found)):
        return None
    if is_wide or any(map(_NUMBER_OF_DOCUMENT.search, names)):
        return found
    texts = [i for i in range(len(names)) if names[i] and not (sample.has_numbers(i) or sample.has_dates(i))]
    raise question(columns.PARTNUMBER, [found, *(i for i in texts if i != found)], names, sample)


def _counts_rows(numbers: Sequence[float | None]) -> bool:
    """Whether the cells that are filled count from 0 or 1 on."""
    filled = [number for number in numbers if number is not None]
    return bool(filled) and filled == [filled[0] + i for i in range(len(filled))] and filled[0] in (0, 1)


# A date whose year, month and day stand in columns of their own.

_NAMES_OF_MONTHS = (
    "month",
    "bulan",
    "bln",
    "monat",
    "mois",
    "mes",
    "mese",
    "mês",
    "maand",
    "month_name",
    "месяц",
    "月",
    "period",
    "periode",
    "period/month",
    "posting_period",
    "fiscal_period",
    "accounting_period",
    "buchungsperiode",
    "poper",
)
_NAMES_OF_FISCAL_YEARS = ("fiscal_year", "geschäftsjahr", "gjahr", "tahun_fiskal", "ejercicio", "exercice", "ryear")
_NAMES_OF_DAYS = ("day", "hari", "tgl", "tanggal", "tag", "jour", "día", "dia", "giorno", "dag", "день", "日")
_YEARS, _MONTHS, _DAYS = range(1990, 2100), range(1, 13), range(1, 32)


def ask_about_pieces(names: Sequence[str], sample: Sample) -> None:
    """Ask whether the year, the month and the day are to be joined, where no column has whole dates.

    Raises:
        AmbiguousColumn: if a column of years stands beside one of months, and none that is named for a date has dates.
    """
    if not sample:
        return
    dates = {normal(name) for name in ACCEPTED_NAMES[columns.DATE]}
    year = _piece((*NAMES_OF_YEARS, *_NAMES_OF_FISCAL_YEARS), _YEARS, names, sample)
    month = _piece(_NAMES_OF_MONTHS, _MONTHS, names, sample)
    if year is None or month is None:
        return
    if any(normal(name) in dates and sample.has_dates(i) for i, name in enumerate(names)):
        return
    day = _piece(_NAMES_OF_DAYS, _DAYS, names, sample)
    joined = "+".join(names[i] for i in (year, month, day) if i is not None)
    template = N_(
        "The year and the month of the dates stand in columns of their own: {columns}. Join them with "
        "{@column_mapping=$example}, if these are calendar years."
    )
    mapping = {columns.DATE: joined}
    values = {"columns": joined.replace("+", ", "), "example": mapping_example(mapping)}
    reading = Message(N_("the columns joined: {columns} is one date"), {"columns": joined})
    raise AmbiguousColumn(
        Message(template, values),
        choices=[Choice(settings={"column_mapping": f"{columns.DATE}={joined}"}, reading=reading)],
    )


def _piece(accepted: Sequence[str], numbers: range, names: Sequence[str], sample: Sample) -> int | None:
    """The column of such a name whose cells are such numbers, or names of months."""
    wanted = {normal(name) for name in accepted}
    for i, name in enumerate(names):
        if normal(name) in wanted and sample.filled(i):
            found = sample.distinct(i)
            if all(_is_piece(cell, numbers) for cell in found):
                return i
    return None


def _is_piece(cell: object, numbers: range) -> bool:
    text = key_text(cell).strip()
    if text.isdecimal() and len(text) <= 4:
        return int(text) in numbers
    return numbers == _MONTHS and isinstance(month_named(text), int)


# What is said of columns that are read, and of those that are not.


def notes_on_columns(
    found: dict[str, int | None], names: Sequence[str], sample: Sample, taken: Collection[int]
) -> list[Message]:
    """What to say of columns that could have been the site, the date or the quantity.

    Args:
        found: the column of each of ours; None where it has none of its own.
        names: of all columns.
        sample: the first rows.
        taken: columns that are read.
    """
    if not sample:
        return []
    free = [i for i, name in enumerate(names) if i not in taken and name]
    notes = []
    money = [i for i in free if normal(names[i]) in map(normal, MONEY_NAMES) and sample.has_numbers(i)]
    if found[columns.DEMAND_QTY] is not None and money:
        template = N_("The demand is column {chosen!r}, not {other!r}: {speaks}.")
        values = {"chosen": names[found[columns.DEMAND_QTY] or 0], "other": names[money[0]]}
        notes.append(Message(template, values | {"speaks": contents_of(money[0], names, sample)}))
    dates = [i for i in free if sample.has_dates(i)]
    if found[columns.DATE] is not None and dates:
        template = N_("The day of the demand is column {chosen!r}; {others} hold dates too and are left alone.")
        values = {"chosen": names[found[columns.DATE] or 0]}
        notes.append(Message(template, values | {"others": ", ".join(repr(names[i]) for i in dates)}))
    notes += _other_quantities(found[columns.DEMAND_QTY], free, names, sample)
    part = found[columns.PARTNUMBER]
    if found[columns.SITE_CODE] is None and part is not None:
        sites = [i for i in free if _looks_like_site(i, part, found[columns.DATE], sample)]
        if sites:
            template = N_(
                "Column {name!r} ({letter}) may be the site: {speaks}. Choose it with "
                "{@column_mapping=$example} to forecast each apart."
            )
            values = {"name": names[sites[0]], "letter": letter_of(sites[0])}
            values |= {"example": mapping_example({columns.SITE_CODE: names[sites[0]]})}
            notes.append(Message(template, values | {"speaks": contents_of(sites[0], names, sample)}))
    return notes


def _other_quantities(quantity: int | None, free: Sequence[int], names: Sequence[str], sample: Sample) -> list[Message]:
    """What to say of other columns that are named for quantities and hold some."""
    words = [i for i in free if is_named_for_quantities(names[i])]
    words += [i for i in free if i not in words and is_of_measures([i], names)]
    others = [i for i in words if sample.has_numbers(i) and any(sample.numbers(i))]
    if quantity is None or not others:
        return []
    template = N_(
        "The demand is column {chosen!r}; other columns of quantities are not read, nor taken off: {columns}. Choose "
        "one of them with {@column_mapping}, if it is the demand."
    )
    return [Message(template, {"chosen": names[quantity], "columns": _named(others, names)})]


def _looks_like_site(index: int, part: int, date: int | None, sample: Sample) -> bool:
    """A few texts that vary within a part (and a day): no attribute of the part, and no number."""
    found = sample.distinct(index)
    if not 2 <= len(found) <= max(2, len(sample.rows) // 4) or sample.has_numbers(index) or sample.has_dates(index):
        return False
    keys = zip(sample.cells(part), sample.cells(date) if date is not None else sample.cells(part), strict=True)
    seen: dict[object, set[object]] = {}
    for key, cell in zip(keys, sample.cells(index), strict=True):
        seen.setdefault(key, set()).add(cell)
    return sum(len(cells) > 1 for cells in seen.values()) * 4 >= len(seen)


def fitting_columns(ours: str, free: Sequence[int], names: Sequence[str], sample: Sample) -> list[int]:
    """The columns that can hold one of ours, by their cells; money is no quantity."""
    if ours == columns.DATE:
        return [i for i in free if sample.has_dates(i)] or [i for i in free if sample.has_keys(i)]
    if ours == columns.DEMAND_QTY:
        numeric = set(numeric_columns(names, sample, ()))
        units = [i for i in free if i in numeric and not (is_money(i, names, sample) or is_named_for_money(names[i]))]
        return likeliest(units, names) if units else []
    others = [i for i in free if not (sample.has_dates(i) or is_total_word(names[i]) or is_of_measures([i], names))]
    return [i for i in others if not (is_named_for_money(names[i]) or is_named_for_quantities(names[i]))] or others

"""Which of several columns is one of ours, by what they hold; and the question to ask where that does not decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from batchcast.domain import columns
from batchcast.domain.errors import N_, Choice, Message
from batchcast.ingest.names import MONEY_NAMES, STOCK_NAMES, letter_of, mapping_example, normal, shortened
from batchcast.ingest.problems import AmbiguousColumn
from batchcast.ingest.sample import Sample

_MOST_CHOICES = 6
_PRICES = (
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
    return left or list(matches)


def is_money(index: int, names: Sequence[str], sample: Sample) -> bool:
    """Whether a column holds a currency, or another column times a price."""
    return sample.has_currency(index) or _product_of(index, names, sample) is not None


def _product_of(index: int, names: Sequence[str], sample: Sample) -> tuple[int, int] | None:
    """The quantity and the price that the column is the product of."""
    accepted = {normal(name) for name in _PRICES}
    prices = [i for i, name in enumerate(names) if normal(name) in accepted and i != index]
    for price in prices:
        for other in numeric_columns(names, sample, {index, price}):
            if sample.is_product(index, other, price):
                return other, price
    return None


def numeric_columns(names: Sequence[str], sample: Sample, taken: Collection[int]) -> list[int]:
    """Other columns of numbers that could be quantities: no stock, no dates."""
    return [
        i
        for i, name in enumerate(names)
        if i not in taken and normal(name) not in _STOCK and sample.has_numbers(i) and not sample.has_dates(i)
    ]


def check_money(index: int, names: Sequence[str], sample: Sample, taken: Collection[int]) -> None:
    """Ask before a column named for money is forecast as units, where it looks like money.

    Raises:
        AmbiguousColumn: if it is another column times a price, or has decimals where another column has whole numbers.
    """
    if normal(names[index]) not in map(normal, MONEY_NAMES) or not sample:
        return
    others = [i for i in numeric_columns(names, sample, {*taken, index}) if not sample.has_decimals(i)]
    money = is_money(index, names, sample)
    if money or (others and sample.has_decimals(index)):
        template = N_(
            "Column {name!r} ({letter}) may hold money, not units: {speaks}. Say which column is the demand, or that "
            "each row counts as one."
        )
        values = {"name": names[index], "letter": letter_of(index), "speaks": _speaks(index, names, sample)}
        rows = Choice(settings={"column_mapping": "demand_qty==1"}, reading=Message(N_("each row counts as one unit")))
        choices = [*_choices(columns.DEMAND_QTY, [*others, index], names, sample), rows]
        raise AmbiguousColumn(Message(template, values), choices=choices)


def question(ours: str, matches: Sequence[int], names: Sequence[str], sample: Sample) -> AmbiguousColumn:
    """Which of several columns is one of ours."""
    found = ", ".join(f"{names[i]!r} ({letter_of(i)})" for i in matches)
    if len({names[i] for i in matches}) < len(matches):
        template = N_(
            "Several columns have the same name and could be {ours}: {found}. Rename them in the file, so that one is "
            "named {ours}."
        )
        return AmbiguousColumn(Message(template, {"ours": ours, "found": found}))
    template = N_("Several columns could be {ours}: {found}. Say which with a mapping, such as {example}.")
    choices = _choices(ours, matches, names, sample)
    if ours == columns.SITE_CODE and len(matches) == 2:
        joined = "+".join(names[i] for i in matches)
        reading = Message(N_("both joined: each pair of {columns} is a site"), {"columns": joined})
        choices.append(Choice(settings={"column_mapping": f"{ours}={joined}"}, reading=reading))
    return AmbiguousColumn(
        Message(template, {"ours": ours, "found": found, "example": mapping_example({ours: names[matches[0]]})}),
        choices=choices,
    )


def _choices(ours: str, matches: Sequence[int], names: Sequence[str], sample: Sample) -> list[Choice]:
    return [
        Choice(
            settings={"column_mapping": f"{ours}={names[i]}"},
            reading=Message(
                N_("column {name} ({letter}): {speaks}"),
                {"name": names[i], "letter": letter_of(i), "speaks": _speaks(i, names, sample)},
            ),
        )
        for i in matches[:_MOST_CHOICES]
    ]


def _speaks(index: int, names: Sequence[str], sample: Sample) -> Message:
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
            if sample.has_decimals(index)
            else N_("whole numbers, such as {values}")
        )
        return Message(template, values)
    return Message(N_("{count} different values in the first rows, such as {values}"), values)


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
        notes.append(Message(template, values | {"speaks": _speaks(money[0], names, sample)}))
    dates = [i for i in free if sample.has_dates(i)]
    if found[columns.DATE] is not None and dates:
        template = N_("The day of the demand is column {chosen!r}; {others} hold dates too and are left alone.")
        values = {"chosen": names[found[columns.DATE] or 0]}
        notes.append(Message(template, values | {"others": ", ".join(repr(names[i]) for i in dates)}))
    part = found[columns.PARTNUMBER]
    if found[columns.SITE_CODE] is None and part is not None:
        sites = [i for i in free if _looks_like_site(i, part, found[columns.DATE], sample)]
        if sites:
            template = N_(
                "Column {name!r} ({letter}) may be the site: {speaks}. Map it with {example} to forecast each apart."
            )
            values = {"name": names[sites[0]], "letter": letter_of(sites[0])}
            values |= {"example": mapping_example({columns.SITE_CODE: names[sites[0]]})}
            notes.append(Message(template, values | {"speaks": _speaks(sites[0], names, sample)}))
    return notes


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


def fitting_columns(ours: str, free: Sequence[int], sample: Sample) -> list[int]:
    """The columns that can hold one of ours, by their cells."""
    if ours == columns.DATE:
        return [i for i in free if sample.has_dates(i)]
    if ours == columns.DEMAND_QTY:
        return [i for i in free if sample.has_numbers(i) and not sample.has_dates(i)]
    return [i for i in free if not sample.has_dates(i)]

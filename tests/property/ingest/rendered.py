"""Random clean histories, and the files that systems and people could have written of one.

A history is rendered in two steps: `lay_out` makes a grid of texts, `to_files` the bytes of one kind of file. Between
the two a cell can be damaged. Everything is drawn by a `Chooser`, of hypothesis in the tests.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import xlwt
from babel import localedata
from babel.dates import get_month_names
from tests.integration.ingest.workbooks import ods_members, packed, xlsb_members

from batchcast.ingest.values.months import month_named

T = TypeVar("T")
Key = tuple[str, str, dt.date]  # site, part, first day of the period


class Chooser(Protocol):
    """Draws what a history and its file are made of."""

    def one_of(self, options: Sequence[T]) -> T:
        """One of some options; the first is the plainest."""

    def whole(self, least: int, most: int) -> int:
        """A whole number, both ends included."""


@dataclass(frozen=True, kw_only=True)
class History:
    """The demand of each site, part and period, none of them missing."""

    frequency: str  # D, W or M
    days: tuple[dt.date, ...]  # of the periods, in their order
    demand: Mapping[Key, Decimal]
    decimals: int  # of every quantity

    @property
    def series(self) -> list[tuple[str, str]]:
        """Site and part of each series."""
        return sorted({(site, part) for site, part, _ in self.demand})

    @property
    def totals(self) -> dict[tuple[str, str, str], float]:
        """The demand that is not zero, by site, part and period."""
        return {
            (site, part, period_of(day, self.frequency)): float(quantity)
            for (site, part, day), quantity in self.demand.items()
            if quantity
        }


def period_of(day: dt.date, frequency: str) -> str:
    """The name of the period that holds a day."""
    if frequency == "M":
        return f"{day:%Y-%m}"
    return f"{day.isocalendar().year}-W{day.isocalendar().week:02d}" if frequency == "W" else day.isoformat()


def draw_history(draw: Chooser) -> History:
    """A history of a few sites, parts and periods."""
    frequency = draw.one_of("MWD")
    count = draw.whole(3, 14)
    start = dt.date(2023, 1, 1) + dt.timedelta(days=draw.whole(0, 500))
    days = tuple(_days(frequency, start, count, draw.one_of(("first", "last"))))
    sites = draw.one_of((("Kendari",), ("Kendari", "Makassar"), ("Köln", "Süd 2", "Lager A"), ("1000", "2000")))
    parts = draw.one_of((("A-1", "A-2"), ("0012", "0013", "1401"), ("ÖL 5W/30",), ("Filter, oil", "P;1", 'V 1/2"')))
    decimals, most = draw.one_of(((0, 40), (0, 90_000), (2, 300), (1, 5_000), (3, 2_000_000)))
    demand = {
        (site, part, day): Decimal(draw.whole(0, most * 10**decimals)).scaleb(-decimals) * draw.one_of((1, 1, 0))
        for site in sites
        for part in parts
        for day in days
    }
    return History(frequency=frequency, days=days, demand=demand, decimals=decimals)


def _days(frequency: str, start: dt.date, count: int, anchor: str) -> list[dt.date]:
    if frequency == "D":
        return [start + dt.timedelta(days=n) for n in range(count)]
    if frequency == "W":
        monday = start - dt.timedelta(days=start.weekday())
        return [monday + dt.timedelta(days=7 * n) for n in range(count)]
    months = [12 * start.year + start.month - 1 + n for n in range(count)]
    firsts = [dt.date(month // 12, month % 12 + 1, 1) for month in months]
    return firsts if anchor == "first" else [_month_end(day) for day in firsts]


def _month_end(day: dt.date) -> dt.date:
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


# How dates are written. The language is that of the names of months.


def month_name(day: dt.date, language: str, width: str) -> str:
    """The name of the month of a day."""
    name: str = get_month_names(width, locale=language)[day.month]
    return name.rstrip(".")


DATE_FORMS: Mapping[str, Callable[[dt.date, str], str]] = {
    "iso": lambda day, _: day.isoformat(),
    "compact": lambda day, _: f"{day:%Y%m%d}",
    "slashes": lambda day, _: f"{day:%Y/%m/%d}",
    "day_first": lambda day, _: f"{day:%d/%m/%Y}",
    "month_first": lambda day, _: f"{day:%m/%d/%Y}",
    "dots": lambda day, _: f"{day:%d.%m.%Y}",
    "short": lambda day, _: f"{day.day}-{day.month}-{day:%y}",
    "time": lambda day, _: f"{day.isoformat()} 00:00:00",
    "month_first_time": lambda day, _: f"{day.month}/{day.day}/{day.year} 12:00 AM",
    "named": lambda day, language: f"{day.day} {month_name(day, language, 'wide')} {day.year}",
    "named_short": lambda day, language: f"{day:%d}-{month_name(day, language, 'abbreviated')}-{day.year}",
    "named_two_digits": lambda day, language: f"{day:%d}-{month_name(day, language, 'abbreviated')}-{day:%y}",
}
MONTH_FORMS: Mapping[str, Callable[[dt.date, str], str]] = {
    "year_month": lambda day, _: f"{day:%Y-%m}",
    "month_year": lambda day, _: f"{day:%m/%Y}",
    "month_key": lambda day, _: f"{day:%Y%m}",
    "month_named": lambda day, language: f"{month_name(day, language, 'wide')} {day.year}",
    "month_named_short": lambda day, language: f"{month_name(day, language, 'abbreviated')} {day.year}",
    "month_two_digits": lambda day, language: f"{month_name(day, language, 'abbreviated')}-{day:%y}",
}
WEEK_FORMS: Mapping[str, Callable[[dt.date, str], str]] = {
    "iso_week": lambda day, _: "{}-W{:02d}".format(*day.isocalendar()[:2]),
    "week_key": lambda day, _: "{}{:02d}".format(*day.isocalendar()[:2]),
}
_NAMED = frozenset({"named", "named_short", "named_two_digits", "month_named", "month_named_short", "month_two_digits"})


@cache
def languages() -> tuple[str, ...]:
    """Those with names of months that are words, none of which is another month elsewhere; English first.

    A few small languages have names that are another month in a large one, where they count.
    """
    found = ["en", "id"]
    for language in sorted(localedata.locale_identifiers()):
        days = [dt.date(2024, month, 1) for month in range(1, 13)]
        names = [(day.month, month_name(day, language, w)) for day in days for w in ("wide", "abbreviated")]
        is_plain = all(len(name) > 2 and not any(c.isdigit() or c in " -/.,'’_" for c in name) for _, name in names)
        if "_" not in language and language not in found and is_plain:
            meant = [month_named(name) for _, name in names]
            if meant == [month for month, _ in names]:
                found.append(language)
    return tuple(found)


# How a history is laid out as a grid of texts.


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a file is written."""

    layout: str  # long, wide, or across: dates down and a column for each part
    date_form: str
    language: str
    has_site: bool
    names: tuple[str, str, str, str]  # of date, part, site and quantity
    sign: str  # plus, minus or behind
    decimal: str
    grouping: str
    blank_zeros: bool  # wide: cells without demand are empty
    titles: bool
    totals: str  # none, row, column or subtotals
    kind: str
    separator: str
    quoting: int
    encoding: str
    line_end: str
    shuffled: int  # by how much the rows of a long file are rotated

    def date(self, day: dt.date) -> str:
        """A day as it is written."""
        return {**DATE_FORMS, **MONTH_FORMS, **WEEK_FORMS}[self.date_form](day, self.language)

    def number(self, quantity: Decimal, decimals: int) -> str:
        """A quantity as it is written."""
        text = f"{abs(quantity):,.{decimals}f}".replace(",", "G").replace(".", self.decimal).replace("G", self.grouping)
        if self.sign == "plus" or not quantity:
            return text
        return f"-{text}" if self.sign == "minus" else f"{text}-"


_HEADERS = (
    ("date", "partnumber", "site_code", "demand_qty"),
    ("Tanggal", "Kode Barang", "Gudang", "Kuantitas"),
    ("Buchungsdatum", "Material", "Werk", "Menge"),
    ("Posting Date", "Item No.", "Location Code", "Quantity"),
    ("Fecha", "Artículo", "Almacén", "Cantidad"),
)
CSV_KINDS = ("csv", "zip", "gz", "folder")
TYPED_KINDS = ("xlsx", "parquet", "xls", "ods", "xlsb")  # each also with all cells as text
KINDS = (*CSV_KINDS, *(f"{kind}{end}" for kind in TYPED_KINDS for end in ("_text", "")))


def draw_form(draw: Chooser, history: History) -> Form:
    """A way to write the history."""
    forms = [*DATE_FORMS, *{"M": MONTH_FORMS, "W": WEEK_FORMS, "D": {}}[history.frequency]]
    date_form = draw.one_of(forms)
    decimal = draw.one_of(".,")
    groupings = ["", *({"."} - {decimal}), *({","} - {decimal}), " ", "\u00a0", "\u202f", "'"]
    layouts = ("long", "wide", "across") if len({part for _, part in history.series}) > 1 else ("long", "wide")
    layout, kind = draw.one_of(layouts), draw.one_of(KINDS)
    totals = draw.one_of(("none", "none", "row", "subtotals", "column"))
    return Form(
        layout=layout,
        date_form=date_form,
        language=draw.one_of(languages()) if date_form in _NAMED else "en",
        has_site=len({site for site, _ in history.series}) > 1 or draw.one_of((True, False)),
        names=draw.one_of(_HEADERS),
        sign=draw.one_of(("plus", "plus", "minus", "behind")),
        decimal=decimal,
        grouping=draw.one_of(groupings),
        blank_zeros=draw.one_of((False, True)),
        titles=draw.one_of((False, False, True)) and not kind.startswith("parquet"),
        totals="none" if totals == "column" and layout == "long" else "column" if layout == "across" else totals,
        kind=kind,
        separator=draw.one_of(",;\t|"),
        quoting=draw.one_of((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
        encoding=draw.one_of(("utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "utf-16-le", "cp1252")),
        line_end=draw.one_of(("\n", "\r\n", "\r")),
        shuffled=draw.whole(0, 20),
    )


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table as texts, with what each cell stands for where a kind of file has types."""

    header: list[str]
    rows: list[list[str]]
    typed: list[list[Any]]  # as `rows`, with dates and numbers


def lay_out(history: History, form: Form) -> Grid:
    """The table of a history, with its header."""
    layouts = {"wide": _wide, "across": _across, "long": _long}
    return layouts[form.layout](history, form)


def _signed(quantity: Decimal, form: Form) -> float:
    return float(quantity if form.sign == "plus" else -quantity)


def _keys(form: Form, site: str, part: str) -> list[str]:
    return [part, site] if form.has_site else [part]


def _long(history: History, form: Form) -> Grid:
    date, part_name, site_name, quantity_name = form.names
    typed, rows = [], []
    for (site, part, day), quantity in history.demand.items():
        written = form.number(quantity, history.decimals)
        rows.append([form.date(day), *_keys(form, site, part), written])
        typed.append([day, *_keys(form, site, part), _signed(quantity, form)])
    at = form.shuffled % len(rows)
    rows, typed = rows[at:] + rows[:at], typed[at:] + typed[:at]
    width = len(rows[0])
    if form.totals == "row":
        total = sum(history.demand.values(), Decimal(0))
        rows.append(["Grand Total", *[""] * (width - 2), form.number(total, history.decimals)])
        typed.append(["Grand Total", *[None] * (width - 2), _signed(total, form)])
    return Grid(header=[date, *_keys(form, site_name, part_name), quantity_name], rows=rows, typed=typed)


def _wide(history: History, form: Form) -> Grid:
    _, part_name, site_name, _ = form.names
    rows, typed = [], []

    def add(keys: list[str], quantities: list[Decimal]) -> None:
        if form.totals == "column":
            quantities = [*quantities, sum(quantities, Decimal(0))]
        blank = form.blank_zeros
        rows.append(keys + ["" if blank and not q else form.number(q, history.decimals) for q in quantities])
        typed.append(keys + [None if blank and not q else _signed(q, form) for q in quantities])

    def total_of(sites: Sequence[str]) -> list[Decimal]:
        return [
            sum((q for (site, _, on), q in history.demand.items() if on == day and site in sites), Decimal(0))
            for day in history.days
        ]

    sites = sorted({site for site, _ in history.series})
    for site in sites:
        for part in [part for one, part in history.series if one == site]:
            add(_keys(form, site, part), [history.demand[site, part, day] for day in history.days])
        if form.totals == "subtotals" and form.has_site:
            add(_keys(form, site, f"Total {site}"), total_of([site]))
    if form.totals in ("row", "subtotals"):
        add(_keys(form, "", "Grand Total"), total_of(sites))
    header = [*_keys(form, site_name, part_name), *map(form.date, history.days)]
    return Grid(header=header + ["Total"] * (form.totals == "column"), rows=rows, typed=typed)


def _across(history: History, form: Form) -> Grid:
    """Dates down, with a row for each date and site, and a column for each part."""
    date, _, site_name, _ = form.names
    sites, parts = (sorted({series[place] for series in history.series}) for place in (0, 1))
    rows, typed = [], []
    for day in history.days:
        for site in sites:
            quantities = [history.demand[site, part, day] for part in parts]
            if form.totals == "column":
                quantities.append(sum(quantities, Decimal(0)))
            keys, blank = [site] if form.has_site else [], form.blank_zeros
            written = ["" if blank and not q else form.number(q, history.decimals) for q in quantities]
            rows.append([form.date(day), *keys, *written])
            typed.append([day, *keys, *(None if blank and not q else _signed(q, form) for q in quantities)])
    header = [date, *([site_name] if form.has_site else []), *parts]
    return Grid(header=header + ["Total"] * (form.totals == "column"), rows=rows, typed=typed)


# The bytes of a file.

_TITLES = (("Laporan pemakaian",), ("Periode: semua", ""), ())


def to_files(grid: Grid, form: Form) -> dict[str, bytes]:
    """The files of a kind, by name; several where they are to be in one folder."""
    kind = form.kind.removesuffix("_text")
    match kind:
        case "csv":
            return {"demand.csv": to_csv(grid, form)}
        case "gz":
            return {"demand.csv.gz": gzip.compress(to_csv(grid, form))}
        case "zip":
            return {"demand.zip": _zip({"demand.csv": to_csv(grid, form)})}
        case "folder":
            half = len(grid.rows) // 2
            halves = [Grid(header=grid.header, rows=rows, typed=[]) for rows in (grid.rows[:half], grid.rows[half:])]
            return {f"demand/{n}.csv": to_csv(one, form) for n, one in enumerate(halves) if one.rows}
        case "parquet":
            return {"demand.parquet": _parquet(grid, form)}
    writers = {"xlsx": _xlsx, "xls": _xls, "ods": _ods, "xlsb": _xlsb}
    return {f"demand.{kind}": writers[kind](_sheet_rows(grid, form), form)}


def to_csv(grid: Grid, form: Form) -> bytes:
    """The grid as text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=form.separator, quoting=form.quoting, lineterminator=form.line_end)  # type: ignore[arg-type]
    writer.writerows([*(_TITLES if form.titles else ()), grid.header, *grid.rows])
    return encoded(out.getvalue(), form.encoding)


def encoded(text: str, encoding: str) -> bytes:
    """The bytes of a text; those of UTF-16 begin with a mark, but for `utf-16-le`."""
    if encoding == "utf-16-be-bom":
        return b"\xfe\xff" + text.encode("utf-16-be")
    return text.encode(encoding)


def can_encode(grid: Grid, form: Form) -> bool:
    """Whether the encoding of the form has every letter of the grid."""
    if form.encoding != "cp1252":
        return True
    try:
        "".join(map("".join, [grid.header, *grid.rows])).encode(form.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _sheet_rows(grid: Grid, form: Form) -> list[list[Any]]:
    """All rows of a sheet: texts, numbers, dates, and None where a cell is blank."""
    rows: Sequence[Sequence[Any]] = grid.rows if form.kind.endswith("_text") else grid.typed
    every = [*(_TITLES if form.titles else ()), grid.header, *rows]
    return [[None if cell == "" else cell for cell in row] for row in every]


def _xlsx(rows: Sequence[Sequence[Any]], form: Form) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet, day_format = book.add_worksheet("Data"), book.add_format({"num_format": "dd/mm/yyyy"})
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(at, column, dt.datetime.combine(cell, dt.time()), day_format)
                elif isinstance(cell, str):
                    sheet.write_string(at, column, cell)
                elif isinstance(cell, float):
                    sheet.write_number(at, column, cell)
    return out.getvalue()


def _xls(rows: Sequence[Sequence[Any]], form: Form) -> bytes:
    book = xlwt.Workbook()
    sheet, day_format = book.add_sheet("Data"), xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell is not None:
                sheet.write(at, column, cell, *([day_format] if isinstance(cell, dt.date) else []))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _ods(rows: Sequence[Sequence[Any]], form: Form) -> bytes:
    return packed(ods_members(rows))


def _xlsb(rows: Sequence[Sequence[Any]], form: Form) -> bytes:
    """With dates as texts: an XLSB file has them as numbers with a format, which our writer has not."""
    return packed(
        xlsb_members([[form.date(cell) if isinstance(cell, dt.date) else cell for cell in row] for row in rows])
    )


def _parquet(grid: Grid, form: Form) -> bytes:
    rows = grid.rows if form.kind == "parquet_text" or form.totals == "row" else grid.typed
    columns = [pa.array([row[i] for row in rows]) for i in range(len(grid.header))]
    out = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, names=grid.header), out)
    return bytes(out.getvalue())


# One damaged cell, row or byte of a file. Each damage returns None where the file has no place for it.

Damage = Callable[[Chooser, History, Form, Grid], "Grid | None"]


def _replaced(grid: Grid, row: int, column: int, text: str) -> Grid:
    return replace(grid, rows=[*grid.rows[:row], _put(grid.rows[row], column, text), *grid.rows[row + 1 :]])


def _put(row: list[str], column: int, text: str) -> list[str]:
    return [*row[:column], text, *row[column + 1 :]]


def _place(draw: Chooser, history: History, form: Form, grid: Grid) -> tuple[int, int] | None:
    """A row that is no total, and the column of a quantity in it that is not zero and not blank."""
    least = 1 + form.has_site if form.layout != "long" else len(grid.header) - 1
    most = least + len(history.days) if form.layout == "wide" else len(grid.header) - (form.totals == "column")
    places = [
        (row, column)
        for row, cells in enumerate(grid.rows)
        for column in range(least, most)
        if any(letter in "123456789" for letter in cells[column]) and not any("Total" in cell for cell in cells)
    ]
    return draw.one_of(places) if places else None


def _in_quantity(change: Callable[[str], str]) -> Damage:
    def damage(draw: Chooser, history: History, form: Form, grid: Grid) -> Grid | None:
        place = _place(draw, history, form, grid)
        return None if place is None else _replaced(grid, *place, change(grid.rows[place[0]][place[1]]))

    return damage


def _in_date(change: Callable[[str], str]) -> Damage:
    def damage(draw: Chooser, history: History, form: Form, grid: Grid) -> Grid | None:
        if form.layout == "wide":
            column = 1 + form.has_site + draw.whole(0, len(history.days) - 1)
            return replace(grid, header=_put(grid.header, column, change(grid.header[column])))
        place = _place(draw, history, form, grid)
        return None if place is None else _replaced(grid, place[0], 0, change(grid.rows[place[0]][0]))

    return damage


def _cut_row(draw: Chooser, history: History, form: Form, grid: Grid) -> Grid | None:
    """A row that ends before its last cells."""
    place = _place(draw, history, form, grid)
    if place is None or form.kind not in CSV_KINDS:
        return None
    row = grid.rows[place[0]][: place[1]]
    return replace(grid, rows=[*grid.rows[: place[0]], row, *grid.rows[place[0] + 1 :]])


def _extra_cell(draw: Chooser, history: History, form: Form, grid: Grid) -> Grid | None:
    """A row in which a separator cuts a quantity in two."""
    place = _place(draw, history, form, grid)
    if place is None or form.kind not in CSV_KINDS:
        return None
    row, column = place
    cells = grid.rows[row]
    cut = [*cells[:column], cells[column][:1], cells[column][1:] or "0", *cells[column + 1 :]]
    return replace(grid, rows=[*grid.rows[:row], cut, *grid.rows[row + 1 :]])


def _doubled_row(draw: Chooser, history: History, form: Form, grid: Grid) -> Grid | None:
    place = _place(draw, history, form, grid)
    if place is None:
        return None
    return replace(grid, rows=[*grid.rows[: place[0]], grid.rows[place[0]], *grid.rows[place[0] :]])


def _swapped_cells(draw: Chooser, history: History, form: Form, grid: Grid) -> Grid | None:
    """A row whose quantity stands where another cell belongs."""
    place = _place(draw, history, form, grid)
    if place is None:
        return None
    row, column = place
    other = 0 if form.layout != "wide" else draw.whole(0, form.has_site)
    cells = grid.rows[row]
    if form.layout == "wide" and not any(letter.isalpha() for letter in cells[other]):
        return None  # a code of digits may be a quantity, and a quantity a code: nothing tells them apart
    swapped = _put(_put(cells, column, cells[other]), other, cells[column])
    return replace(grid, rows=[*grid.rows[:row], swapped, *grid.rows[row + 1 :]])


def _missing_key(draw: Chooser, history: History, form: Form, grid: Grid) -> Grid | None:
    place = _place(draw, history, form, grid)
    if place is None:
        return None
    key = (0 if form.layout == "wide" else 1) + draw.whole(0, form.has_site)
    if form.layout == "across":
        return _replaced(grid, place[0], draw.whole(0, form.has_site), "")
    return _replaced(grid, place[0], key, "")


DAMAGES: Mapping[str, Damage] = {
    "letter in a number": _in_quantity(lambda text: f"{text[:-1]}O{text[-1:]}"),
    "letter for a digit": _in_quantity(lambda text: re.sub("[1-9]", "l", text, count=1)),
    "#N/A": _in_quantity(lambda _: "#N/A"),
    "#REF!": _in_quantity(lambda _: "#REF!"),
    "text for a number": _in_quantity(lambda _: "see note"),
    "two numbers in one cell": _in_quantity(lambda text: f"{text} 7"),  # "100 100" is one number with a space
    "two signs": _in_quantity(lambda text: f"--{text}"),
    "missing quantity": _in_quantity(lambda _: ""),
    "missing date": _in_date(lambda _: ""),
    "no such day": _in_date(lambda _: "2024-02-31"),
    "year of long ago": _in_date(lambda _: "1924-03-01"),
    "year far ahead": _in_date(lambda _: "2042-03-01"),
    "letter in a date": _in_date(lambda text: re.sub("[0-9]", "O", text, count=1)),
    "text for a date": _in_date(lambda _: "next month"),
    "cut row": _cut_row,
    "extra separator": _extra_cell,
    "doubled row": _doubled_row,
    "swapped cells": _swapped_cells,
    "missing key": _missing_key,
}


def is_told_apart(damage: str, form: Form) -> bool:
    """Whether anything in the file shows the damage: a blank cell is no demand where all zeros are blank."""
    return not (damage == "missing quantity" and form.layout != "long" and form.blank_zeros)


def with_bad_byte(content: bytes, at: int) -> bytes:
    """A text in UTF-8 with a byte put in that is none."""
    return content[:at] + b"\xff" + content[at:]

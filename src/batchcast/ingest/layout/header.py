"""Which column of a file is which of ours: by the mapping, by accepted names, or as a wide table of periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.demandnames import is_named_for_money, is_of_measures
from batchcast.ingest.common.names import ACCEPTED_NAMES, FLAG_NAMES, IN_HEADER, NAMES_OF_YEARS, normal
from batchcast.ingest.common.problems import MissingColumn, UnreadablePeriods
from batchcast.ingest.common.source import ColumnSource
from batchcast.ingest.layout.attributecolumns import attribute_columns
from batchcast.ingest.layout.balances import balance_column, check_moves, receipts_column, watched_columns
from batchcast.ingest.layout.candidates import (
    ask_about_pieces,
    notes_on_columns,
    numbered_part,
    numeric_columns,
    parts_across,
    question,
    sites_across,
)
from batchcast.ingest.layout.holes import is_sum_of, total_columns, unread_numbers
from batchcast.ingest.layout.layout import Across, Layout
from batchcast.ingest.layout.locate import (
    VisibleNames,
    check_mapping,
    check_width,
    locate,
    locate_flags,
    locate_stock_columns,
    visible_names,
)
from batchcast.ingest.layout.missing import likely_sites, missing_columns, refuse_bands, refuse_data_as_header
from batchcast.ingest.layout.movements import movement_columns, tells_ledger
from batchcast.ingest.layout.nodemand import ask_about_kinds, check_purchases, is_second_quantity
from batchcast.ingest.layout.quantitychecks import check_balance, check_money
from batchcast.ingest.layout.rowfilter import find_filters
from batchcast.ingest.layout.sample import Sample
from batchcast.ingest.layout.units import unit_column
from batchcast.ingest.layout.wide import (
    ask_about_periods,
    ask_about_years,
    check_across,
    dated_columns,
    find_periods,
    year_of,
)
from batchcast.ingest.values.months import lack_a_year, with_years

_MOST = 0.8  # share of the cells of a column that show what it holds


def find_columns(
    header: Sequence[str],
    settings: BatchSettings,
    *,
    where: Message | None = None,
    sample: Sequence[Sequence[Any]] | None = (),
) -> Layout:
    """How to read a file with this header.

    Args:
        header: its cells.
        settings: the mapping of its columns, and the order of dates.
        where: the file or sheet, as the sentences name it.
        sample: the first rows under the header, which decide between columns and what is advised; None: no advice.

    Raises:
        UnknownMapping: if the mapping names a column that isn't there.
        AmbiguousColumn: if two columns could be the same thing.
        UnreadablePeriods: if a column among the periods of a wide table is none.
        OverTheLimit: if there are more columns than a sheet has.
        MissingColumn: if there is none for a part, or neither a date with a quantity nor a column a period.
    """
    check_width(header)
    visible = visible_names(header, settings)
    names, mapping, held = visible.names, settings.column_mapping, Sample(sample or ())
    if columns.DATE not in mapping:
        ask_about_pieces(names, held)
    across = _across(names, mapping)
    left = {across, columns.DEMAND_QTY} if across else set()
    found = {ours: locate(ours, names, mapping, held) for ours in ACCEPTED_NAMES if ours not in left}
    check_mapping(mapping)
    known = _Known(visible, settings, held, found, where)
    if across:
        known.need(columns.DATE, *({columns.PARTNUMBER} - {across}), where=where, advises=sample is not None)
        return known.across_layout(across)
    if found[columns.PARTNUMBER] is None:
        is_wide = found[columns.DATE] is None and found[columns.DEMAND_QTY] is None
        number = numbered_part(names, held, is_wide=is_wide)
        found[columns.PARTNUMBER] = None if number is None else ColumnSource(names[number], (number,))
    layout = known.wide_layout() or known.long_layout()
    if layout is not None:
        return layout
    known.need(columns.DATE, columns.PARTNUMBER, columns.DEMAND_QTY, where=where, advises=sample is not None)
    raise AssertionError("a column is missing")


@dataclass(frozen=True, slots=True)
class _Known:
    """A header, its first rows, and which of our columns are found in it."""

    visible: VisibleNames
    settings: BatchSettings
    sample: Sample
    found: dict[str, ColumnSource | None]
    where: Message | None = None  # the file or sheet, as the sentences name it

    @property
    def taken(self) -> set[int]:
        """The columns that are ours."""
        return {i for cells in self.found.values() if cells for i in cells.indices}

    def need(self, *needed: str, where: Message | None, advises: bool) -> None:
        """Refuse a header without some of our columns; raises MissingColumn."""
        missing = [ours for ours in needed if self.found.get(ours) is None]
        if not missing:
            return
        names = self.visible.names
        if columns.PARTNUMBER in missing and self.settings.first_year is not None and lack_a_year(names):
            missing = [columns.PARTNUMBER]  # the months have their year
        periods = dated_columns(names, self.taken, self.settings) if columns.PARTNUMBER in missing else {}
        if len(periods) > 1:
            missing = [columns.PARTNUMBER]
        if not advises:
            template = N_("{where} has no column for {missing}.")
            values = {"where": where or Message(N_("The file")), "missing": ", ".join(missing)}
            raise MissingColumn(Message(template, values))
        free = [i for i in range(len(names)) if i not in self.taken and i not in periods]
        refuse_bands(missing, names, free, where or Message(N_("The file")))
        self._ask_about_columns(missing, free, where or Message(N_("The file")))
        if list(missing) == [columns.DATE, columns.DEMAND_QTY]:
            year = self._year()
            base_year = None if year is None else _years_in(self.sample.filled(year), self.settings)[0]
            ask_about_periods(names, self.settings, where or Message(N_("The file")), base_year=base_year)
        raise missing_columns(missing, names, free, where, self.sample)

    def _ask_about_columns(self, missing: Sequence[str], free: Sequence[int], where: Message) -> None:
        """Ask whether the columns of numbers are the parts, or the sites, of a table with dates down.

        Raises:
            AmbiguousColumn: if they may be.
        """
        names, sample, quantity = self.visible.names, self.sample, self.found.get(columns.DEMAND_QTY)
        if columns.DATE in missing or columns.DEMAND_QTY not in self.found:
            return
        total = quantity.indices[0] if quantity and quantity.indices else None
        numeric = [i for i in free if names[i]]
        if list(missing) == [columns.DEMAND_QTY] and is_of_measures(numeric, names):
            found = [i for i in numeric_columns(names, sample, self.taken) if not is_named_for_money(names[i])]
            if len(found) > 1:
                raise question(columns.DEMAND_QTY, found, names, sample)
        are_parts = columns.PARTNUMBER in missing and len(numeric) > 1 and all(map(sample.has_numbers, numeric))
        are_parts = are_parts and not is_of_measures(numeric, names)
        if are_parts and (total is None or is_sum_of(total, numeric, names, sample)):
            raise parts_across(numeric, names, where)
        if list(missing) == [columns.DEMAND_QTY] and self.found[columns.SITE_CODE] is None:
            across = likely_sites(names, free, sample)
            if len(across) > 1:
                raise sites_across(across, names, sample, where)

    def _keys(self) -> list[int]:
        """The columns of the part and the site."""
        located = (self.found[ours] for ours in columns.SERIES)
        return [i for cells in located if cells for i in cells.indices]

    def long_layout(self) -> Layout | None:
        """A row for each demand, with its date; None where that is not all there."""
        part, date, quantity = (self.found[ours] for ours in (columns.PARTNUMBER, columns.DATE, columns.DEMAND_QTY))
        if part is None or date is None or quantity is None:
            return None
        every, names, settings, held = self.visible.every, self.visible.names, self.settings, self.sample
        taken = self.taken
        refuse_data_as_header([names[i] if i in taken else "" for i in range(len(names))], self.where, held)
        if columns.DEMAND_QTY not in settings.column_mapping:
            check_money(quantity.indices[0], names, held, taken)
            check_balance(quantity.indices[0], self._keys(), names, held, taken)
        purchases: list[Message] = []
        if columns.DEMAND_QTY not in settings.column_mapping and quantity.indices:
            purchases = check_purchases(quantity.indices, self._keys(), names, held)
        out, inside, exclude = (locate_flags(ours, names, settings.column_mapping, taken) for ours in FLAG_NAMES)
        taken |= {i for cells in (out or inside, exclude) if cells for i in cells.indices}
        stock_columns = locate_stock_columns(names, settings.column_mapping, taken)
        taken |= {i for cells in stock_columns.values() for i in cells.indices}
        unit = unit_column(names, taken, quantity.indices[0] if quantity.indices else 0, held)
        notes = (*purchases, *notes_on_columns(_single(self.found, settings), names, held, taken), *self.visible.notes)
        taken |= set() if unit is None else {unit}
        second = {i for i in range(len(names)) if is_second_quantity(i, quantity.name, names, held)}
        movements, filters = movement_columns(names, taken | second, held), find_filters(every, settings.only_rows)
        taken |= {one.index for one in filters}
        is_ledger = tells_ledger(names, movements, held)  # it is asked about by its kinds
        if settings.demand_sign == "auto" and not (is_ledger or filters):
            check_moves(quantity.indices, self._keys(), names, held, self.taken)
        balance = () if is_ledger else balance_column(names, taken, held)
        watched = () if is_ledger else (*movements, *watched_columns(names, taken | {*movements}, held))
        receipts = receipts_column(names, taken, held) if len(quantity.indices) == 1 else None
        taken |= set() if receipts is None else {receipts}
        attributes, said = attribute_columns(names, settings, held, keys=self._keys(), taken=taken)
        return Layout(
            header=every,
            part=part,
            site=self.found[columns.SITE_CODE],
            date=date,
            quantity=quantity,
            notes=(*notes, *said),
            attributes=attributes,
            cost=_cost_in(stock_columns),
            stock=out or inside,
            stock_means_out=out is not None,
            exclude=exclude,
            stock_columns=stock_columns,
            filters=filters,
            movements=movements,
            unit=unit,
            balance=balance,
            watched=watched,
            receipts=receipts,
            ignored=self.visible.ignored,
        )

    def wide_layout(self) -> Layout | None:
        """A row for each part, or for each part and year, with a column for each period; None where it is otherwise."""
        year = self._year()
        part, date, quantity = (self.found[ours] for ours in (columns.PARTNUMBER, columns.DATE, columns.DEMAND_QTY))
        if part is None or quantity is not None or (date is not None and year is None):
            return None
        every, names, settings, held = self.visible.every, self.visible.names, self.settings, self.sample
        taken = self.taken | self.visible.ignored | ({year} if year is not None else set())
        base_year = None if year is None else _years_in(held.filled(year), settings)[0]
        periods = find_periods(names, taken, settings, held, base_year=base_year)
        if not periods.found:
            return None
        notes = list(periods.notes)
        if year is not None:
            notes.append(_refuse_or_note_years(names[year], [names[one.index] for one in periods.found], settings))
        filters = find_filters(every, settings.only_rows)
        if not filters:
            ask_about_kinds(names, taken | {one.index for one in periods.found}, held)
        span = ColumnSource(f"{periods.found[0].name} … {periods.found[-1].name}")
        read = self.taken | {one.index for one in periods.found} | ({year} if year is not None else set())
        stock = locate_stock_columns(names, settings.column_mapping, read)
        read |= {i for cells in stock.values() for i in cells.indices}
        totals = total_columns(periods.found, names, read | self.visible.ignored, held) if year is None else ()
        unit = unit_column(names, read, periods.found[0].index, held)
        other = read | periods.others | {one.index for one in totals} | (set() if unit is None else {unit})
        attributes, said = attribute_columns(names, settings, held, keys=self._keys(), taken=other)
        return Layout(
            header=every,
            part=part,
            site=self.found[columns.SITE_CODE],
            date=span,
            quantity=span,
            periods=periods.found,
            totals=totals,
            attributes=attributes,
            cost=_cost_in(stock),
            year=year,
            notes=(
                *notes,
                *unread_numbers(periods.found, names, read | periods.others | self.visible.ignored, held),
                *notes_on_columns(_single(self.found, settings), names, held, read),
                *self.visible.notes,
                *said,
            ),
            stock_columns=stock,
            filters=filters,
            unit=unit,
            ignored=self.visible.ignored,
        )

    def _year(self) -> int | None:
        """The column of the years of periods that have none in their names; None where there is none."""
        names, date = self.visible.names, self.found[columns.DATE]
        if not lack_a_year(names):
            return None
        wanted = {normal(name) for name in NAMES_OF_YEARS}
        likely = [i for i, name in enumerate(names) if normal(name) in wanted]
        for i in likely:
            ask_about_years(self.sample.filled(i), names[i], self.settings)
        likely += date.indices if date else ()
        return next((i for i in likely if _years_in(self.sample.filled(i), self.settings)), None)

    def across_layout(self, ours: str) -> Layout:
        """Dates down, and a column for each part, or for each site."""
        every, names = self.visible.every, self.visible.names
        left = self.taken | self.visible.ignored
        cells = tuple(Across(i, name) for i, name in enumerate(names) if name and i not in left)
        check_across(ours, cells)
        span = ColumnSource(f"{cells[0].name} … {cells[-1].name}")
        others = {one: self.found.get(one) for one in (columns.PARTNUMBER, columns.SITE_CODE)} | {ours: span}
        part, date = others[columns.PARTNUMBER], self.found[columns.DATE]
        assert part is not None and date is not None  # noqa: S101, PT018 they were needed
        template = N_(
            "Dates down: each of {count} columns from {first} to {last} is one {ours}; a blank cell is no demand."
        )
        values = {"count": len(cells), "first": cells[0].name, "last": cells[-1].name, "ours": ours}
        return Layout(
            header=every,
            part=part,
            site=others[columns.SITE_CODE],
            date=date,
            quantity=span,
            across=cells,
            across_of=ours,
            notes=(Message(template, values), *self.visible.notes),
            filters=find_filters(every, self.settings.only_rows),
            ignored=self.visible.ignored,
        )


def _cost_in(stock_columns: Mapping[str, ColumnSource]) -> int | None:
    """The one column of the cost of a unit among those of stock; None where there is none, or several may be it."""
    cells = stock_columns.get(columns.UNIT_COST)
    return cells.indices[0] if cells and len(cells.indices) == 1 else None


def _years_in(cells: Sequence[object], settings: BatchSettings) -> list[int]:
    """The years of a column nearly all of whose cells are one; none where they are not."""
    found = [year_of(cell, settings) for cell in cells]
    return sorted({*found} - {0}) if sum(map(bool, found)) >= _MOST * len(cells) else []


def _across(names: Sequence[str], mapping: Mapping[str, str]) -> str:
    """The part or the site, where it is mapped to the names of columns; empty where neither is."""
    keys = (columns.PARTNUMBER, columns.SITE_CODE)
    return next((ours for ours in keys if mapping.get(ours) == IN_HEADER and IN_HEADER not in names), "")


def _refuse_or_note_years(column: str, months: Sequence[str], settings: BatchSettings) -> Message:
    """What to say of years in a column; periods that begin again within one row are of fiscal years, and refused."""
    dated = with_years(months, 2000)
    again = next((name for name, one in zip(months, dated, strict=True) if "2001" in one), None)
    if again is not None:
        template = N_(
            "The years stand in column {column!r}, and the periods begin again at {again!r}: which part of a fiscal "
            "year is in which calendar year is not told. Write the year into each header, such as Jan 2024, with the "
            "columns of all years side by side."
        )
        raise UnreadablePeriods(Message(template, {"column": column, "again": again}))
    template = N_("The years of the periods stand in column {column!r}: a row for each part and year.")
    if settings.first_year is not None:
        template = N_("The years of the periods stand in column {column!r}; {@first_year} is not used.")
    return Message(template, {"column": column})


def _single(found: Mapping[str, ColumnSource | None], settings: BatchSettings) -> dict[str, int | None]:
    """The column that each of ours was found in: nothing is to be said of what could be it where a mapping names it.

    A site that was mapped to none or to a value counts as found; a date and a quantity that were chosen do not.
    """
    single = {ours: cells.indices[0] if cells and cells.indices else None for ours, cells in found.items()}
    asked = settings.column_mapping
    if single[columns.SITE_CODE] is None and columns.SITE_CODE in asked:
        single[columns.SITE_CODE] = -1
    single |= {ours: None for ours in (columns.DATE, columns.DEMAND_QTY) if ours in asked}
    return single

"""The table of series: which rows and in which order, as the address of the page says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from batchcast.domain import columns
from batchcast.domain.errors import N_
from batchcast.results.series import SeriesPage, SeriesQuery

ROWS_A_PAGE = 50
_YES, _NO = "yes", "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of the table."""

    name: str  # of the index
    label: str  # English, translated by the template
    kind: str  # text, quantity, share, score: how its values are written


COLUMNS = (
    Column(name=columns.SITE_CODE, label=N_("Site"), kind="text"),
    Column(name=columns.PARTNUMBER, label=N_("Part number"), kind="text"),
    Column(name=columns.DEMAND_CLASS, label=N_("Demand class"), kind="class"),
    Column(name=columns.HISTORY_TOTAL, label=N_("Past demand"), kind="quantity"),
    Column(name=columns.FORECAST_TOTAL, label=N_("Forecast"), kind="quantity"),
    Column(name=columns.REORDER_POINT, label=N_("Reorder point"), kind="quantity"),
    Column(name=columns.SAFETY_STOCK, label=N_("Safety stock"), kind="quantity"),
    Column(name=columns.PINBALL, label=N_("Forecast error"), kind="score"),
    Column(name=columns.BIAS, label=N_("Bias"), kind="share"),
    Column(name=columns.UNITS_SHORT, label=N_("Units short"), kind="quantity"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TableState:
    """What is looked for, in which order, on which page."""

    search: str = ""
    site_code: str = ""  # empty: all
    demand_class: str = ""  # empty: all
    flagged: str = ""  # yes, no; empty: whether or not
    sort: str = ""  # a column of the index; empty: by site and part
    descending: bool = False
    page: int = 1

    @property
    def query(self) -> SeriesQuery:
        """The rows of the page."""
        return SeriesQuery(
            search=self.search,
            sites=frozenset({self.site_code} - {""}),
            classes=frozenset({self.demand_class} - {""}),
            flagged={_YES: True, _NO: False}.get(self.flagged),
            sort=self.sort,
            descending=self.descending,
            offset=(self.page - 1) * ROWS_A_PAGE,
            limit=ROWS_A_PAGE,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether some series may be left out."""
        return bool(self.search or self.site_code or self.demand_class or self.flagged)

    def turned_to(self, page: int) -> TableState:
        """The same rows, another page."""
        return replace(self, page=page)

    def sorted_by(self, column: str) -> TableState:
        """By a column, from its first page; the other way round where it is sorted by that already."""
        return replace(self, sort=column, descending=self.sort == column and not self.descending, page=1)

    def order_of(self, column: str) -> str:
        """What `aria-sort` says of a column."""
        if self.sort != column:
            return "none"
        return "descending" if self.descending else "ascending"

    def parameters(self) -> dict[str, str]:
        """What differs from the table as it opens, for an address."""
        said = {
            "search": self.search,
            "site_code": self.site_code,
            "demand_class": self.demand_class,
            "flagged": self.flagged,
            "sort": self.sort,
            "descending": "true" if self.descending else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        return {name: value for name, value in said.items() if value}

    def url(self, batch_id: str) -> str:
        """The address of this table."""
        return f"/batches/{batch_id}/series" + _after_mark(self.parameters())

    def url_of_series(self, batch_id: str, site_code: str, partnumber: str, place: int | None = None) -> str:
        """The address of one series, that knows of its place in this table, counted from 0."""
        named = {columns.SITE_CODE: site_code, columns.PARTNUMBER: partnumber}
        if place is None:
            return f"/batches/{batch_id}/series/one?{urlencode(named)}"
        table = {f"in_{name}": value for name, value in self.parameters().items() if name != "page"}
        return f"/batches/{batch_id}/series/one?{urlencode(named | table | {'place': str(place)})}"


def last_page(total: int) -> int:
    """The number of pages for so many rows; an empty table has one."""
    return max(-(-total // ROWS_A_PAGE), 1)


def rows_of(page: SeriesPage, state: TableState, batch_id: str) -> list[SeriesRow]:
    """The rows of a page, each with the address of its series."""
    first = (state.page - 1) * ROWS_A_PAGE
    return [
        SeriesRow(
            values=row,
            url=state.url_of_series(batch_id, row[columns.SITE_CODE], row[columns.PARTNUMBER], first + number),
        )
        for number, row in enumerate(page.rows)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesRow:
    """A row of the table."""

    values: dict[str, object]  # by column of the index
    url: str  # of the page of the series


_Text = Annotated[str, Query(max_length=2000)]


def _table(
    search: _Text = "",
    site_code: _Text = "",
    demand_class: _Text = "",
    flagged: _Text = "",
    sort: _Text = "",
    *,
    descending: bool = False,
    page: Annotated[int, Query(ge=1, le=10**7)] = 1,
) -> TableState:
    return TableState(
        search=search.strip(),
        site_code=site_code,
        demand_class=demand_class,
        flagged=flagged,
        sort=sort,
        descending=descending,
        page=page,
    )


def _table_it_is_in(
    in_search: _Text = "",
    in_site_code: _Text = "",
    in_demand_class: _Text = "",
    in_flagged: _Text = "",
    in_sort: _Text = "",
    *,
    in_descending: bool = False,
    place: Annotated[int | None, Query(ge=0, le=10**9)] = None,
) -> PlaceInTable:
    state = TableState(
        search=in_search,
        site_code=in_site_code,
        demand_class=in_demand_class,
        flagged=in_flagged,
        sort=in_sort,
        descending=in_descending,
    )
    return PlaceInTable(table=state if place is None else state.turned_to(place // ROWS_A_PAGE + 1), place=place)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceInTable:
    """Where in a table a series was found."""

    table: TableState
    place: int | None  # from 0; None: it was reached by another way

    @property
    def around(self) -> SeriesQuery | None:
        """The series with those before and after it; None where no table led to it."""
        if self.place is None:
            return None
        first = max(self.place - 1, 0)
        return replace(self.table.query, offset=first, limit=self.place + 2 - first)


Table = Annotated[TableState, Depends(_table)]
InTable = Annotated[PlaceInTable, Depends(_table_it_is_in)]


def _after_mark(parameters: dict[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else ""

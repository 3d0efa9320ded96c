"""The table of series: which rows and in which order, as the address of the page says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from batchcast.domain import columns
from batchcast.domain.errors import N_
from batchcast.results.series import SeriesQuery

ROWS_A_PAGE = 50
_YES, _NO = "yes", "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of the table."""

    name: str  # of the index
    label: str  # English, translated by the template
    kind: str  # text, quantity, share, score: how its values are written
    on_phone: str = ""  # where it stands in the card that a row is there: q is its figure, off leaves it out


COLUMNS = (
    Column(name=columns.SITE_CODE, label=N_("Site"), kind="text"),
    Column(name=columns.PARTNUMBER, label=N_("Part number"), kind="text"),
    Column(name=columns.DEMAND_CLASS, label=N_("Demand class"), kind="class"),
    Column(name=columns.HISTORY_TOTAL, label=N_("Past demand"), kind="quantity"),
    Column(name=columns.FORECAST_TOTAL, label=N_("Forecast"), kind="quantity", on_phone="q"),
    Column(name=columns.REORDER_POINT, label=N_("Reorder point"), kind="quantity"),
    Column(name=columns.SAFETY_STOCK, label=N_("Safety stock"), kind="quantity", on_phone="off"),
    Column(name=columns.PINBALL, label=N_("Forecast error"), kind="score", on_phone="off"),
    Column(name=columns.BIAS, label=N_("Bias"), kind="share", on_phone="off"),
    Column(name=columns.UNITS_SHORT, label=N_("Units short"), kind="quantity", on_phone="off"),
)

FIGURES = frozenset(column.name for column in COLUMNS if column.kind not in ("text", "class"))

_Text = Annotated[str, Query(max_length=2000)]


@dataclass(frozen=True, kw_only=True, slots=True)
class TableState:
    """Which series the table shows, in which order, on which page: the parameters of its address."""

    search: _Text = ""
    site_code: _Text = ""  # empty: all
    demand_class: _Text = ""  # empty: all
    flagged: _Text = ""  # yes, no; empty: both
    sort: _Text = ""  # a column of the index; empty: by site and part
    descending: bool = False
    page: Annotated[int, Query(ge=1, le=10**7)] = 1

    @property
    def query(self) -> SeriesQuery:
        """The rows that the page shows."""
        return SeriesQuery(
            search=self.search.strip(),
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
        """Sorted by a column, from the first page: at first texts upwards and figures from the largest; in the other
        direction where it is sorted by that column already."""
        descending = not self.descending if self.sort == column else column in FIGURES
        return replace(self, sort=column, descending=descending, page=1)

    def order_of(self, column: str) -> str:
        """The value of `aria-sort` of a column."""
        if self.sort != column:
            return "none"
        return "descending" if self.descending else "ascending"

    def parameters(self) -> dict[str, str]:
        """The parameters of its address: those that differ from the table as it opens."""
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
        parameters = self.parameters()
        return f"/batches/{batch_id}/series" + (f"?{urlencode(parameters)}" if parameters else "")

    def url_of_series(self, batch_id: str, site_code: str, partnumber: str, place: int | None = None) -> str:
        """The address of one series, with its place in this table, counted from 0, where it was found in it."""
        named = {columns.SITE_CODE: site_code, columns.PARTNUMBER: partnumber}
        if place is None:
            return f"/batches/{batch_id}/series/one?{urlencode(named)}"
        table = {f"in_{name}": value for name, value in self.parameters().items() if name != "page"}
        return f"/batches/{batch_id}/series/one?{urlencode(named | table | {'place': str(place)})}"


def last_page(total: int) -> int:
    """The number of pages of a table with this many rows; an empty table has one."""
    return max(-(-total // ROWS_A_PAGE), 1)


def _table_it_is_in(request: Request, place: Annotated[int | None, Query(ge=0, le=10**9)] = None) -> PlaceInTable:
    """Read what `TableState.url_of_series` has written."""
    given = {name.removeprefix("in_"): value for name, value in request.query_params.items() if name.startswith("in_")}
    texts = {name: given.get(name, "") for name in ("search", "site_code", "demand_class", "flagged", "sort")}
    page = 1 if place is None else place // ROWS_A_PAGE + 1
    return PlaceInTable(table=TableState(**texts, descending=given.get("descending") == "true", page=page), place=place)


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


Table = Annotated[TableState, Depends()]
InTable = Annotated[PlaceInTable, Depends(_table_it_is_in)]


# What a flag says of a series.
NOTES: Mapping[str, str] = {
    columns.LIMITED: N_("The upper quantiles were held back at what the history makes plausible."),
    columns.ABOVE_HISTORY: N_(
        "More is forecast than was ever demanded: nothing is ordered until a person releases it."
    ),
    columns.UNLIKE_OTHERS: N_(
        "Far more was demanded at once than of like parts: nothing is ordered until a person releases it."
    ),
    columns.HAS_EXTREME: N_("One order is far beyond all other demand, and hardly counts in the forecast."),
}

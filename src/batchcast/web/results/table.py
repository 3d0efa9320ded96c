"""The table of series: which rows and in which order, as the address of the page says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from batchcast.domain import columns
from batchcast.domain.errors import N_
from batchcast.results.series import SeriesQuery, attributes_in

ROWS_A_PAGE = 50
_YES, _NO = "yes", "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of the table."""

    name: str  # of the index
    label: str  # English, translated by the template
    kind: str  # text, class, rank, spark, quantity, share, score: how its values are written
    on_phone: str = ""  # where it stands in the card that a row is there: q is its figure, off leaves it out
    is_shown: bool = True  # where a person has not chosen the columns


COLUMNS = (
    Column(name=columns.PARTNUMBER, label=N_("Part number"), kind="text"),
    Column(name=columns.SITE_CODE, label=N_("Site"), kind="text"),
    Column(name=columns.ABC, label="ABC", kind="rank"),
    Column(name=columns.XYZ, label="XYZ", kind="rank"),
    Column(name=columns.DEMAND_CLASS, label=N_("Demand class"), kind="class"),
    Column(name=columns.RECENT, label=N_("Twelve months and forecast"), kind="spark"),
    Column(name=columns.YEAR_TOTAL, label=N_("Twelve months"), kind="quantity"),
    Column(name=columns.YEAR_VALUE, label=N_("Twelve months, value"), kind="quantity", on_phone="off", is_shown=False),
    Column(name=columns.HISTORY_TOTAL, label=N_("Past demand"), kind="quantity", is_shown=False),
    Column(name=columns.FORECAST_TOTAL, label=N_("Forecast"), kind="quantity", on_phone="q"),
    Column(name=columns.REORDER_POINT, label=N_("Reorder point"), kind="quantity"),
    Column(name=columns.LEAD_TIME_MEAN, label=N_("Lead-time demand"), kind="quantity", on_phone="off", is_shown=False),
    Column(name=columns.SAFETY_STOCK, label=N_("Safety stock"), kind="quantity", on_phone="off", is_shown=False),
    Column(name=columns.PINBALL, label=N_("Forecast error"), kind="score", on_phone="off", is_shown=False),
    Column(name=columns.BIAS, label=N_("Bias"), kind="share", on_phone="off", is_shown=False),
    Column(name=columns.UNITS_SHORT, label=N_("Units short"), kind="quantity", on_phone="off"),
)
KEYS = (columns.PARTNUMBER, columns.SITE_CODE)  # columns that are always shown
_USUAL = tuple(column for column in COLUMNS if column.is_shown and column.name not in KEYS)
LARGEST = columns.FORECAST_TOTAL  # what the table is sorted by as it opens: the largest first

FIGURES = frozenset(column.name for column in COLUMNS if column.kind in ("quantity", "share", "score"))

GROUPED = (columns.SITE_CODE, columns.DEMAND_CLASS, columns.ABC, columns.XYZ)  # besides attributes

_Text = Annotated[str, Query(max_length=2000)]


@dataclass(frozen=True, kw_only=True, slots=True)
class TableState:
    """Which series the table shows, in which order, on which page: the parameters of its address."""

    search: _Text = ""
    site_code: _Text = ""  # empty: all
    demand_class: _Text = ""  # empty: all
    abc: _Text = ""  # a rank; empty: all
    xyz: _Text = ""
    flagged: _Text = ""  # yes, no; empty: both
    attribute: Annotated[tuple[str, ...], Query(max_length=100)] = ()  # Family=Bearings; without a value: all
    group: _Text = ""  # an attribute, or a column of groups: its totals are shown; empty: none
    show: Annotated[tuple[str, ...], Query()] = ()  # names of columns, one or several with commas in each; empty: usual
    sort: _Text = ""  # a column of the index; empty: what is forecast, the largest first
    descending: bool = False
    page: Annotated[int, Query(ge=1, le=10**7)] = 1

    @property
    def query(self) -> SeriesQuery:
        """The rows that the page shows."""
        return SeriesQuery(
            search=self.search.strip(),
            sites=frozenset({self.site_code} - {""}),
            classes=frozenset({self.demand_class} - {""}),
            abc=frozenset({self.abc} - {""}),
            xyz=frozenset({self.xyz} - {""}),
            attributes=attributes_in(self._asked),
            flagged={_YES: True, _NO: False}.get(self.flagged),
            sort=self.sort or LARGEST,
            descending=self.descending or not self.sort,
            offset=(self.page - 1) * ROWS_A_PAGE,
            limit=ROWS_A_PAGE,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether some series may be left out."""
        named = (self.search, self.site_code, self.demand_class, self.abc, self.xyz, self.flagged)
        return any(named) or bool(self._asked)

    @property
    def _asked(self) -> tuple[str, ...]:
        """The attributes whose value is asked for."""
        return tuple(text for text in self.attribute if text.partition("=")[2])

    def value_of(self, attribute: str) -> str:
        """The value of an attribute that is asked for; empty where none is."""
        return next((text.partition("=")[2] for text in self._asked if text.partition("=")[0] == attribute), "")

    def with_value(self, by: str, value: str) -> TableState:
        """Only the series of one group of a column that they are grouped by."""
        if by in GROUPED:
            changed: dict[str, Any] = {by: value, "group": "", "page": 1}
            return replace(self, **changed)
        others = tuple(text for text in self._asked if text.partition("=")[0] != by)
        return replace(self, attribute=(*others, f"{by}={value}"), group="", page=1)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that are shown: those of the key, those that are chosen, and the one that is sorted by."""
        names = {*KEYS, self.sort, *(column.name for column in self._chosen)}
        further = (name for name in dict.fromkeys((*self._shown_names, self.sort)) if columns.attribute_of(name))
        return (*(column for column in COLUMNS if column.name in names), *map(of_attribute, further))

    @property
    def _chosen(self) -> tuple[Column, ...]:
        """The columns that a person has chosen beside the key, else the usual ones."""
        names = {*self._shown_names} - {*KEYS}
        return tuple(column for column in COLUMNS if column.name in names) or _USUAL

    @property
    def _shown_names(self) -> tuple[str, ...]:
        return tuple(name for given in self.show for name in _names_in(given))

    def turned_to(self, page: int) -> TableState:
        """The same rows, another page."""
        return replace(self, page=page)

    def sorted_by(self, column: str) -> TableState:
        """Sorted by a column, from the first page: at first texts upwards and figures from the largest; in the other
        direction where it is sorted by that column already."""
        before = self.order_of(column)
        descending = column in FIGURES if before == "none" else before == "ascending"
        return replace(self, sort=column, descending=descending, page=1)

    def order_of(self, column: str) -> str:
        """The value of `aria-sort` of a column."""
        query = self.query
        if query.sort != column:
            return "none"
        return "descending" if query.descending else "ascending"

    def parameters(self) -> dict[str, str | list[str]]:
        """The parameters of its address: those that differ from the table as it opens."""
        further = [name for name in self._shown_names if columns.attribute_of(name)]
        usual = self._chosen == _USUAL and not further
        said: dict[str, str | list[str]] = {
            "search": self.search,
            "site_code": self.site_code,
            "demand_class": self.demand_class,
            "abc": self.abc,
            "xyz": self.xyz,
            "flagged": self.flagged,
            "attribute": [*self._asked],
            "group": self.group,
            "show": [] if usual else [",".join(column.name for column in self._chosen), *further],
            "sort": self.sort,
            "descending": "true" if self.descending else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        return {name: value for name, value in said.items() if value}

    def url(self, batch_id: str) -> str:
        """The address of this table."""
        return self._address(f"/batches/{batch_id}/series")

    def url_of_file(self, batch_id: str, file_format: str) -> str:
        """The address of its rows and columns as a file, of all its pages."""
        return self.turned_to(1)._address(f"/batches/{batch_id}/series.{file_format}")

    def _address(self, path: str) -> str:
        parameters = self.parameters()
        return path + (f"?{urlencode(parameters, doseq=True)}" if parameters else "")

    def url_of_series(self, batch_id: str, site_code: str, partnumber: str, place: int | None = None) -> str:
        """The address of one series, with its place in this table, counted from 0, where it was found in it."""
        named = {columns.SITE_CODE: site_code, columns.PARTNUMBER: partnumber}
        if place is None:
            return f"/batches/{batch_id}/series/one?{urlencode(named)}"
        table = {f"in_{name}": value for name, value in self.parameters().items() if name != "page"}
        return f"/batches/{batch_id}/series/one?{urlencode(named | table | {'place': str(place)}, doseq=True)}"


def _names_in(given: str) -> list[str]:
    """The columns that one parameter names; an attribute, whose name may hold a comma, has one of its own."""
    return [given] if columns.attribute_of(given) else given.split(",")


def of_attribute(name: str) -> Column:
    """The column of an attribute of the parts."""
    return Column(name=name, label=columns.attribute_of(name) or name, kind="attribute", is_shown=False)


def last_page(total: int) -> int:
    """The number of pages of a table with this many rows; an empty table has one."""
    return max(-(-total // ROWS_A_PAGE), 1)


def _table_it_is_in(request: Request, place: Annotated[int | None, Query(ge=0, le=10**9)] = None) -> PlaceInTable:
    """Read what `TableState.url_of_series` has written."""
    asked = request.query_params
    given = {name.removeprefix("in_"): value for name, value in asked.items() if name.startswith("in_")}
    names = ("search", "site_code", "demand_class", "abc", "xyz", "flagged", "group", "sort")
    texts = {name: given.get(name, "") for name in names}
    show, attribute = tuple(asked.getlist("in_show")), tuple(asked.getlist("in_attribute"))
    page = 1 if place is None else place // ROWS_A_PAGE + 1
    table = TableState(**texts, show=show, attribute=attribute, descending=given.get("descending") == "true", page=page)
    return PlaceInTable(table=table, place=place)


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
    columns.NOTHING_ALIKE: N_(
        "One or two demands, and too few like parts to learn from: nothing is ordered until a person releases it."
    ),
    columns.LEVEL_CHANGED: N_("For months demand has been far above or below nearly all that was before."),
    columns.HAS_EXTREME: N_("One order is far beyond all other demand, and hardly counts in the forecast."),
}

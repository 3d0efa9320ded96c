"""Which columns of a file say what is held of each part: a stock file's, or those of a demand history that has some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchcast.domain import columns
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.locating import Cells, check_mapping, locate, locate_held
from batchcast.ingest.names import ACCEPTED_NAMES, HELD_NAMES, named_columns
from batchcast.ingest.problems import AmbiguousColumn, InvalidStockFile


@dataclass(frozen=True, kw_only=True, slots=True)
class StockLayout:
    """How the rows of a stock file are read."""

    header: tuple[str, ...]
    part: Cells
    site: Cells | None  # None: everything is one site
    date: Cells | None  # tells the latest of several rows of a part
    held: Mapping[str, Cells]  # at least one
    undecided: AmbiguousColumn | None = None  # why there is no date, where two columns could be it

    @property
    def wanted(self) -> tuple[int, ...]:
        """Columns of the file that are read, ascending."""
        cells = [self.part, *(one for one in (self.site, self.date) if one), *self.held.values()]
        return tuple(sorted({i for cell in cells for i in cell.indices}))

    @property
    def plain(self) -> frozenset[int]:
        """None of them is read as whole numbers only: cells can be empty."""
        return frozenset()


def find_stock_columns(
    name: str, header: Sequence[str], settings: BatchSettings, *, where: Message | None = None
) -> StockLayout:
    """How to read a stock file with this header.

    Args:
        name: of the file.
        header: its cells.
        settings: the mapping of its columns.
        where: the sheet, where there are several; the sentences name the file.

    Raises:
        InvalidStockFile: if there is no column of parts, or none of what is held, or two of one kind.
        UnknownMapping: if the mapping names a column that isn't there.
        AmbiguousColumn: if two columns could be the part or the site.
    """
    names, mapping = tuple(cell.strip() for cell in header), settings.column_mapping
    check_mapping(mapping)
    part, site = (locate(ours, names, mapping) for ours in (columns.PARTNUMBER, columns.SITE_CODE))
    if part is None:
        template = N_("{name} has no column {column}; it has {found}. Name one of them {accepted}.")
        accepted = ", ".join(ACCEPTED_NAMES[columns.PARTNUMBER])
        values = {"column": columns.PARTNUMBER, "found": named_columns(names), "accepted": accepted}
        raise InvalidStockFile(Message(template, {"name": name, **values}))
    date, undecided = _date(names, mapping)
    taken = {i for cells in (part, site, date) if cells for i in cells.indices}
    held = locate_held(names, mapping, taken)
    if not held:
        template = N_("{name} says nothing of stock; it has {found}. Add one of the columns {accepted}.")
        values = {"found": named_columns(names), "accepted": ", ".join(HELD_NAMES)}
        raise InvalidStockFile(Message(template, {"name": name, **values}))
    _refuse_two_of_a_kind(name, names, held, mapping)
    return StockLayout(header=names, part=part, site=site, date=date, held=held, undecided=undecided)


def _date(names: Sequence[str], mapping: Mapping[str, str]) -> tuple[Cells | None, AmbiguousColumn | None]:
    """The column of dates; whether one is needed only the rows can tell."""
    try:
        return locate(columns.DATE, names, mapping), None
    except AmbiguousColumn as error:
        return None, error


def _refuse_two_of_a_kind(
    name: str, names: Sequence[str], held: Mapping[str, Cells], mapping: Mapping[str, str]
) -> None:
    for ours, cells in held.items():
        if len(cells.indices) > 1 and ours not in mapping:
            first, second = (names[i] for i in cells.indices[:2])
            template = N_(
                "{name} has two columns that are {column}: {first!r} and {second!r}; rename one, or say which with the "
                "mapping {column}={first}."
            )
            values = {"name": name, "column": ours, "first": first, "second": second}
            raise InvalidStockFile(Message(template, values))

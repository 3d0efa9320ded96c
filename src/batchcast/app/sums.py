"""The use case of sums: a finished result in, the demand of its parts summed over windows out, to a file if asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from batchcast.domain import columns
from batchcast.domain.calendar import Calendar
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.publish.certificate import PublishFailed
from batchcast.publish.writers import write_table
from batchcast.results.ordering import find_result
from batchcast.results.sums import DEFAULT_LEVELS, check_sums, default_windows, sums_table


@dataclass(frozen=True, kw_only=True)
class ToldSums:
    """The sums of a result."""

    table: pa.Table  # a row a series and window, see `results.sums.sums_table`
    windows: int  # of each series
    calendar: Calendar
    file: Path | None  # that has all of them
    notes: tuple[Message, ...]  # on the files of the result

    @property
    def series(self) -> int:
        """How many there are."""
        return int(self.table.num_rows // self.windows)


def tell_sums(
    result: Path,
    *,
    windows: Sequence[float] = (),
    levels: Sequence[float] = (),
    partnumbers: Sequence[str] = (),
    site_codes: Sequence[str] = (),
    out: Path | None = None,
) -> ToldSums:
    """The demand of the parts of a result on this machine, summed over windows from the end of history on.

    Args:
        result: the folder or the forecast of a published result.
        windows: periods; none: one, two, ... lead times.
        levels: of the quantiles; none: the usual ones.
        partnumbers: of the parts, to the letter; none: all.
        site_codes: the same of sites.
        out: the file to write, of the format of its name; None: none.

    Raises:
        InvalidInput: if there is no such result (NoResultHere), or it was changed (ChangedResult).
        InvalidSettings: if a window or level is out of its range, or nothing is of these parts and sites.
        PublishFailed: if the file can't be written.
    """
    found = find_result(result)
    request = found.certificate.request
    chosen, at = tuple(windows) or default_windows(request), tuple(levels) or DEFAULT_LEVELS
    check_sums(chosen, at, request)
    table = sums_table(found.stock, found.figures, chosen, at)
    for name, wanted in ((columns.PARTNUMBER, partnumbers), (columns.SITE_CODE, site_codes)):
        if wanted:
            table = table.filter(pc.is_in(table[name].cast(pa.string()), value_set=pa.array(wanted, pa.string())))
    if not table.num_rows and (partnumbers or site_codes):
        template = N_("{result} has no such part: part numbers and sites count to the letter ({wanted}).")
        wanted = ", ".join(map(repr, (*partnumbers, *site_codes)))
        raise InvalidSettings([Message(template, {"result": str(result), "wanted": wanted})])
    if out is not None:
        _write(table, out)
    return ToldSums(table=table, windows=len(chosen), calendar=request.calendar, file=out, notes=found.notes)


def _write(table: pa.Table, out: Path) -> None:
    """Write the file whole or not at all; an earlier one is replaced."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.parent, prefix=".sums-") as scratch:
            written = Path(scratch) / out.name
            write_table(written, iter([table]), title="sums")
            written.replace(out)
    except OSError as error:
        template = N_("The sums can't be written to {out}: {reason}. Make room or choose another place, and ask again.")
        raise PublishFailed(Message(template, {"out": str(out), "reason": error.strerror or str(error)})) from error

"""A refused row is told the partition of its site."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchcast.app.intake import place_problems
from batchcast.domain.errors import Message
from batchcast.domain.history import IngestReport, RowProblem
from batchcast.domain.plan import Plan


def _report(*sites: str | None) -> IngestReport:
    problems = tuple(
        RowProblem(line=2, column="date", letter="A", value="x", reason=Message("is not a date"), site_code=site)
        for site in sites
    )
    return IngestReport(
        source="demand.csv",
        format=Message("CSV"),
        columns={},
        columns_left_alone=(),
        rows_read=len(sites),
        rows_kept=0,
        rows_summed=0,
        rows_refused=len(sites),
        problems=problems,
    )


def test_a_row_of_a_planned_site_gets_its_partition(make_plan: Callable[[Sequence[int]], Plan]) -> None:
    report = place_problems(_report("S1", "S0", "elsewhere", None), make_plan([10, 20]))

    assert [problem.partition for problem in report.problems] == [1, 0, None, None]


def test_without_a_plan_the_report_stays_as_it_is() -> None:
    report = _report("S0")

    assert place_problems(report, None) is report

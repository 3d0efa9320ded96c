"""What a file holds and how it would be forecast."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from batchcast.domain.history import IngestReport
from batchcast.domain.plan import Plan
from batchcast.plan import BATCH_ROWS, BATCH_SITES


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """The account of every row, and the plan of the batch."""

    report: IngestReport
    plan: Plan | None  # None where no row could be accepted
    sites: tuple[str, ...] = ()  # of the file, whichever of them are forecast

    @property
    def proposes_batch_mode(self) -> bool:
        """Whether a person should be offered partitions; `batch_mode: auto` by itself wants more."""
        return self.plan is not None and (self.plan.rows >= BATCH_ROWS or len(self.sites) >= BATCH_SITES)


def place_problems(report: IngestReport, plan: Plan | None) -> IngestReport:
    """The report with each refused row told the partition it belongs to, where its site is in one partition alone."""
    if plan is None:
        return report
    numbers: dict[str, set[int]] = defaultdict(set)
    for partition in plan.partitions:
        for site in partition.sites:
            numbers[site].add(partition.number)
    only = {site: next(iter(found)) for site, found in numbers.items() if len(found) == 1}
    problems = tuple(
        replace(problem, partition=only.get(problem.site_code)) if problem.site_code is not None else problem
        for problem in report.problems
    )
    return replace(report, problems=problems)

"""The JSON form of each noun: one, which the API answers with and `--json` writes.

Every function takes the noun and `say`, which puts a sentence into the reader's language, and returns plain values:
dates as ISO texts, NaN as None. `docs/reference/api.md` describes them, `api/answers.py` is their schema.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from batchcast.app.words.findings import findings_of, why_no_findings
from batchcast.domain.accuracy import Hindsight, WorstPart
from batchcast.domain.batch import Batch, PartitionRecord, PartitionState
from batchcast.domain.calendar import Span, date_of
from batchcast.domain.columns import DATE, DEMAND_QTY
from batchcast.domain.errors import N_, Message
from batchcast.domain.history import IngestReport
from batchcast.domain.inventory import Orders, notes_of, promise_of
from batchcast.domain.plan import Partition, Plan
from batchcast.domain.recipe import FilePreview
from batchcast.run.verdict import way_out_of

if TYPE_CHECKING:
    from batchcast.app.intake import Analysis

MOST_ORDERS = 100  # parts to order and units to buy next that are named; the files have all of them

Say = Callable[[Message], str]
Json = dict[str, Any]

_INTERNAL = frozenset({"rejected_path", "refused_by_site"})  # fields of a report that have no JSON form
_PARTITION_ERROR = N_("Partition {partition} error: {problem}")
_INVALID = {
    DATE: N_("Invalid date format (line {line}: {value!r})"),
    DEMAND_QTY: N_("Invalid number format (line {line}: {value!r})"),
}
_INVALID_KEY = N_("Invalid key (line {line}: {value!r})")


def plain(value: Any, say: Say) -> Any:
    """Any nest of values, nouns whose fields are their JSON form among them, as plain values."""
    told: Any = value
    match value:
        case None | bool() | int() | str():
            pass
        case Message():
            told = say(value)
        case float():
            told = value if math.isfinite(value) else None
        case dt.date():
            told = value.isoformat()
        case Mapping():
            told = {str(name): plain(item, say) for name, item in value.items()}
        case list() | tuple():
            told = [plain(item, say) for item in value]
        case _ if is_dataclass(value):
            told = {one.name: plain(getattr(value, one.name), say) for one in fields(value)}
        case _:
            told = str(value)
    return told


# What a file holds and how it is to be forecast.


def report_json(report: IngestReport, say: Say) -> Json:
    """Every row of the file accounted for, the first refused rows one by one."""
    return {one.name: plain(getattr(report, one.name), say) for one in fields(report) if one.name not in _INTERNAL}


def row_errors_json(report: IngestReport, plan: Plan | None, say: Say) -> Json:
    """The refused rows: how many, the first of them, and how many in each planned partition."""
    counts = sorted(_refused_by_partition(report, plan).items(), key=lambda item: (item[0] is None, item[0] or 0))
    return {
        "count": report.rows_refused,
        "first": plain(report.problems, say),
        "by_partition": [
            {"partition": number, "count": count, "message": _first_problem_of(number, report, say)}
            for number, count in counts
        ],
    }


def plan_json(plan: Plan, say: Say) -> Json:
    """What is forecast, how it is partitioned, and how long it should take."""
    request = plan.request
    start = request.calendar.first_day(request.first_period)
    return {
        "batch_mode": plan.batch_mode,
        "frequency": request.calendar.frequency.value,
        "horizon": request.horizon,
        "rows": plan.rows,
        "sites": plan.sites,
        "parts": plan.parts,
        "series": plan.series,
        "first_date": plan.first_date.isoformat(),
        "last_date": plan.last_date.isoformat(),
        "forecast_start_date": date_of(start).isoformat(),
        "partitions": len(plan.partitions),
        "estimate_seconds": round(plan.estimate_seconds, 3),
        "single_job_seconds": round(plan.single_job_seconds, 3),
        "speed_up": round(plan.speed_up, 2),
        "hints": plain(plan.hints, say),
        "notes": plain(plan.notes, say),
    }


def analysis_json(analysis: Analysis, say: Say) -> Json:
    """The report and the plan; no plan where no row could be accepted."""
    plan = None if analysis.plan is None else plan_json(analysis.plan, say)
    return {"report": report_json(analysis.report, say), "plan": plan}


def analyzed_json(analysis: Analysis, say: Say) -> Json:
    """The analysis and its planned partitions."""
    return {
        "analysis": analysis_json(analysis, say),
        "partitions": planned_json(analysis.plan.partitions if analysis.plan else ()),
    }


def planned_json(partitions: Iterable[Partition]) -> list[Json]:
    """Partitions before they are at work."""
    return [_planned(partition) for partition in partitions]


def _planned(partition: Partition) -> Json:
    return {
        "number": partition.number,
        "sites": list(partition.sites),
        "rows": partition.rows,
        "parts": partition.parts,
        "series": partition.series,
    }


def _refused_by_partition(report: IngestReport, plan: Plan | None) -> Counter[int | None]:
    """Refused rows by planned partition; None where the row's site can't be read, or is in none or several."""
    numbers: dict[str, set[int]] = {}
    for partition in plan.partitions if plan is not None else ():
        for site in partition.sites:
            numbers.setdefault(site, set()).add(partition.number)
    counts: Counter[int | None] = Counter()
    for site, count in report.refused_by_site.items():
        found = numbers.get(site, set())
        counts[next(iter(found)) if len(found) == 1 else None] += count
    return counts


def _first_problem_of(partition: int | None, report: IngestReport, say: Say) -> str | None:
    """The first refused row of a partition in a sentence; None where it is not among the first hundred of all."""
    found = next((problem for problem in report.problems if problem.partition == partition), None)
    if partition is None or found is None:
        return None
    template = next((t for ours, t in _INVALID.items() if report.columns.get(ours) == found.column), _INVALID_KEY)
    problem = Message(template, {"line": found.line, "value": found.value})
    return say(Message(_PARTITION_ERROR, {"partition": partition, "problem": problem}))


def preview_json(preview: FilePreview, say: Say) -> Json:
    """The columns of a file and its first rows as they would be read."""
    told = {one.name: plain(getattr(preview, one.name), say) for one in fields(preview)}
    return told | {"settings": preview.settings.as_json()}


# A batch as it stands.


def batch_json(batch: Batch) -> Json:
    """Which batch, its state and how far it is."""
    completed = sum(record.state is PartitionState.COMPLETED for record in batch.partitions)
    return {
        "batch_id": batch.batch_id,
        "status": batch.state.value,
        "progress": {"percent": percent_of(batch.progress), "completed": completed, "total": len(batch.partitions)},
    }


def partition_json(batch: Batch, record: PartitionRecord, say: Say) -> Json:
    """A partition as it stands."""
    return {
        **_planned(record.partition),
        "status": record.state.value,
        "percent": percent_of(record.progress),
        "seconds": record.seconds,
        "attempt": record.attempt,
        "reused": record.reused_from is not None,
        "reused_from": record.reused_from,
        "error": None if record.error is None else failure_json(batch, record.error, record, say),
    }


def failure_json(batch: Batch, error: Message, record: PartitionRecord | None, say: Say) -> Json:
    """Why a batch, or a partition of it, did not end well, and what to do about it where the sentence does not say."""
    way_out = way_out_of(batch, record) if record else None
    return {
        "code": record.reason or "error" if record else "error",
        "message": say(error),
        "way_out": say(way_out) if way_out else None,
    }


def percent_of(share: float) -> float:
    """A share as a percentage of one decimal."""
    return round(100 * share, 1)


# What a batch has published says.


def accuracy_json(hindsight: Hindsight, say: Say) -> Json:
    """How good the forecast of a batch is, in sentences and figures, and the parts with the most units short."""
    said = [finding.said for finding in findings_of(hindsight)]
    if not hindsight.cases:
        said.append(why_no_findings(hindsight))
    told: Json = {
        "sentences": said,
        "service_level": hindsight.service_level,
        "series": hindsight.series,
        "judged": hindsight.judged,
        "cases": hindsight.cases,
        "backtests": [_span(span) for span in hindsight.spans],
        "covered": hindsight.covered,
        "value_added_vs_naive": hindsight.value_added,
        "bias": hindsight.bias,
        "units_wanted": hindsight.actual,
        "units_short": hindsight.units_short,
        "units_over": hindsight.units_over,
        "worst_parts": [_worst_part(part) for part in hindsight.worst_parts],
    }
    return {name: plain(value, say) for name, value in told.items()}


def _worst_part(part: WorstPart) -> Json:
    values = {one.name: getattr(part, one.name) for one in fields(part) if one.name != "span"}
    return {**values, "worst": _span(part.span)}


def _span(span: Span) -> Json:
    first, last = span.calendar.first_day(span.first), span.calendar.last_day(span.last)
    return {"first": date_of(first), "last": date_of(last)}


def orders_json(orders: Orders, say: Say) -> Json:
    """What the orders amount to, the first parts to order, and the first units to buy next."""
    first = orders.brief(MOST_ORDERS)
    told: Json = {
        "sentences": (*promise_of(orders), *notes_of(orders)),
        "parts": orders.parts,
        "to_order": orders.to_order,
        "without_on_hand": orders.without_on_hand,
        "held": orders.held_count,
        "held_back": first.held,
        "unknown": orders.unknown,
        "unknown_named": orders.unknown_named,
        "promise": orders.promise,
        "orders": first.lines,
        "next_units": first.next_units,
    }
    return {name: plain(value, say) for name, value in told.items()}

"""The endpoint that tells how good the forecast of a batch is, in words and figures."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from batchcast.api.answers import Answer
from batchcast.api.context import BatchId, Here, Lang, answer
from batchcast.api.problems import documented
from batchcast.app.findings import findings_of, why_no_findings
from batchcast.app.service.answers import ResultNotKept
from batchcast.app.translation import Language, translate
from batchcast.domain.accuracy import Hindsight, WorstPart
from batchcast.domain.calendar import Span, date_of

router = APIRouter(prefix="/api/batch", tags=["results"])


class BacktestSpan(Answer):
    """The periods that one backtest forecast."""

    first: dt.date = Field(description="First day of the first period.")
    last: dt.date = Field(description="Last day of the last period.")


class ShortPart(Answer):
    """A part whose demand was beyond the stock in its backtests."""

    site_code: str
    partnumber: str
    demand_class: str
    folds: int = Field(description="Its backtests.")
    units_short: float = Field(description="Demand beyond the stock, over all of them.")
    units_over: float = Field(description="Stock beyond the demand, over all of them.")
    worst: BacktestSpan = Field(description="The backtest that was the most short; the next three are of it.")
    actual: float
    forecast: float
    stock: float
    reason: str = Field(description="What the demand did, in words.")


class BatchAccuracy(Answer):
    """How good the forecast of a batch is."""

    sentences: list[str] = Field(description="In the language asked for; or why nothing could be judged.")
    service_level: float
    series: int
    judged: int = Field(description="Series with a backtest at least.")
    cases: int = Field(description="Backtests of single series.")
    backtests: list[BacktestSpan] = Field(description="The latest first.")
    covered: float = Field(description="Share of the cases whose demand was at or under the stock.")
    value_added_vs_naive: float = Field(description="1 - lead-time pinball / that of the naive forecast.")
    bias: float = Field(description="Forecast / demand - 1; positive is over-forecast.")
    units_wanted: float
    units_short: float
    units_over: float
    worst_parts: list[ShortPart] = Field(description="The parts with the most units short, at most 20.")


@router.get(
    "/accuracy/{batch_id}",
    response_model=BatchAccuracy,
    responses=documented(404, 409),
    summary="How good the forecast is, and the parts that hurt most",
)
async def accuracy(batch_id: BatchId, here: Here, language: Lang) -> Response:
    """What the backtests of a COMPLETED batch say, in words and figures."""
    overview = await here.threads.light(here.service.overview, batch_id)
    if overview.hindsight is None:
        raise ResultNotKept(batch_id)
    return answer(render_accuracy(overview.hindsight, language), language)


def render_accuracy(hindsight: Hindsight, language: Language) -> BatchAccuracy:
    """The backtest of a batch."""
    said = [finding.said for finding in findings_of(hindsight)] or [why_no_findings(hindsight)]
    return BatchAccuracy(
        sentences=[translate(sentence, language) for sentence in said],
        service_level=hindsight.service_level,
        series=hindsight.series,
        judged=hindsight.judged,
        cases=hindsight.cases,
        backtests=[_span(span) for span in hindsight.spans],
        covered=hindsight.covered,
        value_added_vs_naive=hindsight.value_added,
        bias=hindsight.bias,
        units_wanted=hindsight.actual,
        units_short=hindsight.units_short,
        units_over=hindsight.units_over,
        worst_parts=[_worst_part(part, language) for part in hindsight.worst_parts],
    )


def _worst_part(part: WorstPart, language: Language) -> ShortPart:
    return ShortPart(
        site_code=part.site_code,
        partnumber=part.partnumber,
        demand_class=part.demand_class,
        folds=part.folds,
        units_short=part.units_short,
        units_over=part.units_over,
        worst=_span(part.span),
        actual=part.actual,
        forecast=part.forecast,
        stock=part.stock,
        reason=translate(part.reason, language),
    )


def _span(span: Span) -> BacktestSpan:
    first, last = span.calendar.first_day(span.first), span.calendar.last_day(span.last)
    return BacktestSpan(first=date_of(first), last=date_of(last))

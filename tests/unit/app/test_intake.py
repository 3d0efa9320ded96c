"""What the file becomes before a batch runs: checked, planned, and cancelled by the token where it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from batchcast.app.intake import place_problems, renamed, renamed_error
from batchcast.domain.errors import InvalidInput, Message
from batchcast.domain.history import IngestReport, RowProblem
from batchcast.domain.plan import Plan
from batchcast.run.asking import CancelToken


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


def test_a_name_is_replaced_wherever_a_value_holds_it() -> None:
    inner = Message("line of {file}", {"file": "1a2b"})
    message = Message(
        "{name}: {inner}, {all}, {count}", {"name": "1a2b", "inner": inner, "all": ["1a2b/x"], "count": 3}
    )

    told = renamed(message, "1a2b", "demand.csv")

    assert str(told) == "demand.csv: line of demand.csv, ['demand.csv/x'], 3"
    assert str(message).startswith("1a2b")


def test_an_error_keeps_its_class_and_says_the_new_name() -> None:
    error = InvalidInput(Message("{name} is empty", {"name": "1a2b"}))

    told = renamed_error(error, "1a2b", "demand.csv")

    assert told is error
    assert str(told) == "demand.csv is empty"


def test_a_request_to_cancel_reaches_what_is_at_work() -> None:
    cancel_token, stopped = CancelToken(), threading.Event()

    with cancel_token.listening(), cancel_token.stopping(stopped.set):
        cancel_token.ask()

        assert stopped.wait(10)


def test_a_request_from_before_stops_what_comes_next_at_once() -> None:
    cancel_token, first, later = CancelToken(), threading.Event(), threading.Event()
    with cancel_token.listening():
        with cancel_token.stopping(first.set):
            cancel_token.ask()
            assert first.wait(10)

        with cancel_token.stopping(later.set):
            assert later.is_set()


def test_without_a_request_nothing_is_stopped() -> None:
    cancel_token, stopped = CancelToken(), threading.Event()

    with cancel_token.listening(), cancel_token.stopping(stopped.set):
        pass

    assert not stopped.is_set()
    assert not cancel_token.was_asked


def test_a_request_between_two_pieces_of_work_is_kept() -> None:
    cancel_token, noted, later = CancelToken(), threading.Event(), threading.Event()

    with cancel_token.listening():
        with cancel_token.stopping(noted.set):
            cancel_token.ask()
            noted.wait(10)
        with cancel_token.stopping(later.set):
            pass

    assert later.is_set()

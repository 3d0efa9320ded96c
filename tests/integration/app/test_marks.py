"""Marks of planners: taken into the settings of the next batch, and of a retry, where they concern its file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.integration.app.test_service import FAST, demand, ended, upload_of

from batchcast.app.installation.configuration import read_config
from batchcast.app.planner import NotInAttention, PlannerDesk, find_part, look_of
from batchcast.app.service.answers import Accepted
from batchcast.app.service.service import Service
from batchcast.domain.attention import Attention, Mark, MarkedPart
from batchcast.domain.batch import BatchState
from batchcast.domain.errors import InvalidSettings, Message
from batchcast.domain.planner import UnknownMark, new_mark
from batchcast.domain.settings import BatchSettings
from batchcast.store.memory import MemoryStore

pytestmark = pytest.mark.xdist_group("service")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    opened = Service.open(read_config(home=tmp_path_factory.mktemp("home"), max_parallel=1))
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def marked(service: Service) -> Iterator[str]:
    """A mark of the file, one of another part and one that was removed; the text of the first."""
    kept = [
        service.planner.add_mark(mark(partnumber="0012")),
        service.planner.add_mark(mark(partnumber="no such part")),
        service.planner.add_mark(mark(partnumber="A/1 b")),
    ]
    service.planner.remove_mark(kept[2].number, "budi")
    yield str(kept[0].mark)
    for one in service.planner.marks():
        if one.is_in_force:
            service.planner.remove_mark(one.number, None)


def mark(**changes: str):
    values = {"kind": "exclude", "site_code": "Kendari", "first": "2024-01-01", "last": "2024-01-31"}
    values |= {"partnumber": "0012", "reason": "one project"} | changes
    return new_mark(values.pop("kind"), **values, name="ani")


def submit(service: Service, settings: BatchSettings = FAST, **given: str) -> Accepted:
    upload = upload_of(service, demand())
    try:
        return service.submit(upload, settings, **given)
    finally:
        upload.discard()


def test_the_marks_that_concern_a_file_are_used_said_and_certified(service, marked):
    accepted = submit(service)
    batch = ended(service, accepted.batch.batch_id)

    assert batch.state is BatchState.COMPLETED
    assert batch.settings.history_marks == (marked,)
    assert f"Marks of planners that are used: 1, such as {marked}." in str(accepted.analysis.report.notes[0])
    certificate = service.results.download(batch.batch_id, "certificate", None).path
    assert json.loads(certificate.read_text(encoding="utf-8"))["settings"]["history_marks"] == [marked]
    detail = service.results.one_series(batch.batch_id, "Kendari", "0012")
    assert {day.strftime("%Y-%m") for day in detail.out_of_stock} == {"2024-01"}


def test_a_run_can_do_without_marks_and_keeps_those_of_its_sender(service, marked):
    own = "2024-03-01 stock_out 0012 @ Makassar"

    without = submit(service, replace(FAST, use_marks="off"))
    both = submit(service, replace(FAST, history_marks=(own, "2024-03-01 exclude X @ Y")))

    assert without.batch.settings.history_marks == ()
    assert not any("Marks of planners" in str(note) for note in without.analysis.report.notes)
    assert both.batch.settings.history_marks == (own, "2024-03-01 exclude X @ Y", marked)
    assert "change nothing: 1, such as 2024-03-01 exclude X @ Y" in str(both.analysis.report.notes[0])


def test_a_batch_that_runs_again_takes_the_marks_of_now(service, marked):
    own = "2024-03-01 stock_out 0012 @ Makassar"
    first = ended(service, submit(service, replace(FAST, history_marks=(own,))).batch.batch_id)
    same = ended(service, service.retry(first.batch_id, {}).batch.batch_id)
    kept = next(one for one in service.planner.marks() if str(one.mark) == marked)

    service.planner.remove_mark(kept.number, None)
    service.planner.add_mark(mark(kind="stock_out", site_code="Makassar"))
    again = service.retry(first.batch_id, {}).batch

    assert same.settings.history_marks == first.settings.history_marks == (own, marked)
    assert all(record.reused_from for record in same.partitions)
    assert again.settings.history_marks == (own, "2024-01-01..2024-01-31 stock_out 0012 @ Makassar")


def test_the_same_submission_is_one_batch_though_a_mark_came_between(service, marked):
    first = submit(service, idempotency_key="one")
    service.planner.add_mark(mark(site_code="Makassar"))

    again = submit(service, idempotency_key="one")

    assert (again.batch.batch_id, again.is_new) == (first.batch.batch_id, False)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "forget"}, "kind is 'forget'"),
        ({"first": "31/01/2025"}, "first is '31/01/2025'"),
        ({"first": "2025-02-01"}, "A mark that begins on 2025-02-01 can't end on 2024-01-31."),
        ({"site_code": "Ken @ dari"}, "site_code is 'Ken @ dari'"),
        ({"partnumber": "  "}, "partnumber is '  '"),
        ({"reason": "x" * 301}, "301 characters"),
    ],
)
def test_what_can_be_no_mark_is_refused(changes, sentence):
    with pytest.raises(InvalidSettings) as refused:
        mark(**changes)

    assert any(sentence in str(problem) for problem in refused.value.problems)


def test_a_mark_that_is_not_there_can_not_be_removed():
    with pytest.raises(UnknownMark):
        PlannerDesk(MemoryStore()).remove_mark(1, None)


def part(*kinds: str) -> MarkedPart:
    marks = tuple(Mark(kind=kind, units=2.0, reason=Message("why")) for kind in kinds)
    return MarkedPart(site_code="S", partnumber="P", marks=marks, recent=(), forecast=1.0)


def test_a_part_is_looked_at_once_all_its_reasons_are(service):
    batch_id = submit(service).batch.batch_id
    desk = service.planner

    desk.look(batch_id, part("new"), "ani")
    half = look_of(part("new", "large"), desk.looks(batch_id))
    desk.look(batch_id, part("new", "large"), "budi")
    whole = look_of(part("new", "large"), desk.looks(batch_id))
    desk.undo_look(batch_id, part("new", "large"))

    assert half is None
    assert whole is not None
    assert whole.name == "budi"
    assert desk.looks(batch_id) == {}
    with pytest.raises(NotInAttention):
        find_part(Attention(parts=1, counts={"new": 1}, named=(part("new"),)), "S", "Q")

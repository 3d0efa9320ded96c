"""A file is looked at as often as one likes before its batch is asked for; a day later it is gone."""

from __future__ import annotations

import time

import pytest
from tests.integration.app.test_service import FAST, demand

from batchcast.app.installation.configuration import read_config
from batchcast.app.service.answers import NoSuchFile
from batchcast.app.service.drafts import Drafts, UnknownDraft
from batchcast.app.service.service import Service
from batchcast.domain.plan import RowsRefused
from batchcast.domain.settings import BatchSettings

pytestmark = pytest.mark.xdist_group("service")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    opened = Service.open(read_config(home=tmp_path_factory.mktemp("home"), max_parallel=1))
    opened.start()
    yield opened
    opened.stop()


def keep(service, content, name="demand.csv"):
    upload = service.new_upload(name)
    try:
        upload.write(content)
        upload.close()
        return service.drafts.keep(upload, "ani")
    finally:
        upload.discard()


def test_a_draft_is_analysed_and_submitted_more_than_once(service):
    draft = keep(service, demand())

    found = service.drafts.find(draft.draft_id)
    first = service.analyze(draft, FAST)
    one = service.submit(draft, FAST, idempotency_key="k", by="ani")
    again = service.submit(draft, FAST, idempotency_key="k", by="ani")

    assert (found.name, found.by, found.size) == ("demand.csv", "ani", len(demand()))
    assert (first.plan.rows, first.sites) == (144, ("Kendari", "Makassar", "Sorowako"))
    assert (one.is_new, again.is_new) == (True, False)
    assert one.batch.batch_id == again.batch.batch_id
    assert one.batch.source.file_name == "demand.csv"
    assert service.drafts.find(draft.draft_id).path.is_file()


def test_sites_are_those_of_the_file_whichever_are_forecast(service):
    draft = keep(service, demand())

    some = service.analyze(draft, BatchSettings(batch_mode="off", site_codes=("Kendari",)))

    assert some.plan.sites == 1
    assert some.sites == ("Kendari", "Makassar", "Sorowako")


@pytest.mark.parametrize(("sites", "is_proposed"), [(4, False), (5, True)])
def test_batch_mode_is_proposed_from_five_sites(service, sites, is_proposed):
    draft = keep(service, demand([f"S{k}" for k in range(sites)]))

    assert service.analyze(draft, FAST).proposes_batch_mode is is_proposed


def test_refused_rows_can_be_had_before_anything_runs(service):
    draft = keep(service, demand(bad_rows=2))

    with pytest.raises(RowsRefused) as refused:
        service.analyze(draft, FAST)
    rejected = service.refused_rows(draft, FAST)

    assert refused.value.sites == ("Kendari", "Makassar", "Sorowako")
    assert rejected.name == "rejected-demand.csv"
    assert rejected.path.read_text(encoding="utf-8-sig").count(",is not a date,2024-13-") == 2


def test_a_file_without_refused_rows_has_none_to_give(service):
    draft = keep(service, demand())

    with pytest.raises(NoSuchFile):
        service.refused_rows(draft, FAST)


@pytest.mark.parametrize("draft_id", ["0" * 32, "../../etc/passwd", "", "x" * 32])
def test_a_draft_that_is_not_there_is_a_sentence(service, draft_id):
    with pytest.raises(UnknownDraft, match="kept for 24 hours"):
        service.drafts.find(draft_id)


def test_a_discarded_draft_is_gone(service):
    draft = keep(service, demand())

    service.drafts.discard(draft.draft_id)
    service.drafts.discard(draft.draft_id)

    with pytest.raises(UnknownDraft):
        service.drafts.find(draft.draft_id)


def test_a_draft_goes_after_a_day_and_not_before(service, monkeypatch):
    drafts: Drafts = service.drafts
    old, new = keep(service, demand()), keep(service, demand())
    now = time.time()

    monkeypatch.setattr("batchcast.app.service.drafts.time.time", lambda: now + 23.9 * 3600)
    drafts.sweep()
    assert service.drafts.find(old.draft_id).draft_id == old.draft_id
    monkeypatch.setattr("batchcast.app.service.drafts.time.time", lambda: now + 24.1 * 3600)
    drafts.sweep()

    for draft in (old, new):
        with pytest.raises(UnknownDraft):
            service.drafts.find(draft.draft_id)


@pytest.mark.long
def test_the_plan_of_a_retry_can_be_looked_at_first(service):
    draft = keep(service, demand())
    batch = service.submit(draft, FAST).batch
    deadline = time.monotonic() + 60
    while not service.status(batch.batch_id).batch.state.is_final:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    planned = service.analyze_retry(batch.batch_id, BatchSettings(batch_mode="off", frequency="M", horizon=5))
    read_again = service.analyze_retry(batch.batch_id, BatchSettings(bad_rows="skip", frequency="M", batch_mode="on"))

    assert (planned.plan.request.horizon, len(planned.plan.partitions)) == (5, 1)
    assert len(read_again.plan.partitions) == 3

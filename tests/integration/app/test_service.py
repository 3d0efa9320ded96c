"""A server's use cases over a real store, real artifacts and real workers."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from batchcast.app.installation.configuration import read_config
from batchcast.app.installation.tokens import UNRESTRICTED, Person, Role
from batchcast.app.service.answers import (
    Accepted,
    BatchEnded,
    IdempotencyKeyReused,
    NoSuchFile,
    ResultNotKept,
    ResultNotReady,
)
from batchcast.app.service.retention import sweep_artifacts
from batchcast.app.service.service import Service
from batchcast.app.upload import Upload
from batchcast.domain.batch import Batch, BatchQuery, BatchState
from batchcast.domain.errors import InvalidSettings, UnknownSeries
from batchcast.domain.plan import RowsRefused
from batchcast.domain.settings import BatchSettings
from batchcast.results.series import SeriesQuery
from batchcast.store.errors import BatchNotEnded, UnknownBatch

SITES, PARTS, MONTHS = ("Kendari", "Makassar", "Sorowako"), ("0012", "A-1"), 24
FAST = BatchSettings(models=("naive",), batch_mode="on", frequency="M", horizon=3)
MOST_SECONDS = 60

pytestmark = pytest.mark.xdist_group("service")


def demand(sites: Sequence[str] = SITES, *, bad_rows: int = 0) -> bytes:
    """A demand history: each part at each site, every month."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", "partnumber", "site_code", "demand_qty"])
    for site in sites:
        for part in PARTS:
            for month in range(MONTHS):
                date = f"{2023 + month // 12}-{month % 12 + 1:02}-15"
                writer.writerow([date, part, site, (month * 7 + len(site)) % 5])
    for number in range(bad_rows):
        writer.writerow([f"2024-13-{number + 1:02}", PARTS[0], sites[0], 1])
    return out.getvalue().encode()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    config = read_config(home=tmp_path_factory.mktemp("home"), max_parallel=1, lease_seconds=5)
    opened = Service.open(config)
    opened.start()
    yield opened
    opened.stop()


def upload_of(service: Service, content: bytes, name: str = "demand.csv") -> Upload:
    upload = service.new_upload(name)
    upload.write(content)
    upload.close()
    return upload


@pytest.fixture
def submit(service: Service) -> Callable[..., Accepted]:
    def submit(content: bytes = b"", settings: BatchSettings = FAST, **given: str) -> Accepted:
        upload = upload_of(service, content or demand())
        try:
            return service.submit(upload, settings, **given)
        finally:
            upload.discard()

    return submit


def ended(service: Service, batch_id: str) -> Batch:
    deadline = time.monotonic() + MOST_SECONDS
    after = 0
    while time.monotonic() < deadline:
        batch = service.status(batch_id).batch
        if batch.state.is_final:
            return batch
        events = service._store.events_after(batch_id, after, wait_seconds=5)
        after = events[-1].number if events else after
    raise AssertionError(f"batch {batch_id} has not ended: {service.status(batch_id).batch}")


@pytest.fixture(scope="module")
def completed(service: Service) -> Batch:
    upload = upload_of(service, demand())
    accepted = service.submit(upload, FAST)
    upload.discard()
    batch = ended(service, accepted.batch.batch_id)
    assert batch.state is BatchState.COMPLETED, batch.error
    return batch


def test_a_submission_is_checked_planned_and_forecast(service, completed) -> None:
    assert len(completed.partitions) == len(SITES)
    assert completed.source.file_name == "demand.csv"
    assert completed.source.report.rows_accepted == len(SITES) * len(PARTS) * MONTHS
    assert completed.submitted_at <= completed.started_at <= completed.ended_at
    assert service.status(completed.batch_id).seconds_left is None


@pytest.mark.long
def test_the_result_is_that_of_the_command(service, completed, tmp_path) -> None:
    from batchcast.app.batchcast import Batchcast
    from batchcast.app.installation.workspace import Environment

    (tmp_path / "demand.csv").write_bytes(demand())
    command = Batchcast(Environment(home=tmp_path / "home"))
    files = command.run(tmp_path / "demand.csv", FAST, out=tmp_path / "out").files

    for kind in ("forecast", "stock", "accuracy"):
        download = service.results.download(completed.batch_id, kind, "csv")
        assert download.path.read_bytes() == files[kind].read_bytes()
        assert download.name == f"{kind}-demand-{completed.batch_id[:8]}.csv"


@pytest.mark.parametrize("file_format", ["xlsx", "parquet"])
def test_other_formats_are_made_once(service, completed, file_format, monkeypatch) -> None:
    first = service.results.download(completed.batch_id, "stock", file_format)
    monkeypatch.setattr(service._intake_pool, "submit", None)  # so that it cannot be made again
    second = service.results.download(completed.batch_id, "stock", file_format)

    assert first == second
    assert first.size == first.path.stat().st_size > 0


@pytest.mark.parametrize(
    ("kind", "file_format"), [("rejected", "csv"), ("certificate", "csv"), ("../x", "csv"), ("forecast", "exe")]
)
def test_what_there_is_not_is_said(service, completed, kind, file_format) -> None:
    with pytest.raises(NoSuchFile, match="There is no"):
        service.results.download(completed.batch_id, kind, file_format)


def test_series_are_searched_and_shown_one_by_one(service, completed) -> None:
    page = service.results.series(completed.batch_id, SeriesQuery(search="kendari"))
    assert page.total == len(PARTS)

    detail = service.results.one_series(completed.batch_id, "Kendari", "A-1")
    assert len(detail.history) == MONTHS  # every row is of the 15th: totals of months, of which the last is whole too
    assert detail.history[0] == ("2023-01-01", float(len("Kendari") % 5))
    assert len(detail.forecast) == FAST.horizon
    assert detail.previous == ("Kendari", "0012")
    assert detail.next == ("Makassar", "0012")
    with pytest.raises(UnknownSeries):
        service.results.one_series(completed.batch_id, "Kendari", "no-such-part")


def test_a_series_tells_its_scores_and_every_fold_of_its_backtest(service, completed) -> None:
    detail = service.results.one_series(completed.batch_id, "Makassar", "A-1")

    assert [model for model, _ in detail.scores][:1]
    assert [score for _, score in detail.scores] == sorted(score for _, score in detail.scores)
    assert len(detail.backtest) == detail.series["folds"] > 0
    demand = dict(detail.history)
    for fold in detail.backtest:
        days = [day for day in demand if fold.first.isoformat() <= day <= fold.last.isoformat()]
        assert len(days) == completed.plan.request.horizon
        assert fold.actual == sum(demand[day] for day in days)
        assert fold.cutoff < fold.first
        assert fold.low <= fold.median <= fold.high <= fold.stock
    covered = sum(fold.actual <= fold.stock for fold in detail.backtest) / len(detail.backtest)
    assert detail.series["covered_at_service_level"] == covered
    bias = sum(fold.forecast for fold in detail.backtest) / sum(fold.actual for fold in detail.backtest) - 1
    assert detail.series["bias"] == pytest.approx(bias)


def test_stock_can_be_asked_for_at_another_service_level(service, completed) -> None:
    series = service.results.one_series(completed.batch_id, "Makassar", "A-1").series

    own, lower, higher = (
        service.results.stock_at(completed.batch_id, "Makassar", "A-1", level) for level in (0.95, 0.8, 0.999)
    )

    assert own == {name: series[name] for name in own}
    assert lower["reorder_point"] <= own["reorder_point"] <= higher["reorder_point"]
    assert lower["expected_fill_rate"] <= own["expected_fill_rate"] <= higher["expected_fill_rate"]
    assert lower["lead_time_quantile"] < higher["lead_time_quantile"]
    with pytest.raises(InvalidSettings, match=r"must be a number from 0\.5 to 0\.9999"):
        service.results.stock_at(completed.batch_id, "Makassar", "A-1", 0.4)
    with pytest.raises(UnknownSeries):
        service.results.stock_at(completed.batch_id, "Makassar", "A-2", 0.9)


def test_a_batch_is_summed_up(service, completed) -> None:
    overview = service.results.overview(completed.batch_id)

    assert (overview.series, overview.refused) == (len(SITES) * len(PARTS), 0)
    for site in SITES:
        page = service.results.series(completed.batch_id, SeriesQuery(sites=frozenset({site})))
        total = next(one for one in overview.sites if one.site_code == site)
        assert total.forecast_total == pytest.approx(sum(row["forecast_total"] for row in page.rows))
        assert total.history_total == pytest.approx(sum(row["history_total"] for row in page.rows))
    by_site = [service.results.site_periods(completed.batch_id, site) for site in SITES]
    for together, *each in zip(overview.periods, *by_site, strict=True):
        assert {together.date} == {one.date for one in each}
        assert together.total == pytest.approx(sum(one.total for one in each))
    assert service.results.site_periods(completed.batch_id, "Nowhere") == ()


def test_the_overview_and_the_leaderboard_say_the_same_of_the_accuracy(service, completed) -> None:
    whole = service.results.overview(completed.batch_id).hindsight
    auto, naive = (next(row for row in completed.result.leaderboard if row.model == name) for name in ("auto", "naive"))

    assert whole.cases == auto.cases
    assert whole.pinball == pytest.approx(auto.lead_time_pinball)
    assert whole.pinball_naive == pytest.approx(naive.lead_time_pinball)
    assert whole.covered == pytest.approx(auto.coverage[0.95])
    assert whole.bias == pytest.approx(auto.bias)


def test_a_batch_published_before_says_that_it_has_no_such_figures(service, completed, monkeypatch) -> None:
    kept = tuple(file for file in completed.result.files if file.kind not in {"figures", "periods", "overview"})
    earlier = replace(completed, batch_id="0" * 32, result=replace(completed.result, files=kept))
    known = service._store.batch
    monkeypatch.setattr(service._store, "batch", lambda name: earlier if name == earlier.batch_id else known(name))

    detail = service.results.one_series(earlier.batch_id, "Makassar", "A-1")

    assert detail.backtest is None
    assert detail.scores
    for ask in (
        lambda: service.results.overview(earlier.batch_id),
        lambda: service.results.site_periods(earlier.batch_id, "Makassar"),
        lambda: service.results.stock_at(earlier.batch_id, "Makassar", "A-1", 0.9),
    ):
        with pytest.raises(ResultNotKept, match="earlier version"):
            ask()


def test_the_same_key_and_content_is_one_batch_and_other_content_is_refused(service, submit) -> None:
    first = submit(idempotency_key="key-1")
    again = submit(idempotency_key="key-1")

    assert first.is_new
    assert not again.is_new
    assert again.batch.batch_id == first.batch.batch_id
    with pytest.raises(IdempotencyKeyReused, match=first.batch.batch_id):
        submit(demand(["Elsewhere"]), idempotency_key="key-1")
    ended(service, first.batch.batch_id)


@pytest.mark.parametrize(
    ("person", "is_shared", "may"),
    [
        (Person(name="ani", role=Role.PLANNER), False, True),
        (Person(name="budi", role=Role.PLANNER), False, False),
        (Person(name="budi", role=Role.PLANNER), True, True),
        (Person(name="ani", role=Role.VIEWER), True, False),
        (Person(name="budi", role=Role.ADMIN), False, True),
        (UNRESTRICTED, False, True),  # no tokens are set
    ],
)
def test_a_batch_is_changed_by_its_planner_by_admins_and_where_it_is_shared_by_planners(
    service, completed, monkeypatch, *, person, is_shared, may
) -> None:
    batch = replace(completed, submitted_by="ani")
    monkeypatch.setattr(service, "config", service.config.model_copy(update={"share_batches": is_shared}))

    assert service.may_change(person, batch) is may
    unnamed = replace(batch, submitted_by=None)  # from before tokens were set
    assert service.may_change(person, unnamed) is (may and (is_shared or person.role is Role.ADMIN))


def test_refused_rows_refuse_the_file_and_name_it_as_its_sender_does(service, submit) -> None:
    before = service.history(BatchQuery()).total

    with pytest.raises(RowsRefused) as raised:
        submit(demand(bad_rows=3))

    assert raised.value.report.rows_refused == 3
    assert raised.value.report.source == "demand.csv"
    assert raised.value.report.problems[0].partition is not None
    assert service.history(BatchQuery()).total == before


def test_skipped_rows_can_be_read_a_page_at_a_time(service, submit) -> None:
    accepted = submit(demand(bad_rows=5), BatchSettings(models=("naive",), bad_rows="skip"))

    page = service.results.rejected(accepted.batch.batch_id, 3, 10)

    assert (len(page.rows), page.total) == (2, 5)
    assert service.results.rejected(accepted.batch.batch_id, 9, 10).total == 5
    assert service.results.download(accepted.batch.batch_id, "rejected").path.read_text().count("2024-13-") >= 5
    ended(service, accepted.batch.batch_id)


def test_a_setting_that_does_not_fit_is_refused(submit) -> None:
    with pytest.raises(InvalidSettings):
        submit(settings=BatchSettings(frequency="M", horizon=300))


def test_an_analysis_keeps_nothing(service) -> None:
    before = service.history(BatchQuery()).total
    upload = upload_of(service, demand())

    analysis = service.analyze(upload, FAST)

    upload.discard()
    assert analysis.plan.series == len(SITES) * len(PARTS)
    assert service.history(BatchQuery()).total == before


def test_a_retry_takes_unchanged_partitions_from_the_checkpoint(service, completed) -> None:
    again = service.retry(completed.batch_id, {"max_execution_time": ["250"]})
    batch = ended(service, again.batch.batch_id)

    assert batch.state is BatchState.COMPLETED
    assert batch.retry_of == completed.batch_id
    assert None not in {record.reused_from for record in batch.partitions}
    assert {record.attempt for record in batch.partitions} == {0}
    one, other = (service.results.download(b.batch_id, "forecast", "csv") for b in (completed, batch))
    assert one.sha256 == other.sha256


def test_a_retry_with_another_forecast_runs_every_partition(service, completed) -> None:
    batch = ended(service, service.retry(completed.batch_id, {"horizon": ["4"]}).batch.batch_id)

    assert batch.settings.horizon == 4
    assert batch.settings.models == FAST.models
    assert {record.reused_from for record in batch.partitions} == {None}


def test_a_retry_that_reads_the_file_otherwise_reads_it_again(service, submit) -> None:
    first = submit(demand(bad_rows=2), BatchSettings(models=("naive",), bad_rows="skip"))
    ended(service, first.batch.batch_id)

    with pytest.raises(RowsRefused) as raised:
        service.retry(first.batch.batch_id, {"bad_rows": ["fail"]})

    assert raised.value.report.source == "demand.csv"


def test_a_batch_that_has_ended_cannot_be_cancelled(service, completed) -> None:
    with pytest.raises(BatchEnded, match="COMPLETED"):
        service.cancel(completed.batch_id)


def test_a_batch_in_the_queue_says_its_place_and_can_only_be_cancelled(tmp_path) -> None:
    idle = Service.open(read_config(home=tmp_path, max_parallel=1))  # never started: it takes nothing from the queue
    try:
        first, second = (idle.submit(upload_of(idle, demand([site])), FAST).batch for site in SITES[:2])

        assert (first.place, second.place) == (1, 2)
        assert not idle.readiness().ok
        with pytest.raises(BatchNotEnded):
            idle.retry(first.batch_id, {})
        with pytest.raises(BatchNotEnded):
            idle.delete(first.batch_id)
        with pytest.raises(ResultNotReady, match="PENDING"):
            idle.results.download(first.batch_id, "forecast")
        assert idle.cancel(first.batch_id).state is BatchState.CANCELLED
        assert idle.status(second.batch_id).batch.place == 1
    finally:
        idle.stop()


def test_a_cancelled_batch_has_no_result_and_leaves_no_result_files(service, submit) -> None:
    batch_id = submit().batch.batch_id
    service.cancel(batch_id)

    batch = ended(service, batch_id)

    assert batch.state is BatchState.CANCELLED
    with pytest.raises(ResultNotReady, match="CANCELLED"):
        service.results.download(batch_id, "forecast", "csv")


def test_a_deleted_batch_is_gone_with_its_files(service, submit) -> None:
    batch_id = submit().batch.batch_id
    ended(service, batch_id)

    service.delete(batch_id)

    with pytest.raises(UnknownBatch):
        service.status(batch_id)
    assert batch_id not in service._artifacts.batch_ids()


def test_what_nothing_points_at_is_swept_and_the_rest_is_kept(service, completed, tmp_path) -> None:
    (tmp_path / "stray").write_text("left by a dead server")
    artifacts = service._artifacts
    artifacts.put(tmp_path / "stray", f"batches/{'0' * 32}/upload")
    artifacts.put(tmp_path / "stray", f"batches/{completed.batch_id}/result-999/forecast.csv")

    assert sweep_artifacts(service._store, artifacts) >= 2

    assert "0" * 32 not in artifacts.batch_ids()
    assert "result-999" not in artifacts.names(f"batches/{completed.batch_id}")
    assert service.results.download(completed.batch_id, "forecast", "csv").size > 0


def test_a_server_says_how_it_does(service) -> None:
    assert service.readiness().ok

    load = service.load()
    assert load.workers == 1
    assert load.pending >= 0


def test_the_history_lists_the_newest_first(service, completed) -> None:
    page = service.history(BatchQuery(search="DEMAND", states=frozenset({BatchState.COMPLETED})))

    submitted = [summary.submitted_at for summary in page.batches]
    assert submitted == sorted(submitted, reverse=True)
    assert completed.batch_id in {summary.batch_id for summary in page.batches}


def test_a_sample_is_queued_like_a_file_that_was_sent(service):
    accepted = service.submit_sample("sample_optimal", by="Sari", idempotency_key="sample-1")
    again = service.submit_sample("sample_optimal", by="Sari", idempotency_key="sample-1")

    batch = accepted.batch
    assert (batch.source.file_name, batch.source.facts.rows, len(batch.source.facts.sites)) == (
        "sample_optimal.csv",
        1_000,
        3,
    )
    assert (batch.submitted_by, again.batch.batch_id, again.is_new) == ("Sari", batch.batch_id, False)


def test_a_sample_that_there_is_not_leaves_nothing_behind(service):
    with pytest.raises(InvalidSettings, match="There is no sample 'sampel'"):
        service.submit_sample("sampel")

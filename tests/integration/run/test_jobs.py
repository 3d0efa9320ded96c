"""The jobs of the product, in real workers: from a file to a published result."""

from __future__ import annotations

import csv
import errno
import json
import re
from pathlib import Path
from queue import SimpleQueue

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.batch import BatchState, Source
from batchcast.domain.codec import decode, encode
from batchcast.domain.disk import DiskFailed, NoDiskSpace, needing_disk
from batchcast.domain.plan import Pace
from batchcast.domain.settings import BatchSettings
from batchcast.forecast import partition
from batchcast.ingest.common.problems import EmptyInput
from batchcast.ingest.history.stored import read_series_table
from batchcast.plan.planner import plan_batch
from batchcast.publish.certificate import CertificateMismatch, ResultRejected
from batchcast.publish.publisher import commit_result
from batchcast.publish.staging import recover
from batchcast.run.dispatcher import Dispatcher
from batchcast.run.job import Ending, Job
from batchcast.run.jobs import partition_job, prepare_job
from batchcast.run.local_pool import LocalPool
from batchcast.run.one_batch import OneBatch, Placement
from batchcast.run.process_tree import new_owner
from batchcast.store.artifacts.folder import LocalFolder
from batchcast.store.memory import MemoryStore
from batchcast.store.records import NewBatch

pytestmark = pytest.mark.xdist_group("jobs")  # one pool of workers for all

PACE = Pace(seconds_per_cell=1e-6, seconds_per_series=1e-5, start_seconds=1.0)
SETTINGS = BatchSettings(horizon=3, frequency="M", batch_mode="on", models=("ses", "naive"))


@pytest.fixture(scope="module")
def pool():
    with LocalPool(1) as started:
        yield started


@pytest.fixture(scope="module")
def demand(tmp_path_factory):
    """Two sites, three parts, three years of months; one date is no date."""
    path = tmp_path_factory.mktemp("demand") / "demand.csv"
    rows = [
        f"{2022 + month // 12}-{month % 12 + 1:02}-05,P{part},{site},{(month * 7 + part) % 5}"
        for site in ("North", "South")
        for part in range(3)
        for month in range(36)
    ]
    path.write_text("\n".join(["date,partnumber,site_code,demand_qty", *rows, "soon,P1,North,3"]))
    return path


@pytest.fixture
def taken_in(pool, demand, tmp_path):
    """The history and the report of the file."""
    arguments = encode({"source": demand, "into": tmp_path / "ingest", "settings": SETTINGS})
    read = decode(pool.submit(Job(function="batchcast.run.jobs:ingest_job", arguments=arguments)).wait(60).result)
    return read["history"], read["report"]


def source_of(taken_in, artifacts, name):
    """What a batch of the file is made of, its files kept."""
    history, report = taken_in
    return Source(
        file_name="demand.csv",
        upload=artifacts.put(history.path, f"batches/{name}/upload"),
        history=artifacts.put(history.path, f"batches/{name}/history.parquet"),
        rejected=artifacts.put(report.rejected_path, f"batches/{name}/rejected.csv"),
        input_sha256=history.input_sha256,
        facts=history.facts,
        report=report,
        ingest_seconds=0.25,
    )


@pytest.fixture
def plan(taken_in):
    history, _ = taken_in
    return plan_batch(history.facts, read_series_table(history), SETTINGS, PACE)


@pytest.fixture
def run(pool, taken_in, plan, tmp_path):
    """Runs the batch of the file as a command does, with a publishing step that is told these things."""

    def carry_out(name, **arguments):
        done = {}

        def commit(published):
            done.update(published, files=commit_result(published["stage"]) if published["stage"] else {})

        placement = Placement(arguments=arguments, commit=commit, discard=lambda: recover(tmp_path))
        one = OneBatch(name, pool, tmp_path / name, placement)
        one.start(SETTINGS, plan, source_of(taken_in, one.artifacts, name))
        return one.wait(120), done

    return carry_out


def test_a_file_is_read_in_a_worker(taken_in):
    history, report = taken_in

    assert history.path.is_file()
    assert history.facts.series == 6
    assert (report.rows_read, report.rows_refused) == (217, 1)
    assert "'soon' is not a date" in str(report.problems[0].reason) or report.problems[0].value == "soon"


def test_a_file_that_can_t_be_a_history_is_the_error_it_would_be_here(pool, tmp_path):
    (tmp_path / "empty.csv").touch()
    arguments = encode({"source": tmp_path / "empty.csv", "into": tmp_path / "ingest", "settings": SETTINGS})

    outcome = pool.submit(Job(function="batchcast.run.jobs:ingest_job", arguments=arguments)).wait(60)

    assert outcome.ending is Ending.ERROR
    assert type(outcome.error) is EmptyInput


def test_a_worker_warms_up(pool):
    outcome = pool.submit(Job(function="batchcast.run.jobs:warm_job", timeout_seconds=600)).wait(600)

    assert (outcome.ending, outcome.result) == (Ending.DONE, None), outcome


def test_a_batch_is_published_and_its_repetition_gives_the_same_bytes(run, tmp_path):
    out = tmp_path / "results" / "forecast.csv"

    batch, published = run("first", out=out, expected=None)

    assert batch.state is BatchState.COMPLETED, batch.error
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 * 3
    assert {row["site_code"] for row in rows} == {"North", "South"}
    assert published["counts"] == {
        "rows_read": 217,
        "rows_kept": 216,
        "rows_summed": 0,
        "rows_refused": 1,
        "rows_ignored": 0,
        "series": 6,
        "forecast": 6,
        "refused": 0,
    }
    assert published["files"].keys() == {"forecast", "stock", "accuracy", "figures", "rejected", "certificate"}
    assert all(Path(path).is_file() for path in published["files"].values())
    assert published["leaderboard"][0]["model"]
    certificate = json.loads((out.parent / "certificate.json").read_text())
    assert certificate["timings"].keys() == {"ingest", "prepare", "forecast", "publish"}

    digests = {kind: file["sha256"] for kind, file in certificate["files"].items()}
    again, repeated = run("second", out=tmp_path / "again" / "forecast.csv", expected=digests)

    assert again.state is BatchState.COMPLETED, again.error
    assert Path(repeated["files"]["forecast"]).read_bytes() == out.read_bytes()


def test_a_repetition_that_gives_other_bytes_publishes_nothing(run, tmp_path):
    out = tmp_path / "forecast.csv"

    batch, published = run("changed", out=out, expected={"forecast": "0" * 64, "more": "1"})

    assert batch.state is BatchState.ROLLED_BACK
    assert "accuracy, forecast, more, rejected, stock differ" in str(batch.error)
    assert published == {}
    assert not out.exists()
    assert not list(tmp_path.glob(".batchcast*"))
    assert CertificateMismatch.slug == "certificate-mismatch"


@pytest.mark.parametrize("place", ["accuracy.parquet", None])
def test_accuracy_alone_is_published_where_there_is_a_place_for_it(run, tmp_path, place):
    out = tmp_path / place if place else None

    batch, published = run("backtest", accuracy_out=out)

    assert batch.state is BatchState.COMPLETED, batch.error
    assert published["files"] == ({"accuracy": out} if out else {})
    assert out is None or out.is_file()
    assert published["counts"]["series"] == 6
    assert published["leaderboard"]


@pytest.fixture
def serve(pool, taken_in, plan, tmp_path):
    """Runs the batch of the file as a server does; each is submitted again under its name."""
    store, artifacts = MemoryStore(), OfAnEarlierVersion(tmp_path / "artifacts")
    ended = SimpleQueue()
    options = {"owner": new_owner(), "folder": tmp_path / "scratch", "on_ended": lambda *end: ended.put(end)}
    dispatcher = Dispatcher(store, pool, artifacts, **options)
    dispatcher.start()

    def carry_out(name):
        store.add_batch(NewBatch(name, SETTINGS, plan, source=source_of(taken_in, artifacts, name)))
        dispatcher.wake()
        return ended.get(timeout=120)[0]

    yield carry_out, artifacts
    dispatcher.stop(10)


def test_a_server_publishes_the_same_bytes_as_a_command(run, serve, tmp_path):
    carry_out, artifacts = serve
    run("command", out=tmp_path / "forecast.csv", expected=None)

    first, second = carry_out("first"), carry_out("second")

    assert (first.state, first.error) == (BatchState.COMPLETED, None)
    kinds = {(file.kind, file.format) for file in first.result.files}
    assert {("forecast", "csv"), ("series", "parquet"), ("rejected", "csv"), ("certificate", "json")} <= kinds
    for file in first.result.files:
        if file.format == "csv":
            published = artifacts.fetch(file.file, tmp_path)
            assert published.read_bytes() == (tmp_path / f"{file.kind}.csv").read_bytes()
    assert first.result.counts["series"] == 6
    assert first.result.leaderboard
    assert [record.reused_from for record in second.partitions] == ["first", "first"]
    files = [{f.kind: f.file.sha256 for f in batch.result.files if f.format == "csv"} for batch in (first, second)]
    assert files[0] == files[1]


def damage_forecast(value):
    """Puts a value into the forecast of a result."""

    def damage(folder):
        path = folder / "forecast.parquet"
        table = pq.read_table(path)
        column = table["forecast_qty"].to_pylist()
        column[1] = value
        place = table.schema.get_field_index("forecast_qty")
        pq.write_table(table.set_column(place, "forecast_qty", pa.array(column, pa.float64())), path)

    return damage


def cut(name, left=20):
    """Truncates a file of a result."""

    def damage(folder):
        path = folder / name
        path.write_bytes(path.read_bytes()[:left])

    return damage


def without_statistics(folder):
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"statistics": {"auto": {"sums": ["x"]}}}))


DAMAGES = {
    "a value that is no number": (damage_forecast(float("nan")), "forecast_qty is nan"),
    "a value beyond all demand": (damage_forecast(1e300), r"forecast_qty is 1e\+300"),
    "a truncated summary": (cut("summary.json"), "its summary is cut off or damaged"),
    "an empty summary": (cut("summary.json", 0), "its summary is cut off or damaged"),
    "damaged statistics": (without_statistics, "its summary lacks its statistics, or they are damaged"),
    "a truncated table": (cut("stock.parquet"), "stock.parquet can't be read"),
    "a missing table": (lambda folder: (folder / "accuracy.parquet").unlink(), "accuracy.parquet can't be read"),
    "missing figures": (lambda folder: (folder / "figures.parquet").unlink(), "figures.parquet can't be read"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_result_is_verified_before_it_is_kept(taken_in, plan, tmp_path, monkeypatch, damage):
    given = {"history": taken_in[0].path, "request": plan.request}
    knowledge = tmp_path / "knowledge.json"
    prepare_job(encode(given | {"series": 6, "into": knowledge, "is_known": False}), lambda share: None)
    change, sentence = DAMAGES[damage]
    forecast = partition.forecast_partition

    def forecast_and_damage(*args, into, **more):
        forecast(*args, into=into, **more)
        change(into)

    monkeypatch.setattr(partition, "forecast_partition", forecast_and_damage)
    job = encode(given | {"partition": plan.partitions[1], "knowledge": knowledge, "into": tmp_path / "into"})

    with pytest.raises(ResultRejected, match=sentence) as refused:
        partition_job(job, lambda share: None)

    assert refused.value.partition == plan.partitions[1].number
    assert "Error" not in str(refused.value)


class OfAnEarlierVersion(LocalFolder):
    """Keeps the result of partition 1 as a version did that did not verify it."""

    damage = None

    def put_folder(self, folder, prefix, *, move=False):
        if self.damage and "partitions/00001" in prefix:
            self.damage(folder)
        super().put_folder(folder, prefix, move=move)


@pytest.mark.parametrize("damage", ["a value that is no number", "a truncated summary"])
def test_a_bad_checkpoint_is_thrown_away_and_forecast_again(serve, damage):
    carry_out, _ = serve
    change, sentence = DAMAGES[damage]
    OfAnEarlierVersion.damage = staticmethod(change)

    first = carry_out("first")
    OfAnEarlierVersion.damage = None
    second, third = carry_out("second"), carry_out("third")

    assert first.state is BatchState.ROLLED_BACK
    assert re.search(f"Partition 1 gave a result that can't be published: .*{sentence}", str(first.error))
    assert "JSONDecodeError" not in str(first.error)
    assert (second.state, second.error) == (BatchState.COMPLETED, None)
    assert [record.reused_from for record in second.partitions] == ["first", None]
    assert [record.reused_from for record in third.partitions] == ["second", "second"]


def test_a_checkpoint_that_was_damaged_on_the_disk_is_not_taken_for_whole(serve, tmp_path):
    carry_out, artifacts = serve
    first = carry_out("first")
    kept = artifacts.fetch_folder(first.partitions[0].result, tmp_path) / "forecast.parquet"
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes()[:-1] + b"X")

    second = carry_out("second")

    assert (second.state, second.error) == (BatchState.COMPLETED, None)
    assert [record.reused_from for record in second.partitions] == [None, "first"]


def test_a_disk_that_is_full_is_told_in_a_sentence_and_nothing_else_is_changed():
    with pytest.raises(NoDiskSpace, match="No space left on device where batches are worked at"), needing_disk():
        raise OSError(errno.ENOSPC, "Error writing bytes to file")

    with pytest.raises(DiskFailed, match=r"could not be read or written .Input/output error"), needing_disk():
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(FileNotFoundError), needing_disk():
        raise FileNotFoundError(errno.ENOENT, "No such file")

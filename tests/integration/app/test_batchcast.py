"""Whole batches through the use cases, in real worker processes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.plugins.watchdog import processes_left

from batchcast.app.batchcast import Batchcast, Listener, RunResult
from batchcast.app.installation.kernels import NOT_COMPILED
from batchcast.app.installation.workspace import Environment
from batchcast.app.intake import Analysis, ReadingFailed, error_of
from batchcast.app.samples.writing import write_sample
from batchcast.domain.batch import Batch, BatchState
from batchcast.domain.errors import BatchCancelled, InvalidInput, Message
from batchcast.domain.plan import RowsRefused
from batchcast.domain.settings import BatchSettings
from batchcast.publish.certificate import CertificateMismatch, OutputTaken
from batchcast.run.job import Ending, Job, Outcome

pytestmark = pytest.mark.xdist_group("batchcast")  # one forecast of the sample for all tests that need one

_SETTINGS = BatchSettings(horizon=3, batch_mode="on")
_QUICK = replace(_SETTINGS, models=("naive", "ses"))


class Recorder(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.analysis: Analysis | None = None
        self.batches: list[Batch] = []
        self.notes: list[Message] = []

    def on_note(self, note: Message) -> None:
        self.notes.append(note)

    def on_step(self, step: str) -> None:
        self.steps.append(step)

    def on_analysis(self, analysis: Analysis) -> None:
        self.analysis = analysis

    def on_batch(self, batch: Batch) -> None:
        self.batches.append(batch)


@pytest.fixture
def app(tmp_path: Path) -> Batchcast:
    return Batchcast(Environment(home=tmp_path / "home"))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.csv"
    write_sample("sample_optimal", path)
    return path


@pytest.fixture(scope="module")
def published(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The sample, forecast once under these settings; its files are for reading."""
    folder = tmp_path_factory.mktemp("published")
    return Batchcast(Environment(home=folder / "home")).run(sample, _SETTINGS, out=folder / "out" / "forecast.csv")


def _leftovers(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "home" / "batches").iterdir())


@pytest.mark.long
def test_a_batch_too_small_to_learn_across_its_parts_says_so(app: Batchcast, tmp_path: Path) -> None:
    months = [f"{2023 + month // 12}-{month % 12 + 1:02}-01" for month in range(24)]
    rows = [f"{month},P{part},S,{(part + place) % 4}" for part in range(3) for place, month in enumerate(months)]
    (tmp_path / "small.csv").write_text("\n".join(["date,partnumber,site_code,demand_qty", *rows]))

    result = app.run(tmp_path / "small.csv", BatchSettings(horizon=3), out=tmp_path / "small")

    assert result.hindsight is not None
    assert result.hindsight.without_learned
    assert result.hindsight.unused == ()

    alone = app.backtest(tmp_path / "small.csv", BatchSettings(horizon=3, models=("lightgbm_quantile",)))

    assert alone.hindsight is not None
    assert alone.hindsight.unused == ("lightgbm_quantile",)


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != "certificate.json"
    }


@pytest.mark.alone  # counts the processes that are left
def test_a_batch_tells_its_steps_publishes_one_result_and_leaves_nothing_behind(
    app: Batchcast, sample: Path, tmp_path: Path
) -> None:
    listener = Recorder()

    result = app.run(sample, _QUICK, out=tmp_path / "out" / "forecast.csv", listener=listener)

    assert listener.steps == ["ingest", "prepare", "forecast", "publish"]
    assert listener.analysis is not None
    assert listener.batches[-1].state is BatchState.COMPLETED
    assert listener.batches[-1].progress == 1.0
    assert sorted(result.files) == ["accuracy", "certificate", "figures", "forecast", "stock"]
    assert all(path.is_file() for path in result.files.values())
    assert result.counts["rows_read"] == 1000
    assert result.counts["series"] == result.counts["forecast"] + result.counts["refused"]
    assert {"auto", "naive", "zero"} <= {row.model for row in result.leaderboard}
    assert _leftovers(tmp_path) == []
    assert processes_left() == []
    certificate = json.loads(result.files["certificate"].read_text())
    assert certificate["timings"].keys() >= {"ingest", "publish"}


@pytest.mark.long
def test_the_plan_and_the_number_of_workers_change_no_byte(
    app: Batchcast, published: RunResult, sample: Path, tmp_path: Path
) -> None:
    plans = {
        "size": BatchSettings(horizon=3, batch_mode="on", partition_strategy="auto", max_rows_per_partition=100),
        "one": BatchSettings(horizon=3, batch_mode="off", max_parallel=1),
    }
    for name, settings in plans.items():
        app.run(sample, settings, out=tmp_path / name / "forecast.csv")

    by_site = published.files["forecast"].parent
    assert _digests(by_site) == _digests(tmp_path / "size") == _digests(tmp_path / "one")


@pytest.mark.long
def test_a_run_is_repeated_to_the_byte_from_its_certificate(
    app: Batchcast, published: RunResult, sample: Path, tmp_path: Path
) -> None:
    app.replay(published.files["certificate"], sample, out=tmp_path / "second" / "forecast.csv")

    assert _digests(published.files["forecast"].parent) == _digests(tmp_path / "second")


def test_another_file_is_not_what_the_certificate_is_of(
    app: Batchcast, published: RunResult, sample: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_bytes(sample.read_bytes().replace(b",1\n", b",2\n", 1))

    with pytest.raises(CertificateMismatch):
        app.replay(published.files["certificate"], other, out=tmp_path / "second" / "forecast.csv")

    assert not (tmp_path / "second").exists()


@pytest.mark.long
def test_a_backtest_judges_and_publishes_accuracy_alone(app: Batchcast, sample: Path, tmp_path: Path) -> None:
    result = app.backtest(sample, _QUICK, out=tmp_path / "accuracy.csv")
    without_files = app.backtest(sample, _QUICK)

    assert list(result.files) == ["accuracy"]
    assert (tmp_path / "accuracy.csv").read_text().startswith("site_code,partnumber")
    assert without_files.files == {}
    assert without_files.leaderboard == result.leaderboard


def test_the_input_is_never_overwritten(app: Batchcast, sample: Path, tmp_path: Path) -> None:
    mine = tmp_path / "demand.csv"
    mine.write_bytes(sample.read_bytes())

    with pytest.raises(OutputTaken, match="demand history itself"):
        app.run(mine, _SETTINGS, out=mine)
    with pytest.raises(OutputTaken, match="demand history itself"):
        app.backtest(mine, _SETTINGS, out=mine)

    assert mine.read_bytes() == sample.read_bytes()


def test_refused_rows_carry_their_partition_and_nothing_is_published(app: Batchcast, tmp_path: Path) -> None:
    file = tmp_path / "demand.csv"
    rows = [f"2026-01-{day:02},P{day % 3},Site{day % 2},1" for day in range(1, 20)]
    file.write_text("\n".join(["date,partnumber,site_code,demand_qty", *rows, "31/02/2026,P1,Site1,1"]))

    with pytest.raises(RowsRefused) as caught:
        app.run(file, _SETTINGS, out=tmp_path / "out" / "forecast.csv")

    (problem,) = caught.value.report.problems
    assert (problem.line, problem.site_code) == (21, "Site1")
    assert problem.partition is not None
    assert caught.value.plan is not None
    assert not (tmp_path / "out").exists()
    assert _leftovers(tmp_path) == []


def test_a_file_that_is_not_there_is_bad_input(app: Batchcast, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.csv"):
        app.analyze(tmp_path / "nowhere.csv", _SETTINGS)


@pytest.mark.alone  # counts the processes that are left
def test_a_request_to_stop_ends_the_batch_cancelled_with_nothing_left(
    app: Batchcast, sample: Path, tmp_path: Path
) -> None:
    class Impatient(Listener):
        def on_step(self, step: str) -> None:
            if step == "prepare":
                app.cancel()

    with pytest.raises(BatchCancelled):
        app.run(sample, _QUICK, out=tmp_path / "out" / "forecast.csv", listener=Impatient())

    assert not (tmp_path / "out").exists()
    assert _leftovers(tmp_path) == []
    assert processes_left() == []


def test_a_listener_that_fails_stops_the_batch(app: Batchcast, sample: Path, tmp_path: Path) -> None:
    class Broken(Listener):
        def on_batch(self, batch: Batch) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.run(sample, _QUICK, out=tmp_path / "out" / "forecast.csv", listener=Broken())

    assert not (tmp_path / "out").exists()
    assert _leftovers(tmp_path) == []


def test_a_run_that_compiles_says_so_and_is_no_measure_of_the_next(
    app: Batchcast, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[None] = []
    monkeypatch.setattr("batchcast.app.batchcast.are_compiled", lambda: bool(noted))
    monkeypatch.setattr("batchcast.app.batchcast.note_compiled", lambda: noted.append(None))
    first, second = Recorder(), Recorder()

    app.run(sample, _QUICK, out=tmp_path / "first" / "forecast.csv", listener=first)
    assert not (tmp_path / "home" / "timings.jsonl").exists()
    app.run(sample, _QUICK, out=tmp_path / "second" / "forecast.csv", listener=second)

    assert (first.notes, second.notes) == ([NOT_COMPILED], [])
    assert len((tmp_path / "home" / "timings.jsonl").read_text().splitlines()) == 1


@pytest.mark.long
def test_estimates_follow_what_batches_took_here(app: Batchcast, sample: Path, tmp_path: Path) -> None:
    for number in range(2):
        app.run(sample, _QUICK, out=tmp_path / str(number) / "forecast.csv")

    plan = app.analyze(sample, _QUICK).plan

    assert plan is not None
    assert plan.estimate_seconds > 0
    assert len((tmp_path / "home" / "timings.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(ending=Ending.TIMEOUT), "more than 5 seconds"),
        (Outcome(ending=Ending.OUT_OF_MEMORY), "more than 2048 MB"),
        (Outcome(ending=Ending.CRASH, ended_by="signal SIGABRT"), "signal SIGABRT"),
    ],
)
def test_a_reader_that_was_ended_says_how(outcome: Outcome, words: str) -> None:
    error = error_of(Path("demand.xlsx"), outcome, Job(function="x:y", timeout_seconds=5))

    assert isinstance(error, ReadingFailed)
    assert words in str(error)
    assert "demand.xlsx" in str(error)


def test_stopping_while_the_file_is_read_is_a_cancel() -> None:
    error = error_of(Path("demand.csv"), Outcome(ending=Ending.CANCELLED), Job(function="x:y"))

    assert isinstance(error, BatchCancelled)


@pytest.mark.long
def test_the_forecast_of_a_site_is_the_same_alone_and_with_the_others(
    app: Batchcast, sample: Path, tmp_path: Path
) -> None:
    everything = app.run(sample, BatchSettings(horizon=3, batch_mode="off"), out=tmp_path / "all")
    site = everything.analysis.plan.partitions[0].sites[-1] if everything.analysis.plan else ""
    alone = BatchSettings(horizon=3, batch_mode="off", site_codes=(site,))

    result = app.run(sample, alone, out=tmp_path / "alone")

    rows = [line for line in everything.files["forecast"].read_text().splitlines() if f",{site}," in line]
    assert rows
    assert result.files["forecast"].read_text().splitlines()[1:] == rows

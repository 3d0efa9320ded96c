"""What a result that is kept depends on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from batchcast.domain.plan import Partition
from batchcast.domain.settings import BatchSettings
from batchcast.run import steps


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A folder in place of the code that forecasts."""
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "ses.py").write_text("ALPHA = 0.1")
    monkeypatch.setattr(steps, "_CODE", (tmp_path,))
    yield tmp_path
    steps.code_digest.cache_clear()


def test_the_code_that_forecasts_is_in_the_key(code, make_request):
    def key():
        steps.code_digest.cache_clear()
        return steps.checkpoint_key(make_request(), "knowledge", "rows")

    first, again = key(), key()
    (code / "kernels" / "ses.py").write_text("ALPHA = 0.2")
    changed = key()
    (code / "kernels" / "ses.py").rename(code / "ses.py")

    assert first == again
    assert len({first, changed, key()}) == 3


def test_a_low_memory_limit_is_that_of_partitions_alone(tmp_path, make_request):
    """The preparation is bounded by design; it must not fail in place of the partition that is over the limit."""
    plan = SimpleNamespace(request=make_request(), partitions=())
    facts = SimpleNamespace(series=1)

    def limits(memory_limit_mb: int) -> list[int]:
        maker = steps.JobMaker(
            steps=steps.Steps(),
            limits=steps.StepLimits(),
            settings=BatchSettings(memory_limit_mb=memory_limit_mb),
            plan=plan,
            history=SimpleNamespace(path=tmp_path / "history.parquet", facts=facts),
            folder=tmp_path,
            publish_arguments={"timings": {}},
            has_checkpoints=False,
        )
        partition = Partition(number=0, ranges=((0, 1),), sites=("S",), rows=1, parts=1, series=1, cells=1)
        made = (maker.prepare(is_known=False), maker.partition(partition, 1))
        return [job.memory_limit_mb for job in made]

    assert limits(256) == [2048, 256]
    assert limits(4096) == [4096, 4096]

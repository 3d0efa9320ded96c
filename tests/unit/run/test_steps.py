"""What a result that is kept depends on."""

from __future__ import annotations

import pytest

from batchcast.run import steps


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A folder in place of the code that forecasts."""
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "ses.py").write_text("ALPHA = 0.1")
    monkeypatch.setattr(steps, "_CODE", (tmp_path,))
    yield tmp_path
    steps._code.cache_clear()


def test_the_code_that_forecasts_is_in_the_key(code, make_request):
    def key():
        steps._code.cache_clear()
        return steps.checkpoint_key(make_request(), "knowledge", "rows")

    first, again = key(), key()
    (code / "kernels" / "ses.py").write_text("ALPHA = 0.2")
    changed = key()
    (code / "kernels" / "ses.py").rename(code / "ses.py")

    assert first == again
    assert len({first, changed, key()}) == 3

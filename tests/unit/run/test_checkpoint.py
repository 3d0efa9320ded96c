"""What a result that is kept depends on."""

from __future__ import annotations

import pytest

from batchcast.run import checkpoint


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A folder in place of the code that forecasts."""
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "ses.py").write_text("ALPHA = 0.1")
    monkeypatch.setattr(checkpoint, "_CODE", (tmp_path,))
    yield tmp_path
    checkpoint._code.cache_clear()


def test_the_code_that_forecasts_is_in_the_key(code, make_request):
    def key():
        checkpoint._code.cache_clear()
        return checkpoint.checkpoint_key(make_request(), "knowledge", "rows")

    first, again = key(), key()
    (code / "kernels" / "ses.py").write_text("ALPHA = 0.2")
    changed = key()
    (code / "kernels" / "ses.py").rename(code / "ses.py")

    assert first == again
    assert len({first, changed, key()}) == 3

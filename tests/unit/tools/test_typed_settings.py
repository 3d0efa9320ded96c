"""The types of the library's settings are those of the declarations, and hold what may be given."""

from __future__ import annotations

import pytest
from tools.typed_settings import FILE, type_of, write

from batchcast.app.library import typed_settings
from batchcast.domain.settings import OF_STOCK_FILE, SETTINGS, deciding


def test_the_file_is_what_the_tool_writes():
    assert FILE.read_text(encoding="utf-8") == write(), "run: .venv/bin/python tools/typed_settings.py"


def test_every_setting_stands_where_it_is_taken():
    taken = set(typed_settings.ForecastSettings.__annotations__)

    assert taken == set(SETTINGS) - {"horizon", "batch_mode"}
    assert set(typed_settings.ReadingSettings.__annotations__) == set(deciding("reading"))
    assert set(typed_settings.StockSettings.__annotations__) == set(OF_STOCK_FILE)


@pytest.mark.parametrize(
    ("name", "annotation", "expected"),
    [
        ("models", "tuple[str, ...]", "str | Sequence[str]"),
        ("quantiles", "tuple[float, ...]", "float | Sequence[float]"),
        ("today", "dt.date | None", "dt.date | str | None"),
        ("lead_time", "int | None", "int | None"),
        ("column_mapping", "Mapping[str, str]", "Mapping[str, str]"),
        ("bad_rows", "BadRows", "BadRows"),
    ],
)
def test_what_may_be_given_is_wider_than_what_is_kept(name, annotation, expected):
    assert type_of(name, annotation) == expected

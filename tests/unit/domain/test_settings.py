"""Settings are checked whole: a person hears of every wrong value at once."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from batchcast.domain.errors import InvalidSettings
from batchcast.domain.settings import SETTINGS, BatchSettings, usable_cores


def test_the_defaults_are_those_of_the_product() -> None:
    settings = BatchSettings()

    assert settings.max_rows_per_partition == 2000
    assert settings.max_execution_time == 300
    assert settings.max_partitions == 20
    assert settings.memory_limit_mb == 2048
    assert settings.rounding == "keep_total"
    assert settings.quantiles == (0.1, 0.5, 0.9)
    assert settings.parallel == usable_cores()


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as caught:
        BatchSettings(horizon=0, rounding="up", max_partitions=0, quantiles=(0.5, 1.5))  # type: ignore[arg-type]

    sentence = str(caught.value)
    assert len(caught.value.problems) == 4
    for name in ("horizon", "rounding", "max_partitions", "quantiles"):
        assert name in sentence


@pytest.mark.parametrize("name", sorted(name for name, declared in SETTINGS.items() if declared.low is not None))
def test_both_ends_of_a_range_are_allowed_and_what_lies_beyond_is_not(name: str) -> None:
    low, high = SETTINGS[name].low, SETTINGS[name].high
    for value in (low, high):
        assert getattr(BatchSettings(**{name: value}), name) == value
    for value in (low - 1, high + 1, float("nan"), "many"):
        with pytest.raises(InvalidSettings, match=name):
            BatchSettings(**{name: value})


def test_more_workers_than_cores_are_those_there_are() -> None:
    """A batch may be carried on by a machine with fewer cores than the one it was submitted to."""
    assert BatchSettings(max_parallel=1024).parallel == usable_cores()


@pytest.mark.parametrize("quantiles", [(), (0.5, 0.5), (0.0,), (1.0,), tuple(i / 20 for i in range(1, 11))])
def test_quantiles_are_few_different_and_inside_zero_and_one(quantiles: tuple[float, ...]) -> None:
    with pytest.raises(InvalidSettings, match="quantiles"):
        BatchSettings(quantiles=quantiles)


def test_settings_survive_json() -> None:
    settings = BatchSettings(
        horizon=28,
        site_codes=("Kendari", "Morowali"),
        forecast_start_date=dt.date(2026, 1, 1),
        column_mapping={"partnumber": "Material"},
        models=("ses", "imapa"),
    )

    again = BatchSettings.from_json(json.loads(json.dumps(settings.as_json())))

    assert again == settings


def test_a_misspelt_setting_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(InvalidSettings, match="did you mean horizon"):
        BatchSettings.from_json({"horizn": 7})
    with pytest.raises(InvalidSettings, match="zzz is not a setting"):
        BatchSettings.from_json({"zzz": 7})


def test_every_setting_of_reading_is_decided_to_be_of_a_form_or_of_one_delivery() -> None:
    """A recipe reuses the former without a word; the latter would be silently wrong for the next file."""
    of_form = {name for name, declared in SETTINGS.items() if declared.is_of_form}
    of_one_delivery = {
        *("today", "closed_through", "forecast_start_date", "future_rows", "overlaps", "bad_rows"),
        *("max_refused_share", "first_year", "history_marks", "use_marks", "use_recipes"),
    }
    read_or_asked = {name for name, declared in SETTINGS.items() if declared.decides == "reading" or declared.answers}

    assert not of_form & of_one_delivery
    assert read_or_asked <= of_form | of_one_delivery, "say in its declaration whether the new setting is_of_form"

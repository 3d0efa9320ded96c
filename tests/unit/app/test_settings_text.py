"""Settings as they are typed become settings, or sentences about every one that can't be read."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.app.words.settings_text import check_models, settings_of_texts
from batchcast.domain.errors import InvalidSettings, Message
from batchcast.domain.settings import BatchSettings, usable_cores


def test_every_kind_of_text_is_read() -> None:
    given = {
        "horizon": ["14"],
        "forecast_start_date": ["2026-01-31"],
        "site_codes": ["Kendari, Utara", "Sorowako"],
        "quantiles": ["0.1,0.9"],
        "zero_threshold": ["0.25"],
        "column_mapping": ["demand_qty=Jumlah"],
        "rounding": ["floor"],
        "models": [],
    }

    assert settings_of_texts(given) == BatchSettings(
        horizon=14,
        forecast_start_date=dt.date(2026, 1, 31),
        site_codes=("Kendari, Utara", "Sorowako"),
        quantiles=(0.1, 0.9),
        zero_threshold=0.25,
        column_mapping={"demand_qty": "Jumlah"},
        rounding="floor",
    )


def test_models_chosen_by_us_can_be_asked_for_by_name() -> None:
    assert settings_of_texts({"models": ["auto"]}, base=BatchSettings(models=("naive",))) == BatchSettings()


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    for name in ("prophet", "negbin_prophet", "negbin_wss"):
        with pytest.raises(InvalidSettings, match=f"{name}.*imapa"):
            settings_of_texts({"models": [f"ses,{name}"]})
        with pytest.raises(InvalidSettings, match=f"{name}.*imapa"):
            check_models(BatchSettings(models=("ses", name)))


def test_an_unknown_model_is_named_beside_other_problems() -> None:
    with pytest.raises(InvalidSettings) as raised:
        settings_of_texts({"models": ["prophet"], "service_level": ["2"]})

    assert len(raised.value.problems) == 2


def test_models_can_be_asked_for_as_a_leaderboard_calls_them() -> None:
    assert settings_of_texts({"models": ["negbin_ses,wss"]}).models == ("ses", "wss")


def test_all_that_is_wrong_is_said_at_once() -> None:
    given = {"horizon": ["ten"], "rounding": ["up"], "horizn": ["7"]}

    with pytest.raises(InvalidSettings) as raised:
        settings_of_texts(given, also=[Message("and this")])

    said = [str(problem) for problem in raised.value.problems]
    assert said[0] == "and this"
    assert any("horizon is 'ten'" in sentence for sentence in said)
    assert any("horizn is not a setting; did you mean horizon?" in sentence for sentence in said)


def test_more_workers_than_cores_are_refused() -> None:
    with pytest.raises(InvalidSettings, match=f"max_parallel is {usable_cores() + 1}"):
        settings_of_texts({"max_parallel": [str(usable_cores() + 1)]})


@pytest.mark.parametrize(
    "typed",
    [
        ["date=Tgl", "demand_qty=Qty, all; net"],
        ["date=Tgl, demand_qty=Qty, all; net"],
        ["date = Tgl; demand_qty=Qty, all; net"],
        ['"date=Tgl, demand_qty=Qty, all; net"'],
        ["“date=Tgl, demand_qty=Qty, all; net”"],
    ],
)
def test_a_mapping_is_read_as_the_sentences_write_it(typed: list[str]) -> None:
    """One or several pairs in a text, with a comma or semicolon between them, in quotes or not."""
    settings = settings_of_texts({"column_mapping": typed})

    assert settings.column_mapping == {"date": "Tgl", "demand_qty": "Qty, all; net"}


def test_a_literal_value_of_a_mapping_keeps_its_commas() -> None:
    assert settings_of_texts({"column_mapping": ["site_code==Kendari, Utara"]}).column_mapping == {
        "site_code": "=Kendari, Utara"
    }


@pytest.mark.parametrize(
    ("texts", "filters"),
    [
        (["Type=a,b; Plant=1"], ("Type=a,b", "Plant=1")),
        (["Type=a,b", "Plant=1"], ("Type=a,b", "Plant=1")),
        (["Type=a;b"], ("Type=a;b",)),
        (['Type="x; y=z",b;Plant=1'], ('Type="x; y=z",b', "Plant=1")),
        (['Size=5" pipe'], ('Size=5" pipe',)),
    ],
)
def test_several_filters_stand_in_one_text(texts, filters):
    assert settings_of_texts({"only_rows": texts}).only_rows == filters


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2025-06-30"], ("2025-06-30",)),
        (["2025-06-30, Sofifi=2025-06-10"], ("2025-06-30", "Sofifi=2025-06-10")),
        (["2025-06-30", "Sofifi = 2025-06-10 "], ("2025-06-30", "Sofifi=2025-06-10")),
        (["Kendari, Utara=2025-06-30; A=B=2025-06-10;"], ("Kendari, Utara=2025-06-30", "A=B=2025-06-10")),
    ],
)
def test_closed_days_of_sites_are_read_in_one_text_or_several(texts: list[str], expected: tuple[str, ...]) -> None:
    settings = settings_of_texts({"closed_through": texts})

    assert settings.closed_through == expected
    assert settings_of_texts({"closed_through": [", ".join(expected)]}) == settings
    assert BatchSettings.from_json(settings.as_json()) == settings


@pytest.mark.parametrize("text", ["30.06.2025", "2025-06-30 2025-07-01", "Sofifi", "2025-13-01", "Sofifi=2025-02-30"])
def test_a_closed_day_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidSettings, match="write it as 2025-06-30, for one site as Sofifi=2025-06-30"):
        settings_of_texts({"closed_through": [text]})


def test_the_closed_day_of_an_earlier_version_is_kept() -> None:
    assert BatchSettings(closed_through=dt.date(2025, 6, 30)).closed_through == ("2025-06-30",)  # type: ignore[arg-type]
    assert BatchSettings(closed_through=None) == BatchSettings()  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0.1,0.5", "0,1; 0,5", "0,1 0,5", "0.1; 0.5", "0.1, 0.5"])
def test_numbers_are_read_with_either_decimal_sign(text):
    assert settings_of_texts({"quantiles": [text]}).quantiles == (0.1, 0.5)


@pytest.mark.parametrize(("text", "level"), [("0,98", 0.98), ("0.98", 0.98)])
def test_one_number_is_read_with_either_decimal_sign(text, level):
    assert settings_of_texts({"service_level": [text]}).service_level == level


def test_several_numbers_are_not_read_as_the_first():
    with pytest.raises(InvalidSettings, match="one number"):
        settings_of_texts({"service_level": ["0.9; 0.98"]})


@pytest.mark.parametrize(
    ("word", "kind"),
    [("one-off", "exclude"), ("sekali-saja", "exclude"), ("stock-out", "stock_out"), ("stok-habis", "stock_out")],
)
def test_a_mark_is_taken_in_the_words_of_either_language(word, kind):
    settings = settings_of_texts({"history_marks": [f"2025-07-01..2025-07-31 {word} P-1 @ Sofifi"]})

    assert settings.history_marks == (f"2025-07-01..2025-07-31 {kind} P-1 @ Sofifi",)

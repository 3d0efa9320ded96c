from __future__ import annotations

import datetime as dt
from typing import get_args

import pytest

from batchcast.app.words.translation import Naming, format_number, language_of, translate
from batchcast.domain.errors import Message, counted, listed
from batchcast.domain.recipe import Recipe
from batchcast.forecast.models.table import MODELS

LINE = "line {line}"


def test_a_sentence_is_said_in_the_language_with_its_values():
    message = Message(LINE, {"line": 1204})

    assert translate(message, "en") == "line 1204"
    assert translate(message, "id") == "baris 1204"


def test_a_sentence_within_a_sentence_is_said_in_the_same_language():
    message = Message(
        "Dates are read {order}: {value!r} ({place}) allows nothing else.",
        {"order": "day_first", "value": "31/01/2025", "place": Message(LINE, {"line": 7})},
    )

    assert translate(message, "id") == "Tanggal dibaca day_first: '31/01/2025' (baris 7) tidak mungkin dibaca lain."


def test_numbers_get_the_points_of_the_language_where_their_place_asks_for_a_form():
    message = Message("{count:,} of {total:.1f}, {share:.1%}, line {line}, {low:g}")
    values = {"count": 12_345, "total": 0.5, "share": 0.25, "line": 12_345, "low": 0.5}

    assert translate(Message(message.template, values), "en") == "12,345 of 0.5, 25.0%, line 12345, 0.5"
    assert translate(Message(message.template, values), "id") == "12.345 of 0,5, 25,0%, line 12345, 0.5"
    assert format_number(1_234_567.89, ",.2f", "id") == "1.234.567,89"
    assert translate(Message("{total:,.15g} units", {"total": 1234.5}), "id") == "1.234,5 units"


def test_other_values_are_said_as_they_are():
    assert translate(Message("{text!r} {day}", {"day": "2025-01-31", "text": "{0}"}), "id") == "'{0}' 2025-01-31"


@pytest.mark.parametrize("naming", get_args(Naming))
@pytest.mark.parametrize(("language", "said"), [("en", "10 November 2026"), ("id", "10 Mei 2026")])
def test_a_date_is_said_in_words_and_written_as_it_is_typed_behind_a_setting(language, said, naming):
    day = dt.date(2026, 11 if language == "en" else 5, 10)
    sentence = translate(Message("{day}: {@closed_through=$day}", {"day": day}), language, naming)
    typed = {"field": f"closed_through={day}", "option": f"--closed-through {day}", "label": f": {said}”"}[naming]
    assert sentence.startswith(f"{said}: ")
    assert sentence.endswith(typed)


def test_dates_and_numbers_of_a_list_are_said_as_the_language_does():
    named = listed([dt.date(2026, 8, 3), Message("{count:,}", {"count": 1234})], ", …")
    assert translate(named, "id") == "3 Agustus 2026, 1.234, …"
    assert str(named) == "2026-08-03, 1,234, …"


@pytest.mark.parametrize(
    ("share", "english", "indonesian"),
    [("0.95", "95%", "95%"), ("0.9999", "99.99%", "99,99%"), ("0", "0%", "0%"), ("1", "100%", "100%")],
)
def test_a_share_that_is_set_is_said_in_percent_on_the_page_and_as_it_is_typed_elsewhere(share, english, indonesian):
    message = Message("{@max_refused_share=$share}", {"share": share})
    assert translate(message, "en", "label").endswith(f": {english}”")
    assert translate(message, "id", "label").endswith(f": {indonesian}”")
    assert translate(message, "id", "option") == f"--max-refused-share {share}"


def test_the_range_of_a_share_is_said_in_percent_on_the_page():
    template = "{setting} is {found}; it must be a number from {low:g} to {high:g}."
    values = {"setting": "service_level", "found": 0.3, "low": 0.5, "high": 0.9999}
    assert "0,3" not in translate(Message(template, values), "id", "label")
    assert translate(Message(template, values), "en", "label") == (
        "Service level is 30%; it must be a number from 50% to 99.99%."
    )
    assert "0.9999" in translate(Message(template, values), "id", "option")


def test_models_that_can_be_named_are_listed_in_words_on_the_page():
    message = Message("{setting}: {choices}", {"setting": "models", "choices": "zero, naive"})
    assert translate(message, "en", "label") == "Models: “no demand”, “the last period again”"
    assert translate(message, "en", "option") == "--models: zero, naive"


def test_our_columns_and_signs_of_numbers_are_said_in_words_where_a_person_reads_them_on_the_page():
    column = Message("Several could be {ours}.", {"ours": "demand_qty"})
    style = Message("read with {style}", {"style": "comma"})

    assert translate(column, "id", "label") == "Several could be jumlah permintaan."
    assert translate(column, "id", "option") == "Several could be demand_qty."
    assert [translate(style, "id", naming) for naming in ("label", "field")] == ["read with koma"] * 2


def test_columns_of_a_recipe_are_said_in_words_on_the_page_and_as_they_are_typed_elsewhere():
    settings = {
        "date_order": "day_first",
        "column_mapping": {"date": "=", "partnumber": "Kode: A"},
        "attributes": ["="],
        "only_rows": ["Jam=12:30"],
    }
    recipe = Recipe(name="r", signature="0", settings=settings, source="a.csv", kept_on=dt.date(2026, 1, 1))

    assert translate(recipe.reading, "id", "label") == (
        "“Urutan tanggal: Hari dulu”, tanggal: tanpa kolom, nomor part: kolom “Kode: A”, "
        "“Kolom yang disimpan bersama tiap part: tidak ada”, “Hanya baris dengan: Jam=12:30”"
    )
    assert "partnumber=Kode: A" in translate(recipe.reading, "id", "option")


def test_models_are_said_in_words_on_the_page_alone():
    said = Message("{model0} and {model1}", {"model0": "negbin_moving_average", "model1": "fallback_mean"})

    assert translate(said, "en", "label") == "moving average and mean of the history"
    assert translate(said, "id", "label") == "rata-rata bergerak dan rata-rata seluruh riwayat"
    assert translate(said, "en", "option") == "negbin_moving_average and fallback_mean"


@pytest.mark.parametrize("language", ["en", "id"])
def test_every_model_has_words_of_its_own_in_each_language(language):
    said = [translate(Message("{model}", {"model": name}), language, "label") for name in MODELS]

    assert len({*said}) == len(MODELS)
    assert [one for one in said if "_" in one or one in MODELS] == []


def test_a_sentence_without_values_keeps_its_braces_and_one_without_translation_its_english():
    assert translate("Not in the catalogue: {this}.", "id") == "Not in the catalogue: {this}."
    assert translate("Model", "en") == "Model"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "in_ID"}, "id"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "id_ID.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "BATCHCAST_LANG": "id"}, "id"),
        ({"BATCHCAST_LANG": "", "LANG": "id.UTF-8"}, "id"),
        ({"LANG": "idx"}, "en"),
    ],
)
def test_the_language_is_that_of_the_first_variable_that_is_set(environment, language):
    assert language_of(environment) == language


def test_counts_of_a_list_get_the_points_of_the_language():
    message = Message("Quantities of {column} are written with a unit, which is left out: {units}.", {"column": "Qty"})
    units = counted([("EA", 1440), ("BOX", 12)], ", …")

    assert translate(units, "en") == str(units) == "EA (1,440), BOX (12), …"
    assert translate(Message(message.template, {**message.values, "units": units}), "id").endswith(
        "EA (1.440), BOX (12), …."
    )


def test_a_mean_of_several_models_is_named_by_all_their_words_on_the_page():
    said = Message("{model_now}", {"model_now": "ses+naive+pooled"})

    words = translate(said, "en", "label")
    assert words.count(", ") == 2
    assert not {"ses", "+", "pooled"} & set(words.replace(",", "").split())
    assert translate(said, "en") == "ses+naive+pooled"

"""What a form sends becomes settings, whatever way people write a share, and each tick of a list."""

from __future__ import annotations

import pytest

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.web.forms import form_of_texts, read_form


@pytest.mark.parametrize("typed", ["98%", "98", "0.98", "0,98", "98 %", "98,0%"])
def test_a_share_is_read_as_a_share_or_in_percent(typed):
    form = read_form({"service_level": [typed]})

    assert form.settings is not None
    assert form.settings.service_level == 0.98
    assert (form.value("service_level"), form.share("service_level", "en")) == ("0.98", "98%")


@pytest.mark.parametrize(("language", "shown"), [("en", "99.5%"), ("id", "99,5%")])
def test_the_field_of_a_share_shows_percent_in_the_language(language, shown):
    form = read_form({"service_level": ["0.995"]})

    assert form.share("service_level", language) == shown
    again = read_form({"service_level": [shown]})
    assert again.settings == form.settings


@pytest.mark.parametrize("setting", ["service_level", "max_refused_share"])
def test_a_share_at_its_default_is_not_chosen(setting):
    shown = form_of_texts({}).share(setting, "id")

    assert read_form({setting: [shown]}).chosen == {}


@pytest.mark.parametrize("typed", ["9x", "%", "400%"])
def test_what_is_no_share_is_shown_as_it_was_typed(typed):
    form = read_form({"max_refused_share": [typed]})

    assert form.share("max_refused_share", "id") == typed
    assert form.problem("max_refused_share") is not None


@pytest.mark.parametrize(("typed", "level"), [("95%", 0.95), ("99,9%", 0.999), ("97.5 %", 0.975)])
def test_a_share_is_typed_in_percent_behind_an_option_too(typed, level):
    assert settings_of_texts({"service_level": [typed]}).service_level == level
    assert settings_of_texts({"quantiles": ["10%; 50%; 0,9"]}).quantiles == (0.1, 0.5, 0.9)


def test_models_that_are_ticked_are_one_text():
    form = read_form({"models": ["zero", "naive"]})

    assert form.models == ("zero", "naive")
    assert form.chosen == {"models": ["zero,naive"]}
    assert read_form({"models": form.chosen["models"]}).models == ("zero", "naive")
    assert form_of_texts({"models": ["prophet"]}).models == ()

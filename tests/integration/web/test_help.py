"""The help is whole in both languages, and needs no token."""

from __future__ import annotations

import pytest
from tests.integration.web.conftest import Browser, await_end, page_over

from batchcast.app.installation.tokens import Role, new_token
from batchcast.app.words.error_guide import error_guide
from batchcast.domain.batch import BatchState
from batchcast.domain.settings import SETTINGS
from batchcast.web.help import EXAMPLES

pytestmark = pytest.mark.xdist_group("page")


def test_the_overview_says_what_the_file_must_look_like(browser, indonesian):
    assert "What the file must look like" in browser.get("/help").text
    assert "Bentuk file yang diminta" in indonesian.get("/help").text


def test_every_setting_is_explained(browser, indonesian):
    for text in (browser.get("/help/settings").text, indonesian.get("/help/settings").text):
        for setting in SETTINGS:
            assert f'<dt id="{setting}">' in text
        assert "<code>" not in text.split("<main")[1]  # settings and models by their words, as at their fields


def test_every_error_is_explained_in_both_languages(browser, indonesian):
    english, told = browser.get("/help/errors").text, indonesian.get("/help/errors").text

    slugs = [entry.slug for section in error_guide("en") for entry in section.entries]
    assert len(slugs) > 30
    for slug in slugs:
        assert f'id="{slug}"' in english
        assert f'id="{slug}"' in told
    assert 'lang="en"' not in told.split("<main")[1]
    assert "<code>rejected.csv</code>" in english


def test_errors_name_settings_as_the_fields_of_the_page_are_called(browser, indonesian):
    for reader, order, step in (
        (browser, "Date order", "How the file is read"),
        (indonesian, "Urutan tanggal", "Cara membaca file"),
    ):
        told = reader.get("/help/errors").text
        assert f"“{order}”" in told
        assert f"“{step}”" in told
        for name in SETTINGS.keys() - {"lead_time"}:  # a column of a stock file too
            assert f"<code>{name}</code>" not in told
        assert "<code>--date-order</code>" not in told


def test_errors_are_searched(browser):
    found = browser.get("/help/errors?search=ambiguous").text

    assert 'id="ambiguous-dates"' in found
    assert 'id="no-rows"' not in found
    assert "No error matches" in browser.get("/help/errors?search=zzzz%3Cb%3E").text


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_can_be_downloaded_and_are_read(browser, name):
    answer = browser.get(f"/help/examples/{name}")
    browser.get("/")

    sent = browser.post("/files", {"shown": "1"}, files={"file": (name, answer.content)})

    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "can&#39;t be forecast as it is" not in sent.text
    assert "5 rows can&#39;t be read" not in sent.text
    assert "Kendari" in sent.text


def test_an_example_that_is_not_there_is_no_page(browser):
    assert browser.get("/help/examples/passwd").status_code == 404


@pytest.mark.long
def test_sample_data_is_forecast_with_one_click(browser, service):
    browser.get("/")

    answer = browser.post("/samples/alldemand_augjul/run")

    batch = service.status(str(answer.url).rsplit("/", 1)[-1]).batch
    assert batch.plan.rows == 11_919
    assert answer.status_code == 200
    assert await_end(service, batch.batch_id).state is BatchState.COMPLETED


def test_a_sample_that_is_not_there_is_a_sentence(browser):
    browser.get("/")

    assert browser.post("/samples/nonsense/run").status_code == 422


def test_the_help_needs_no_token(tmp_path):
    _, entry = new_token("ani", Role.VIEWER)
    with page_over(tmp_path / "home", tokens=entry) as (_, app):
        browser = Browser(app)

        assert browser.get("/help/errors").status_code == 200
        assert browser.get("/help/settings").url.path == "/help/settings"


def test_the_look_shows_every_element_in_both_themes(browser, indonesian):
    english, told = browser.get("/help/look").text, indonesian.get("/help/look").text

    for text in (english, told):
        light, dark = text.split('data-theme="dark"')
        for part in ("chip-warn", "alert-danger", "picks", "segments", "facts", "empty", "state-timeout", "spark"):
            assert part in light
            assert part in dark
    assert "Satu tampilan untuk semua halaman" in told

"""What every page and every answer of the page has."""

from __future__ import annotations

import gzip
import re

import pytest

from batchcast.web.assets import Assets
from batchcast.web.rendering import local_path

pytestmark = pytest.mark.xdist_group("page")

ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def test_every_answer_says_what_it_may_load_and_who_may_frame_it(browser):
    for answer in (browser.get("/nowhere"), browser.get(Assets.read().url("css/page.css"))):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_a_page_that_is_not_there_says_so_in_the_language_of_the_reader(browser, indonesian):
    english, told = browser.get("/nowhere"), indonesian.get("/nowhere")

    assert (english.status_code, told.status_code) == (404, 404)
    assert "There is no such page" in english.text
    assert "Halaman itu tidak ada" in told.text
    assert '<html lang="id"' in told.text
    assert "/help/errors#no-such-page" in told.text


def test_htmx_gets_a_note_for_the_page_that_asked(browser):
    answer = browser.get("/nowhere", headers={"hx-request": "true"})

    assert answer.status_code == 404
    assert answer.headers["hx-retarget"] == "#notice"
    assert "<html" not in answer.text
    assert 'role="alert"' in answer.text


def test_a_chosen_language_stays_and_leads_back_to_the_page(browser):
    answer = browser.post("/language", {"choice": "id", "back": "/nowhere?x=1"})

    assert str(answer.url) == "http://localhost/nowhere?x=1"
    assert '<html lang="id"' in answer.text
    assert '<html lang="id"' in browser.get("/nowhere").text


def test_a_chosen_look_stays(browser):
    assert 'data-theme="dark"' in browser.post("/theme", {"choice": "dark", "back": "/nowhere"}).text
    assert 'data-theme="light"' in browser.post("/theme", {"choice": "light", "back": "/nowhere"}).text


def test_a_choice_that_is_not_offered_changes_nothing(browser):
    answer = browser.post("/theme", {"choice": '"><script>', "back": "/nowhere"})

    assert "data-theme" not in answer.text


@pytest.mark.parametrize("text", ["https://evil.example/", "//evil.example/", "/\\evil.example", "", "help", "/a\nb"])
def test_a_way_back_is_a_path_of_this_server(text):
    assert local_path(text) == "/"


def test_assets_are_compressed_and_kept_for_ever_under_the_address_of_their_content(browser):
    known = Assets.read()
    path = known.url("css/page.css")

    packed = browser.get(path, headers={"accept-encoding": "gzip"})
    plain = browser.get(path, headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content == known.get("css/page.css").content
    assert "immutable" in plain.headers["cache-control"]
    assert browser.get("/static/earlier/css/page.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["css/none.css", "../application.py", "css/../../application.py", "%2e%2e/base.html"])
def test_no_path_on_the_disk_is_made_of_an_address(browser, name):
    assert browser.get(f"/static/x/{name}").status_code == 404


def test_every_asset_that_a_page_names_is_there_and_the_first_page_is_light(browser):
    page = browser.get("/")
    named = ASSET.findall(page.text)

    known = Assets.read()
    weights = [len(known.get(path.split("/", 3)[3]).compressed) for path in named]
    assert len(named) >= 5
    assert sum(weights) + len(gzip.compress(page.content)) < 150_000


def test_a_missing_asset_leaves_a_plainer_page_and_a_word_in_the_log(caplog, monkeypatch):
    monkeypatch.setattr("batchcast.web.assets.NEEDED", ("vendor/gone.js",))

    Assets.read()

    assert "vendor/gone.js" in caplog.text

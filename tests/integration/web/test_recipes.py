"""The page keeps a recipe after a question was answered and the file has run; its list deletes it."""

from __future__ import annotations

import re

import pytest
from tests.integration.web.test_start import FAST, draft_of, send

pytestmark = pytest.mark.xdist_group("page")

FILE = "date,partnumber,site_code,demand_qty,remark\n" + "".join(
    f"{day:02}/{month:02}/2025,P{part},S,1,x\n" for day in range(1, 12) for month in range(1, 12) for part in "ab"
)


@pytest.fixture(autouse=True)
def _no_recipes(service):
    for recipe in service.recipes():
        service.delete_recipe(recipe.name)


def test_an_answer_is_kept_used_for_the_next_file_and_deleted(browser, indonesian):
    draft = draft_of(send(browser, FILE.encode()))
    answered = browser.post(f"/files/{draft}/analysis", FAST | {"answer": "date_order=day_first"})
    assert 'name="answered" value="1"' in answered.text
    assert "No recipe is kept yet" in browser.get("/recipes").text

    run = browser.post(
        f"/files/{draft}/run", FAST | {"date_order": "day_first", "answered": "1"}, follow_redirects=False
    )
    assert run.status_code == 303
    listed = browser.get("/recipes")
    name = re.search(r'scope="row">(demand-[0-9a-f]{6})</th>', listed.text)[1]
    assert "“Date order: Day first”, date: column “date”" in listed.text
    assert "date=date" not in listed.text
    assert "Resep" in indonesian.get("/recipes").text

    again = send(browser, FILE.encode())
    assert "One question before it can be read" not in again.text
    assert f"Read by the recipe &#39;{name}&#39;" in again.text
    assert "“Date order: Day first”, date: column “date”" in again.text
    assert "To forget it: delete it on the page Recipes." in again.text
    assert "batchcast recipes" not in again.text

    deleted = browser.post("/recipes/delete", {"name": name})
    assert "No recipe is kept yet" in deleted.text
    assert "One question before it can be read" in send(browser, FILE.encode()).text
    assert browser.post("/recipes/delete", {"name": name}).status_code == 404


def test_a_file_that_runs_without_a_question_keeps_no_recipe(browser):
    draft = draft_of(send(browser, FILE.encode()))

    browser.post(f"/files/{draft}/run", FAST | {"date_order": "month_first"}, follow_redirects=False)

    assert "No recipe is kept yet" in browser.get("/recipes").text


def test_a_recipe_that_does_not_fit_is_a_question_with_a_button_for_each_reading(browser, indonesian):
    draft = draft_of(send(browser, FILE.encode()))
    answers = FAST | {"date_order": "day_first", "answered": "1"}
    browser.post(f"/files/{draft}/run", answers, follow_redirects=False)
    header, *rows = FILE.splitlines()
    monthly = "\n".join([header, *(f"{row[3:5]}/{row[:2]}{row[5:]}" for row in rows), "01/25/2025,Pa,S,1,x", ""])

    asked = send(browser, monthly.encode())

    assert "One question before it can be read" in asked.text
    assert "does not fit demand.csv" in asked.text
    assert 'value="use_recipes=off"' in asked.text
    assert 'value="use_recipes=always"' in asked.text
    assert "tidak cocok dengan demand.csv" in send(indonesian, monthly.encode()).text
    without = browser.post(f"/files/{draft_of(asked)}/analysis", FAST | {"answer": "use_recipes=off"})
    assert "every row is read" in without.text
    assert "Read by the recipe" not in without.text

"""Recipes over the API: kept by a name, used for the next file of the header, listed and deleted."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("api")

FILE = b"Hari;Brg;Keluar\n01/02/2024;X;3\n02/03/2024;X;4\n05/03/2024;X;4\n"
MAPPING = "date=Hari, partnumber=Brg, demand_qty=Keluar"


def analyze(client, content=FILE, **fields):
    return client.post("/api/batch/analyze", files={"file": ("keluar.csv", content)}, data=fields)


@pytest.fixture
def recipe(client):
    """The name of a recipe that is kept for as long as a test runs."""
    kept = analyze(client, column_mapping=MAPPING, date_order="day_first", save_recipe="keluar")
    assert kept.status_code == 200, kept.text
    assert any("kept as the recipe 'keluar'" in note for note in kept.json()["analysis"]["report"]["notes"])
    yield "keluar"
    client.delete("/api/recipes/keluar")


def test_a_recipe_is_used_listed_and_deleted(client, recipe):
    used = analyze(client)
    listed = client.get("/api/recipes").json()["recipes"]
    deleted = client.delete(f"/api/recipes/{recipe}")

    assert used.status_code == 200
    assert "Read by the recipe 'keluar'" in used.json()["analysis"]["report"]["notes"][0]
    assert [one["name"] for one in listed] == ["keluar"]
    assert listed[0]["source"] == "keluar.csv"
    assert listed[0]["settings"]["date_order"] == "day_first"
    assert deleted.status_code == 204
    assert analyze(client).status_code == 422
    assert client.delete(f"/api/recipes/{recipe}").status_code == 404


def test_a_named_recipe_is_used_for_another_header(client, recipe):
    other = FILE.replace(b"Keluar", b"Keluar;Catatan").replace(b";3\n", b";3;a\n").replace(b";4\n", b";4;b\n")

    used = analyze(client, other, recipe=recipe)

    assert used.status_code == 200
    assert "Read by the recipe 'keluar'" in used.json()["analysis"]["report"]["notes"][0]
    assert analyze(client, other).status_code == 422


def test_a_name_that_is_unknown_or_can_be_none_is_refused(client):
    assert analyze(client, recipe="nope").json()["code"] == "unknown-recipe"
    assert analyze(client, save_recipe="../x").json()["code"] == "invalid-settings"


def test_the_batch_holds_the_settings_that_were_used(client, recipe, service):
    sent = client.post(
        "/api/batch/submit",
        files={"file": ("keluar.csv", FILE)},
        data={"models": "naive", "horizon": "2", "frequency": "D"},
    )

    assert sent.status_code == 202, sent.text
    settings = service.status(sent.json()["batch_id"]).batch.settings
    assert settings.date_order == "day_first"
    assert settings.column_mapping == {"date": "Hari", "partnumber": "Brg", "demand_qty": "Keluar"}


def test_a_recipe_that_does_not_fit_is_a_question_whose_answer_can_be_sent(client):
    header = b"date;partnumber;demand_qty\n"
    rows = b"".join(b"%02d/05/2024;X;%d\n" % (day, day) for day in range(13, 29))
    kept = analyze(client, header + rows, date_order="day_first", save_recipe="days first")
    assert kept.status_code == 200, kept.text
    other = header + b"".join(b"05/%02d/2024;X;%d\n" % (day, day) for day in range(1, 29))

    asked = analyze(client, other)
    answered = analyze(client, other, use_recipes="off")
    client.delete("/api/recipes/days first")

    assert (asked.status_code, asked.json()["code"]) == (422, "recipe-does-not-fit")
    assert [choice["settings"] for choice in asked.json()["choices"]] == [
        {"use_recipes": "off"},
        {"use_recipes": "always"},
    ]
    assert "days first" in asked.json()["detail"]
    assert answered.status_code == 200
    assert answered.json()["analysis"]["report"]["rows_kept"] == 28

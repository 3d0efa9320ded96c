"""Recipes of the command: a file each in the home folder; the certificate has the settings that were used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batchcast.app.batchcast import Batchcast
from batchcast.app.configuration import Environment
from batchcast.app.recipes import FolderRecipes, RecipeChoice, UnknownRecipe
from batchcast.app.settings_text import settings_of_texts
from batchcast.cli.command import call
from batchcast.cli.session import Screen
from batchcast.domain.errors import InvalidInput, InvalidSettings
from batchcast.domain.settings import BatchSettings

ROWS = "".join(f"{day:02}/{month:02}/2024;P;{day + month}\n" for month in range(1, 7) for day in range(1, 13))
MAPPED = {"column_mapping": ["date=Hari, partnumber=Brg, demand_qty=Keluar"], "date_order": ["day_first"]}


@pytest.fixture
def app(tmp_path: Path) -> Batchcast:
    return Batchcast(Environment(home=tmp_path / "home"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keluar.csv"
    path.write_text("Hari;Brg;Keluar\n" + ROWS, encoding="utf-8")
    return path


def test_a_run_by_a_recipe_is_certified_with_its_settings_and_repeated_without_it(
    app: Batchcast, file: Path, tmp_path: Path
) -> None:
    app.analyze(file, settings_of_texts(MAPPED), RecipeChoice(save_as="keluar"))
    quick = BatchSettings(horizon=2, models=("naive",))

    result = app.run(file, quick, out=tmp_path / "out")

    assert "Read by the recipe 'keluar'" in str(result.analysis.report.notes[0])
    certified = json.loads(result.files["certificate"].read_text(encoding="utf-8"))["settings"]
    assert certified["date_order"] == "day_first"
    assert certified["column_mapping"] == {"date": "Hari", "partnumber": "Brg", "demand_qty": "Keluar"}
    assert app.recipes.drop_recipe("keluar")
    again = app.replay(result.files["certificate"], file, out=tmp_path / "again")
    assert again.files["forecast"].read_bytes() == result.files["forecast"].read_bytes()


def test_nothing_is_kept_where_the_file_is_refused(app: Batchcast, file: Path) -> None:
    with pytest.raises(InvalidInput):
        app.analyze(file, BatchSettings(), RecipeChoice(save_as="keluar"))

    assert app.recipes.recipes() == ()


def test_a_name_that_is_unknown_or_leads_elsewhere_is_refused(app: Batchcast, file: Path) -> None:
    with pytest.raises(UnknownRecipe, match="There is no recipe 'x'"):
        app.analyze(file, BatchSettings(), RecipeChoice(use="x"))
    with pytest.raises(InvalidSettings, match="can't be the name of a recipe"):
        RecipeChoice(save_as="../x")
    assert not app.recipes.drop_recipe("../x")


def test_a_damaged_recipe_is_passed_over(app: Batchcast, file: Path, tmp_path: Path) -> None:
    app.analyze(file, settings_of_texts(MAPPED), RecipeChoice(save_as="keluar"))
    (tmp_path / "home" / "recipes" / "cut.json").write_text('{"$": "Rec', encoding="utf-8")

    assert [recipe.name for recipe in FolderRecipes(tmp_path / "home" / "recipes").recipes()] == ["keluar"]


def test_the_command_keeps_lists_shows_and_deletes(
    app: Batchcast, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str) -> tuple[int, str]:
        code = call(words, Screen.of_process(), lambda: app)
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    mapping = "date=Hari, partnumber=Brg, demand_qty=Keluar"
    options = ["--map", mapping, "--date-order", "day_first", "--save-recipe", "keluar barang"]
    assert told("analyze", str(file), *options)[0] == 0
    assert "keluar.csv  --date-order day_first --map date=Hari" in told("recipes", "list")[1]
    assert "--map demand_qty=Keluar" in told("recipes", "show", "keluar barang")[1]
    listed = json.loads(told("recipes", "list", "--json")[1])
    assert listed["recipes"][0]["settings"]["date_order"] == "day_first"
    assert told("analyze", str(file), "--recipe", "keluar barang")[0] == 0
    assert told("recipes", "delete", "keluar barang")[0] == 0
    assert told("recipes", "delete", "keluar barang")[0] == 2
    assert "No recipe is kept here" in told("recipes", "list")[1]

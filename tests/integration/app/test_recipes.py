"""Recipes of the command: a file each in the home folder; the certificate has the settings that were used."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from batchcast.app.batchcast import Batchcast
from batchcast.app.installation.workspace import Environment
from batchcast.app.recipes import FolderRecipes, RecipeChoice, UnknownRecipe
from batchcast.app.words.settings_text import settings_of_texts
from batchcast.cli.command import call
from batchcast.cli.session import Screen
from batchcast.domain.errors import InvalidInput, InvalidSettings
from batchcast.domain.recipe import PastReading
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


@pytest.mark.long
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


def months_of(path: Path, first: int, last: int, header: str = "date,part,site,qty", site: str = "KDI") -> Path:
    """A file of months counted from 2022-01."""
    rows = [
        f"{2022 + k // 12}-{k % 12 + 1:02}-{day:02},P{part},{site},{part + day}"
        for k in range(first, last + 1)
        for part in range(5)
        for day in (1, 11, 21, 28)
    ]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def first_note(app: Batchcast, file: Path) -> str:
    return str(next(iter(app.analyze(file, BatchSettings()).report.notes), ""))


@pytest.mark.long
def test_a_month_alone_is_told_of_the_years_read_before_with_its_header(app: Batchcast, tmp_path: Path) -> None:
    years = months_of(tmp_path / "all.csv", 0, 35)
    month = months_of(tmp_path / "new.csv", 36, 36)

    assert "newest export" not in first_note(app, month)
    assert "newest export" not in first_note(app, years)
    told = first_note(app, month)

    assert told.startswith("This file holds 2025-01-01 to 2025-01-28 alone, and all.csv of ")
    assert "2022-01-01 to 2024-12-28" in told
    assert first_note(app, month) == told  # the month is not kept in place of the years
    assert "newest export" not in first_note(app, months_of(tmp_path / "more.csv", 0, 36))
    assert "more.csv" in first_note(app, month)
    first_note(app, months_of(tmp_path / "other.csv", 20, 36))
    assert "other.csv" in first_note(app, month)  # the last one that is long


@pytest.mark.parametrize(
    ("first", "last", "header", "site"),
    [
        (0, 0, "date,part,site,qty", "KDI"),  # not the newest
        (30, 36, "date,part,site,qty", "KDI"),  # long
        (45, 45, "date,part,site,qty", "KDI"),  # of a year later
        (36, 36, "date,part,site,qty", "Sofifi"),  # of another site
        (36, 36, "date,part,site,demand", "KDI"),  # another header
    ],
)
def test_other_files_are_not_told(  # noqa: PLR0917
    app: Batchcast, tmp_path: Path, first: int, last: int, header: str, site: str
) -> None:
    first_note(app, months_of(tmp_path / "all.csv", 0, 35))

    assert "newest export" not in first_note(app, months_of(tmp_path / "new.csv", first, last, header, site))


def test_a_file_is_read_where_nothing_can_be_kept_of_it(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder", encoding="utf-8")

    FolderRecipes(tmp_path / "home" / "recipes").keep_past_reading(
        PastReading(
            signature="5" * 32,
            source="all.csv",
            rows=1,
            first_date=dt.date(2025, 1, 1),
            last_date=dt.date(2025, 1, 1),
            read_on=dt.date(2025, 1, 1),
        )
    )

    assert FolderRecipes(tmp_path / "home" / "recipes").past_reading("5" * 32) is None

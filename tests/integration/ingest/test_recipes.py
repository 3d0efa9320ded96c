"""A file is read by the recipe of its header, where its settings leave that open."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchcast.domain.errors import InvalidInput, ReadingQuestion
from batchcast.domain.recipe import ANY_HEADER, Recipe, kept_settings
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import RecipeDoesNotFit
from batchcast.ingest.recipes import ReadFile, ReadStockFile, read_file, read_stock_file

LONG = "Tgl;Brg;Qty A;Qty B\n01/02/2024;X;3;5\n02/03/2024;X;4;5\n"
WIDE = "Brg;Gudang;01/01/2024;01/02/2024;01/03/2024\nX;K;1;2;3\n"
NEXT_WIDE = "Brg;Gudang;01/02/2024;01/03/2024;01/04/2024\nX;K;2;3;4\n"
DAY_FIRST = BatchSettings(
    date_order="day_first",
    column_mapping={"date": "Tgl", "partnumber": "Brg", "demand_qty": "Qty A"},
    horizon=3,
    bad_rows="skip",
    today=dt.date(2024, 5, 1),
)
WIDE_SETTINGS = BatchSettings(date_order="day_first", column_mapping={"partnumber": "Brg", "site_code": "Gudang"})


def read(folder: Path, text: str, settings: BatchSettings = BatchSettings(), *recipes: Recipe) -> ReadFile:  # noqa: B008
    file = folder / "demand.csv"
    file.write_text(text, encoding="utf-8")
    return read_file(file, into=folder / "read", settings=settings, recipes=recipes)


def recipe_of(read: ReadFile, name: str = "issues") -> Recipe:
    settings = kept_settings(read.settings, read.columns)
    return Recipe(
        name=name, signature=read.signature, settings=settings, source="demand.csv", kept_on=dt.date(2024, 5, 1)
    )


def test_the_next_file_of_the_header_is_read_the_same_and_told_so(tmp_path: Path) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))

    found = read(tmp_path, LONG + "03/03/2024;Y;7;5\n", BatchSettings(), recipe)

    assert found.ingested.report.columns == {"date": "Tgl", "partnumber": "Brg", "demand_qty": "Qty A"}
    assert found.ingested.history is not None
    assert found.ingested.history.facts.first_date == dt.date(2024, 2, 1)
    assert found.settings.date_order == "day_first"
    said = str(found.ingested.report.notes[0])
    assert "by the recipe 'issues', kept from demand.csv on 2024-05-01: date_order=day_first, date=Tgl" in said
    assert 'batchcast recipes delete "issues"' in said


def test_a_recipe_keeps_how_a_file_is_read_and_nothing_of_one_file_or_of_the_forecast(tmp_path: Path) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))

    assert recipe.settings == {"date_order": "day_first", "column_mapping": dict(DAY_FIRST.column_mapping)}


def test_the_frequency_is_kept_and_what_one_delivery_decides_is_not(tmp_path: Path) -> None:
    asked = replace(
        DAY_FIRST,
        frequency="M",
        closed_through=dt.date(2024, 3, 31),
        future_rows="keep",
        overlaps="sum",
        returns="ignore",
    )

    recipe = recipe_of(read(tmp_path, LONG, asked))

    kept = {"frequency": "M", "date_order": "day_first", "returns": "ignore"}
    assert recipe.settings == {**kept, "column_mapping": dict(DAY_FIRST.column_mapping)}
    assert read(tmp_path, LONG, BatchSettings(), recipe).settings.frequency == "M"
    assert read(tmp_path, LONG, BatchSettings(frequency="W"), recipe).settings.frequency == "W"


def test_what_is_given_goes_before_the_recipe(tmp_path: Path) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))

    other = BatchSettings(date_order="month_first", column_mapping={"demand_qty": "Qty B"})
    found = read(tmp_path, LONG, other, recipe)

    assert found.settings.date_order == "month_first"
    assert found.ingested.report.columns["demand_qty"] == "Qty B"
    assert found.ingested.report.columns["date"] == "Tgl"
    said = str(found.ingested.report.notes[0])
    assert "month_first" not in said
    assert "day_first" not in said
    assert "Qty A" not in said


def test_a_recipe_that_changes_nothing_is_not_spoken_of(tmp_path: Path) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))

    found = read(tmp_path, LONG, DAY_FIRST, recipe)

    assert not any("recipe" in str(note) for note in found.ingested.report.notes)


def test_another_header_has_another_signature(tmp_path: Path) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))

    with pytest.raises(InvalidInput) as raised:
        read(tmp_path, LONG.replace("Qty B", "Total"), BatchSettings(), recipe)
    assert "recipe" not in str(raised.value)


def test_a_wide_table_with_the_periods_of_another_month_has_the_same(tmp_path: Path) -> None:
    recipe = recipe_of(read(tmp_path, WIDE, WIDE_SETTINGS))

    found = read(tmp_path, NEXT_WIDE, BatchSettings(), recipe)

    assert found.ingested.history is not None
    assert found.ingested.history.facts.last_date == dt.date(2024, 4, 1)
    assert recipe.settings["column_mapping"] == {"partnumber": "Brg", "site_code": "Gudang"}


def test_the_newest_of_two_recipes_counts(tmp_path: Path) -> None:
    first = recipe_of(read(tmp_path, LONG, DAY_FIRST))
    other = {"column_mapping": {"demand_qty": "Qty B", "date": "Tgl", "partnumber": "Brg"}, "date_order": "day_first"}
    newest = recipe_of(read(tmp_path, LONG, BatchSettings.from_json(other)), "newest")

    assert read(tmp_path, LONG, BatchSettings(), newest, first).ingested.report.columns["demand_qty"] == "Qty B"


def test_a_refusal_says_that_a_recipe_was_used(tmp_path: Path) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))

    with pytest.raises(InvalidInput, match=r"no rows under it.*Read by the recipe 'issues'.*delete"):
        read(tmp_path, LONG.splitlines()[0] + "\n", BatchSettings(), recipe)


STOCK = "Brg;Gudang;Saldo Akhir;Catatan\nX;K;1.500;a\nY;K;2.750;b\n"
STOCK_SETTINGS = BatchSettings(number_style="point", column_mapping={"partnumber": "Brg", "on_hand": "Saldo Akhir"})


def read_stock(folder: Path, text: str, settings: BatchSettings = BatchSettings(), *recipes: Recipe) -> ReadStockFile:  # noqa: B008
    file = folder / "stok.csv"
    file.write_text(text, encoding="utf-8")
    return read_stock_file(file, settings=settings, recipes=recipes)


def stock_recipe(read: ReadStockFile) -> Recipe:
    settings = kept_settings(read.settings, read.columns, "stock")
    day = dt.date(2024, 5, 1)
    return Recipe(
        name="saldo", signature=read.signature, settings=settings, source="stok.csv", kept_on=day, kind="stock"
    )


def test_the_next_stock_file_of_the_header_is_read_the_same_and_told_so(tmp_path: Path) -> None:
    recipe = stock_recipe(read_stock(tmp_path, STOCK, STOCK_SETTINGS))

    held = read_stock(tmp_path, STOCK.replace("2.750", "9.250"), BatchSettings(), recipe).on_hand

    assert [item.on_hand for item in held.items] == [1.5, 9.25]
    assert "by the recipe 'saldo', kept from stok.csv" in str(held.notes[0])
    assert recipe.settings == {
        "number_style": "point",
        "column_mapping": {"partnumber": "Brg", "site_code": "Gudang", "on_hand": "Saldo Akhir"},
    }
    with pytest.raises(InvalidInput, match=r"no rows under it.*Read by the recipe 'saldo'.*delete"):
        read_stock(tmp_path, STOCK.splitlines()[0] + "\n", BatchSettings(), recipe)


def test_of_a_stock_file_settings_of_the_demand_are_not_kept(tmp_path: Path) -> None:
    asked = replace(STOCK_SETTINGS, frequency="M", demand_sign="negative", bad_rows="skip")

    assert set(stock_recipe(read_stock(tmp_path, STOCK, asked)).settings) == {"number_style", "column_mapping"}


def test_a_recipe_is_used_for_files_of_its_own_kind_alone(tmp_path: Path) -> None:
    """One header can be that of a history and of a stock file."""
    both = "date;part;qty;stok\n2024-01-01;X;1.500;2.500\n2024-01-02;X;2.250;3.500\n"
    of_history = recipe_of(read(tmp_path, both, BatchSettings(number_style="comma")))
    of_stock = stock_recipe(read_stock(tmp_path, both, BatchSettings(number_style="point")))
    assert of_history.signature == of_stock.signature

    history = read(tmp_path, both, BatchSettings(), of_stock, of_history)
    stock = read_stock(tmp_path, both, BatchSettings(), of_history, of_stock)

    assert history.settings.number_style == "comma"
    assert stock.on_hand.items[0].on_hand == 3.5


def test_a_site_a_row_is_said_until_the_column_is_chosen(tmp_path: Path) -> None:
    rows = "".join(f"2024-{n % 12 + 1:02}-05;P{n % 7};BIN{n};3\n" for n in range(60))

    def said(**mapping: str) -> str:
        found = read(tmp_path, f"date;part;lokasi;qty\n{rows}", BatchSettings(column_mapping=mapping))
        return "\n".join(map(str, found.ingested.report.notes))

    assert "it may hold bins, not sites" in said()
    assert "it may hold bins, not sites" not in said(site_code="lokasi")


# A recipe that does not fit the file.

DAYS = (1, 5, 9, 13, 17, 21, 25)
DATED = "Tgl,Part,Qty\n" + "".join(f"{day:02}/{month:02}/2024,X,{day}\n" for month in (1, 2, 3) for day in DAYS)
NUMBERS = "Tgl;Part;Qty\n" + "".join(f"2024-0{month}-01;X{i};{i}.25\n" for month in (1, 2, 3) for i in range(1, 5))


def kept(text: str, folder: Path, **settings: Any) -> Recipe:
    """A recipe for the header of a text, with settings of its own."""
    found = recipe_of(read(folder, text, BatchSettings(use_recipes="off")))
    return replace(found, settings={**found.settings, **settings})


@pytest.mark.parametrize(
    ("text", "settings", "counts"),
    [
        (DATED, {"date_order": "month_first"}, "12 of 21"),
        (NUMBERS, {"number_style": "comma"}, "12 of 12"),
        (DATED.replace("21/03", "32/03"), {"date_order": "month_first"}, "12 of 21"),
    ],
    ids=["order of dates", "style of numbers", "order of dates, and one that is none"],
)
def test_a_recipe_that_refuses_what_is_read_without_it_is_a_question(
    tmp_path: Path, text: str, settings: dict[str, str], counts: str
) -> None:
    recipe = kept(text, tmp_path, **settings)

    with pytest.raises(RecipeDoesNotFit, match=f"recipe 'issues', kept from .* {counts} rows") as asked:
        read(tmp_path, text, BatchSettings(bad_rows="skip"), recipe)

    assert [dict(choice.settings) for choice in asked.value.choices] == [
        {"use_recipes": "off"},
        {"use_recipes": "always"},
    ]
    without = read(tmp_path, text, BatchSettings(use_recipes="off"), recipe).ingested
    assert without.report.rows_refused == text.count("32/")
    assert not any("recipe" in str(note) for note in without.report.notes)
    by_it = read(tmp_path, text, BatchSettings(use_recipes="always"), recipe).ingested
    assert f"{by_it.report.rows_refused} of" == counts[:5]
    assert "by the recipe 'issues'" in str(by_it.report.notes[0])


def test_a_column_that_is_gone_is_a_question_too(tmp_path: Path) -> None:
    wide = WIDE.replace("Brg;Gudang", "Part;Lokasi 1")
    mapping = {"site_code": "Lokasi 1"}
    recipe = recipe_of(read(tmp_path, wide, BatchSettings(date_order="day_first", column_mapping=mapping)))

    with pytest.raises(RecipeDoesNotFit, match="Lokasi 1") as asked:
        read(tmp_path, wide.replace("Lokasi 1", "Lokasi 2"), BatchSettings(), recipe)
    assert asked.value.setting == "use_recipes"


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (DATED.replace("25/03", "32/03"), {"date_order": "day_first"}),
        (DATED.replace(",X,5\n", ",X,-5\n"), {"returns": "reject"}),
    ],
    ids=["a day that is none", "returns"],
)
def test_rows_that_are_refused_either_way_or_on_purpose_do_not_speak_against_it(
    tmp_path: Path, text: str, settings: dict[str, str]
) -> None:
    recipe = kept(text, tmp_path, **settings)

    found = read(tmp_path, text, BatchSettings(), recipe).ingested

    assert found.report.rows_refused
    assert "by the recipe 'issues'" in str(found.report.notes[0])


def test_a_stock_file_that_a_recipe_refuses_is_a_question(tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_text("Part,Stok,Harga\nX,1.5,3.25\nY,2.5,4.75\n", encoding="utf-8")
    found = read_stock_file(file, settings=BatchSettings())
    settings = {**kept_settings(found.settings, found.columns, "stock"), "number_style": "comma"}
    recipe = Recipe(
        name="stok",
        signature=found.signature,
        settings=settings,
        source="old.csv",
        kept_on=dt.date(2024, 5, 1),
        kind="stock",
    )

    with pytest.raises(RecipeDoesNotFit, match="recipe 'stok'"):
        read_stock_file(file, settings=BatchSettings(), recipes=[recipe])

    assert read_stock_file(file, settings=BatchSettings(use_recipes="off"), recipes=[recipe]).on_hand.items
    with pytest.raises(InvalidInput) as refused:
        read_stock_file(file, settings=BatchSettings(use_recipes="always"), recipes=[recipe])
    assert not isinstance(refused.value, ReadingQuestion)


# A recipe that is not used, as its columns are gone; one that a person has named.


@pytest.mark.parametrize(
    ("renamed", "settings", "said"),
    [
        (("Qty B", "Demand"), {"only_rows": ["Qty B=5"]}, "no column 'Qty B' now"),
        (("Qty A", "Quantity"), {}, "no column 'Qty A' now"),
    ],
    ids=["of a filter", "of a mapping"],
)
def test_a_recipe_whose_column_is_gone_is_not_used_and_told(
    tmp_path: Path, renamed: tuple[str, str], settings: dict[str, Any], said: str
) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))
    recipe = replace(recipe, settings={**recipe.settings, **settings})
    given = BatchSettings(date_order="day_first", column_mapping={"date": "Tgl", "partnumber": "Brg"})

    text = LONG.replace(*renamed)
    notes = read(tmp_path, text, given, recipe).ingested.report.notes

    assert "The recipe 'issues', kept from demand.csv on 2024-05-01, is not used" in str(notes[0])
    assert said in str(notes[0])
    silent = read(tmp_path, text, replace(given, use_recipes="off"), recipe).ingested.report.notes
    assert not any("recipe" in str(note) for note in silent)


def test_a_file_that_is_refused_tells_of_the_recipe_whose_column_is_gone(tmp_path: Path) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))

    with pytest.raises(InvalidInput, match=r"'issues'.* is not used: the file has no column 'Tgl' now"):
        read(tmp_path, LONG.replace("Tgl", "T"), BatchSettings(), recipe)


def test_a_stock_file_without_a_column_of_its_recipe_is_told_so(tmp_path: Path) -> None:
    recipe = stock_recipe(read_stock(tmp_path, STOCK, STOCK_SETTINGS))

    on_hand = read_stock(tmp_path, STOCK.replace("Gudang", "Site"), STOCK_SETTINGS, recipe).on_hand

    assert "The recipe 'saldo', kept from stok.csv on 2024-05-01, is not used" in str(on_hand.notes[0])


@pytest.mark.parametrize(
    "header",
    ["Hari;Barang;Keluar;Qty B\n", "Tgl;Item;Jumlah;Catatan\n"],
    ids=["no column of it", "one of three"],
)
def test_a_recipe_of_another_file_is_not_spoken_of(tmp_path: Path, header: str) -> None:
    recipe = recipe_of(read(tmp_path, LONG, DAY_FIRST))
    names = header.strip().split(";")
    mapping = {"date": names[0], "partnumber": names[1], "demand_qty": names[2]}

    text = LONG.replace(LONG.splitlines()[0] + "\n", header)
    found = read(tmp_path, text, BatchSettings(date_order="day_first", column_mapping=mapping), recipe)

    assert not any("recipe" in str(note) for note in found.ingested.report.notes)


def test_a_recipe_that_is_named_is_compared_with_the_file_whatever_its_header(tmp_path: Path) -> None:
    recipe = replace(kept(DATED, tmp_path, date_order="month_first"), signature=ANY_HEADER)
    other = DATED.replace("Tgl,Part,Qty", "Tgl,Part,Qty,Catatan").replace(f",{DAYS[0]}\n", f",{DAYS[0]},a\n")
    other = "\n".join(line if line.count(",") == 3 else f"{line}," for line in other.splitlines()) + "\n"

    with pytest.raises(RecipeDoesNotFit, match="12 of 21 rows") as asked:
        read(tmp_path, other, BatchSettings(bad_rows="skip"), recipe)

    without, by_it = (BatchSettings.from_json(dict(one.settings)) for one in asked.value.choices)
    assert read(tmp_path, other, without, recipe).ingested.report.rows_refused == 0
    assert read(tmp_path, other, by_it, recipe).ingested.report.rows_refused == 12


def test_a_recipe_that_is_named_for_a_file_without_its_column_is_a_question(tmp_path: Path) -> None:
    found = kept("Tgl;Part;Qty;Lain\n2024-02-01;X;3;5\n", tmp_path, column_mapping={"demand_qty": "Lain"})

    with pytest.raises(RecipeDoesNotFit, match="'Lain', which is not a column"):
        read(tmp_path, "Tgl;Part;Qty\n2024-02-01;X;3\n", BatchSettings(), replace(found, signature=ANY_HEADER))

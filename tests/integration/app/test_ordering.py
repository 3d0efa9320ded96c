"""Orders from a result that was published, and today's stock."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import shutil
from pathlib import Path

import pytest

from batchcast.app.batchcast import Batchcast, Listener
from batchcast.app.installation.workspace import Environment
from batchcast.app.ordering import make_orders, read_stock_beside
from batchcast.app.recipes import FolderRecipes, RecipeChoice, UnknownRecipe
from batchcast.app.samples.writing import write_sample
from batchcast.domain.errors import InvalidInput, InvalidSettings
from batchcast.domain.inventory import StockItem, StockOnHand, notes_of, promise_of
from batchcast.domain.recipe import Recipe, kept_settings
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import InvalidStockFile, RecipeDoesNotFit
from batchcast.ingest.recipes import read_stock_file
from batchcast.publish.certificate import ChangedResult, NoResultHere, OutputTaken, PublishFailed, StockOfOtherParts
from batchcast.results.ordering import refuse_unknown_parts

pytestmark = pytest.mark.xdist_group("orders")  # one forecast for all


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("result")
    write_sample("sample_optimal", folder / "sample.csv")
    app = Batchcast(Environment(home=folder / "home"))
    app.run(folder / "sample.csv", BatchSettings(), out=folder / "out" / "june.csv")
    return folder / "out"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def stock(published: Path, tmp_path: Path) -> Path:
    """A row for each of the first twenty series; the stock of the first is unknown, the second has a lead time."""
    lines = ["site_code;partnumber;stok;harga_satuan;waktu_tunggu"]
    for n, row in enumerate(rows_of(published / "stock.csv")[:20]):
        lines.append(f"{row['site_code']};{row['partnumber']};{n % 4 if n else ''};{n + 1};{'14' if n == 1 else ''}")
    path = tmp_path / "stok.csv"
    path.write_text("\n".join([*lines, "Mars;X;1;1;"]), encoding="utf-8")
    return path


@pytest.mark.long
def test_two_tables_are_written_beside_the_result(published: Path, stock: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in published.iterdir()}

    orders, files = make_orders(published / "june.csv", stock, out=tmp_path / "orders")

    assert {path.name for path in files.values()} == {"june_orders.csv", "june_next_units.csv"}
    assert {path.name: path.read_bytes() for path in published.iterdir()} == before
    of_batch = {(r["site_code"], r["partnumber"]): r for r in rows_of(published / "stock.csv")}
    lines = rows_of(files["orders"])
    assert list(lines[0])[:3] == ["site_code", "partnumber", "on_hand"]
    assert len(lines) == len(orders.lines) == 20
    assert (lines[0]["on_hand"], lines[0]["order_qty"]) == ("", "")
    for n, line in enumerate(lines):
        row = of_batch[line["site_code"], line["partnumber"]]
        assert (line["reorder_point"] == row["reorder_point"]) or n == 1
        assert line["lead_time"] == ("14" if n == 1 else row["lead_time"])
    units = rows_of(files["next_units"])
    assert [unit["rank"] for unit in units] == [str(rank) for rank in range(1, len(units) + 1)]
    assert (lines[0]["site_code"], lines[0]["partnumber"]) not in {(u["site_code"], u["partnumber"]) for u in units}


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty parts demanded a few times, four to nine units at once, and one with 5,000 in a single month."""
    folder = tmp_path_factory.mktemp("holding")
    lines = ["date,partnumber,demand_qty", "2024-03-01,HUGE,5000"]
    for part in range(30):
        months = range(part % 6, 24, 7 + part % 5)
        lines += [f"{2024 + m // 12}-{m % 12 + 1:02}-01,P{part},{4 + (part + m) % 6}" for m in months]
    (folder / "history.csv").write_text("\n".join(lines), encoding="utf-8")
    app = Batchcast(Environment(home=folder / "home"))
    settings = BatchSettings(frequency="M", horizon=12, today=dt.date(2026, 1, 5))
    app.run(folder / "history.csv", settings, out=folder / "out" / "plan.csv")
    return folder / "out"


@pytest.mark.parametrize(
    ("release", "is_held", "said"),
    [
        ((), True, "held back: 1 (HUGE (ALL))"),
        (("HUGE",), False, ""),
        (("ALL=HUGE",), False, ""),
        (("all",), False, ""),
        (("P1", "Mars=HUGE"), True, "To be released, but not held back, or not in the stock file: P1, Mars=HUGE."),
    ],
)
def test_what_nothing_justifies_is_ordered_once_a_person_releases_it(
    holding: Path, tmp_path: Path, release: tuple[str, ...], is_held: bool, said: str
) -> None:
    (tmp_path / "stock.csv").write_text("partnumber,on_hand\nHUGE,0\nP1,0\n", encoding="utf-8")

    orders, files = make_orders(holding, tmp_path / "stock.csv", out=tmp_path / "o", texts={"release": release})

    lines = {line["partnumber"]: line for line in rows_of(files["orders"])}
    assert (lines["P1"]["hold"], lines["P1"]["held_qty"]) == ("", "")
    assert (float(lines["HUGE"]["order_qty"]) == 0.0) is is_held
    assert lines["HUGE"]["hold"] == ("unlike_others" if is_held else "")
    assert ("HUGE" in {unit["partnumber"] for unit in rows_of(files["next_units"])}) is not is_held
    assert orders.held_count == len(orders.held) == is_held
    assert said in " ".join(map(str, notes_of(orders)))


def test_what_is_left_out_and_what_was_promised_is_said(published: Path, stock: Path, tmp_path: Path) -> None:
    orders, _ = make_orders(published, stock, out=tmp_path, most=5)

    assert len(orders.next_units) == 5
    assert (orders.unknown, orders.unknown_named) == (1, (("Mars", "X"),))
    brief = orders.brief(3)
    assert len(brief.lines) == len(brief.next_units) == 3
    assert all(line.order_qty for line in brief.lines)
    assert brief.parts == orders.parts == len(orders.lines)
    said = " ".join(map(str, notes_of(orders)))
    assert "left out, since they are of no series with a forecast: 1 (X (Mars))" in said
    assert "stock on hand is unknown: 1" in said
    assert "lead time of their own: 1" in said
    assert orders.promise is not None
    leaderboard = json.loads((published / "certificate.json").read_text(encoding="utf-8"))["leaderboard"]
    auto = next(row for row in leaderboard if row["model"] == "auto")
    assert orders.promise.service_level == 0.95
    assert orders.promise.achieved_level is not None
    assert orders.promise.achieved_fill_rate == pytest.approx(auto["fill_rate"], abs=0.02)
    assert [str(message).split(":")[0] for message in promise_of(orders)] == ["Service level", "Demand served"]


@pytest.fixture(scope="module")
def carrying(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with stock and cost in columns, its parts under a name of their own."""
    folder = tmp_path_factory.mktemp("carrying")
    write_sample("sample_optimal", folder / "sample.csv")
    header, *lines = (folder / "sample.csv").read_text(encoding="utf-8").splitlines()
    names = header.replace("partnumber", "what")
    rows = [f"{line},{n % 5},{n % 7 + 1}" for n, line in enumerate(lines)]
    path = folder / "demand.csv"
    path.write_text("\n".join([f"{names},stok,harga", *rows]), encoding="utf-8")
    return path


MAPPED = BatchSettings(column_mapping={"partnumber": "what"}, horizon=3, max_parallel=1)


@pytest.mark.long
def test_a_run_writes_the_orders_beside_its_result(carrying: Path, tmp_path: Path) -> None:
    app = Batchcast(Environment(home=tmp_path / "home"))

    result = app.run(carrying, MAPPED, out=tmp_path / "june.csv", stock=carrying)

    assert result.orders is not None
    assert result.orders.parts == len(rows_of(tmp_path / "stock.csv"))
    assert str(result.orders.notes[0]).startswith("Stock is taken from the latest of 1,000 rows")
    promise, hindsight = result.orders.promise, result.hindsight  # two ways to say one thing
    assert promise is not None
    assert hindsight is not None
    assert (promise.folds, promise.service_level) == (hindsight.cases, hindsight.service_level)
    assert promise.achieved_level == pytest.approx(hindsight.covered)
    assert promise.achieved_fill_rate == pytest.approx(hindsight.fill_rate)
    written = {kind: result.files[kind] for kind in ("orders", "next_units")}
    assert {path.name for path in written.values()} == {"june_orders.csv", "june_next_units.csv"}
    before = {kind: path.read_bytes() for kind, path in written.items()}
    again, files = make_orders(tmp_path, carrying)  # its history: read as it was for the run
    assert again == result.orders
    assert {kind: path.read_bytes() for kind, path in files.items()} == before
    own_cost = {"column_mapping": ["unit_cost==2"]}  # what the run mapped stays so
    priced, _ = make_orders(tmp_path, carrying, out=tmp_path / "priced", texts=own_cost)
    assert {unit.cost for unit in priced.next_units} == {2.0}
    repeated = app.replay(
        tmp_path / "certificate.json", carrying, out=tmp_path / "again" / "june.csv", stock=tmp_path / "june_orders.csv"
    )
    assert repeated.orders is not None
    assert repeated.orders.parts == result.orders.parts


def test_another_file_is_read_as_the_texts_say(carrying: Path, published: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.csv"
    copy.write_text(carrying.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    with pytest.raises(InvalidStockFile, match="no column partnumber"):
        make_orders(published, copy, out=tmp_path)
    orders, _ = make_orders(published, copy, out=tmp_path, texts={"column_mapping": ["partnumber=what"]})

    assert orders.parts == len(rows_of(published / "stock.csv"))


def test_codes_are_shown_where_neither_has_sites() -> None:
    held = StockOnHand(items=(StockItem(site_code="ALL", partnumber="a-1"),))

    with pytest.raises(StockOfOtherParts, match="it has 'a-1' of site 'ALL', the forecast has 'A-1' of site 'ALL'"):
        refuse_unknown_parts(held, {("ALL", "B-2"), ("ALL", "A-1")})


class Untouched(Listener):
    """Fails where anything begins."""

    def on_step(self, step: str) -> None:
        raise AssertionError(step)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("part,stok\nA,many\n", "on_hand is 'many' in line 2 of bad.csv"),
        ("part,stok\nA,2\nA,2\n", "'A' of site 'ALL' in line 2 and again, with the same figures, in line 3"),
        ("date,part,stok\n03/04/2025,A,1\n04/03/2025,A,1\n", "Every date of column date reads both ways"),
        ("date,part\n2025-04-03,A\n", "bad.csv says nothing of stock"),
    ],
)
def test_a_bad_stock_file_is_found_before_anything_runs(carrying: Path, tmp_path: Path, content, sentence) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(content, encoding="utf-8")
    app = Batchcast(Environment(home=tmp_path / "home"))

    with pytest.raises(InvalidInput, match=sentence):
        app.run(carrying, MAPPED, out=tmp_path / "out.csv", listener=Untouched(), stock=bad)

    assert {path.name for path in tmp_path.iterdir()} == {"bad.csv"}


def test_a_stock_file_of_other_parts_is_refused_with_the_code_that_is_most_like_it(
    published: Path, carrying: Path, tmp_path: Path
) -> None:
    row = rows_of(published / "stock.csv")[5]
    stock = tmp_path / "stok.csv"
    stock.write_text(f"site,part,stok\nMars,{row['partnumber']},1\nMars,B,2\n", encoding="utf-8")
    sentence = f"has '{row['partnumber']}' of site 'Mars', the forecast has '{row['partnumber']}' of site '"
    app = Batchcast(Environment(home=tmp_path / "home"))

    with pytest.raises(StockOfOtherParts, match=sentence):
        make_orders(published, stock, out=tmp_path)
    with pytest.raises(StockOfOtherParts, match="No part of the stock file has a forecast"):
        app.run(carrying, MAPPED, out=tmp_path / "out" / "june.csv", stock=stock)

    assert not (tmp_path / "out").exists()
    stock.write_text("part,stok\nB,2\n", encoding="utf-8")
    with pytest.raises(StockOfOtherParts, match="names no site, and the forecast is of sites such as '"):
        make_orders(published, stock, out=tmp_path)


@pytest.mark.parametrize("name", ["june_orders.csv", "stock.csv"])
def test_a_stock_file_is_not_written_over(carrying: Path, tmp_path: Path, name: str) -> None:
    stock = tmp_path / name
    stock.write_text("part,stok\nA,1\n", encoding="utf-8")
    app = Batchcast(Environment(home=tmp_path / "home"))

    with pytest.raises(OutputTaken, match="is the stock file itself"):
        app.run(carrying, MAPPED, out=tmp_path / "june.csv", stock=stock)

    assert stock.read_text(encoding="utf-8") == "part,stok\nA,1\n"


def test_orders_that_can_not_be_written_leave_the_result_and_say_so(published: Path, stock: Path, tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(PublishFailed, match=r"orders can't be written to .*: Not a directory\. The result is unt"):
        make_orders(published, stock, out=tmp_path / "file" / "orders")


def test_a_place_without_a_result_is_named(published: Path, stock: Path, tmp_path: Path) -> None:
    with pytest.raises(NoResultHere, match=r"there is no certificate\.json"):
        make_orders(tmp_path, stock)
    for name in ("certificate.json", "stock.csv"):
        (tmp_path / name).write_bytes((published / name).read_bytes())
    with pytest.raises(NoResultHere, match="has no figures beside it"):
        make_orders(tmp_path, stock)


def test_a_result_that_was_edited_is_not_ordered_from_without_a_word(published: Path, tmp_path: Path) -> None:
    copy = tmp_path / "result"
    shutil.copytree(published, copy)
    part = rows_of(copy / "stock.csv")[0]
    stock = tmp_path / "stok.csv"
    stock.write_text(f"site,part,stok\n{part['site_code']},{part['partnumber']},1\n", encoding="utf-8")
    forecast = copy / "june.csv"
    forecast.write_text(forecast.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    orders, _ = make_orders(copy, stock, out=tmp_path)
    assert str(orders.notes[0]).startswith(f"{forecast.name} was changed after it was published.")

    with (copy / "stock.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(ChangedResult, match=r"stock\.csv was changed after it was published"):
        make_orders(copy, stock, out=tmp_path)


def test_how_a_stock_file_was_read_is_kept_used_and_forgotten(published: Path, stock: Path, tmp_path: Path) -> None:
    stock.write_text(stock.read_text(encoding="utf-8").replace("stok;", "Hasil Opname;"), encoding="utf-8")
    book, texts = FolderRecipes(tmp_path / "recipes"), {"column_mapping": ["on_hand=Hasil Opname"]}

    def ordered(**given):
        return make_orders(published, stock, out=tmp_path, book=book, **given)[0]

    first = ordered(texts=texts, recipes=RecipeChoice(save_as="opname"))
    again = ordered()

    assert "kept as the recipe 'opname'" in str(first.notes[0])
    assert "Read by the recipe 'opname', kept from stok.csv" in str(again.notes[0])
    assert again.lines == first.lines
    assert book.drop_recipe("opname")
    with pytest.raises(InvalidStockFile, match="Hasil Opname"):
        ordered()
    with pytest.raises(UnknownRecipe, match="There is no recipe 'opname'"):
        ordered(recipes=RecipeChoice(use="opname"))


def test_the_column_of_suppliers_is_mapped_and_kept(published: Path, stock: Path, tmp_path: Path) -> None:
    header, *rows = stock.read_text(encoding="utf-8").splitlines()
    stock.write_text("\n".join([f"{header};rekanan", *(f"{row};PT Sumber" for row in rows)]), encoding="utf-8")
    book, texts = FolderRecipes(tmp_path / "recipes"), {"column_mapping": ["supplier=rekanan"]}

    first, _ = make_orders(published, stock, out=tmp_path, book=book, texts=texts, recipes=RecipeChoice(save_as="stok"))
    again, _ = make_orders(published, stock, out=tmp_path, book=book)

    assert {line.supplier for line in first.lines} == {"PT Sumber"} == {line.supplier for line in again.lines}


def test_the_history_of_a_result_is_read_without_recipes(published: Path, tmp_path: Path) -> None:
    history, book = published.parent / "sample.csv", FolderRecipes(tmp_path / "recipes")

    with pytest.raises(InvalidSettings, match="is the history of the result"):
        make_orders(published, history, out=tmp_path, book=book, recipes=RecipeChoice(save_as="x"))


@pytest.mark.long
def test_a_run_reads_the_stock_file_beside_by_its_recipe(published: Path, stock: Path, tmp_path: Path) -> None:
    stock.write_text(stock.read_text(encoding="utf-8").replace("stok;", "Hasil Opname;"), encoding="utf-8")
    app = Batchcast(Environment(home=tmp_path / "home"))
    make_orders(
        published,
        stock,
        out=tmp_path,
        texts={"column_mapping": ["on_hand=Hasil Opname"]},
        book=app.recipes,
        recipes=RecipeChoice(save_as="opname"),
    )
    quick = BatchSettings(models=("naive",))

    result = app.run(published.parent / "sample.csv", quick, out=tmp_path / "out", stock=stock)

    assert result.orders is not None
    assert any("by the recipe 'opname'" in str(note) for note in result.orders.notes)


def test_a_stock_file_beside_a_history_that_its_recipe_refuses_is_a_question(tmp_path: Path) -> None:
    history, stock = tmp_path / "history.csv", tmp_path / "stok.csv"
    history.write_text("date,part,qty\n2024-01-01,A,1\n", encoding="utf-8")
    stock.write_text("part;stok;harga\nA;1.5;3.25\nB;2.5;4.75\n", encoding="utf-8")
    found = read_stock_file(stock, settings=BatchSettings())
    kept = {**kept_settings(found.settings, found.columns, "stock"), "number_style": "comma"}
    day = dt.date(2024, 5, 1)
    recipe = Recipe(name="stok", signature=found.signature, settings=kept, source="a.csv", kept_on=day, kind="stock")

    with pytest.raises(RecipeDoesNotFit, match="recipe 'stok'"):
        read_stock_beside(stock, history, BatchSettings(), [recipe])
    held = read_stock_beside(stock, history, BatchSettings(use_recipes="off"), [recipe])
    assert [item.on_hand for item in held.items] == [1.5, 2.5]
    with pytest.raises(InvalidStockFile):
        read_stock_beside(stock, history, BatchSettings(use_recipes="always"), [recipe])


def test_a_stock_file_beside_a_history_leaves_out_what_the_settings_allow(tmp_path: Path) -> None:
    history, stock = tmp_path / "history.csv", tmp_path / "stok.csv"
    history.write_text("date,part,qty\n2024-01-01,A,1\n", encoding="utf-8")
    stock.write_text("part;stok\nA;1\nB;many\n", encoding="utf-8")

    with pytest.raises(InvalidStockFile, match="write a number"):
        read_stock_beside(stock, history, BatchSettings())
    with pytest.raises(InvalidStockFile, match=r"50\.0% of them"):
        read_stock_beside(stock, history, BatchSettings(bad_rows="skip"))
    held = read_stock_beside(stock, history, BatchSettings(bad_rows="skip", max_refused_share=0.5))
    assert [item.on_hand for item in held.items] == [1, None]


def test_lead_times_in_days_are_counted_in_periods_and_what_the_file_lacks_is_said(holding: Path, tmp_path) -> None:
    """The batch is monthly; a lead time without a unit is supposed to be in months, and that is said until answered."""
    stock = tmp_path / "stok.csv"
    stock.write_text("part,stok,Lead Time (weeks)\nP1,1,8.6964\np-2,1,2\n", encoding="utf-8")
    orders, _ = make_orders(holding, stock, out=tmp_path)

    said = "\n".join(map(str, notes_of(orders)))
    assert [line.lead_time for line in orders.lines] == [pytest.approx(2, abs=1e-3)]
    assert "such as 60.8748 days of P1 (ALL): 2 months" in said
    assert "leading zeros or .0 at the end: 1, such as 'p-2' of 'ALL' and 'P2' of 'ALL'" in said
    assert re.search(r"Parts with demand to come that the stock file does not have: \d+ \(", said)

    stock.write_text("part,stok,Lead Time\nP1,1,30\n", encoding="utf-8")
    supposed = 'the longest is 30 months. If they are days, say so with column_mapping="lead_time_days=Lead Time"'
    assert supposed in "\n".join(map(str, notes_of(make_orders(holding, stock, out=tmp_path)[0])))
    for answer, months in (("lead_time_days=Lead Time", 30 / 30.4375), ("lead_time=Lead Time", 30)):
        orders, _ = make_orders(holding, stock, out=tmp_path, texts={"column_mapping": [answer]})
        assert orders.lines[0].lead_time == pytest.approx(months)
        assert "If they are days" not in "\n".join(map(str, notes_of(orders)))

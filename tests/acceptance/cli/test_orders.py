"""A demand history that carries stock: forecast and ordered in one go, as a planner and as a program would."""

from __future__ import annotations

import csv
import json

import pytest
from tests.plugins.browser import LANGUAGES

QUICK = ("--models", "naive")


@pytest.fixture(scope="module")
def history(batchcast, tmp_path_factory):
    path = tmp_path_factory.mktemp("erp") / "demand.csv"
    assert batchcast("sample", "sample_optimal", path).returncode == 0
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    lines = [f"{header};stok;harga".replace(",", ";")]
    lines += [f"{row.replace(',', ';')};{n % 5};{n % 7},5" for n, row in enumerate(rows, start=1)]
    path.write_text("\n".join(lines).replace(";0,5", ";7,5"), encoding="utf-8")
    return path


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_command_forecasts_and_orders_and_says_what_was_promised_and_achieved(
    batchcast, history, tmp_path, language
):
    said = {
        "en": ("There are columns of stock: harga, stok.", "promised", "achieved", "the latest of 1,000 rows"),
        "id": ("Ada kolom stok: harga, stok.", "dijanjikan", "tercapai", "di antara 1.000 baris"),
    }

    done = batchcast("run", history, "-o", tmp_path / "june.csv", "--stock", history, "--lang", language)

    assert done.returncode == 0, done.stderr
    told = " ".join(f"{done.stdout} {done.stderr}".split())
    assert [sentence for sentence in said[language] if sentence not in told] == []
    with (tmp_path / "june_orders.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["on_hand"] for row in rows} <= {"0", "1", "2", "3", "4"}
    assert (tmp_path / "june_next_units.csv").is_file()


@pytest.mark.long
def test_a_program_gets_the_same_from_both_commands(batchcast, history, tmp_path):
    run = batchcast("run", history, "-o", tmp_path, "--stock", history, *QUICK, "--json")
    result = json.loads(run.stdout.splitlines()[-1])

    orders = json.loads(batchcast("orders", tmp_path, "--stock", history, "--json").stdout)

    assert set(result["files"]) >= {"forecast", "orders", "next_units"}
    assert {name: orders[name] for name in result["orders"]} == result["orders"]
    assert result["orders"]["promise"]["achieved_level"] > 0


def test_a_bad_stock_file_is_refused_before_the_batch_runs(batchcast, history, tmp_path):
    bad = tmp_path / "stok.csv"
    bad.write_text("part;stok\nA;banyak\n", encoding="utf-8")

    done = batchcast("run", history, "-o", tmp_path / "out", "--stock", bad, "--lang", "en")

    assert done.returncode == 2
    assert "on_hand is 'banyak' in line 2 of stok.csv" in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_dates_of_a_stock_file_that_read_two_ways_are_asked_for_and_can_be_said(batchcast, history, tmp_path):
    assert batchcast("run", history, "-o", tmp_path / "out", *QUICK).returncode == 0
    stock = tmp_path / "stok.csv"
    site, part = history.read_text(encoding="utf-8").splitlines()[1].split(";")[2:0:-1]
    rows = [f"{date},{site},{part},1" for date in ("03/04/2025", "04/03/2025")]
    stock.write_text("\n".join(["tgl,site,part,stok", *rows]), encoding="utf-8")

    asked = batchcast("orders", tmp_path / "out", "--stock", stock, "--lang", "en")
    told = batchcast("orders", tmp_path / "out", "--stock", stock, "--date-order", "day_first")

    assert asked.returncode == 2
    assert "Set --date-order day_first or --date-order month_first" in " ".join(asked.stderr.split())
    assert told.returncode == 0, told.stderr

"""The life of batches, asked for over the API of a running server."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("cli and its server")

ROWS = "".join(
    f"2025-01-{day:02},P-{part},{site},{day % 3}\n" for site in "AB" for part in (1, 2) for day in range(1, 29)
)
HISTORY = f"date,partnumber,site_code,demand_qty\n{ROWS}"
FAST = ("--models", "naive", "--batch-mode", "on")


@pytest.fixture
def batches(command, server, monkeypatch, tmp_path):
    """`batchcast batches …` of the server."""
    monkeypatch.setenv("BATCHCAST_URL", server.said["api"])
    (tmp_path / "demand.csv").write_text(HISTORY)
    return lambda *arguments: command("batches", *arguments)


@pytest.fixture(scope="module")
def kept() -> list[str]:
    """The id of a batch that many tests look at, once there is one."""
    return []


@pytest.fixture
def completed(kept, submitted) -> str:
    """A completed batch, which no test deletes."""
    if not kept:
        kept.append(submitted())
    return kept[0]


@pytest.fixture
def submitted(batches):
    """The id of a batch that has been completed."""

    def submit(*options: str) -> str:
        called = batches("submit", "demand.csv", *FAST, "--wait", "--json", *options)
        assert called.code == 0, called.err
        return called.told[0]["batch_id"]

    return submit


def test_a_submitted_file_is_forecast_and_its_result_downloaded_whole(batches, completed):
    downloaded = batches("download", completed[:12])

    assert downloaded.out == f"Wrote forecast-{completed[:8]}.csv.\n"
    content = Path(f"forecast-{completed[:8]}.csv").read_bytes()
    status = batches("show", completed, "--json").told[0]
    published = {(one["kind"], one["format"]): one["sha256"] for one in status["result"]["files"]}
    assert hashlib.sha256(content).hexdigest() == published["forecast", "csv"]
    assert len(list(csv.reader(content.decode().splitlines()))) == 1 + 4 * 7
    assert not list(Path().glob(".*.part"))


def test_the_format_is_that_of_the_name_unless_it_is_said(batches, completed):
    assert batches("download", completed, "-o", "stock.parquet", "--kind", "stock").code == 0
    assert batches("download", completed, "-o", "certificate", "--kind", "certificate").code == 0
    assert batches("download", completed, "-o", "book", "--format", "xlsx").code == 0

    assert Path("stock.parquet").read_bytes()[:4] == b"PAR1"
    assert json.loads(Path("certificate").read_text())
    assert Path("book").read_bytes()[:2] == b"PK"


def test_orders_are_shown_and_both_tables_saved_for_a_stock_file(batches, completed):
    Path("stok.csv").write_text("site;part;stok;harga\nA;P-1;0;2,5\nB;P-2;;1\nB;X;1;\n")

    shown = batches("orders", completed[:12], "--stock", "stok.csv", "-o", "new/folder").out
    told = batches("orders", completed, "--stock", "stok.csv", "--json").told[0]

    names = {kind: f"{kind}-{completed[:8]}.csv" for kind in ("orders", "next_units")}
    assert (told["kind"], told["files"], told["parts"]) == ("ordered", names, 2)
    for name in names.values():
        assert Path(name).read_bytes() == Path("new/folder", name).read_bytes()
    with Path(names["orders"]).open() as file:
        assert [row["partnumber"] for row in csv.DictReader(file)] == ["P-1", "P-2"]
    assert f"new/folder/{names['orders']}" in shown
    assert "Service level: 95.0% promised" in shown
    assert "a forecast: 1 (X (B))." in shown


def test_orders_come_from_the_history_where_it_carries_stock(batches, completed):
    carrying = [f"{line},{n % 3}" for n, line in enumerate(ROWS.splitlines())]
    Path("carrying.csv").write_text("\n".join(["date,partnumber,site_code,demand_qty,stok", *carrying]))
    batch_id = batches("submit", "carrying.csv", *FAST, "--wait", "--json").told[0]["batch_id"]

    ordered = batches("orders", batch_id, "--lang", "id")
    without = batches("orders", completed, "--json")

    assert "di antara 112 baris" in ordered.out
    assert (without.code, without.told[0]["code"]) == (2, "invalid-stock-file")
    assert list(Path().glob("orders-*.csv")) == [Path(f"orders-{batch_id[:8]}.csv")]


def test_a_stock_file_that_is_not_there_or_no_good_is_named(batches, completed):
    Path("bad.csv").write_text("part,stok\nP-1,many\n")
    Path("stok.csv").write_text("site,part,stok\nA,P-1,1\n")

    assert "bad.csv can't be written" in batches("orders", completed, "--stock", "stok.csv", "-o", "bad.csv").err
    assert "nowhere.csv can't be read" in batches("orders", completed, "--stock", "nowhere.csv").err
    assert "on_hand is 'many' in line 2 of bad.csv" in batches("orders", completed, "--stock", "bad.csv").err
    assert not list(Path().glob("*orders*"))


def test_a_batch_is_shown_with_its_partitions(batches, completed):
    shown = batches("show", completed).out

    assert "completed" in shown
    assert "100% · 2/2 completed" in shown
    assert "forecast.csv" in shown
    assert "P1" in shown


def test_batches_are_listed_the_newest_first_and_a_page_at_a_time(batches, completed, submitted):
    newer = submitted()

    page = batches("list", "--limit", "1", "--json").told[0]
    older = batches("list", "--limit", "1", "--offset", str(page["total"] - 1), "--status", "completed").out
    found = batches("list", "--search", completed[:8].upper()).out

    assert [line["batch_id"] for line in page["batches"]] == [newer]
    assert newer[:8] not in older
    assert "demand.csv" in older
    assert completed[:8] in found
    assert f"… and {page['total'] - 1} more batches." in batches("list", "--limit", "1").out
    assert "There is no such batch." in batches("list", "--status", "CANCELLED").out


def test_a_retry_says_what_it_took_from_the_earlier_run(batches, completed):
    retried = batches("retry", completed, "--timeout", "200", "--wait")

    assert retried.code == 0
    assert f"{completed}, 2 partitions taken from earlier runs" in retried.out


def test_the_same_call_with_the_same_key_is_one_batch(submitted):
    assert submitted("--key", "monday") == submitted("--key", "monday")


def test_refused_rows_are_named_and_counted(batches):
    Path("bad.csv").write_text(HISTORY + "2025-02-31,P-1,A,1\n")

    told = batches("submit", "bad.csv", "--json")
    shown = batches("submit", "bad.csv")

    assert (told.code, told.told[0]["code"], told.told[0]["row_errors"]["count"]) == (2, "rows-refused", 1)
    assert "'2025-02-31'" in shown.err
    assert f"{len(HISTORY.splitlines()) + 1}" in shown.err
    assert shown.out == ""


def test_every_wrong_setting_is_named_by_the_server(batches):
    refused = batches("submit", "demand.csv", "--horizon", "x", "--max-partitions", "0")

    assert refused.code == 2
    assert len([line for line in refused.err.splitlines() if line.startswith("✗")]) == 2


def test_the_group_alone_says_what_there_is(batches, capsys):
    called = batches()

    assert called.code == 0
    assert "Usage: batchcast batches" in capsys.readouterr().out + called.out


def test_a_batch_that_has_ended_can_not_be_cancelled_but_deleted(batches, submitted):
    batch_id = submitted()

    cancelled = batches("cancel", batch_id, "--json")
    deleted = batches("delete", batch_id)
    gone = batches("show", batch_id, "--json")

    assert (cancelled.code, cancelled.told[0]["code"]) == (2, "batch-ended")
    assert deleted.out == f"Batch {batch_id} is deleted.\n"
    assert (gone.code, gone.told[0]["code"]) == (2, "unknown-batch")


def test_the_server_answers_in_the_language_of_the_reader(batches):
    asked = batches("show", "0" * 32, "--lang", "id")

    assert asked.code == 2
    assert "Tidak ada batch" in asked.err


def test_an_id_that_no_batch_or_none_could_have_is_refused_here(batches):
    assert "No batch has an id that begins with ffffffff" in batches("show", "ffffffff").err
    assert "'../etc' is no id of a batch" in batches("show", "../etc").err
    assert "'abc' is no id of a batch" in batches("show", "abc").err


def test_what_is_missing_or_mistyped_is_named_at_once(batches):
    assert "BATCH is missing" in batches("show").err
    assert "FILE is missing" in batches("submit").err
    assert "'lits' is not a command; did you mean list?" in batches("lits").err
    refused = batches("list", "--status", "done", "--limit", "201", "--offset", "x")
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 3
    assert "--kind is 'forcast'" in batches("download", "0" * 32, "--kind", "forcast").err
    assert "nowhere.csv can't be read: No such file" in batches("submit", "nowhere.csv").err


def test_a_place_that_can_not_be_written_is_named(batches, completed):
    refused = batches("download", completed, "-o", "nowhere/forecast.csv")

    assert refused.code == 2
    assert "can't be written: No such file or directory" in refused.err


def test_a_server_that_is_away_is_exit_code_5(command):
    called = command("batches", "list", "--url", "http://127.0.0.1:9")

    assert called.code == 5
    assert "The server at http://127.0.0.1:9 can't be reached" in called.err


@pytest.mark.parametrize("url", ["127.0.0.1:9571", "ftp://127.0.0.1", "http://127.0.0.1:port"])
def test_an_address_that_is_none_is_named(command, url):
    called = command("batches", "list", "--url", url)

    assert called.code == 2
    assert "can't be used" in called.err


def test_a_file_is_submitted_by_a_recipe_of_the_server(batches):
    Path("keluar.csv").write_text(HISTORY.replace("demand_qty", "Hasil").replace("date,", "Hari,"))
    columns = ("--map", "date=Hari", "--map", "demand_qty=Hasil", "--save-recipe", "keluar")

    refused = batches("submit", "keluar.csv", *FAST)
    kept = batches("submit", "keluar.csv", *FAST, *columns)
    used = batches("submit", "keluar.csv", *FAST, "--recipe", "keluar")
    unknown = batches("submit", "keluar.csv", *FAST, "--recipe", "masuk")

    assert refused.code == 2
    assert (kept.code, used.code) == (0, 0), kept.err
    assert unknown.code == 2
    assert "There is no recipe 'masuk'; there are 'keluar'." in unknown.err

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from batchcast.cli.options import setting_parameters
from batchcast.cli.session import Words
from batchcast.domain.errors import (
    BatchCancelled,
    BatchFailed,
    Choice,
    InvalidInput,
    Message,
    PartitionFailed,
    ReadingQuestion,
)
from batchcast.domain.inventory import Orders
from batchcast.domain.plan import RowsRefused
from batchcast.domain.settings import SETTINGS


def test_every_setting_has_an_option_that_bears_its_name():
    declared = {option.name: option.opts for option in setting_parameters(Words("en"))}

    assert set(declared) == set(SETTINGS)
    assert all("--" + name.replace("_", "-") in options for name, options in declared.items())


def test_the_pool_is_that_of_the_option_else_of_the_environment(batchcast, fake, monkeypatch):
    monkeypatch.setenv("BATCHCAST_POOL", "press:6379")
    monkeypatch.setenv("BATCHCAST_RAY_FALLBACK", "true")

    batchcast("run", "d.csv", "-o", "out.csv")
    assert (fake.pool.address, fake.pool.may_stay_here, fake.pool.is_insecure) == ("press:6379", True, False)

    batchcast("run", "d.csv", "-o", "out.csv", "--pool", "local")
    assert fake.pool.is_local


@pytest.mark.parametrize("address", ["press", "http://press:6379", "press:port", "ray://", "-1:6379 ", "press:6379;ls"])
def test_a_pool_that_is_no_address_is_refused(batchcast, address):
    called = batchcast("run", "d.csv", "-o", "out.csv", f"--pool={address}")

    assert called.code == 2
    assert "write local, ray for a Ray on this machine" in called.err


def test_options_become_settings(batchcast, fake):
    called = batchcast(
        *("run", "d.csv", "-o", "out.csv", "--horizon", "14", "--frequency", "D", "--site", "A", "--site", "B"),
        *(
            "--batch-mode",
            "off",
            "--strategy",
            "auto",
            "--max-rows",
            "500",
            "--timeout",
            "9.5",
            "--max-partitions",
            "3",
        ),
        *(
            "--parallel",
            "1",
            "--memory-limit",
            "512",
            "--date-order",
            "day_first",
            "--era",
            "buddhist",
            "--fiscal-year-start",
            "april",
            "--fiscal-year-named",
            "end",
            "--bad-rows",
            "skip",
        ),
        *("--returns", "ignore", "--map", "demand_qty=Order Demand", "--map", "date=Tgl", "--quantiles", "0.2, 0.8"),
        *("--rounding", "ceiling", "--service-level", "0.9", "--zero-threshold", "0.1", "--lead-time", "4"),
        *("--models", "ses,croston", "--week-start", "sunday", "--start", "2025-01-31", "--seed", "5"),
        *("--number-style", "comma", "--today", "2025-02-01", "--encoding", "windows-1252"),
        *("--closed-through", "2025-01-31", "--closed-through", "Sofifi=2025-01-10, Bahodopi=2025-01-20"),
        *("--quantity-units", "EA,PCS", "--max-refused-share", "0.2", "--holidays", "ID"),
        *("--events", "2025-03-01..2025-03-14 Campaign @ A"),
        *("--first-year", "2024"),
        *(
            "--ignore-column",
            "Total",
            "--demand-sign",
            "negative",
            "--only-rows",
            "Mvt=201,261",
            "--only-rows",
            "Plant=A",
            "--release",
            "Sofifi=A-1",
            *("--mark", "2025-01-01..2025-01-31 exclude P 1 @ A", "--use-marks", "off", "--use-recipes", "off"),
            "--attribute",
            "Family",
        ),
    )

    assert called.code == 0
    settings = fake.calls[0][1].as_json()
    assert settings == {
        "holidays": "ID",
        "events": ["2025-03-01..2025-03-14 Campaign @ A"],
        "horizon": 14,
        "frequency": "D",
        "week_start": "sunday",
        "site_codes": ["A", "B"],
        "batch_mode": "off",
        "partition_strategy": "auto",
        "max_rows_per_partition": 500,
        "max_execution_time": 9.5,
        "max_partitions": 3,
        "max_parallel": 1,
        "memory_limit_mb": 512,
        "forecast_start_date": "2025-01-31",
        "date_order": "day_first",
        "era": "buddhist",
        "fiscal_year_start": "april",
        "fiscal_year_named": "end",
        "encoding": "windows-1252",
        "number_style": "comma",
        "quantity_units": ["EA", "PCS"],
        "max_refused_share": 0.2,
        "demand_sign": "negative",
        "only_rows": ["Mvt=201,261", "Plant=A"],
        "returns": "ignore",
        "ignore_columns": ["Total"],
        "attributes": ["Family"],
        "bad_rows": "skip",
        "column_mapping": {"demand_qty": "Order Demand", "date": "Tgl"},
        "history_marks": ["2025-01-01..2025-01-31 exclude P 1 @ A"],
        "use_marks": "off",
        "use_recipes": "off",
        "release": ["Sofifi=A-1"],
        "rounding": "ceiling",
        "zero_threshold": 0.1,
        "quantiles": [0.2, 0.8],
        "models": ["ses", "croston"],
        "service_level": 0.9,
        "lead_time": 4,
        "first_year": 2024,
        "today": "2025-02-01",
        "timezone": "auto",
        "closed_through": ["2025-01-31", "Sofifi=2025-01-10", "Bahodopi=2025-01-20"],
        "overlaps": "auto",
        "future_rows": "auto",
        "seed": 5,
    }


def test_the_name_of_a_setting_is_an_option_too(batchcast, fake):
    batchcast("analyze", "d.csv", "--max-execution-time", "5", "--partition-strategy", "auto", "--site-codes", "A")

    settings = fake.calls[0][1]
    assert (settings.max_execution_time, settings.partition_strategy, settings.site_codes) == (5, "auto", ("A",))


def test_everything_wrong_with_a_call_is_named_at_once(batchcast):
    called = batchcast(
        *("run", "--horizon", "many", "--quantiles", "0.5;many", "--start", "31/01/2025", "--map", "Qty"),
        *("--frequency", "Q", "--service-level", "2"),
    )

    assert called.code == 2
    assert called.out == ""
    assert called.err.splitlines() == [
        "✗ FILE is missing: name the demand history, such as demand.csv.",
        "✗ --out is missing: say where the result goes, such as -o forecast.csv.",
        "✗ --horizon is 'many'; it must be a whole number.",
        "✗ --start is '31/01/2025'; write the date as YYYY-MM-DD, such as 2026-01-31.",
        "✗ --map has 'Qty'; write it as column=name, such as demand_qty=Quantity.",
        "✗ --quantiles is '0.5;many'; it must be made of numbers, such as 0.1; 0.5.",
        "✗ --frequency is 'Q'; it can be auto, D, W, M.",
        "✗ --service-level is 2.0; it must be a number from 0.5 to 0.9999.",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rnu", "d.csv"), "'rnu' is not a command; did you mean run?"),
        (
            ("xyz",),
            "'xyz' is not a command; there are run, analyze, backtest, orders, sums, recipes, serve, worker, batches, "
            "marks, token, backup, restore, sample, warm.",
        ),
        (("analyze", "d.csv", "--horizn", "5"), "--horizn is not an option; did you mean --horizon?"),
        (("analyze", "d.csv", "--xyz"), "--xyz is not an option; --help shows those there are."),
        (("analyze", "a.csv", "b.csv"), "'b.csv' is one word too many."),
        (("analyze", "a.csv", "--lang", "fr"), "--lang is 'fr'; it can be en, id."),
        (("analyze", "a.csv", "--horizon"), "--horizon needs a value."),
        (("analyze", "a.csv", "--json=1"), "--json takes no value."),
        (("sample", "alldemand", "o.csv"), "'alldemand' is not a sample; did you mean alldemand_augjul?"),
        (("sample", "xyz", "o.csv"), "'xyz' is not a sample; there are sample_optimal, alldemand_augjul, m5."),
        (("sample",), "NAME is missing; there are sample_optimal, alldemand_augjul, m5."),
        (("sample", "m5"), "OUT is missing: name the file to write, such as demand.csv."),
        (("sample", "m5", "o.csv", "--seed", "x"), "--seed is 'x'; it must be a whole number."),
        (("warm", "now"), "'now' is one word too many."),
        (("--foo",), "--foo is not an option; --help shows those there are."),
        (("--versoin",), "--versoin is not an option; did you mean --version?"),
        (("--foo", "analyze", "a.csv"), "--foo is not an option; --help shows those there are."),
        (("--horizon", "5", "run"), "--horizon goes behind the command, as in `batchcast run --horizon`."),
        (("batches", "lits"), "'lits' is not a command; did you mean list?"),
        (("batches", "--ulr", "x", "list"), "--ulr is not an option; did you mean --url?"),
        (("batches", "--url"), "--url needs a value."),
        (("batches", "list", "--search", "--status", "x"), "--search needs a value."),
        (("analyze", "a.csv", "--horizon", "--frequency=D"), "--horizon needs a value."),
        (("analyze", "a.csv", "--horizon", "--json"), "--horizon needs a value."),
        (("analyze", "a.csv", "--zero-threshold", "-1"), "--zero-threshold is -1.0; it must be a number from 0 to 10."),
        (("analyze", "--xyz", "--lang"), "--lang needs a value."),
        (("--lang", "--json", "analyze", "a.csv"), "--lang needs a value."),
        (("--lang",), "--lang needs a value."),
        (("--lang", "fr", "analyze", "a.csv"), "--lang is 'fr'; it can be en, id."),
        (("serve", "--insecure=1"), "--insecure takes no value."),
        (("run", "--version"), "--version is not an option; --help shows those there are."),
    ],
)
def test_what_was_mistyped_is_named_with_the_way_out(batchcast, arguments, sentence):
    called = batchcast(*arguments)

    assert called.code == 2
    assert f"✗ {sentence}\n" in called.err


def test_a_run_with_a_stock_file_ends_with_its_orders(batchcast, fake):
    part = {"site_code": "Kendari", "partnumber": "P-1"}
    counts = {"parts": 9, "to_order": 4, "without_on_hand": 2, "scaled": 0, "without_cost": 0, "unknown": 1}
    fake.orders = Orders(lines=(), next_units=(), **counts, unknown_named=((part["site_code"], part["partnumber"]),))
    fake.files = {"orders": Path("out_orders.csv"), "next_units": Path("out_next_units.csv")}

    told = batchcast("run", "demand.csv", "-o", "out.csv", "--stock", "stok.csv")
    closing = json.loads(batchcast("run", "d.csv", "-o", "out.csv", "--stock", "s.csv", "--json").out.splitlines()[-1])

    assert fake.stock == Path("s.csv")
    assert "Parts to order now  4" in told.out
    assert "a forecast: 1 (P-1 (Kendari))." in told.out
    assert closing["files"]["orders"] == "out_orders.csv"
    assert closing["orders"]["parts"] == 9
    batchcast("run", "--replay", "certificate.json", "-o", "out.csv", "--stock", "again.csv")
    assert fake.stock == Path("again.csv")


def test_a_run_shows_its_progress_on_standard_error_and_its_result_on_standard_output(batchcast):
    called = batchcast("run", "d.csv", "-o", "out.csv")

    assert called.code == 0
    assert "Reading and checking the file …" in called.err
    assert "P0 at work: Kendari, 100 rows" in called.err
    assert "P0 completed (1.2 s) · 100% · 1/1 completed" in called.err
    assert called.out.splitlines() == [
        "Published in 4.2 s",
        "  Forecast     out.csv",
        "  Certificate  certificate.json",
        "",
        "At 95% service you would have covered 94.8% of the parts in the last 7 days.",
        "Forecast value added against naive: 38%. Being wrong has become 38% cheaper than with "
        "“the next period will be as the last”.",
        "The forecast was 4.0% above what came.",
        "In all backtests 6 of 500 units wanted would have been short, and 240 left over.",
        "",
        "The worst parts",
        "  P-1 · Kendari  6 short. Demand jumped.",
        "",
    ]


def test_programs_get_one_object_a_line_and_nothing_else(batchcast):
    called = batchcast("run", "d.csv", "-o", "out.csv", "--json")

    events = [json.loads(line) for line in called.out.splitlines()]
    assert [event["kind"] for event in events] == [
        *("step", "analysis", "step", "batch", "partition", "batch", "partition", "batch", "result"),
    ]
    assert events[4] == {
        "kind": "partition",
        "number": 0,
        "sites": ["Kendari"],
        "rows": 100,
        "parts": 7,
        "series": 7,
        "status": "PROCESSING",
        "percent": 50.0,
        "seconds": None,
        "attempt": 1,
        "reused": False,
        "reused_from": None,
        "error": None,
    }
    progress = {"percent": 50.0, "completed": 0, "total": 1}
    assert events[5] == {"kind": "batch", "batch_id": "b1", "status": "PROCESSING", "progress": progress}
    assert events[-1]["status"] == "COMPLETED"
    assert events[-1]["files"] == {"forecast": "out.csv", "certificate": "certificate.json"}
    assert events[-1]["accuracy"]["sentences"][0].startswith("At 95% service")
    assert [part["units_short"] for part in events[-1]["accuracy"]["worst_parts"]] == [6.0]
    assert events[-1]["leaderboard"][0]["coverage"] == {"0.5": 0.51, "0.95": 0.942}
    assert called.err == ""


def test_an_analysis_is_a_result(batchcast):
    called = batchcast("analyze", "d.csv")

    assert called.code == 0
    assert called.err == ""
    assert "12,000 read, 11,919 kept, 81 summed into the same day, part and site" in called.out
    assert "1 August 2024 to 3 October 2024, daily" in called.out
    assert "2, of 50 to 100 rows each" in called.out
    assert "12 s; 4.0 times faster than one job on one core" in called.out


def test_an_analysis_for_programs_holds_report_and_plan(batchcast):
    told = json.loads(batchcast("analyze", "d.csv", "--json").out)

    assert told["analysis"]["report"]["rows_read"] == 12_000
    assert (told["analysis"]["plan"]["series"], told["analysis"]["plan"]["partitions"]) == (2_917, 2)
    assert [p["sites"] for p in told["partitions"]] == [["Kendari"], ["Sorowako"]]


def test_a_backtest_shows_the_leaderboard_in_its_order(batchcast, fake, make):
    auto, few = make.row("auto", 0.242, beside_auto=1.0), make.row("wss", 0.2, cases=12, beside_auto=1.312)
    fake.leaderboard = (auto, few, make.row("zero", 0.8, rmsse=float("nan")))

    lines = batchcast("backtest", "d.csv").out.splitlines()

    assert [line.split()[0] for line in lines[:4]] == ["Model", "auto", "wss", "zero"]
    assert lines[2].split()[1:4] == ["12", "0.2000", "1.312"]
    assert "94.2%" in lines[1]
    assert "–" in lines[3]


def test_a_backtest_tells_in_words_what_it_found(batchcast, fake, make):
    fake.hindsight = make.hindsight(cases=0, judged=0, worst_parts=())

    assert "How good this forecast is can't be told" in batchcast("backtest", "d.csv").out
    fake.hindsight = make.hindsight()
    assert "Dengan service level 95%" in batchcast("backtest", "d.csv", "--lang", "id").out
    assert "94,8%" in batchcast("run", "d.csv", "-o", "o.csv", "--lang", "id").out


def test_a_backtest_names_the_files_it_wrote(batchcast):
    assert "out.csv" in batchcast("backtest", "d.csv", "-o", "out.csv").out
    assert json.loads(batchcast("backtest", "d.csv", "--json").out.splitlines()[-1])["kind"] == "result"


def test_a_replay_takes_its_settings_from_the_certificate(batchcast, fake):
    refused = batchcast("run", "d.csv", "-o", "o.csv", "--replay", "c.json", "--horizon", "3", "--seed", "1")
    carried_out = batchcast("run", "d.csv", "-o", "o.csv", "--replay", "c.json")
    alone = batchcast("run", "-o", "o.csv", "--replay", "c.json")

    assert refused.code == 2
    assert "horizon, seed can't be given with --replay" in refused.err
    assert carried_out.code == 0
    assert alone.code == 0
    assert [(file, settings.seed) for file, settings, _ in fake.calls] == [("d.csv", 99), ("c.json", 99)]


def test_warm_says_how_long_it_took(batchcast):
    assert "Every kernel is ready (0.5 s)." in batchcast("warm").out
    assert json.loads(batchcast("warm", "--json").out) == {"kind": "warm", "seconds": 0.5}


@pytest.mark.parametrize(
    "words", [("analyze", "-"), ("run", "-", "-o", "f.csv"), ("backtest", "-")], ids=lambda w: w[0]
)
def test_standard_input_is_a_file_too(batchcast, fake, monkeypatch, words):
    content = b"date,partnumber,demand_qty\n2025-01-01,A,1\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    read = {}
    for name in ("analyze", "run"):
        carry_out = getattr(fake, name)

        def watched(file, *given, carry_out=carry_out, **more):
            read["content"], read["file"] = file.read_bytes(), file
            return carry_out(file, *given, **more)

        monkeypatch.setattr(fake, name, watched)

    called = batchcast(*words)

    assert called.code == 0, called.err
    assert read["content"] == content
    assert not read["file"].exists()


def test_a_terminal_is_no_input(batchcast, monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)

    called = batchcast("run", "-", "-o", "f.csv")

    assert called.code == 2
    assert "pipe a file into it" in called.err


@pytest.mark.parametrize("option", ["--quiet", "-q"])
def test_a_quiet_command_says_only_what_went_wrong(batchcast, fake, tmp_path, option):
    out = tmp_path / "demand.csv"

    written = batchcast(option, "sample", "sample_optimal", str(out))
    run = batchcast("run", "demand.csv", "-o", "forecast.csv", option)
    refused = batchcast("sample", option, "xyz", str(out))
    told = batchcast("sample", "sample_optimal", str(out), option, "--json")

    assert (written.code, written.out, written.err) == (0, "", "")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert out.exists()
    assert refused.code == 2
    assert "'xyz' is not a sample" in refused.err
    assert json.loads(told.out)["rows"] == 1_000


def test_a_sample_says_what_to_do_next(batchcast, tmp_path):
    out = tmp_path / "demand.csv"

    called = batchcast("sample", "sample_optimal", str(out))
    as_json = batchcast("sample", "sample_optimal", str(out), "--json")

    assert called.out == f"Wrote {out} with 1,000 rows; next: batchcast run {out} -o forecast.csv\n"
    assert json.loads(as_json.out)["rows"] == 1_000
    assert len(out.read_text().splitlines()) == 1_001


def test_a_sample_comes_with_the_stock_of_its_parts(batchcast, tmp_path):
    out, stock = tmp_path / "demand.csv", tmp_path / "stok.csv"

    called = batchcast("sample", "sample_optimal", str(out), "--stock", str(stock))
    told = json.loads(batchcast("sample", "sample_optimal", str(out), "--stock", str(stock), "--json").out)

    assert called.out.endswith(f"next: batchcast run {out} -o forecast.csv --stock {stock}\n")
    header, *rows = [line.split(",") for line in stock.read_text().splitlines()]
    assert header == ["partnumber", "site_code", "on_hand", "on_order", "unit_cost"]
    assert told["parts"] == len(rows)
    sold = {tuple(line.split(",")[1:3]) for line in out.read_text().splitlines()[1:]}
    assert {tuple(row[:2]) for row in rows} == sold
    assert "There is no stock of m5" in batchcast("sample", "m5", str(out), "--stock", str(stock)).err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput(Message("{file} is empty.", {"file": "d.csv"})), 2),
        (BatchFailed(Message("Publishing failed.")), 3),
        (PartitionFailed(Message("Partition 3 timeout: Exceeded 300s"), partition=3, reason="timeout"), 3),
        (BatchCancelled(Message("Cancelled.")), 4),
        (KeyboardInterrupt(), 4),
        (RuntimeError("boom"), 1),
    ],
)
def test_the_exit_code_tells_how_it_ended(batchcast, fake, error, code):
    fake.error = error

    assert batchcast("run", "d.csv", "-o", "out.csv").code == code
    assert batchcast("run", "d.csv", "-o", "out.csv", "--json").code == code


def test_a_failed_partition_is_told_to_programs_with_its_number(batchcast, fake):
    error = Message("Partition 3 timeout: Exceeded 300s")
    way_out = Message("Raise {@max_execution_time}, or {@partition_strategy=auto}.")
    fake.error = PartitionFailed(error, partition=3, reason="timeout", way_out=way_out)

    called = batchcast("run", "d.csv", "-o", "out.csv", "--json")

    assert json.loads(called.out.splitlines()[-1]) == {
        "kind": "error",
        "code": "partition-failed",
        "exit_code": 3,
        "messages": ["Partition 3 timeout: Exceeded 300s"],
        "partition": 3,
        "reason": "timeout",
    }
    assert called.err.splitlines() == [
        "✗ Partition 3 timeout: Exceeded 300s",
        "→ Raise --timeout, or --strategy auto.",
    ]


def test_a_mistake_of_ours_is_one_sentence_and_a_file_with_the_rest(batchcast, fake, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fake.error = RuntimeError("boom")

    called = batchcast("warm")
    shown = batchcast("warm", "--debug")

    first, _second = sorted(tmp_path.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    assert called.code == 1
    assert called.err.splitlines()[1:] == [
        "✗ batchcast itself has made a mistake (RuntimeError: boom); nothing was published. "
        f"Send us {first}, which tells where it happened."
    ]
    assert "Traceback" not in called.err
    assert "RuntimeError: boom" in first.read_text()
    assert "Traceback" in shown.err


def test_refused_rows_are_shown_with_their_place_and_reason(batchcast, fake, make, problem):
    fake.error = RowsRefused(make.report(rows_refused=31, problems=tuple(problem(line=n) for n in range(2, 32))))

    called = batchcast("run", "d.csv", "-o", "out.csv")

    assert called.code == 2
    assert "31 of 12000 rows can't be read" in called.err.replace(",", "")
    assert "   2  Tgl (A)  '31/02/2025'  is not a date  Kendari  P7" in called.err
    assert "… and 11 more rows." in called.err


def test_refused_rows_are_told_to_programs_one_by_one(batchcast, fake, make, problem):
    fake.error = RowsRefused(make.report(rows_refused=1, problems=(problem(line=9, file="b.csv"),)))

    told = json.loads(batchcast("run", "d.csv", "-o", "out.csv", "--json").out.splitlines()[-1])

    assert told["code"] == "rows-refused"
    assert told["row_errors"]["count"] == 1
    assert told["row_errors"]["first"] == [
        {
            "line": 9,
            "file": "b.csv",
            "sheet": None,
            "column": "Tgl",
            "letter": "A",
            "value": "31/02/2025",
            "reason": "is not a date",
            "site_code": "Kendari",
            "partnumber": "P-1",
            "partition": 7,
        }
    ]


def test_help_and_errors_are_said_in_indonesian_where_it_is_asked_for(batchcast):
    called = batchcast("run", "--lang", "id")

    assert called.code == 2
    assert "FILE belum disebutkan" in called.err


@pytest.mark.parametrize(
    "arguments",
    [("--lang", "id", "rnu"), ("--lang=id", "rnu"), ("rnu", "--lang", "id"), ("rnu", "--lang=id", "--debug")],
)
def test_the_language_is_taken_from_before_and_behind_the_command(batchcast, arguments):
    assert batchcast(*arguments).err == "✗ 'rnu' bukan perintah; apakah maksud Anda run?\n"


@pytest.mark.parametrize("arguments", [("--json", "rnu"), ("rnu", "--json"), ("run", "--xyz", "--json")])
def test_a_program_gets_json_wherever_it_asks_for_it(batchcast, arguments):
    called = batchcast(*arguments)

    assert json.loads(called.out)["code"] == "invalid-settings"


def test_all_options_that_are_not_known_are_named_with_the_rest(batchcast):
    called = batchcast("analyze", "--horizn", "5", "d.csv", "--xyz=1", "--frequency", "Q")

    assert called.err.splitlines() == [
        "✗ --horizn is not an option; did you mean --horizon?",
        "✗ --xyz is not an option; --help shows those there are.",
        "✗ --frequency is 'Q'; it can be auto, D, W, M.",
    ]


def test_what_stands_behind_two_dashes_is_no_option(batchcast, fake):
    assert batchcast("analyze", "--horizon", "5", "--", "--json").code == 0
    assert fake.calls[0][0] == "--json"


def test_the_command_alone_shows_what_there_is(batchcast):
    called = batchcast()

    assert called.code == 0
    assert "backtest" in called.out
    assert "backtest" not in batchcast("batches").out


def test_help_is_said_in_the_language_asked_for_with_every_option(batchcast):
    called = batchcast("run", "--help", "--lang", "id")

    assert called.code == 0
    for words in ("Pemakaian: batchcast run", "Data:", "--site, --site-codes SITE", "Boleh diulang.", "--lang en|id"):
        assert words in called.out


def test_the_version_is_shown(batchcast):
    from batchcast import __version__

    for arguments in (("--version", "--lang", "en"), ("--json", "--version"), ("--version", "--json", "run")):
        assert batchcast(*arguments).out == f"batchcast {__version__}\n"


def test_a_question_of_reading_lists_each_choice_with_its_option(batchcast, fake):
    mapped = Choice(
        settings={"column_mapping": "date=Order Date", "date_order": "day_first"}, reading=Message("one way")
    )
    fake.error = ReadingQuestion(Message("Which?"), setting="column_mapping", choices=[mapped])

    called = batchcast("analyze", "d.csv")
    as_json = json.loads(batchcast("--json", "analyze", "d.csv").out)

    option = "--map 'date=Order Date' --date-order day_first"
    assert (called.code, called.err.splitlines()) == (2, ["✗ Which?", f"→ {option}: one way"])
    assert as_json["setting"] == "column_mapping"
    assert as_json["choices"] == [{"settings": dict(mapped.settings), "option": option, "reading": "one way"}]

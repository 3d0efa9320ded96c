"""What the backtests of a batch add up to is what a loop over them adds up to, to the bit whatever the partitions."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.app.words.findings import why_no_findings
from batchcast.domain.accuracy import MOST_WORST_PARTS, Hindsight
from batchcast.domain.codec import decode, encode
from batchcast.results.files import publish_files
from batchcast.results.hindsight import look_back_at

LAST_DAY = 20_000
DEMAND = ("Morowali", "A,B")  # 1, 2, 3 and 4 on the last four days


def looked_back(batch: Any) -> Hindsight:
    hindsight = look_back_at(batch.partitions, history=batch.history, request=batch.request)
    assert hindsight is not None
    return hindsight


def give_folds(batch: Any, partition: int, place: int, folds: list[tuple[int, float, float]]) -> None:
    """Change the backtests of one series: (cutoff, actual, stock) each."""
    named = {"cutoff": [f[0] for f in folds], "actual": [f[1] for f in folds], "stock": [f[2] for f in folds]}
    named |= {name: [0.0] * len(folds) for name in ("forecast", "low", "median", "high")}

    def change(table: pa.Table) -> pa.Table:
        for name, values in named.items():
            lists = table[name].to_pylist()
            lists[place] = values
            table = table.set_column(
                table.column_names.index(name), name, pa.array(lists, table.schema.field(name).type)
            )
        return table

    batch.change(partition, "figures", change)


def figures_of(batch: Any) -> list[dict[str, Any]]:
    return [row for _, folder in batch.partitions for row in pq.read_table(folder / "figures.parquet").to_pylist()]


def test_units_are_those_of_a_loop_over_every_backtest(batch) -> None:
    give_folds(batch, 0, 0, [(LAST_DAY - 3, 9.0, 4.0), (LAST_DAY - 6, 1.0, 4.5)])
    cases = [
        case for row in figures_of(batch) for case in zip(row["actual"], row["forecast"], row["stock"], strict=True)
    ]

    hindsight = looked_back(batch)

    assert hindsight.actual == pytest.approx(sum(actual for actual, _, _ in cases))
    assert hindsight.forecast == pytest.approx(sum(forecast for _, forecast, _ in cases))
    assert hindsight.units_short == pytest.approx(sum(max(actual - stock, 0.0) for actual, _, stock in cases))
    assert hindsight.units_over == pytest.approx(sum(max(stock - actual, 0.0) for actual, _, stock in cases))
    assert (hindsight.series, hindsight.judged, hindsight.cases) == (5, 5, 15)  # as accuracy.csv has it
    assert (hindsight.covered, hindsight.pinball) == (1.0, 0.25)


def test_every_backtest_is_named_the_latest_first(batch) -> None:
    spans = looked_back(batch).spans

    assert [(span.first, span.last) for span in spans] == [
        (LAST_DAY - 2, LAST_DAY),
        (LAST_DAY - 5, LAST_DAY - 3),
    ]


def test_the_worst_parts_come_first_with_what_their_demand_did(batch) -> None:
    give_folds(batch, 0, 1, [(LAST_DAY - 3, 9.0, 8.0)])
    give_folds(batch, 0, 2, [(LAST_DAY - 6, 1.0, 3.0), (LAST_DAY - 3, 9.0, 6.0)])

    first, second = looked_back(batch).worst_parts

    assert (first.site_code, first.partnumber) == DEMAND
    assert (first.units_short, first.units_over, first.folds) == (3.0, 2.0, 2)
    assert (first.actual, first.stock, first.span.first) == (9.0, 6.0, LAST_DAY - 2)
    assert str(first.reason) == "Demand rose to 9 between 2 and 4 Oct 2024; before, it had been about 0.1 in 3 days."
    assert (second.partnumber, second.units_short) == ("=1+1", 1.0)


def test_no_more_parts_are_named_than_a_page_can_show_and_equal_ones_in_their_order(finish_batch) -> None:
    keys = [(f"S{n // 10}", f"{n:04}") for n in range(40)]
    batch = finish_batch(keys=keys, layout=[[(0, 40)]])
    for place in range(40):
        give_folds(batch, 0, place, [(LAST_DAY - 3, 9.0, 4.0)])

    assert [part.partnumber for part in looked_back(batch).worst_parts] == [f"{n:04}" for n in range(MOST_WORST_PARTS)]


def test_the_partitions_change_nothing_at_all(finish_batch) -> None:
    keys = [(f"S{n // 10}", f"{n:04}") for n in range(40)]
    layouts = [[[(0, 40)]], [[(0, 13), (30, 40)], [(13, 30)]], [[(n, n + 1)] for n in range(40)]]

    found = [json.dumps(encode(looked_back(finish_batch(keys=keys, layout=layout)))) for layout in layouts]

    assert len(set(found)) == 1


def test_without_any_backtest_nothing_is_said_of_it(batch) -> None:
    for number, places in ((0, 3), (1, 2)):
        batch.change(number, "accuracy", _without_backtest)
        for place in range(places):
            give_folds(batch, number, place, [])

    hindsight = looked_back(batch)

    assert (hindsight.series, hindsight.judged, hindsight.cases) == (5, 0, 0)
    assert (hindsight.spans, hindsight.worst_parts) == ((), ())
    assert all(math.isnan(value) for value in (hindsight.covered, hindsight.value_added, hindsight.bias))


def test_a_partition_that_an_earlier_version_finished_has_no_hindsight_and_no_units(batch, out: Path) -> None:
    (batch.partitions[0][1] / "figures.parquet").unlink()
    batch.change(0, "accuracy", lambda table: table.drop_columns(["units_short", "units_over", "value_added_vs_naive"]))

    folder = publish_files(batch.partitions, history=batch.history, certificate=batch.certificate, folder=out)

    assert look_back_at(batch.partitions, history=batch.history, request=batch.request) is None
    accuracy = pq.read_table(folder.files["accuracy", "parquet"])
    assert accuracy["units_short"].to_pylist() == [None, None, 1.5, 1.5, None]


@pytest.mark.parametrize(
    ("models", "without"),
    [
        (("ses", "ses+theta"), True),
        (("ses", "lightgbm_quantile+ses"), False),
        (("negbin_lightgbm_tweedie+ses", "negbin_lightgbm_tweedie"), False),
        (("ses", "pooled"), False),
        (("pooled+ses", "ses"), False),
    ],
)
def test_whether_anything_was_learned_shows_in_the_models(batch, models, without) -> None:
    for place, name in enumerate(models):
        batch.change(place, "accuracy", lambda table, name=name: _with_models(table, name))

    found = looked_back(batch)

    assert found.without_learned is without
    assert not found.learned_unjudged


def test_what_was_learned_and_could_not_be_judged_is_told(batch) -> None:
    for number, places in ((0, 3), (1, 2)):
        batch.change(number, "accuracy", _without_backtest)
        batch.change(number, "accuracy", lambda table: _with_models(table, "lightgbm_quantile+ses"))
        for place in range(places):
            give_folds(batch, number, place, [])

    found = looked_back(batch)

    assert (found.cases, found.without_learned, found.learned_unjudged) == (0, False, True)
    assert "learned across all parts, and 3 days ahead the history is too short" in str(why_no_findings(found))


def _with_models(table: pa.Table, name: str) -> pa.Table:
    models = pa.array([name] * len(table), table["model"].type)
    return table.set_column(table.column_names.index("model"), "model", models)


def test_orders_far_beyond_all_others_are_counted_and_the_largest_is_named(batch) -> None:
    for partition, quantity in enumerate((500.0, 900.0)):

        def change(table: pa.Table, quantity: float = quantity) -> pa.Table:
            rows = len(table)
            at = table.column_names.index("units_over") + 1 if "units_over" in table.column_names else 9
            columns = {
                "flag": pa.array(["extreme"] + [None] * (rows - 1), pa.string()),
                "extreme_date": pa.array([dt.date(2024, 9, 3)] + [None] * (rows - 1), pa.date32()),
                "extreme_qty": pa.array([quantity] + [None] * (rows - 1), pa.float64()),
            }
            for place, (name, values) in enumerate(columns.items()):
                table = table.add_column(at + place, name, values)
            return table

        batch.change(partition, "accuracy", change)

    found = looked_back(batch)

    assert found.extremes == 2
    assert found.largest_extreme is not None
    assert found.largest_extreme.quantity == 900.0
    assert str(found.largest_extreme.span.when) == "on 3 Sept 2024"
    assert decode(encode(found)) == found


def test_without_demand_no_unit_is_short(batch) -> None:
    asked = replace(batch.request, models=("naive",))

    found = look_back_at(batch.partitions, history=batch.history, request=asked)

    assert looked_back(batch).without_learned
    assert found is not None
    assert not found.without_learned


def test_the_overview_that_a_server_keeps_has_it(batch, out: Path) -> None:
    folder = publish_files(batch.partitions, history=batch.history, certificate=batch.certificate, folder=out)

    overview = decode(json.loads(folder.files["overview", "json"].read_text(encoding="utf-8")))

    assert encode(overview.hindsight) == encode(looked_back(batch))


def _without_backtest(table: pa.Table) -> pa.Table:
    count = len(table)
    table = table.set_column(table.column_names.index("folds"), "folds", pa.array([0] * count, pa.int32()))
    for name in ("lead_time_pinball", "covered_at_service_level", "bias", "units_short", "units_over"):
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.nulls(count, pa.float64()))
    return table

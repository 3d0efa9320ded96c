"""The series of a published result are searched, sorted and paged; the forecast of one is read alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.errors import InvalidSettings
from batchcast.results.files import publish_files
from batchcast.results.series import SeriesIndex, SeriesQuery, attributes_in, read_forecast_of

ROWS: list[dict[str, Any]] = [
    {"site_code": "Bahodopi", "partnumber": "1E5", "demand_class": "lumpy", "flag": None, "bias": 0.5},
    {"site_code": "Bahodopi", "partnumber": "=1+1", "demand_class": "smooth", "flag": "fenced", "bias": None},
    {"site_code": "Kendari", "partnumber": "00123", "demand_class": "lumpy", "flag": None, "bias": -1.0},
    {"site_code": "Kendari", "partnumber": "ÅÄÖ", "demand_class": "dead", "flag": "fenced", "bias": 0.5},
    {"site_code": "Morowali", "partnumber": "KEN.1", "demand_class": "new", "flag": None, "bias": 0.25},
]


@pytest.fixture(scope="module")
def index() -> SeriesIndex:
    return SeriesIndex(pa.Table.from_pylist(ROWS))


def found(index: SeriesIndex, **query: Any) -> list[str]:
    return [row["partnumber"] for row in index.page(SeriesQuery(**query)).rows]


def test_without_a_query_all_series_come_as_they_are_in_the_index(index: SeriesIndex) -> None:
    page = index.page(SeriesQuery())

    assert page.rows == ROWS
    assert page.total == len(index) == 5


@pytest.mark.parametrize(
    ("search", "parts"),
    [
        ("ken", ["00123", "ÅÄÖ", "KEN.1"]),  # in the site of two, in the part of one
        ("åä", ["ÅÄÖ"]),
        ("E5", ["1E5"]),
        (".", ["KEN.1"]),  # no pattern: a dot is a dot
        ("%", []),
    ],
)
def test_search_looks_in_site_and_part_whatever_the_case(index: SeriesIndex, search: str, parts: list[str]) -> None:
    assert found(index, search=search) == parts


def test_filters_are_all_to_be_met(index: SeriesIndex) -> None:
    assert found(index, sites=frozenset({"Kendari", "Morowali"})) == ["00123", "ÅÄÖ", "KEN.1"]
    assert found(index, classes=frozenset({"lumpy", "dead"})) == ["1E5", "00123", "ÅÄÖ"]
    assert found(index, flagged=True) == ["=1+1", "ÅÄÖ"]
    assert found(index, flagged=False) == ["1E5", "00123", "KEN.1"]
    assert found(index, sites=frozenset({"Kendari"}), flagged=True, search="ö") == ["ÅÄÖ"]
    assert found(index, sites=frozenset({"Jakarta"})) == []


def test_ranks_are_filters_where_the_index_has_them_and_what_matches_is_summed(index: SeriesIndex) -> None:
    ranked = [
        row | {"abc": abc, "xyz": "Z", "forecast_total": total}
        for row, abc, total in zip(ROWS, "ABABC", (5.0, 4.0, 3.0, 2.0, 1.0), strict=True)
    ]
    with_ranks = SeriesIndex(pa.Table.from_pylist(ranked))

    assert found(with_ranks, abc=frozenset("AC")) == ["1E5", "00123", "KEN.1"]
    assert found(with_ranks, abc=frozenset("B"), xyz=frozenset("X")) == []
    assert with_ranks.page(SeriesQuery(abc=frozenset("B"), limit=1)).sums == {"forecast_total": 6.0}
    assert found(index, abc=frozenset("A")) == found(index)  # an earlier version published it


def test_a_table_has_the_columns_there_are_of_all_that_match_in_order(index: SeriesIndex) -> None:
    table = index.table(SeriesQuery(sort="partnumber", flagged=True, limit=1), ["partnumber", "abc", "bias"])

    assert table.to_pylist() == [{"partnumber": "=1+1", "bias": None}, {"partnumber": "ÅÄÖ", "bias": 0.5}]


def test_missing_figures_come_last_in_both_orders_and_equal_ones_as_in_the_index(index: SeriesIndex) -> None:
    assert found(index, sort="bias") == ["00123", "KEN.1", "1E5", "ÅÄÖ", "=1+1"]
    assert found(index, sort="bias", descending=True) == ["1E5", "ÅÄÖ", "KEN.1", "00123", "=1+1"]


def test_texts_are_sorted_by_their_bytes(index: SeriesIndex) -> None:
    assert found(index, sort="partnumber") == ["00123", "1E5", "=1+1", "KEN.1", "ÅÄÖ"]
    assert found(index, descending=True) == [row["partnumber"] for row in reversed(ROWS)]


def test_pages_put_together_are_the_whole_list(index: SeriesIndex) -> None:
    pages = [index.page(SeriesQuery(sort="bias", search="a", offset=i, limit=2)) for i in (0, 2, 4)]

    assert [row["partnumber"] for page in pages for row in page.rows] == found(index, sort="bias", search="a")
    assert [page.total for page in pages] == [5, 5, 5]
    assert [len(page.rows) for page in pages] == [2, 2, 1]


def test_an_unknown_column_is_refused_with_those_there_are(index: SeriesIndex) -> None:
    with pytest.raises(InvalidSettings, match="sort is 'price'; it can be one of site_code, partnumber, demand_class"):
        index.page(SeriesQuery(sort="price"))


def test_each_series_is_found_with_its_neighbours(index: SeriesIndex) -> None:
    keys = [(row["site_code"], row["partnumber"]) for row in ROWS]
    by_bytes = SeriesIndex(pa.Table.from_pylist(sorted(ROWS, key=lambda r: (r["site_code"], r["partnumber"].encode()))))

    for site, part in keys:
        place = by_bytes.find(site, part)
        assert place is not None
        assert by_bytes.key(place) == (site, part)
        assert by_bytes.row(place)["partnumber"] == part
    assert by_bytes.find("Kendari", "00124") is None
    assert by_bytes.find("Zamboanga", "1") is None
    assert by_bytes.neighbours(0)[0] is None
    assert by_bytes.neighbours(4) == (by_bytes.key(3), None)


def test_any_query_finds_what_a_plain_loop_finds() -> None:
    chosen = random.Random(7)
    rows = [
        {
            "site_code": f"S{chosen.randrange(4)}",
            "partnumber": f"p{chosen.randrange(500)}",
            "demand_class": chosen.choice(["lumpy", "dead"]),
            "flag": chosen.choice([None, "fenced"]),
            "bias": chosen.choice([None, 0.0, 1.0, -2.5]),
        }
        for _ in range(500)
    ]
    index = SeriesIndex(pa.Table.from_pylist(rows))

    for search in ("", "1", "s2"):
        for descending in (False, True):
            query = SeriesQuery(
                search=search, classes=frozenset({"dead"}), sort="bias", descending=descending, limit=999
            )
            matching = [
                row
                for row in rows
                if row["demand_class"] == "dead"
                and (search in row["site_code"].lower() or search in row["partnumber"].lower())  # type: ignore[union-attr]
            ]
            there = [row for row in matching if row["bias"] is not None]
            there.sort(key=lambda row: row["bias"], reverse=descending)  # type: ignore[arg-type, return-value]

            assert index.page(query).rows == there + [row for row in matching if row["bias"] is None]


def test_an_index_without_series_answers_too(finish_batch: Callable[..., Any], tmp_path: Path) -> None:
    batch = finish_batch(keys=[("S", "P")], layout=[[(0, 1)]], refused=[("S", "P")])
    published = publish_files(
        batch.partitions, history=batch.history, certificate=batch.certificate, folder=tmp_path / "kept"
    )

    index = SeriesIndex.load(published.files["series", "parquet"])

    query = SeriesQuery(sort="bias", search="x", flagged=True, classes=frozenset({"new"}), sites=frozenset({"S"}))
    assert index.page(query).total == 0
    assert index.find("S", "P") is None
    assert read_forecast_of(published.files["forecast", "parquet"], "S", "P") == []


def test_the_forecast_of_one_series_is_read_alone(finish_batch: Callable[..., Any], tmp_path: Path) -> None:
    keys = [(f"S{i // 100}", f"P{i:05}") for i in range(300)]
    batch = finish_batch(keys=keys, layout=[[(0, 300)]], horizon=4)
    published = publish_files(
        batch.partitions, history=batch.history, certificate=batch.certificate, folder=tmp_path / "kept"
    )
    path = published.files["forecast", "parquet"]
    whole = pq.read_table(path)

    assert read_forecast_of(path, "S1", "P00123") == whole.slice(4 * 123, 4).to_pylist()
    assert read_forecast_of(path, "S2", "P00123") == []


def test_a_page_of_a_loaded_index_is_that_of_the_published_one(batch: Any, tmp_path: Path) -> None:
    published = publish_files(
        batch.partitions, history=batch.history, certificate=batch.certificate, folder=tmp_path / "kept"
    )

    index = SeriesIndex.load(published.files["series", "parquet"])
    query = SeriesQuery(sort="history_total", descending=True, limit=2)

    assert [row["history_total"] for row in index.page(query).rows] == [10, 6]
    assert [row["history_total"] for row in index.page(replace(query, offset=2)).rows] == [3, 1]
    assert index.find("Kendari", "ÅÄÖ") == 3


FAMILIES = ("Bearings", "Seals", "Bearings", None, "")


@pytest.fixture(scope="module")
def with_families() -> SeriesIndex:
    rows = [
        row | {"attribute:Family": family or None, "forecast_total": total, "year_total": 2 * total}
        for row, family, total in zip(ROWS, FAMILIES, (5.0, 9.0, 3.0, 2.0, 1.0), strict=True)
    ]
    return SeriesIndex(pa.Table.from_pylist(rows))


def test_attributes_are_filters_and_one_without_a_value_finds_what_is_not_known(with_families: SeriesIndex) -> None:
    def parts(*texts: str) -> list[str]:
        return found(with_families, attributes=attributes_in(texts))

    assert parts("Family=Bearings") == ["1E5", "00123"]
    assert parts("Family=Bearings", "Family=Seals") == ["1E5", "=1+1", "00123"]
    assert parts("Family=") == ["ÅÄÖ", "KEN.1"]
    assert found(with_families, attributes=attributes_in(["Family=Bearings"]), sites=frozenset({"Kendari"})) == [
        "00123"
    ]
    assert with_families.attributes == ("Family",)
    assert with_families.choices() == {"Family": ["Bearings", "Seals"]}
    with pytest.raises(InvalidSettings, match="have no 'Supplier'; they have Family"):
        parts("Supplier=x")


def test_groups_are_those_of_the_series_that_match_the_most_forecast_first(with_families: SeriesIndex) -> None:
    def groups(by: str, **query: Any) -> list[tuple[str | None, int, float]]:
        return [(g.value, g.series, g.sums["forecast_total"]) for g in with_families.groups(SeriesQuery(**query), by)]

    assert groups("Family") == [("Seals", 1, 9.0), ("Bearings", 2, 8.0), (None, 2, 3.0)]
    assert groups("site_code", classes=frozenset({"lumpy"})) == [("Bahodopi", 1, 5.0), ("Kendari", 1, 3.0)]
    assert groups("Family", search="nothing") == []
    with pytest.raises(InvalidSettings, match="grouped by 'bias'; choose one of site_code, demand_class, Family"):
        groups("bias")

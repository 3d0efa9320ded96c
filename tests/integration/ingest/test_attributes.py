"""Further columns of a file are kept with its parts, exactly and whatever the order of the rows; the rest is said."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import batchcast

HEADER = "date,partnumber,site_code,demand_qty,Family,Supplier,Document,Unit cost"
PARTS = ("00123", "A-1", "B-2", "C-3", "D-4", "E-5", "F-6", "G-7")
SITES = ("Kendari", "Kolaka")
MONTHS = 12


def rows() -> list[str]:
    """A year of each part at two sites; the supplier of one part changes, and each row has a document of its own."""
    found = []
    for month in range(MONTHS):
        for i, part in enumerate(PARTS):
            for site in SITES:
                supplier = ("CV Makmur", "PT Jaya")[i % 2]
                supplier = "PT Baru" if (part, site) == ("A-1", "Kolaka") and month >= 9 else supplier
                family = "" if part == "C-3" else ("Bearings", "Filters, oil")[i % 2]
                day, document = f"2024-{month + 1:02d}-10", f"DOC{len(found)}"
                found.append(f'{day},{part},{site},{1 + i},"{family}",{supplier},{document},{1500 * (i + 1)}')
    return found


def written(lines: list[str]) -> str:
    return "\n".join([HEADER, *lines])


def attributes(ingested) -> dict[tuple[str, str], dict[str, object]]:
    table = pq.read_table(ingested.history.path)
    kept = [name for name in table.column_names if name.startswith("attribute:") or name == "unit_cost"]
    return {
        (row["site_code"], row["partnumber"]): {name.removeprefix("attribute:"): row[name] for name in kept}
        for row in table.to_pylist()
    }


def test_columns_that_hardly_differ_within_a_part_are_kept_with_the_latest_value(read):
    ingested = read(written(rows()))

    found = attributes(ingested)
    assert found["Kendari", "00123"] == {"Family": "Bearings", "Supplier": "CV Makmur", "unit_cost": 1500.0}
    assert found["Kolaka", "A-1"] == {"Family": "Filters, oil", "Supplier": "PT Baru", "unit_cost": 3000.0}
    assert found["Kendari", "A-1"]["Supplier"] == "PT Jaya"
    assert found["Kolaka", "C-3"]["Family"] is None
    assert ingested.report.columns_left_alone == ("Document",)
    said = [str(note) for note in ingested.report.notes]
    assert "Kept with each part, to filter and group by: 'Family', 'Supplier'." in said
    (differs,) = (one for one in said if one.startswith("'Supplier' differs"))
    assert "1 parts, such as A-1 (Kolaka); the latest value counts, 'PT Baru' there" in differs


def test_the_order_of_the_rows_changes_no_byte_of_the_history(read):
    first = read(written(rows())).history.path.read_bytes()
    for seed in range(3):
        shuffled = random.Random(seed).sample(rows(), k=len(rows()))
        assert read(written(shuffled)).history.path.read_bytes() == first


def test_columns_are_chosen_or_none(read):
    none = read(written(rows()), attributes=("=",))
    assert set(attributes(none)["Kendari", "A-1"]) == {"unit_cost"}
    assert [str(note) for note in none.report.notes if "Kept with" in str(note)] == []

    chosen = read(written(rows()), attributes=("document", "Lagi"))
    assert attributes(chosen)["Kendari", "A-1"]["Document"] == f"DOC{len(rows()) - 14}"  # the latest row
    assert "Supplier" not in attributes(chosen)["Kendari", "A-1"]
    assert any("'Lagi'" in str(note) and "not kept" in str(note) for note in chosen.report.notes)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (lambda i: "x" * 501, "a value has 501 characters"),
        (lambda i: "same", None),
        (lambda i: f"2024-05-{1 + i % 28:02d}", None),
    ],
    ids=["too long", "one value in all rows", "dates"],
)
def test_what_tells_no_part_from_another_is_not_kept(read, value, reason):
    lines = [f"{line},{value(i)}" for i, line in enumerate(rows())]
    text = "\n".join([f"{HEADER},Remark", *lines])

    assert "Remark" not in attributes(read(text))["Kendari", "A-1"]
    if reason:
        asked = read(text, attributes=("Remark",))
        assert any(reason in str(note) for note in asked.report.notes)


def test_rows_that_count_for_nothing_say_nothing_of_a_part(read):
    refused = [
        *rows(),
        "2024-12-31,A-1,Kendari,many,Oils,PT Salah,D,1",
        "2024-12-31,NEW,Kendari,none,Oils,PT Salah,D,1",
    ]

    ingested = read(written(refused))

    assert attributes(ingested)["Kendari", "A-1"]["Supplier"] == "PT Jaya"
    assert ("Kendari", "NEW") not in attributes(ingested)


def test_a_wide_table_has_its_columns_before_the_periods(read):
    header = "Part,Site,Family,Description," + ",".join(f"2024-{month:02d}" for month in range(1, 13))
    lines = [
        f"P{i},Kendari,{('Bearings', 'Seals')[i % 2]},Name of {i},"
        + ",".join(str(1 + (i * i + m) % 7) for m in range(12))
        for i in range(20)
    ]
    lines.append("P99,Kendari,Bearings,Nothing," + ",".join([""] * 12))

    ingested = read("\n".join([header, *lines]))

    found = attributes(ingested)
    assert found["Kendari", "P3"] == {"Family": "Seals", "Description": "Name of 3"}
    assert ("Kendari", "P99") not in found


def test_numbers_are_kept_where_they_name_groups_and_not_where_they_are_figures(read):
    lines = [f"{line},{1 + i % 16 // 8},{0.5 + i % 16}" for i, line in enumerate(rows())]

    found = attributes(read("\n".join([f"{HEADER},Criticality,Weight", *lines])))

    assert found["Kendari", "A-1"]["Criticality"] == "1"
    assert "Weight" not in found["Kendari", "A-1"]


def test_a_file_with_nothing_more_has_no_further_column(read):
    ingested = read("date,partnumber,site_code,demand_qty\n" + "\n".join(",".join(r.split(",")[:4]) for r in rows()))

    assert attributes(ingested)["Kendari", "A-1"] == {}


@pytest.mark.parametrize(
    ("costs", "settings", "expected"),
    [
        (("1.500", "900"), {}, None),  # a thousand and a half, or one and a half
        (("1.500", "900,5"), {}, [1500.0, 900.5]),
        (("1.500", "900.5"), {}, [1.5, 900.5]),
        (("1.500", "900"), {"number_style": "comma"}, [1500.0, 900.0]),
        (("1500", "none"), {}, [1500.0, None]),
        (("1500", "0"), {}, [1500.0, None]),
        (("1,5", "2.5"), {}, None),
    ],
)
def test_costs_are_read_where_their_decimal_sign_is_sure(read, costs, settings, expected):
    lines = [
        f"2024-{m:02d}-10;{part};{1 + m};{cost}" for m in range(1, 13) for part, cost in zip("AB", costs, strict=True)
    ]

    ingested = read("\n".join(["date;partnumber;demand_qty;harga", *lines]), **settings)

    found = attributes(ingested)
    assert [found["ALL", part].get("unit_cost") for part in "AB"] == (expected or [None, None])
    is_said = any("Costs in column 'harga' are not used" in str(note) for note in ingested.report.notes)
    assert is_said == (expected is None)


@pytest.mark.parametrize("bad", ["date", "demand_qty", "partnumber"])
def test_rows_that_are_all_refused_are_told_beside_attributes_too(bad: str) -> None:
    cells = {
        "date": ["2025-01-01"] * 3,
        "partnumber": ["A", "A", "B"],
        "demand_qty": ["1"] * 3,
        "family": ["F", "F", "G"],
    }
    table = pa.table(cells | {bad: ["?" if bad != "partnumber" else ""] * 3})

    with pytest.raises(batchcast.InvalidInput) as caught:
        batchcast.read_demand(table)

    assert caught.value.slug == "rows-refused"


@pytest.mark.parametrize("blank", [1, 5])
@pytest.mark.parametrize("column", ["family", "Unit cost"])
def test_the_last_parts_may_have_no_value(read, column, blank):
    parts = [f"P-{n}" for n in range(8)]
    lines = [
        f"2024-{month:02d}-01,{part},{'' if n >= len(parts) - blank else n % 2 + 1},{month}"
        for month in range(1, 13)
        for n, part in enumerate(parts)
    ]
    kept = attributes(read("\n".join([f"date,part,{column},qty", *lines])))

    values = [next(iter(kept["ALL", part].values())) for part in parts]
    assert values[-blank:] == [None] * blank
    assert None not in values[:-blank]

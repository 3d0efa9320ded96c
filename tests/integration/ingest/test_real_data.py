"""Real exports, read as they were found, with their counts; and the Parquet of every set against its own sums."""

from __future__ import annotations

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from batchcast.domain.calendar import Frequency
from batchcast.domain.errors import InvalidInput
from batchcast.ingest.history.stored import read_series_table

SETS = [
    "auto", "bike_workshop", "carparts", "completejourney", "contraceptive", "hospital", "hpd_sample", "m3_monthly",
    "m5_ca_dev", "man", "online_retail_2", "scms", "stallion", "vn1_short",
]  # fmt: skip
LARGE = {"completejourney", "m5_ca_dev"}  # over a million rows
ONLINE_RETAIL = {"date": "InvoiceDate", "partnumber": "StockCode", "site_code": "Country"}


def counts(report):
    return report.rows_read, report.rows_kept, report.rows_summed, report.rows_refused


def test_bike_workshop_counts_each_line_as_one_and_refuses_34_empty_parts(shared_data, read):
    ingested = read(
        shared_data / "bike_workshop/raw/service_data.csv",
        column_mapping={"date": "invoice_date", "partnumber": "invoice_line_text", "demand_qty": "=1"},
    )

    report, facts = ingested.report, ingested.history.facts
    assert counts(report) == (28_482, 12_662, 15_786, 34)
    assert report.rows_accepted == facts.rows == 28_448
    assert [p.line for p in report.problems][:3] == [547, 634, 637]
    assert {(p.column, p.letter) for p in report.problems} == {("invoice_line_text", "G")}
    assert facts.series == 499
    assert any("are read day first, from 2017-05-30" in str(note) for note in report.notes)


def test_bike_workshop_without_a_mapping_says_what_to_map(shared_data, read):
    with pytest.raises(InvalidInput, match="no column for partnumber, demand_qty"):
        read(shared_data / "bike_workshop/raw/service_data.csv")


def test_scms_reads_with_a_mapping(shared_data, read):
    ingested = read(
        shared_data / "scms/raw/SCMS_Delivery_History_Dataset.csv",
        column_mapping={
            "date": "Delivered to Client Date",
            "partnumber": "Item Description",
            "site_code": "Country",
            "demand_qty": "Line Item Quantity",
        },
    )

    facts = ingested.history.facts
    assert counts(ingested.report) == (10_324, 8_106, 2_218, 0)
    assert (facts.series, facts.parts, len(facts.sites)) == (1_012, 184, 43)
    assert "Côte d'Ivoire" in {site.site_code for site in facts.sites}
    assert (str(facts.first_date), str(facts.last_date)) == ("2006-05-02", "2015-09-14")


def test_scms_text_in_a_number_column_is_refused_by_line(shared_data, read):
    ingested = read(
        shared_data / "scms/raw/SCMS_Delivery_History_Dataset.csv",
        column_mapping={
            "date": "Delivered to Client Date",
            "partnumber": "Item Description",
            "site_code": "Country",
            "demand_qty": "Weight (Kilograms)",
        },
    )

    assert ingested.report.rows_refused == 3_952
    assert {str(p.reason) for p in ingested.report.problems} == {"is not a number"}


@pytest.mark.parametrize(
    ("name", "expected", "series"),
    [
        ("Historical_Product_Demand_22k.csv", (21_999, 17_797, 4_202, 0), 1_155),
        ("Historical_Product_Demand_2k_original_format.csv", (1_998, 1_851, 147, 0), 169),
    ],
)
def test_hpd_reads_without_a_mapping(shared_data, read, name, expected, series):
    ingested = read(shared_data / "hpd_sample/raw" / name)

    assert counts(ingested.report) == expected
    assert ingested.history.facts.series == series


@pytest.mark.long
def test_online_retail_by_day_is_one_history_of_305_files(shared_data, read):
    ingested = read(shared_data / "online_retail_2/raw/by-day-2010-12_2011-12.zip", column_mapping=ONLINE_RETAIL)

    report = ingested.report
    assert counts(report) == (541_909, 310_015, 231_894, 0)
    assert report.returns_netted == 10_624
    assert str(report.format).startswith("305 CSV files")
    parts = set(pq.read_table(ingested.history.path)["partnumber"].to_pylist())
    assert {"85123A", "85123a"} <= parts


def test_online_retail_of_the_year_before_reads_from_parquet(shared_data, read):
    ingested = read(
        shared_data / "online_retail_2/raw/online_retail_II_2009-2010.parquet", column_mapping=ONLINE_RETAIL
    )

    assert counts(ingested.report) == (525_461, 296_845, 228_616, 0)


@pytest.mark.parametrize("phase", [1, 2])
def test_vn1_is_recognised_as_wide(shared_data, read, phase):
    path = shared_data / f"vn1_short/raw/Phase {phase} - Sales.csv"
    ingested = read(path, column_mapping={"site_code": "Client+Warehouse"})

    facts = ingested.history.facts
    assert counts(ingested.report) == (195_689, 195_689, 0, 0)
    assert (facts.series, len(facts.sites), facts.frequency) == (15_053, 328, Frequency.WEEKLY)
    assert any(str(note).startswith("Wide layout: 13 columns") for note in ingested.report.notes)


@pytest.mark.long
def test_man_is_refused_with_what_to_write_and_map(shared_data, read):
    with pytest.raises(InvalidInput) as refused:
        read(shared_data / "man/raw/MAN.xlsx")

    sentence = str(refused.value)
    for words in ("Sheet Data", "row 2 has 'week 1'", "into row 1", "partnumber=SKU nr"):
        assert words in sentence


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.long] if n in LARGE else []) for n in SETS])
def test_parquet_of_every_set_keeps_its_sums(shared_data, read, name):
    path = shared_data / name / f"{name}.parquet"
    table = pq.read_table(path)
    for column in ("partnumber", "site_code"):  # space around keys is dropped
        trimmed = pc.utf8_trim_whitespace(table[column])
        table = table.set_column(table.schema.get_field_index(column), column, trimmed)
    grouped = table.group_by(["site_code", "partnumber", "date"]).aggregate([("demand_qty", "sum")])

    ingested = read(path)

    facts, report = ingested.history.facts, ingested.report
    netted = any("reverse an earlier booking" in str(note) for note in report.notes)
    assert netted == (name == "online_retail_2")
    assert counts(report) == (len(table), len(grouped), len(table) - len(grouped), 0)
    assert facts.rows == len(table)
    assert len(facts.sites) == pc.count_distinct(table["site_code"]).as_py()
    assert (facts.first_date, facts.last_date) == tuple(pc.min_max(table["date"]).as_py().values())
    history = pq.read_table(ingested.history.path)
    total = pc.sum(pc.list_flatten(history["quantity"])).as_py()
    assert total == pytest.approx(pc.sum(table["demand_qty"]).as_py(), rel=1e-12)
    nonzero = pc.sum(pc.not_equal(grouped["demand_qty_sum"], 0)).as_py()
    found = len(pc.list_flatten(history["day"]))
    assert found < nonzero if netted else found == nonzero
    per_site = {site.site_code: site.rows for site in facts.sites}
    assert per_site == {v["values"]: v["counts"] for v in table["site_code"].value_counts().to_pylist()}
    assert len(read_series_table(ingested.history).rows) == facts.series == len(history)

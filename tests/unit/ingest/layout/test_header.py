from __future__ import annotations

import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.names import ACCEPTED_NAMES, STOCK_NAMES, letter_of
from batchcast.ingest.common.problems import (
    AmbiguousColumn,
    AmbiguousDates,
    MissingColumn,
    UnknownMapping,
    UnreadablePeriods,
)
from batchcast.ingest.layout.header import find_columns
from batchcast.ingest.layout.missing import likely_column


@pytest.mark.parametrize(("ours", "name"), [(ours, name) for ours, names in ACCEPTED_NAMES.items() for name in names])
def test_every_accepted_name_is_recognised_in_any_dress(ours, name):
    others = [one for one in ACCEPTED_NAMES if one != ours]
    for dressed in (name, name.upper(), f" {name.replace('_', ' ')} ", name.replace("_", "-"), name.replace("_", "")):
        layout = find_columns(["extra", *others, dressed], BatchSettings())
        assert layout.columns[ours] == dressed.strip()


@pytest.mark.parametrize(("ours", "name"), [(ours, name) for ours, names in STOCK_NAMES.items() for name in names])
def test_columns_of_what_is_held_are_found_beside_the_demand(ours, name):
    for header in (["date", "part", "qty", name.upper()], [name, "part", "2024-01-01", "2024-01-02"]):
        layout = find_columns(header, BatchSettings())
        assert list(layout.stock_columns) == [ours]
        assert not layout.left_alone
        assert ours == "unit_cost" or set(layout.stock_columns[ours].indices).isdisjoint(layout.wanted)


def test_what_the_demand_is_read_from_is_no_stock():
    mapping = {"demand_qty": "stock", "unit_cost": "worth"}
    layout = find_columns(["date", "part", "stock", "cost", "worth"], BatchSettings(column_mapping=mapping))

    assert {ours: cells.name for ours, cells in layout.stock_columns.items()} == {"unit_cost": "worth"}
    assert layout.left_alone == ("cost",)


@pytest.mark.parametrize(
    ("index", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_letters_are_those_of_a_spreadsheet(index, letter):
    assert letter_of(index) == letter


def test_a_mapping_beats_names():
    layout = find_columns(["date", "part", "qty", "when"], BatchSettings(column_mapping={"date": "WHEN"}))

    assert layout.columns["date"] == "when"
    assert layout.left_alone == ("date",)


def test_a_column_that_has_a_plus_or_an_equals_sign_in_its_name_is_that_column():
    mapping = {"partnumber": "a+b", "demand_qty": "=1"}
    layout = find_columns(["date", "a", "b", "a+b", "=1"], BatchSettings(column_mapping=mapping))

    assert (layout.part.indices, layout.quantity.indices) == ((3,), (4,))


def test_the_likely_column_is_the_one_that_holds_an_accepted_name():
    names = ["invoice_date", "customer", "SKU nr", "products", "Line Item Quantity"]

    assert likely_column("date", names) == "invoice_date"
    assert likely_column("partnumber", names) == "SKU nr"
    assert likely_column("demand_qty", names) == "Line Item Quantity"
    assert likely_column("date", [""]) == "COLUMN"


def test_wide_headers_decide_their_order_together():
    layout = find_columns(["part", "01/02/2024", "13/02/2024"], BatchSettings())
    assert [period.name for period in layout.periods] == ["01/02/2024", "13/02/2024"]

    with pytest.raises(AmbiguousDates, match="column 2"):
        find_columns(["part", "01/02/2024", "02/02/2024"], BatchSettings())


def test_two_headers_of_one_period_are_refused():
    with pytest.raises(AmbiguousColumn, match="same period"):
        find_columns(["part", "2024-01-01", "01-Jan-2024"], BatchSettings())


def test_long_headers_are_listed_in_part():
    with pytest.raises(MissingColumn, match=r"… \(40 columns\)"):
        find_columns([f"c{i}" for i in range(40)], BatchSettings())


def test_columns_that_are_ignored_are_found_as_nothing_and_left_alone():
    header = ["date", "part", "qty", "sales_qty", "stock"]
    layout = find_columns(header, BatchSettings(ignore_columns=("sales_qty", "stock")))

    assert layout.columns["demand_qty"] == "qty"
    assert layout.header == tuple(header)
    assert layout.left_alone == ("sales_qty", "stock")
    assert not layout.stock_columns
    assert [str(note) for note in layout.notes] == [
        "Columns that are left out, as asked for: 'sales_qty', 'stock'.",
    ]


def test_a_column_that_is_ignored_can_not_be_mapped_and_one_that_is_not_there_is_said():
    with pytest.raises(UnknownMapping):
        find_columns(["day", "part", "qty"], BatchSettings(ignore_columns=("day",), column_mapping={"date": "day"}))
    layout = find_columns(["date", "part", "qty"], BatchSettings(ignore_columns=("Total",)))
    assert [str(note) for note in layout.notes] == ["ignore_columns names 'Total', which no column is called."]


@pytest.mark.parametrize("ignored", ["Jna-24", "Q1 total", "Sum"])
def test_a_column_among_periods_that_is_none_may_be_ignored(ignored):
    header = ["part", "Dec-23", ignored, "Feb-24", "Mar-24"]
    sample = [["A", "1", "2", "3", "4"], ["B", "4", "1", "7", "1"]]
    with pytest.raises(UnreadablePeriods):
        find_columns(header, BatchSettings(), sample=sample)

    layout = find_columns(header, BatchSettings(ignore_columns=(ignored,)), sample=sample)

    assert [period.name for period in layout.periods] == ["Dec-23", "Feb-24", "Mar-24"]


def test_our_column_that_is_mapped_to_none_is_not_found_by_its_name():
    header = ["date", "part", "units", "site", "Jan-24", "Feb-24"]
    wide = find_columns(header, BatchSettings(column_mapping={"date": "=", "demand_qty": "="}))
    one_site = find_columns(header, BatchSettings(column_mapping={"site_code": "="}))

    assert [period.name for period in wide.periods] == ["Jan-24", "Feb-24"]
    assert one_site.site is None
    assert one_site.columns["demand_qty"] == "units"

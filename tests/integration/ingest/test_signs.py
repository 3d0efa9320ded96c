"""Which sign is demand, and which rows of a ledger are: read right where the file shows it, else asked."""

from __future__ import annotations

import shlex

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.domain.errors import ReadingQuestion
from batchcast.ingest.common.problems import AmbiguousSign, NoRows, ReceiptsAndIssues, UnknownFilter
from batchcast.ingest.layout.rowfilter import filter_text, find_filters
from batchcast.ingest.reader import ingest_table

MONTHS = [f"2024-{month:02}-01" for month in range(1, 13)]
SAP = "Material;Plant;Posting Date;Movement type;Quantity\n"


def total(series, ingested) -> dict[str, float]:
    return {part: sum(days.values()) for (_, part), days in series(ingested).items()}


def said(ingested) -> str:
    return "\n".join(map(str, ingested.report.notes))


def ask(read, content, **settings) -> ReadingQuestion:
    with pytest.raises(ReadingQuestion) as asked:
        read(content, **settings)
    return asked.value


def answer(read, content, question, number, **settings):
    """Read the file with the settings of a choice, as a face takes them."""
    texts = {name: [text] for name, text in question.choices[number].settings.items()}
    chosen = settings_of_texts(texts)
    return read(content, **settings, **{name: getattr(chosen, name) for name in texts})


def sap(*rows: tuple[str, str]) -> str:
    return SAP + "".join(f"A;S;{month};{kind};{quantity}\n" for month in MONTHS for kind, quantity in rows)


@pytest.mark.parametrize("written", ["5-", "-5", "(5)", "5,000-"])
@pytest.mark.parametrize("kind", ["201", "261", "601", "551"])
def test_goods_issues_are_demand_whatever_way_the_minus_is_written(read, series, kind, written):
    ingested = read(sap((kind, written)), number_style="comma")

    assert total(series, ingested) == {"A": 60}
    assert str(ingested.report.notes[0]).startswith("Demand is the negative quantities of Quantity: Movement type")
    assert ingested.report.returns_netted == 0


def test_reversals_of_goods_issues_net_out(read, series):
    ingested = read(sap(("261", "5-"), ("201", "3-"), ("262", "2")))

    assert total(series, ingested) == {"A": 12 * 6}
    assert "'262' (12) take them back" in said(ingested)
    assert ingested.report.returns_netted == 12


def test_receipts_beside_goods_issues_are_a_question_that_reads_the_issues(read, series):
    content = sap(("101", "8"), ("261", "5-"), ("262", "1"), ("311", "2-"))

    question = ask(read, content)

    assert isinstance(question, ReceiptsAndIssues)
    assert "'101' (12)" in str(question)
    assert question.choices[0].settings == {"only_rows": "Movement type=261,262", "demand_sign": "negative"}
    ingested = answer(read, content, question, 0)
    assert total(series, ingested) == {"A": 12 * 4}
    assert (ingested.report.rows_read, ingested.report.rows_filtered) == (48, 24)


def test_receipts_and_issues_that_are_all_positive_are_a_question_too(read, series):
    content = "Tanggal,Kode Barang,Jenis,Qty\n" + "".join(f"{m},A,Masuk,9\n{m},A,Keluar,4\n" for m in MONTHS)

    question = ask(read, content)

    assert question.choices[0].settings == {"only_rows": "Jenis=Keluar", "demand_sign": "positive"}
    assert total(series, answer(read, content, question, 0)) == {"A": 48}
    assert total(series, read(content, demand_sign="positive")) == {"A": 12 * 13}


def test_reversals_without_a_sign_are_a_question(read, series):
    content = sap(("261", "5"), ("262", "2"))

    question = ask(read, content)

    assert total(series, answer(read, content, question, 0)) == {"A": 60}


def test_a_ledger_is_told_by_the_column_that_tells_the_signs(read, series):
    rows = "".join(f"{m},A,Wareneing.,WE{m},9\n{m},A,Warenausg.,WA{m},-8\n" for m in MONTHS)
    content = "date,part,Buchung,Beleg,qty\n" + rows

    question = ask(read, content)

    assert question.setting == "only_rows"
    assert {choice.settings.get("only_rows") for choice in question.choices} == {
        "Buchung=Warenausg.",
        "Buchung=Wareneing.",
        None,
    }
    assert total(series, answer(read, content, question, 0)) == {"A": 96}


def test_negative_quantities_without_a_word_of_what_they_are_are_a_question(read, series):
    content = "date,part,qty\n" + "".join(f"{m},A,-4\n{m},B,-1\n" for m in MONTHS)

    question = ask(read, content)

    assert isinstance(question, AmbiguousSign)
    assert "24 quantities of column qty are negative and 0 positive" in str(question)
    assert total(series, answer(read, content, question, 0)) == {"A": 48, "B": 12}
    assert total(series, answer(read, content, question, 1)) == {"A": -48, "B": -12}


def test_as_many_plus_as_minus_and_no_column_that_tells_is_a_question_of_the_sign(read, series):
    content = "date,part,qty\n" + "".join(f"{m},A,7\n{m},A,-4\n" for m in MONTHS)

    question = ask(read, content)

    assert question.setting == "demand_sign"
    settings = [dict(choice.settings) for choice in question.choices]
    assert {"demand_sign": "negative", "returns": "ignore"} in settings
    only_issues = settings.index({"demand_sign": "negative", "returns": "ignore"})
    assert total(series, answer(read, content, question, only_issues)) == {"A": 48}


def test_a_few_returns_are_taken_off_unasked(read, series):
    content = "date,part,qty\n" + "".join(f"{m},A,7\n{m},B,5\n{m},C,9\n{m},D,8\n{m},E,2\n" for m in MONTHS)
    content += "".join(f"{m},A,-1\n" for m in MONTHS)

    assert total(series, read(content))["A"] == 72


def test_with_the_negative_sign_returns_are_the_positive_ones(read, series, rejected):
    content = "date,part,qty\n2024-01-01,A,-4\n2024-01-01,A,1\n"

    assert total(series, read(content, demand_sign="negative")) == {"A": 3}
    assert total(series, read(content, demand_sign="negative", returns="ignore")) == {"A": 4}
    refused = read(content, demand_sign="negative", returns="reject")
    assert [row["line"] for row in rejected(refused)] == ["3"]
    assert "is positive where demand is negative" in rejected(refused)[0]["reason"]


def test_a_wide_table_of_goods_issues_is_a_question(read, series):
    content = "part,2024-01,2024-02,2024-03\nA,-1,-2,-3\nB,-5,,-1\n"

    question = ask(read, content)

    assert total(series, answer(read, content, question, 0)) == {"A": 6, "B": 6}


def test_rows_that_were_chosen_and_are_all_negative_are_demand(read, series):
    content = "date,part,kind,qty\n2024-01-01,A,x,-4\n2024-01-02,A,y,9\n"

    ingested = read(content, only_rows=("kind=x",))

    assert total(series, ingested) == {"A": 4}
    assert "all rows that were chosen are negative" in said(ingested)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=60))
def test_the_sign_of_a_typed_table_is_decided_or_asked_and_turned_exactly(tmp_path_factory, quantities):
    from batchcast.domain.settings import BatchSettings

    into = tmp_path_factory.mktemp("signs")
    table = pa.table({"date": ["2024-01-02"] * len(quantities), "part": ["A"] * len(quantities), "qty": quantities})
    totals = {}
    for sign in ("positive", "negative"):
        ingested = ingest_table(table, into=into, settings=BatchSettings(demand_sign=sign))
        import pyarrow.parquet as pq

        found = pq.read_table(ingested.history.path).column("quantity").to_pylist()
        totals[sign] = sum(sum(one) for one in found)
        assert ingested.report.rows_read == len(quantities)
    assert totals == {"positive": sum(quantities), "negative": -sum(quantities)}
    if sum(q < 0 for q in quantities) > sum(q > 0 for q in quantities):
        with pytest.raises(ReadingQuestion):
            ingest_table(table, into=into, settings=BatchSettings())


def ledger(column: str, kinds: tuple[str, ...], *, company: str = "PT Maju") -> str:
    """Six hundred rows of each kind, one after the other; all quantities are positive."""
    rows = [f"{MONTHS[k % 12]},A,{kind},{company},2" for kind in kinds for k in range(600)]
    return "\n".join([f"date,part,{column},company,qty", *rows])


@pytest.mark.parametrize(
    ("column", "kinds", "chosen"),
    [
        ("Ket", ("Barang Keluar", "Barang Masuk"), "Ket=Barang Keluar"),
        ("D/C", ("D", "C"), "D/C=D"),
        ("Uraian", ("Lain-lain", "Penjualan", "Pembelian"), "Uraian=Penjualan"),
        ("Dokumen", ("", "SALES", "PURCH"), "Dokumen=SALES"),
        ("Jenis", ("Saldo Awal", "Keluar"), "Jenis=Keluar"),
        ("Uraian", ("Pemakaian", "Pindah Gudang"), "Uraian=Pemakaian"),
        ("Is Return", ("No", "Yes"), "Is Return=No"),
        ("Status", ("Completed", "Cancelled"), "Status=Completed"),
    ],
)
def test_kinds_that_come_after_the_first_rows_are_a_question(read, series, column, kinds, chosen):
    content = ledger(column, kinds)

    question = ask(read, content)

    assert isinstance(question, ReceiptsAndIssues)
    assert question.choices[0].settings == {"only_rows": chosen, "demand_sign": "positive"}
    assert total(series, answer(read, content, question, 0)) == {"A": 1200}


@pytest.mark.parametrize(
    ("column", "kinds"), [("Kategori", ("Filter", "Oli")), ("Tipe", ("A", "B")), ("Ket", ("", "x"))]
)
def test_other_values_that_come_after_the_first_rows_are_not_asked_about(read, series, column, kinds):
    ingested = read(ledger(column, kinds))

    assert total(series, ingested) == {"A": 2400}
    assert column in ingested.report.columns_left_alone


def test_a_column_of_notes_that_begins_with_one_value_is_no_column_of_kinds(read, series):
    rows = [f"{MONTHS[k % 12]},A,{'' if k < 500 else f'Sale {k}'},2" for k in range(1500)]

    assert total(series, read("\n".join(["date,part,Notes,qty", *rows]))) == {"A": 3000}


# Only some rows


HISTORY = "date,part,Type,qty\n2024-01-01,A,sale,5\n2024-01-02,A,Sale,7\n2024-01-03,A,gift,1\n,,,\n2024-01-04,A,,2\n"


def test_values_are_compared_to_the_letter(read, series):
    ingested = read(HISTORY, only_rows=("Type=sale",))

    assert total(series, ingested) == {"A": 5}
    report = ingested.report
    assert (report.rows_read, report.rows_kept, report.rows_filtered) == (4, 1, 3)
    assert "3 rows are left out: '' (1), 'Sale' (1), 'gift' (1)" in said(ingested)


def test_several_values_of_a_column_and_several_columns(read, series):
    assert total(series, read(HISTORY, only_rows=("Type=sale,Sale",))) == {"A": 12}
    assert total(series, read(HISTORY, only_rows=("Type=sale", "type=gift"))) == {"A": 6}
    assert total(series, read(HISTORY, only_rows=("Type=sale,gift", "date=2024-01-03"))) == {"A": 1}


def test_any_column_can_choose_also_that_of_the_quantity(read, series):
    assert total(series, read(HISTORY, only_rows=("qty=5,2",))) == {"A": 7}


def test_rows_left_out_are_not_refused(read):
    content = "date,part,Type,qty\n2024-01-01,A,sale,5\nnever,,transfer,x\n"

    assert read(content, only_rows=("Type=sale",)).report.rows_refused == 0
    assert read(content, only_rows=("Type=transfer",)).report.rows_refused == 1


def test_a_wide_row_that_is_left_out_is_one_row(read, series):
    content = "part,unit,2024-01,2024-02\nA,pcs,1,2\nA,EUR,100,200\n"

    ingested = read(content, only_rows=("unit=pcs",))

    assert total(series, ingested) == {"A": 3}
    assert (ingested.report.rows_read, ingested.report.rows_filtered) == (3, 1)


def test_unknown_columns_and_values_are_refused_with_those_there_are(read):
    for only_rows, words in (
        ("Typ=sale", "did you mean 'Type'?"),
        ("Kind=sale", "not there; the columns are 'date', 'part', 'Type', 'qty'"),
        ("Type=sales", "it holds"),
    ):
        with pytest.raises(UnknownFilter, match=words.replace("?", r"\?")):
            read(HISTORY, only_rows=(only_rows,))


def test_filters_that_no_row_passes_are_refused(read):
    with pytest.raises(NoRows, match="No row passes all filters"):
        read(HISTORY, only_rows=("Type=sale", "qty=7"))


def test_typed_tables_are_filtered_by_the_text_of_their_cells(tmp_path):
    from batchcast.domain.settings import BatchSettings

    table = pa.table({"date": ["2024-01-01"] * 3, "part": ["A"] * 3, "code": [261, 101, None], "qty": [1, 2, 4]})

    report = ingest_table(table, into=tmp_path, settings=BatchSettings(only_rows=("code=261",))).report

    assert (report.rows_read, report.rows_kept, report.rows_filtered) == (3, 1, 2)


_LETTERS = st.characters(exclude_characters="\r\n\0=", exclude_categories=("Cs",))


@given(
    st.text(_LETTERS, min_size=1).filter(str.strip), st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True)
)
def test_a_filter_that_is_offered_reads_back(column, values):
    values = [value for value in values if not set(value) & set("\r\n\0")] or ["a,b", 'c"d', "=", " e "]

    found = find_filters([column, "another"], [filter_text(column, values)])

    assert (found[0].index, list(found[0].values)) == (0, values)


def test_the_words_of_a_choice_can_be_pasted(read):
    from batchcast.cli.options import option_words

    content = "date,part,Doc Kind,qty\n" + "".join(f"{m},A,in 'x',9\n{m},A,out,-9\n" for m in MONTHS)

    words = shlex.split(option_words(ask(read, content).choices[0].settings))

    assert words == ["--only-rows", "Doc Kind=out", "--demand-sign", "negative"]

"""Each bad input: one clear sentence, or the right result; never a traceback, never another number."""

from __future__ import annotations

import gzip
import io
import os
import random
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batchcast.domain.errors import InvalidInput
from batchcast.domain.plan import RowsRefused
from batchcast.ingest.common import problems as found
from batchcast.ingest.common.limits import IngestLimits

HEADER = "date,partnumber,site_code,demand_qty\n"
GOOD = "2024-01-01,A,S,1\n"


def zipped(**members: str | bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def refusal(read, content, **options) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        read(content, **options)
    sentence = str(refused.value)
    assert sentence.endswith((".", "?"))
    assert "\n" not in sentence
    return refused.value


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf", b",,,\n", gzip.compress(b"", mtime=0)])
def test_empty_file_is_refused(read, content):
    assert isinstance(refusal(read, content), found.EmptyInput)


@pytest.mark.parametrize("content", [HEADER, HEADER.rstrip(), HEADER + "\n\n,,,\n"])
def test_header_without_rows_is_refused(read, content):
    assert isinstance(refusal(read, content), found.NoRows)


def test_missing_column_names_accepted_and_found_ones_and_a_guess(read):
    error = refusal(read, "when,partnumber,site_code,demand_qty\n" + GOOD)

    assert isinstance(error, found.MissingColumn)
    for words in ("no column for date", "tanggal", "'when'", "date=when"):
        assert words in str(error)


def test_missing_quantity_offers_to_count_rows(read):
    error = refusal(read, "date,part\n2024-01-01,A\n")

    assert "demand_qty==1" in str(error)


def test_wide_table_without_dates_says_what_to_write(read):
    error = refusal(read, "part,week 1,week 2,week 3\nA,1,2,3\n")

    assert "periods are no dates ('week 1', 'week 2', 'week 3' …)" in str(error)


@pytest.mark.parametrize("header", ["date,date,part,qty", "date,tanggal,Part No,part-no,qty", "tgl,period,part,qty"])
def test_two_columns_for_one_thing_are_refused_with_what_to_map(read, header):
    error = refusal(read, header + "\n" + "2024-01-01," * 2 + "A,1\n")

    assert isinstance(error, found.AmbiguousColumn)


def test_our_own_name_wins_over_its_synonyms(read, series):
    ingested = read("partnumber,product,date,qty\nA,Bolt,2024-01-01,1\n")

    assert set(series(ingested)) == {("ALL", "A")}
    assert ingested.report.columns_left_alone == ("product",)


def test_duplicate_names_of_columns_left_alone_do_no_harm(read):
    assert read("date,part,qty,note,note\n2024-01-01,A,1,x,y\n").report.rows_kept == 1


@pytest.mark.parametrize(
    "mapping", [{"demand_qty": "Quantty"}, {"site_code": "Client+Nowhere"}, {"colour": "Red"}, {"partnumber": ""}]
)
def test_mapping_to_what_is_not_there_is_refused(read, mapping):
    error = refusal(read, "date,part,Quantity\n2024-01-01,A,1\n", column_mapping=mapping)

    assert isinstance(error, found.UnknownMapping)


def test_mapping_to_a_repeated_name_is_refused(read):
    error = refusal(read, "date,part,n,n\n2024-01-01,A,1,2\n", column_mapping={"demand_qty": "n"})

    assert isinstance(error, found.AmbiguousColumn)
    assert "C, D" in str(error)


def test_ambiguous_dates_are_a_question(read):
    error = refusal(read, HEADER + "01/02/2024,A,S,1\n05/05/2024,A,S,1\n")

    assert isinstance(error, found.AmbiguousDates)
    for words in ("'01/02/2024' (line 2)", "2024-02-01 or 2024-01-02", "date_order"):
        assert words in str(error)


def test_dates_that_read_the_same_both_ways_need_no_question(read):
    assert read(HEADER + "05/05/2024,A,S,1\n").report.rows_kept == 1


def test_mixed_date_orders_name_two_lines(read):
    error = refusal(read, HEADER + "01/02/2024,A,S,1\n13/01/2024,A,S,1\n01/13/2024,A,S,1\n")

    assert isinstance(error, found.MixedDateOrders)
    assert "'13/01/2024' (line 3)" in str(error)
    assert "'01/13/2024' (line 4)" in str(error)


def test_ambiguous_numbers_are_a_question(read):
    error = refusal(read, HEADER + '2024-01-01,A,S,12\n2024-01-01,A,S,"1,234"\n')

    assert isinstance(error, found.AmbiguousNumbers)
    assert "'1,234' (line 3) 1234 or 1.234" in str(error)


def test_mixed_number_styles_name_two_lines(read):
    error = refusal(read, HEADER + '2024-01-01,A,S,1.5\n2024-01-01,A,S,"1,5"\n')

    assert isinstance(error, found.MixedNumberStyles)
    assert "(line 2)" in str(error)
    assert "(line 3)" in str(error)


@pytest.mark.parametrize(
    "cell",
    ["0001-01-01", "9999-12-31", "31/02/2025", "32/01/2025", "00/01/2025", "2024-13-01", "yesterday", "", "45123",
     "2024-01-01 25:00", "12 Foo 2024", "2024-W60", "1899-12-31", "NULL", "9" * 400],
)  # fmt: skip
def test_what_is_no_date_is_refused_with_its_line(read, cell):
    ingested = read(HEADER + GOOD + f"{cell},A,S,1\n")

    assert [(p.line, p.column) for p in ingested.report.problems] == [(3, "date")]


@pytest.mark.parametrize(
    "cell",
    ["inf", "-inf", "nan", "NaN", "1e308", "1e999", "1e16", "", " ", "abc", "0x1F", "1_000", "--5", "(5",
     "-(5)", "1.2.3", "1e", "$5", "5%", "#N/A", "9" * 400, "-", ".", "()"],
)  # fmt: skip
def test_what_is_no_quantity_is_refused_with_its_line(read, cell):
    ingested = read(HEADER + GOOD + f"2024-01-02,A,S,{cell}\n")

    assert [(p.line, p.column) for p in ingested.report.problems] == [(3, "demand_qty")]
    assert ingested.report.rows_kept == 1


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0", "NULL", "#N/A", "x" * 201, "x" * 1_000_000])
def test_what_is_no_part_number_is_refused_with_its_line(read, cell):
    ingested = read(HEADER + GOOD + f"2024-01-02,{cell},S,1\n" + GOOD)

    (problem,) = ingested.report.problems
    assert (problem.line, problem.column) == (3, "partnumber")
    assert len(problem.value) <= 80


def test_part_number_of_two_hundred_letters_is_kept(read, series):
    assert set(series(read(HEADER + f"2024-01-02,{'x' * 200},S,1\n"))) == {("S", "x" * 200)}


@pytest.mark.parametrize("rows", ['2024-01-01,"A,S,1\n' + GOOD * 5, GOOD * 3 + '2024-01-01,"A\n', '"' + GOOD])
def test_quote_that_never_closes_is_refused_with_the_line_it_opens_in(read, rows):
    error = refusal(read, HEADER + rows)

    assert isinstance(error, found.UnclosedQuote)
    opens = next(line for line, text in enumerate((HEADER + rows).split("\n"), start=1) if '"' in text)
    assert f"line {opens} " in str(error)


def test_quote_of_the_header_that_never_closes_is_refused(read):
    assert isinstance(refusal(read, 'date,"part,qty\n' + GOOD), found.UnclosedQuote)


def test_quote_that_closes_in_the_middle_of_a_cell_breaks_its_row_only(read):
    ingested = read(HEADER + '2024-01-01,"A,S,1\n2024-01-02,"B",S,1\n2024-01-03,C,S,1\n')

    assert [p.line for p in ingested.report.problems] == [2]
    assert (ingested.report.rows_read, ingested.report.rows_kept) == (3, 2)


def test_cell_of_many_lines_has_the_line_it_starts_in(read):
    ingested = read(HEADER + '2024-01-01,"' + "x\n" * 10_001 + '",S,1\n' + GOOD)

    assert ingested.report.problems[0].line == 2
    assert ingested.report.rows_kept == 1


@pytest.mark.parametrize("where", [0, 1, 2])
def test_nul_bytes_are_refused_with_their_line(read, where):
    lines = [HEADER, GOOD, GOOD]
    lines[where] = lines[where][:6] + "\0" + lines[where][6:]

    error = refusal(read, "".join(lines))
    assert isinstance(error, found.NotText)
    assert f"line {where + 1}" in str(error)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_utf16_and_utf32_without_their_mark_are_read(read, encoding):
    assert read((HEADER + GOOD).encode(encoding)).report.rows_kept == read(HEADER + GOOD).report.rows_kept


def test_half_a_letter_of_utf16_is_refused(read):
    assert isinstance(refusal(read, (HEADER + GOOD).encode("utf-16") + b"\x00\xd8"), found.NotText)


def test_two_encodings_in_one_file_are_refused_with_the_count(read):
    rows = "2024-01-01,é,S,1\n"

    error = refusal(read, HEADER.encode() + rows.encode() * 10_000 + rows.encode("cp1252") * 20_000)

    assert isinstance(error, found.NotText)
    assert "10,000 cells are UTF-8, such as 'é', and 20,000 are not" in str(error)


def test_bytes_that_many_encodings_read_are_a_question(read):
    error = refusal(read, HEADER.encode() + b"2024-01-01,\x81\x8d,S,1\n")

    assert isinstance(error, found.AmbiguousEncoding)
    assert "line 2" in str(error)
    assert len(error.choices) > 1


@pytest.mark.parametrize("seed", range(5))
def test_binary_junk_is_refused(read, seed):
    refusal(read, random.Random(seed).randbytes(5000))
    refusal(read, b"\x01\x02\x03\x04\n\x05")


@pytest.mark.parametrize(
    "head", [b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"7z\xbc\xaf\x27\x1c", b"ARROW1\0\0"]
)
def test_other_kinds_of_file_are_named(read, head):
    error = refusal(read, head + b"rest")
    assert isinstance(error, found.UnknownFormat)

    error = refusal(read, gzip.compress(head + b"rest"))
    assert isinstance(error, found.UnknownFormat)


def test_ragged_rows_are_refused_row_by_row(read):
    ingested = read(HEADER + "2024-01-01,A,S\n" + GOOD + "2024-01-01,A,S,1,2\n" + "2024-01-01\n")

    assert [p.line for p in ingested.report.problems] == [2, 4, 5]
    assert ingested.report.rows_kept == 1


def test_truncated_gzip_is_refused(read):
    packed = gzip.compress((HEADER + "".join(f"2024-01-01,{i},S,1\n" for i in range(5000))).encode())

    assert isinstance(refusal(read, packed[: len(packed) // 2]), found.DamagedFile)
    assert isinstance(refusal(read, packed[:-6] + b"abcdef"), found.DamagedFile)


def test_truncated_zip_and_parquet_are_refused(read):
    packed = zipped(a_csv=HEADER + GOOD)
    assert isinstance(refusal(read, packed[: len(packed) // 2]), found.DamagedFile)

    sink = io.BytesIO()
    pq.write_table(pa.table({"date": ["2024-01-01"] * 999, "part": ["A"] * 999, "qty": [1] * 999}), sink)
    content = sink.getvalue()
    assert isinstance(refusal(read, content[: len(content) // 2]), found.DamagedFile)
    assert isinstance(refusal(read, content[:4] + os.urandom(60) + content[64:]), found.DamagedFile)


def test_corrupt_member_of_a_zip_is_refused(read):
    packed = bytearray(zipped(a_csv=HEADER + GOOD * 500))
    packed[60] ^= 0xFF

    assert isinstance(refusal(read, bytes(packed)), found.DamagedFile)


def test_bombs_are_refused(read):
    rows = (HEADER + GOOD * 8_000_000).encode()
    bomb = gzip.compress(rows, 9)
    error = refusal(read, bomb)
    assert isinstance(error, found.OverTheLimit)
    assert "200 times" in str(error)

    error = refusal(read, gzip.compress(rows[:2_000_000]), limits=IngestLimits(max_expanded_bytes=1_000_000))
    assert isinstance(error, found.OverTheLimit)


def test_zip_bomb_is_refused_before_it_is_unpacked(read):
    error = refusal(read, zipped(a_csv=b"0" * 300_000_000))
    assert isinstance(error, found.OverTheLimit)

    error = refusal(read, zipped(a_csv=HEADER + GOOD), limits=IngestLimits(max_expanded_bytes=20))
    assert isinstance(error, found.OverTheLimit)

    error = refusal(read, zipped(a_csv=HEADER, b_csv=HEADER), limits=IngestLimits(max_members=1))
    assert isinstance(error, found.OverTheLimit)


def test_parquet_bomb_is_refused_before_it_is_unpacked(read):
    sink = io.BytesIO()
    rows = 10_000_000
    one = pa.array(["2024-01-01"]).dictionary_encode()
    column = pa.DictionaryArray.from_arrays(pa.array([0]).cast(pa.int32()).take(pa.array([0] * rows)), one.dictionary)
    pq.write_table(pa.table({"date": column, "part": column, "qty": pa.nulls(rows, pa.int32())}), sink)

    assert len(sink.getvalue()) < 100_000
    error = refusal(read, sink.getvalue(), limits=IngestLimits(max_ratio=100))
    assert isinstance(error, found.OverTheLimit)
    error = refusal(read, sink.getvalue(), limits=IngestLimits(max_expanded_bytes=100_000_000))
    assert isinstance(error, found.OverTheLimit)


def test_file_over_the_limit_is_refused(read):
    assert isinstance(refusal(read, HEADER + GOOD, limits=IngestLimits(max_bytes=10)), found.OverTheLimit)


def test_line_without_end_is_refused(read):
    error = refusal(read, HEADER + "x" * 5_000_000, limits=IngestLimits(max_record_bytes=1_000_000))

    assert isinstance(error, found.OverTheLimit)
    assert "Line 2" in str(error)


def test_quantities_beyond_exact_sums_are_refused(read):
    assert isinstance(refusal(read, HEADER + "2024-01-01,A,S,1e15\n" * 4001), found.QuantitiesTooLarge)


def test_missing_file_is_refused(read, tmp_path):
    assert isinstance(refusal(read, tmp_path / "nowhere.csv"), found.UnreadableInput)


def test_refused_rows_make_one_sentence_with_the_way_out(read):
    report = read(HEADER + "2024-13-01,A,S,1\n" + GOOD).report

    error = RowsRefused(report)
    assert str(error) == (
        "1 of 2 rows can't be read, the first at line 2, column date: '2024-13-01' is not a date. "
        "Correct them, or leave them out with bad_rows=skip."
    )
    assert error.report is report


def test_every_problem_has_a_slug_of_its_own():
    classes = [one for one in vars(found).values() if isinstance(one, type) and issubclass(one, InvalidInput)]

    slugs = [one.slug for one in classes]
    assert len(set(slugs)) == len(slugs) > 15

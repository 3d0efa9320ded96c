"""Web pages named .xls, web archives and SpreadsheetML 2003, which ERPs export as "Excel"."""

from __future__ import annotations

import gzip
import quopri

import pytest

from batchcast.ingest.common.problems import AmbiguousColumn, DamagedFile, MissingColumn, OverTheLimit, UnknownFormat

HEADER = ["Tanggal", "Kode Barang", "Gudang", "Jumlah"]
ROWS = [[f"2024-01-{day:02d}", f"00{day % 3}", "Kolaka", day * 1.5] for day in range(1, 29)]
TOTALS = {("Kolaka", "000"): 202.5, ("Kolaka", "001"): 217.5, ("Kolaka", "002"): 189.0}


def tr(cells, tag="td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def table(rows=ROWS, header=HEADER) -> str:
    return "<table>" + tr(header, "th") + "".join(map(tr, rows)) + "</table>"


@pytest.fixture
def totals(series):
    return lambda ingested: {key: sum(days.values()) for key, days in series(ingested).items()}


@pytest.mark.parametrize(
    "page",
    [
        table(),
        f"<!DOCTYPE html>\n<html><head><title>a,b</title><style>td {{}}</style></head><body>{table()}</body></html>",
        f"\ufeff<!-- made by an ERP -->\n{table()}",
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{table()}</body></html>',
        table().replace("</td>", "").replace("</tr>", "").replace("</th>", ""),
        f"Laporan Pemakaian<br>\n{table()}",
        table()
        .replace("<td>", "<td class=xl1 style='mso-number-format:\"\\@\"'>\n  ")
        .upper()
        .replace("KOLAKA", "Kolaka"),
        f"<table><tr><td>Layout</td><td>{table()}</td></tr></table>",
    ],
)
@pytest.mark.parametrize("name", ["list.xls", "list.csv", "list.html.gz"])
def test_the_table_of_a_page_is_read_whatever_its_name(read, totals, page, name):
    content = page.encode()
    ingested = read(gzip.compress(content) if name.endswith(".gz") else content, name=name)

    assert totals(ingested) == TOTALS
    assert str(ingested.report.format).startswith("HTML, sheet Table ")


def test_titles_stand_in_other_tables_or_above_the_header(read, totals):
    titles = f"<table>{tr(['PT Maju&nbsp;Jaya'])}{tr(['Periode', 'Januari'])}</table>"
    page = titles + table().replace("<table>", f"<table>{tr(['Laporan'])}{tr(['&nbsp;'])}") + titles

    ingested = read(page, name="list.xls")

    assert totals(ingested) == TOTALS
    notes = list(map(str, ingested.report.notes))
    assert any("Only sheet Table 2 is read; left alone: Table 1, Table 3" in note for note in notes)


def test_cells_that_span_rows_count_in_each_of_them_and_columns_once(read, totals):
    page = (
        "<table><tr><td rowspan=2>Part<td rowspan=2>Gudang<td colspan=2>2023<td colspan=2>2024</tr>"
        "<tr><td>Nov<td>Dec<td>Jan<td>Feb</tr>"
        "<tr><td rowspan=2>A<td>S1<td>1<td>2<td>3<td>4</tr><tr><td>S2<td>5<td>&nbsp;<td>7<td>8</tr></table>"
    )
    assert totals(read(page, name="wide.xls")) == {("S1", "A"): 10, ("S2", "A"): 20}


def test_two_tables_that_fit_are_a_question_that_can_be_answered(read, totals):
    page = table() + table(ROWS[:3])
    with pytest.raises(AmbiguousColumn) as asked:
        read(page, name="two.xls")

    assert [choice.settings["column_mapping"] for choice in asked.value.choices] == ["sheet=Table 1", "sheet=Table 2"]
    assert totals(read(page, name="two.xls", column_mapping={"sheet": "Table 1"})) == TOTALS


@pytest.mark.parametrize("declared", ["", "<meta charset=windows-1252>", "<meta content='text/html; charset=latin1'>"])
def test_older_encodings_are_read_as_declared_or_by_their_letters(read, totals, declared):
    page = declared + table([[row[0], "Schlüssel", "Köln", 1] for row in ROWS])

    ingested = read(f"<html>{page}</html>".encode("cp1252"), name="list.xls")

    assert totals(ingested) == {("Köln", "Schlüssel"): 28}
    assert any("read as Windows-1252" in str(note) for note in ingested.report.notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_the_bytes_show_beats_what_the_page_declares(read, totals, encoding):
    page = "<html><meta charset=windows-1252>" + table([[row[0], "Schlüssel", "Köln", 1] for row in ROWS])
    assert totals(read(page.encode(encoding), name="list.xls")) == {("Köln", "Schlüssel"): 28}


@pytest.mark.parametrize(
    ("names", "encoding"),
    [(("Łódź", "Poznań", "Kraków"), "cp1250"), (("Омск", "Томск", "Москва"), "cp1251"), (("Αθήνα", "Πάτρα"), "cp1253")],
)
@pytest.mark.parametrize("declared", ["windows-1252", "iso-8859-1"])
def test_what_a_page_declares_is_not_believed_where_another_encoding_gives_words(
    read, totals, names, encoding, declared
):
    rows = [[row[0], "A", name, 1] for row in ROWS for name in names]
    page = f"<html><meta charset={declared}>{table(rows)}"

    assert totals(read(page.encode(encoding), name="list.xls")) == {(name, "A"): 28 for name in names}


def test_a_byte_out_of_place_is_a_refused_row(read):
    page = table([[row[0], "Schlüssel", "Köln", 1] for row in ROWS]).encode()
    report = read(page.replace("Köln".encode(), b"K\xf6ln", 1), name="list.xls").report

    assert [(one.line, one.column) for one in report.problems] == [(2, "Gudang")]
    assert report.rows_kept == 27


def test_exact_numbers_that_a_spreadsheet_writes_beside_are_used_for_numbers_alone(read, totals):
    page = "<table>" + tr(["date", "part", "qty"])
    page += '<tr><td x:num="45323">13/01/2024</td><td x:num="7">007</td><td x:num="1234.25">1.234,3</td></tr>'
    page += '<tr><td x:num="45324">14/01/2024</td><td x:num="7">007</td><td x:num="10">####</td></tr></table>'
    assert totals(read(page, name="x.xls")) == {("ALL", "007"): 1244.25}


@pytest.mark.parametrize("content", ["<html><body><form>Login</form></body></html>", "<html><frameset></html>"])
def test_a_page_without_a_table_is_refused_as_one(read, content):
    with pytest.raises(UnknownFormat, match="web page without a table"):
        read(content, name="list.xls")


def test_a_text_that_only_speaks_of_tables_is_a_csv(read):
    text = 'date,part,qty,description\n2024-01-01,A,1,"<table><tr><td>"\n2024-01-02,A,1,<b>\n'
    assert str(read(text).report.format).startswith("CSV")


def test_web_archives_are_read(read, totals):
    head = (
        'MIME-Version: 1.0\nX-Document-Type: Workbook\nContent-Type: multipart/related; boundary="=_N"\n\n'
        "--=_N\nContent-Location: file:///C:/list.htm\nContent-Transfer-Encoding: quoted-printable\n"
        'Content-Type: text/html; charset="us-ascii"\n\n'
    )
    page = quopri.encodestring(f"<html class=x>{table()}</html>".encode())
    assert totals(read(head.encode() + page + b"\n--=_N--\n", name="list.xls")) == TOTALS


# SpreadsheetML

SPREADSHEET = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">{sheets}</Workbook>'
)


def data(kind, value) -> str:
    return f'<Cell><Data ss:Type="{kind}">{value}</Data></Cell>'


def sheet(rows, name="Data", after="") -> str:
    return f'<Worksheet ss:Name="{name}"><Table>{"".join(rows)}</Table>{after}</Worksheet>'


def row(cells, attributes="") -> str:
    return f"<Row{attributes}>{''.join(cells)}</Row>"


HEAD = row(data("String", name) for name in ["date", "part", "qty"])


def day(number) -> str:
    return data("DateTime", f"2024-01-{number:02d}T00:00:00.000")


def test_spreadsheet_xml_is_read_with_its_types_gaps_and_merged_cells(read, totals):
    rows = [
        HEAD,
        row([day(1), data("String", "A &amp; B"), data("Number", "1.5")], ' ss:Index="4"'),
        row([day(2), '<Cell ss:MergeDown="1"><Data ss:Type="String">0012</Data></Cell>', data("Number", "1E1")]),
        row([day(3), '<Cell ss:Index="3"><Data ss:Type="Number">2</Data><Comment><Data>9</Data></Comment></Cell>']),
        row([day(4), data("String", "C"), data("Error", "#N/A")]),
        row([day(5), data("String", "C"), '<Cell ss:Formula="=R1C1"/>']),
    ]
    hidden = '<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible>'
    sheets = sheet(rows) + sheet([HEAD, *rows[1:3]], "Old", f"{hidden}</WorksheetOptions>")

    ingested = read(SPREADSHEET.format(sheets=sheets), name="list.xls")

    assert totals(ingested) == {("ALL", "A & B"): 1.5, ("ALL", "0012"): 12}
    reasons = [(one.line, one.value, str(one.reason).split(";")[0]) for one in ingested.report.problems]
    assert reasons == [
        (7, "#N/A", "is an error value of a spreadsheet"),
        (8, "=R1C1", "is a formula whose result is not stored"),
    ]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (SPREADSHEET.format(sheets=sheet([HEAD, "<Row>"])), DamagedFile),
        (SPREADSHEET.format(sheets=sheet([HEAD, row([], ' ss:Index="1"')])), DamagedFile),
        (SPREADSHEET.format(sheets=sheet([HEAD, row([], ' ss:Index="99999999"')])), DamagedFile),
        (SPREADSHEET.format(sheets=sheet([row(['<Cell ss:MergeAcross="99999"/>'])])), OverTheLimit),
        (SPREADSHEET.format(sheets="").replace("<Workbook", '<!DOCTYPE a [<!ENTITY b "c">]><Workbook'), DamagedFile),
        (SPREADSHEET.format(sheets=""), UnknownFormat),
        ('<?xml version="1.0"?><rows><row date="2024-01-01"/></rows>', UnknownFormat),
    ],
)
def test_damaged_and_other_xml_is_refused(read, content, error):
    with pytest.raises(error):
        read(content, name="list.xml")


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!--",
        "<a ",
        "<table><tr><td>",
        "<div>",
        "<td>",
        "<tr>",
        "</td",
        '<td x="',
        "&#",
        "a",
        '"',
        "<script>",
        "<![CDATA[",
    ],
)
def test_hostile_pages_cost_no_more_than_their_length(read, piece):
    page = "<table><tr><td>" + piece * (500_000 // len(piece))
    with pytest.raises((UnknownFormat, MissingColumn, OverTheLimit)):
        read(page, name="list.xls")


def test_cells_that_say_they_cover_a_whole_sheet_are_bounded(read):
    with pytest.raises(OverTheLimit):
        read("<table>" + "<tr><td colspan=1000 rowspan=65000>a" * 100_000, name="list.xls")

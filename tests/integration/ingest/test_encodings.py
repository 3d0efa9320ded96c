"""A text is read in the encoding with the most evidence, or refused: no letter is ever read as another."""

from __future__ import annotations

import pytest

from batchcast.ingest import problems as found

HEADER = "date,partnumber,site_code,demand_qty\n"
ROW = "2024-01-{day:02d},{part},{site},{day}\n"
SITES = {
    "Windows-1252": ("cp1252", ["Köln", "Größe", "Málaga", "São Paulo", "Pièce détachée", "Año", "L’Hôpital"]),
    "Windows-1250": ("cp1250", ["Łódź", "Kraków", "Gdańsk", "Příbram", "Třebíč"]),
    "Windows-1254": ("cp1254", ["Şişli", "İstanbul", "Beyoğlu", "Kadıköy"]),
    "DOS 850": ("cp850", ["Köln", "München"]),
    "Windows-1251": ("cp1251", ["Москва", "Казань", "Склад"]),
    "Windows-1253": ("cp1253", ["Αθήνα", "Θεσσαλονίκη"]),
    "Windows-1256": ("cp1256", ["الرياض", "مخزن جدة"]),
    "KOI8-R": ("koi8_r", ["Москва", "Казань", "Склад"]),
    "DOS 866": ("cp866", ["Москва", "Казань", "Склад"]),
    "Shift-JIS": ("cp932", ["東京", "大阪", "部品コード"]),
    "GB18030": ("gb18030", ["北京", "上海仓库", "零件"]),
    "Big5": ("big5", ["台北", "高雄倉庫"]),
    "EUC-KR": ("cp949", ["서울", "창고", "부산"]),
}


def rows_of(sites: list[str], count: int = 28) -> str:
    return "".join(ROW.format(day=1 + i % 28, part=f"P{i}", site=sites[i % len(sites)]) for i in range(count))


@pytest.mark.parametrize("encoding", SITES)
def test_older_encodings_are_told_by_the_letters_they_give(read, series, encoding):
    codec, sites = SITES[encoding]

    ingested = read((HEADER + rows_of(sites)).encode(codec))

    assert {site for site, _ in series(ingested)} == set(sites)
    assert str(ingested.report.format) == f"CSV, {encoding}, delimiter comma"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("bad", [b"\xf6", b"\xc3", b"\xff\xfe", b"\x80"])
@pytest.mark.parametrize("line", [2, 15, 29])
def test_a_bad_byte_costs_its_row_and_no_other_letter(read, series, mark, bad, line):
    lines = (HEADER + rows_of(["Köln", "Nürnberg"])).encode().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(b",P", b",P" + bad)
    place = len(mark) + sum(map(len, lines[: line - 1])) + len("2024-01-01,P") + 1

    ingested = read(mark + b"".join(lines), bad_rows="skip")

    assert {site for site, _ in series(ingested)} == {"Köln", "Nürnberg"}
    assert ingested.report.rows_kept == 27
    assert [(one.line, one.column) for one in ingested.report.problems] == [(line, "partnumber")]
    assert f"0x{bad[0]:02X}, at byte {place}" in str(ingested.report.problems[0].reason)


def test_a_bad_byte_deep_in_a_file_is_found_by_its_line(read, series):
    rows = rows_of(["Köln"], 300_000).encode() + b"2024-01-01,P\xf6,S,1\n" + rows_of(["Ulm"], 10).encode()

    ingested = read(HEADER.encode() + rows, bad_rows="skip")

    assert {site for site, _ in series(ingested)} == {"Köln", "Ulm"}
    assert [one.line for one in ingested.report.problems] == [300_002]


def test_a_bad_byte_in_a_quoted_cell_of_several_lines_costs_that_row(read, series):
    text = HEADER.encode() + "2024-01-01,Ä,Köln,1\n".encode() + b'2024-01-02,"a\nb\xf6",Ulm,1\n2024-01-03,B,Ulm,1\n'

    ingested = read(text, bad_rows="skip")

    assert set(series(ingested)) == {("Köln", "Ä"), ("Ulm", "B")}
    assert [one.line for one in ingested.report.problems] == [3]


def test_a_bad_byte_in_the_header_is_refused_with_its_line(read):
    with pytest.raises(found.NotText, match="header, line 1"):
        read(b"date,part\xf6,site,qty\n" + "2024-01-01,Ä,Köln,1\n".encode())


def test_letters_that_several_encodings_give_otherwise_are_refused_with_each_reading(read):
    with pytest.raises(found.NotText, match=r"'Beðoðlu'.*'Beğoğlu'.*Save it as UTF-8"):
        read((HEADER + "2024-01-01,A,Beðoðlu,1\n").encode("cp1252"))


def test_cyrillic_of_one_word_is_never_read_as_latin(read):
    for codec in ("cp1251", "koi8_r", "cp866"):
        try:
            sites = str(read((HEADER + "2024-01-01,A,Уфа,1\n").encode(codec)).report.format)
        except found.NotText:
            continue
        assert "1252" not in sites


def test_french_beside_german_is_not_taken_for_hungarian(read):
    """`août` would be `aoűt` in the encoding of Central Europe, which has all the other letters too."""
    rows = "".join(f"{day} août 2024,P{day},Köln,2\n{day} août 2024,Pièce,Süd,2\n" for day in range(1, 20))

    assert str(read((HEADER + rows).encode("cp1252")).report.format).startswith("CSV, Windows-1252")
    with pytest.raises(found.NotText, match="can't be told"):
        read((HEADER + rows.replace("Pièce", "Vérin")).encode("cp1252"))

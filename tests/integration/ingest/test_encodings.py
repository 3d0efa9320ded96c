"""A text is read in the encoding with the most evidence, or refused: no letter is ever read as another."""

from __future__ import annotations

import pytest

from batchcast.domain.settings import SETTINGS
from batchcast.ingest.common import problems as found
from batchcast.ingest.text import charset

HEADER = "date,partnumber,site_code,demand_qty\n"
ROW = "2024-01-{day:02d},{part},{site},{day}\n"
SITES = {
    "Windows-1252": ("cp1252", ["Köln", "Größe", "Málaga", "São Paulo", "Pièce détachée", "Año", "L’Hôpital"]),
    "Windows-1250": ("cp1250", ["Łódź", "Kraków", "Gdańsk", "Příbram", "Třebíč"]),
    "Windows-1254": ("cp1254", ["Şişli", "İstanbul", "Beyoğlu", "Kadıköy"]),
    "DOS 850": ("cp850", ["Köln", "München", "Lübeck", "Düsseldorf"]),
    "Windows-1251": ("cp1251", ["Москва", "Казань", "Склад"]),
    "Windows-1253": ("cp1253", ["Αθήνα", "Θεσσαλονίκη"]),
    "Windows-1256": ("cp1256", ["الرياض", "مخزن جدة"]),
    "KOI8-R": ("koi8_r", ["Москва", "Казань", "Склад"]),
    "DOS 866": ("cp866", ["Москва", "Казань", "Склад"]),
    "Shift-JIS": ("cp932", ["東京", "大阪", "部品コード"]),
    "GB18030": (
        "gb18030",
        ["广州", "北京", "上海", "深圳", "武汉", "成都", "重庆", "轴承", "螺丝", "零件", "仓库", "密封圈"],
    ),
    "Big5": ("big5", ["台北", "高雄倉庫"]),
    "EUC-KR": (
        "cp949",
        ["서울", "창고", "부산", "베어링", "부품", "수원", "대구", "인천", "대전", "광주", "볼트", "울산"],
    ),
    "EUC-JP": ("euc_jp", ["東京", "ベアリング", "部品コード", "ねじ"]),
    "Windows-874": ("cp874", ["กรุงเทพ", "เชียงใหม่", "ภูเก็ต"]),
    "Windows-1255": ("cp1255", ["ירושלים", "חיפה", "מחסן"]),
    "Windows-1257": ("cp1257", ["Šiauliai", "Panevėžys", "Mažeikiai", "Kėdainiai"]),
    "Mac Roman": ("mac_roman", ["Köln", "Zürich", "São Paulo", "Besançon"]),
    "ISO-2022-JP": ("iso2022_jp", ["東京", "部品"]),
}


def rows_of(sites: list[str], count: int = 28) -> str:
    return "".join(ROW.format(day=1 + i % 28, part=f"P{i}", site=sites[i % len(sites)]) for i in range(count))


@pytest.mark.parametrize("encoding", SITES)
def test_older_encodings_are_told_by_the_letters_they_give(read, series, encoding):
    codec, sites = SITES[encoding]

    ingested = read((HEADER + rows_of(sites)).encode(codec))

    assert {site for site, _ in series(ingested)} == set(sites)
    assert str(ingested.report.format) == f"CSV, {encoding}, delimiter ,"


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
    rows = rows_of(["Köln"], 60_000).encode() + b"2024-01-01,P\xf6,S,1\n" + rows_of(["Ulm"], 10).encode()

    ingested = read(HEADER.encode() + rows, bad_rows="skip")

    assert {site for site, _ in series(ingested)} == {"Köln", "Ulm"}
    assert [one.line for one in ingested.report.problems] == [60_002]


def test_a_bad_byte_in_a_quoted_cell_of_several_lines_costs_that_row(read, series):
    text = HEADER.encode() + "2024-01-01,Ä,Köln,1\n".encode() + b'2024-01-02,"a\nb\xf6",Ulm,1\n2024-01-03,B,Ulm,1\n'

    ingested = read(text, bad_rows="skip")

    assert set(series(ingested)) == {("Köln", "Ä"), ("Ulm", "B")}
    assert [one.line for one in ingested.report.problems] == [3]


def test_a_bad_byte_in_the_header_is_refused_with_its_line(read):
    with pytest.raises(found.NotText, match="header, line 1"):
        read(b"date,part\xf6,site,qty\n" + "2024-01-01,Ä,Köln,1\n".encode())


def test_every_encoding_that_is_read_can_be_asked_for():
    assert set(SETTINGS["encoding"].choices.values()) - {"Automatic"} == {"UTF-8", *charset.ENCODINGS, charset.ESCAPED}


IN_DOUBT = (HEADER + "2024-01-01,A,Kolaka,1\n2024-01-02,B,Muðla,1\n").encode("cp1252")


@pytest.mark.parametrize("name", ["x.csv", "x.xls"])
def test_letters_that_several_encodings_give_otherwise_are_a_question_with_each_reading(read, series, name):
    page = b"<table>" + b"".join(b"<tr><td>" + row.replace(b",", b"<td>") for row in IN_DOUBT.splitlines())
    content = IN_DOUBT if name == "x.csv" else page + b"</table>"
    with pytest.raises(found.AmbiguousEncoding, match="can't be told") as asked:
        read(content, name=name)

    readings = {choice.settings["encoding"]: str(choice.reading) for choice in asked.value.choices}
    assert readings["windows-1252"].endswith("'Muðla'")
    assert readings["windows-1254"].endswith("'Muğla'")
    assert {key for key, _ in (series(read(content, name=name, encoding="windows-1254")))} == {"Kolaka", "Muğla"}


def test_the_encoding_that_is_asked_for_holds_for_texts_that_are_no_utf8_alone(read, series):
    utf8 = (HEADER + rows_of(["Köln"])).encode()
    assert {site for site, _ in series(read(utf8, encoding="windows-1250"))} == {"Köln"}

    one_bad = utf8 + b"2024-02-01,A,K\xf6ln,1\n"
    assert read(one_bad, encoding="utf-8", bad_rows="skip").report.rows_refused == 1


def test_a_byte_that_the_encoding_does_not_have_costs_its_row(read, series):
    rows = (HEADER + rows_of(["Köln", "München"])).encode("cp1252") + b"2024-02-01,A\x81,Ulm,1\n"
    ingested = read(rows, encoding="windows-1252", bad_rows="skip")

    assert {site for site, _ in series(ingested)} == {"Köln", "München"}
    assert [(one.line, "0x81" in str(one.reason)) for one in ingested.report.problems] == [(30, True)]


@pytest.mark.long
def test_a_byte_that_the_encoding_does_not_have_far_below_costs_its_row_too(read):
    """The encoding is decided by the first lines with letters beyond ASCII."""
    rows = (HEADER + rows_of(["Köln", "München"], 100_000)).encode("cp1252") + b"2024-02-01,A\x81,Ulm,1\n"
    assert [one.line for one in read(rows, bad_rows="skip").report.problems] == [100_002]


def test_cyrillic_of_one_word_is_never_read_as_latin(read):
    for codec in ("cp1251", "koi8_r", "cp866"):
        try:
            sites = str(read((HEADER + "2024-01-01,A,Уфа,1\n").encode(codec)).report.format)
        except (found.NotText, found.AmbiguousEncoding):
            continue
        assert "1252" not in sites


def test_french_beside_german_is_not_taken_for_hungarian(read):
    """`août` would be `aoűt` in the encoding of Central Europe, which has all the other letters too."""
    rows = "".join(f"{day} août 2024,P{day},Köln,2\n{day} août 2024,Pièce,Süd,2\n" for day in range(1, 20))

    assert str(read((HEADER + rows).encode("cp1252")).report.format).startswith("CSV, Windows-1252")
    without = rows.replace("Pièce", "Vérin")
    assert str(read((HEADER + without).encode("cp1252")).report.format).startswith("CSV, Windows-1252")


@pytest.mark.parametrize("bad", [b"\xff", b"\xe9", b"\x98"])
def test_a_bad_byte_in_a_file_of_plain_letters_is_never_read_as_a_letter_of_a_number(read, series, bad):
    content = (HEADER + rows_of(["2000"])).encode().replace(b",2000,5", b",20" + bad + b"00,5")

    try:
        ingested = read(content, bad_rows="skip")
    except (found.NotText, found.AmbiguousEncoding):
        return
    assert {site for site, _ in series(ingested)} == {"2000"}
    assert ingested.report.rows_refused == 1


def test_a_bad_byte_in_the_header_under_titles_is_refused(read):
    long = "Usage;all\n\ndate;part;qty;июль\n2024-01-01;A;1;0\n2024-01-02;A;1;0\n".encode()
    wide = "Usage;all\n\npart;24 июль 2023;31 июль 2023;7 август 2023\nA;1;2;3\nB;4;5;6\n".encode()

    with pytest.raises(found.NotText, match="The header, line 3"):
        read(long.replace("июль".encode(), "июль".encode() + b"\xff"))
    with pytest.raises(found.UnreadablePeriods, match="24"):
        read(wide.replace(b"24 ", b"24 \xff"))

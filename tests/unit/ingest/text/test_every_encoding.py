"""Real names in every encoding that has their letters are read exactly, asked about or refused, never as others."""

from __future__ import annotations

import io
import unicodedata

import pytest

from batchcast.domain.settings import SETTINGS
from batchcast.ingest.common.limits import IngestLimits
from batchcast.ingest.common.problems import AmbiguousEncoding, NotText
from batchcast.ingest.text.bytestream import Bytes
from batchcast.ingest.text.charset import legacy_encoding, text_of
from batchcast.ingest.text.encoding import TextBlocks

NAMES = {
    "German": "Köln Zürich Würzburg Nürnberg München Düsseldorf Lübeck Göttingen Straßburg Größe Schlüssel Zündkerze",
    "French": "Besançon Orléans Nîmes Béziers Angoulême Évreux Pièce Forêt Détaché Sète Hôpital Chaîne",
    "Spanish": "Málaga Cádiz León Córdoba Logroño Jaén Ávila Almería Castellón Año Piñón Tornillería",
    "Portuguese": "São_Paulo Brasília Goiânia Maceió Belém Ilhéus Ribeirão Uberlândia Cuiabá Peça Conexão Fricção",
    "Scandinavian": "Tromsø Ålesund Bodø Göteborg Malmö Jönköping Västerås Örebro Århus Ærø Kjøpsvik Nørrebro",
    "Icelandic": "Reykjavík Kópavogur Hafnarfjörður Ísafjörður Egilsstaðir Þorlákshöfn Garðabær Höfn Húsavík",
    "West": "Köln Zürich São_Paulo Málaga Besançon Göteborg Tromsø Orléans München Logroño",
    "Polish": "Łódź Kraków Gdańsk Wrocław Poznań Rzeszów Częstochowa Białystok Toruń Góra Śruba Łożysko",
    "Czech": "Plzeň Ústí Budějovice Třebíč Příbram Děčín Šroub Ložisko Hřebík Náhradní Díl Těsnění",
    "Hungarian": "Győr Székesfehérvár Pécs Kőszeg Szűrő Csapágy Nyíregyháza Tűzoltó Hűtő Szíj Fűtő Veszprém",
    "Romanian": "Iaşi Timişoara Braşov Constanţa Galaţi Ploieşti Bucureşti Piteşti Mureş Bacău Şurub Garnitură",
    "Croatian": "Šibenik Čakovec Požega Đakovo Poreč Ležaj Križevci Županja Pušća Međimurje Brtvilo_čep Košulja",
    "Turkish": "Şişli İzmir Beyoğlu Kadıköy Eskişehir Çankaya Şanlıurfa Diyarbakır Üsküdar Muğla Iğdır Yedek_parça",
    "Baltic": "Pärnu Jõhvi Rīga Liepāja Jūrmala Rēzekne Cēsis Ķekava Šiauliai Panevėžys Mažeikiai Kėdainiai",
    "Russian": "Москва Казань Самара Уфа Пермь Омск Склад Подшипник Ростов Екатеринбург Болт Фильтр",
    "Ukrainian": "Київ Львів Харків Чернігів Запоріжжя Вінниця Миколаїв Полтава Деталь Склад Підшипник Фільтр",
    "Bulgarian": "София Пловдив Варна Бургас Русе Плевен Сливен Добрич Шумен Лагер Болт Филтър",
    "Greek": "Αθήνα Θεσσαλονίκη Πάτρα Ηράκλειο Λάρισα Βόλος Ιωάννινα Χανιά Ρόδος Καβάλα Κόρινθος Φίλτρο",
    "Hebrew": "תל_אביב ירושלים חיפה נתניה אשדוד רמלה אילת מחסן בורג מסנן טבריה עפולה",
    "Arabic": "الرياض جدة القاهرة الإسكندرية دمشق بغداد بيروت عمان مسقط الدوحة صنعاء طرابلس",
    "Persian": "تهران مشهد اصفهان اهواز کرج زاهدان همدان کرمان گرگان پارس انبار سبزوار",
    "Vietnamese": "Hà_Nội Đà_Nẵng Huế Cần_Thơ Hải_Phòng Biên_Hòa Vũng_Tàu Quảng_Ninh Đồng_Nai Phụ_tùng Vòng_bi",
    "Thai": "กรุงเทพ เชียงใหม่ ภูเก็ต ขอนแก่น นครราชสีมา ระยอง ชลบุรี อุดรธานี หาดใหญ่ สงขลา อะไหล่ ลูกปืน",
    "Japanese": "東京 大阪 名古屋 札幌 福岡 神戸 京都 横浜 ベアリング 部品コード ボルト ねじ",
    "Kanji": "東京 大阪 名古屋 札幌 福岡 神戸 京都 横浜 仙台 広島 倉庫 部品",
    "Chinese": "广州 北京 上海 深圳 武汉 成都 重庆 轴承 螺丝 零件 仓库 密封圈",
    "Taiwanese": "台北 高雄 臺中 新竹 桃園 軸承 螺絲 零件 倉庫 密封圈 機械 嘉義",
    "Korean": "서울 부산 인천 대구 대전 광주 창고 베어링 볼트 부품 수원 울산",
}
NAMES = {language: [name.replace("_", " ") for name in names.split()] for language, names in NAMES.items()}
CODECS = [
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "cp874",
    "koi8_r",
    "koi8_u",
    "cp437",
    "cp850",
    "cp852",
    "cp866",
    "cp857",
    "cp775",
    "cp737",
    "cp862",
    "mac_roman",
    "mac_latin2",
    "mac_turkish",
    "mac_cyrillic",
    "mac_greek",
    "mac_iceland",
    "iso8859_1",
    "iso8859_2",
    "iso8859_3",
    "iso8859_4",
    "iso8859_5",
    "iso8859_6",
    "iso8859_7",
    "iso8859_8",
    "iso8859_9",
    "iso8859_10",
    "iso8859_13",
    "iso8859_14",
    "iso8859_15",
    "iso8859_16",
    "cp932",
    "euc_jp",
    "iso2022_jp",
    "gb18030",
    "big5",
    "cp949",
    "euc_kr",
    "utf_16_le",
    "utf_16_be",
    "utf_32_le",
    "utf_32_be",
    "utf_16",
    "utf_32",
    "utf_8",
]
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def encoded(text: str, codec: str) -> bytes | None:
    """The text in an encoding; None where it has not all letters. Vietnamese tones stand behind their letters there."""
    if codec == "cp1258":
        text = "".join(_toned(letter) for letter in text)
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return None


def _toned(letter: str) -> str:
    marks = unicodedata.normalize("NFD", letter)
    tones = [mark for mark in marks if mark in _TONES]
    try:
        letter.encode("cp1258")
    except UnicodeEncodeError:
        return unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES)) + "".join(tones)
    return letter


def file_of(names: list[str]) -> str:
    rows = (f"2024-01-{1 + i % 28:02d},P{i},{name},{i + 1}\n" for i, name in enumerate(names))
    return "date,partnumber,site_code,demand_qty\n" + "".join(rows)


def outcome(text: str, data: bytes) -> str:
    """What became of a text: exact, a question that offers it, a question that does not, refused, other."""
    blocks = TextBlocks(Bytes("x.csv", lambda: io.BytesIO(data), len(data), IngestLimits()))
    try:
        lines = list(blocks)
    except AmbiguousEncoding as asked:
        offered = [SETTINGS["encoding"].choices[choice.settings["encoding"]] for choice in asked.choices]
        return "question" if any(text_of(data, one, "replace") == text for one in offered) else "question without"
    except NotText:
        return "refused"
    if any(line.damaged for line in lines):
        return "refused"
    return "exact" if b"".join(line.data for line in lines) == text.encode() else "other"


def outcomes(codec: str, size: int) -> dict[str, list[str]]:
    """What became of files of so many names, by outcome."""
    found: dict[str, list[str]] = {}
    for names in NAMES.values():
        for start in range(0, len(names) - size + 1, size):
            text = file_of(names[start : start + size])
            if (data := encoded(text, codec)) is not None:
                found.setdefault(outcome(text, data), []).append(names[start])
    return found


@pytest.mark.parametrize("codec", CODECS)
def test_no_name_is_ever_read_as_another(codec):
    found = outcomes(codec, 6)

    assert found.keys() <= {"exact", "question", "refused"}, found
    assert found["exact"]


USUAL = [
    *(
        (language, "cp1252")
        for language in ("German", "French", "Spanish", "Portuguese", "Scandinavian", "Icelandic", "West")
    ),
    *((language, "cp1250") for language in ("Polish", "Czech", "Hungarian", "Romanian", "Croatian")),
    *((language, "mac_roman") for language in ("German", "French", "Spanish", "Portuguese", "Scandinavian", "West")),
    *((language, "cp850") for language in ("German", "French", "Portuguese", "Scandinavian", "West")),
    *(
        (language, codec)
        for language in ("Russian", "Bulgarian")
        for codec in ("cp1251", "koi8_r", "cp866", "iso8859_5")
    ),
    *(
        ("Turkish", "cp1254"),
        ("Turkish", "iso8859_9"),
        ("Baltic", "cp1257"),
        ("Vietnamese", "cp1258"),
        ("Thai", "cp874"),
    ),
    *(("Greek", "cp1253"), ("Greek", "iso8859_7"), ("Hebrew", "cp1255"), ("Arabic", "cp1256"), ("Persian", "cp1256")),
    *(("Japanese", codec) for codec in ("cp932", "euc_jp", "iso2022_jp", "utf_16", "utf_16_le", "utf_32", "utf_32_be")),
    *(("Chinese", "gb18030"), ("Taiwanese", "big5"), ("Korean", "cp949"), ("Polish", "iso8859_2"), ("Polish", "cp852")),
]


@pytest.mark.parametrize(("language", "codec"), USUAL)
def test_twelve_names_decide_the_encoding(language, codec):
    text = file_of(NAMES[language])
    assert outcome(text, encoded(text, codec) or b"") == "exact"


def test_few_western_names_are_seldom_a_question():
    """Of two in a file, and of one."""
    west = [NAMES[language] for language in ("German", "French", "Spanish", "Portuguese", "Scandinavian")]
    texts = {size: [file_of(names[i : i + size]) for names in west for i in range(0, 12, size)] for size in (2, 1)}
    exact = {size: [outcome(text, text.encode("cp1252")) for text in texts[size]].count("exact") for size in texts}

    assert exact[2] >= 0.7 * len(texts[2])
    assert exact[1] >= 0.5 * len(texts[1])


@pytest.mark.parametrize("name", ["Malmö", "Växjö", "Umeå", "Fröjdö"])
@pytest.mark.parametrize("codec", ["cp437", "cp850", "cp865"])
def test_one_short_name_of_dos_is_never_read_as_another_encoding(codec, name):
    text = file_of([name])

    assert outcome(text, text.encode(codec)) in {"exact", "question"}


def test_quotation_marks_in_pairs_speak_for_no_other_encoding():
    text = file_of(["“Köln”", "„Größe“", "Würzburg", "Göttingen", "Straßburg", "5” pipe"])

    assert outcome(text, text.encode("cp1252")) == "exact"


def test_kanji_alone_are_a_question_with_the_readings():
    text = file_of(NAMES["Kanji"])
    assert outcome(text, text.encode("euc_jp")) == "question"


def test_names_after_the_first_megabyte_count():
    plain = file_of(["Kolaka"] * 40_000)
    for names, codec in (
        (NAMES["Turkish"], "cp1254"),
        (NAMES["Spanish"], "mac_roman"),
        (NAMES["Japanese"], "iso2022_jp"),
    ):
        text = plain + file_of(names)
        assert outcome(text, text.encode(codec)) == "exact"


def test_a_file_in_two_encodings_is_refused_with_an_example():
    data = file_of(NAMES["German"] * 5).encode("cp1252") + file_of(["Łódź"]).encode()
    blocks = TextBlocks(Bytes("x.csv", lambda: io.BytesIO(data), len(data), IngestLimits()))
    with pytest.raises(NotText, match="two encodings: 1 cells are UTF-8, such as 'Łódź', and 60 are not"):
        list(blocks)


@pytest.mark.parametrize(
    "names",
    [
        "Göteborg Malmö",
        "Göteborg Malmö Jönköping",
        "Göteborg Malmö Växjö",
        "Göteborg Malmö Jönköping Mölndal",
        "Göttingen Höchst Öhringen",
    ],
)
def test_a_few_names_of_a_mac_are_not_taken_for_words_of_windows(names):
    """Their letters are bytes that Windows reads as letters of Slavic words: `Gšteborg`."""
    cells = [name.encode("mac_roman") for name in names.split()]

    try:
        encoding = legacy_encoding(cells, "d.csv", 2)
    except AmbiguousEncoding:
        return
    assert [text_of(cell, encoding) for cell in cells] == names.split()


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("cp850", "Malmö Trollhättan Säffle Umeå"),
        ("cp865", "Tätning Bollnäs Luleå Piteå Nyköping Skellefteå"),
        ("cp437", "Piteå Malmö Fläkt Bollnäs"),
        ("cp437", "Næstved Sæby"),
        ("cp850", "Mondovì Così Qualità Unità Patù Velocità"),
        ("cp437", "Forlì Velocità Patù Così Capacità Canicattì"),
        ("cp1252", "Qualità Cantù Cefalù Mondovì"),
        ("cp1250", "Čep Međuosovina"),
        ("mac_roman", "Münster Pößneck Lünen"),
        ("cp850", "Keflavík Neskaupstaður Húsavík"),
        ("mac_latin2", "Hřídel Převodovka"),
    ],
)
def test_few_names_are_of_one_language(codec, names):
    """Each word by itself may be likelier in another: `Umeć`, `Forlı`, `Mešuosovina`."""
    text = file_of(names.split())

    assert outcome(text, text.encode(codec)) in {"exact", "question"}


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("cp1250", "Děčín Břeclav Kroměříž"),
        ("cp1250", "Košice Trenčín Považská Žilina"),
        ("cp1250", "Šibenik Čakovec Đakovo Međuosovina"),
        ("cp1254", "Niğde Muş Eskişehir"),
        ("cp1250", "Łomża Świnoujście"),
        ("cp1250", "Iaşi Constanţa Reşiţa"),
    ],
)
def test_few_names_of_one_language_decide(codec, names):
    text = file_of(names.split())

    assert outcome(text, text.encode(codec)) == "exact"

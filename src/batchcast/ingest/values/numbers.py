"""Quantities as people write them: one written number to what it means with a decimal point, and with a comma."""

from __future__ import annotations

import re
from typing import NamedTuple

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.limits import LARGEST_QUANTITY
from batchcast.ingest.values.digits import plain_digits
from batchcast.ingest.values.keys import ERROR_VALUE, is_error_value, without_wrapping

_NOT_A_NUMBER = N_("is not a number")
_EMPTY = N_("is empty")
_TOO_LARGE = N_("is beyond {largest:.0e}, the largest quantity that is read")
_NOT_FINITE = N_("is not a finite number")
_NOT_FINITE_NAMES = frozenset({"inf", "infinity", "nan", "null", "none"})
_SIGNED = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[-+−]?)\s*(?P<body>[\d.,]+(?:[eE][-+]?\d{1,3})?)\s*(?P<after>-?)(?P<close>\))?$",
    re.ASCII,
)
_POINT = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|\d+)?(?:\.\d*)?(?:[eE][-+]?\d+)?$", re.ASCII)
_COMMA = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)?(?:,\d*)?(?:[eE][-+]?\d+)?$", re.ASCII)
_NO_DECIMALS = re.compile(r"(?<=\d)[.,](?:--?|[\u2013\u2014])$", re.ASCII)  # 12,- is twelve, as prices are written
_DIGIT = re.compile(r"\d", re.ASCII)
DASHES = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d")
_TO_MINUS = str.maketrans(dict.fromkeys(DASHES, "-"))
_SPACES = " \u00a0\u2009\u202f'\u2019"  # between thousands
_GROUPED = re.compile(rf"(?<![\d.,])[1-9]\d{{0,2}}([{_SPACES}])\d{{3}}(?:\1\d{{3}})*(?![\d'])", re.ASCII)
_UNIT = re.compile(r"(?P<number>.*[\d.,)-])\s*(?P<unit>[^\W\d_]{1,8}[23²³]?)\.?$")
_UNIT_WORDS = (  # no currency, no sign (CR) and no factor (K, M)
    "ea each pc pcs pce pces piece pieces unit units un und uds no nos st stk stck buah bh biji bj btg batang lbr "
    "lembar set sets box boxes bx dus doos pack packs pak pkt pks roll rolls rol pair pairs pr psg pasang can "
    "cans klg kaleng btl bottle bottles botol drum drums pail bag bags sak zak ctn carton karton case cases kg "
    "kgs kilo gr gram grams ton tons tonne lb lbs oz l lt ltr liter litre liters litres ml gal galon gallon "
    "gallons mtr meter metre meters metres cm mm ft feet yd kit kits doz dozen lusin lsn gross rim ream pza pzas "
    "pieza piezas dz dzn dozens gro koli colli palet pallet pallets pal kar keping helai stk. stück stueck paar pièce "
    "pièces unidad unidades caja cajas peça peças caixa caixas шт штук уп кг м ks szt adet 個 个 本 枚 箱 台 套 件 개 "
    "อัน ชิ้น cái chiếc hộp m2 m3 m² m³ pad sheet sheets tube tubes "
)
_NO_UNIT_WORDS = (  # behind a number they are money, a sign or a factor
    "cr dr db k m jt juta rb ribu mio mrd bn mn rp idr usd eur gbp jpy cny sgd myr aud chf inr thb vnd php brl s h d c "
    "e x debit credit kredit soll haben "
)
_NO_UNITS = frozenset(_NO_UNIT_WORDS.split())
_UNITS = frozenset(_UNIT_WORDS.split())


class WrittenNumber(NamedTuple):
    """What one written number can mean: None where that style gives no number."""

    point: float | None  # 1,234.5
    comma: float | None  # 1.234,5


def read_number(text: str) -> WrittenNumber | Message:
    """What `text` can mean as a quantity, or the reason why it is none."""
    text = plain_digits(text).strip()
    if not text:
        return Message(_EMPTY)
    if is_error_value(text) or text.strip("()+- ").lower() in _NOT_FINITE_NAMES:
        return Message(ERROR_VALUE if is_error_value(text) else _NOT_FINITE)
    text = _NO_DECIMALS.sub("", text)
    found = _SIGNED.match(text)
    if found is None:
        text, _ = _plainly(text)
        found = _SIGNED.match(text)
    if found is None or not _DIGIT.search(re.split("[eE]", found["body"])[0]) or not _is_signed_once(found):
        return Message(_NOT_A_NUMBER)
    negative = bool(found["open"]) or found["after"] == "-" or found["sign"] in ("-", "−")
    body = found["body"]
    point = float(body.replace(",", "")) if _POINT.match(body) else None
    comma = float(body.replace(".", "").replace(",", ".")) if _COMMA.match(body) else None
    if point is None and comma is None:
        return Message(_NOT_A_NUMBER)
    if all(value is None or value > LARGEST_QUANTITY for value in (point, comma)):
        return too_large()
    return WrittenNumber(_signed(point, negative), _signed(comma, negative))


def _plainly(text: str) -> tuple[str, str]:
    """A number without what people write around and inside it, and its unit."""
    text = without_wrapping(text).removeprefix("'").removeprefix("\u2019").translate(_TO_MINUS).strip()
    unit = ""
    found = _UNIT.match(text)
    if found and found["unit"].lower() in _UNITS:
        text, unit = found["number"], found["unit"]
    grouped = _GROUPED.search(text)
    if grouped:
        text = text.replace(grouped[0], grouped[0].replace(grouped[1], ""), 1)
    return text, unit


def unit_of(text: str) -> str:
    """The unit that a quantity is written with, in small letters; empty where there is none."""
    text = plain_digits(text).strip()
    return "" if _SIGNED.match(text) else unit_key(_plainly(text)[1])


def word_of(text: str) -> str:
    """The word behind a number that is no unit we know, money, sign or factor, in small letters; empty: none."""
    text = plain_digits(text).strip()
    found = _UNIT.match(text)
    word = unit_key(found["unit"]) if found else ""
    if found is None or word in _UNITS or word in _NO_UNITS or isinstance(read_number(found["number"]), Message):
        return ""
    return word


def without_word(text: str) -> str:
    """A text without the word behind its number."""
    found = _UNIT.match(plain_digits(text).strip())
    return text if found is None else found["number"]


def is_unit(text: str) -> bool:
    """Whether a text is a unit that people write quantities with."""
    return unit_key(text) in _UNITS


def unit_key(unit: str) -> str:
    """A unit as it is compared: case and a dot behind it make no difference."""
    return unit.strip().rstrip(".").lower()


def too_large() -> Message:
    """The reason of a quantity that no demand can be."""
    return Message(_TOO_LARGE, {"largest": LARGEST_QUANTITY})


def not_finite() -> Message:
    """The reason of an infinity, or of a NaN in a typed column."""
    return Message(_NOT_FINITE)


def _is_signed_once(found: re.Match[str]) -> bool:
    if bool(found["open"]) != bool(found["close"]):
        return False
    return sum((bool(found["open"]), bool(found["sign"]), bool(found["after"]))) <= 1


def _signed(value: float | None, negative: bool) -> float | None:
    if value is None:
        return None
    return -value if negative and value else value

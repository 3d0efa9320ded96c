from __future__ import annotations

import numpy as np
import pytest

from batchcast.domain.errors import Message
from batchcast.ingest.values import keys as keys_module
from batchcast.ingest.values.keys import Keys, SeriesKeys, read_key
from batchcast.ingest.values.numbers import read_number


@pytest.mark.parametrize("largest_table", [1 << 25, 300, 0])
def test_each_pair_has_one_number_however_it_is_looked_up(monkeypatch, largest_table):
    monkeypatch.setattr(keys_module, "_LARGEST_TABLE", largest_table)
    rng = np.random.default_rng(1)
    keys = SeriesKeys()
    met: dict[tuple[int, int], int] = {}

    for most in (3, 10, 100):
        sites, parts = (rng.integers(0, most, 500).astype(np.int32) for _ in range(2))
        codes = keys.codes(sites, parts)
        for site, part, code in zip(sites.tolist(), parts.tolist(), codes.tolist(), strict=True):
            assert met.setdefault((site, part), code) == code

    assert sorted(met.values()) == list(range(len(keys)))
    assert {(s, p) for s, p in zip(keys.sites.tolist(), keys.parts.tolist(), strict=True)} == set(met)
    assert len(keys.codes(np.empty(0, np.int32), np.empty(0, np.int32))) == 0


ERRORS = """#N/A #NV #BEZUG! #WERT! #N/D #¡REF! #¿NOMBRE? #VALEUR! #ЗНАЧ! #Н/Д Err:502 #DIV/0! #DEEL/0! #SPILL! #CALC!
#GETTING_DATA"""


@pytest.mark.parametrize("text", ERRORS.split())
def test_an_error_value_of_any_language_is_no_key_and_no_number(text):
    for reason in (read_key(text), read_number(text)):
        assert isinstance(reason, Message)
        assert str(reason) == "is an error value of a spreadsheet"


@pytest.mark.parametrize(
    "text",
    [
        "\\N",
        "(null)",
        "<NA>",
        "<Null>",
        "nan",
        "NaN",
        "None",
        "none",
        "N/A",
        "n/a",
        "(blank)",
        "(Blank)",
        "NULL",
        "Null",
    ],
)
def test_what_programs_write_for_nothing_is_no_key(text):
    assert isinstance(read_key(text), Message)


@pytest.mark.parametrize(
    "text",
    ["NA", "na", "n.a.", "NONE", "NAN", "nil", "NIL", "tbd", "TBA", "-", "--", "–", "?", "#", "Not assigned", "Leer"],
)
def test_what_can_be_a_code_is_one_and_is_said(text):
    keys = Keys()
    keys.codes(["A-1", text, text])

    assert keys.texts == ["A-1", text]
    assert [note for note in map(str, keys.notes()) if "also write where there is none" in note and repr(text) in note]


def test_nothing_is_said_of_codes_that_only_hold_such_a_word():
    keys = Keys()
    keys.codes(["NA-1", "NIL 5", "A-", "TBD7", "NAMIBIA"])

    assert not [note for note in map(str, keys.notes()) if "where there is none" in note]


@pytest.mark.parametrize("text", ["#12", "#A-1", "NA", "NONE", "NAN", "ERR-502", "#", "E5", "A?", "#7!"])
def test_a_code_that_resembles_an_error_is_kept(text):
    assert read_key(text) == text


@pytest.mark.parametrize("text", ["1.00E+05", "1,20E+04", "7E+12"])
def test_a_code_that_a_spreadsheet_has_shortened_is_refused(text):
    assert "digits are lost" in str(read_key(text))


@pytest.mark.parametrize("code", ["8991234567890123776.0", "1234567890123456.00"])
def test_a_long_code_that_a_program_has_written_as_a_float_is_refused(code):
    assert "stored as a number" in str(read_key(code))


@pytest.mark.parametrize(
    "code", ["8991234567890123456.0", "8991234567890123776", "123456789012345.0", "1234567890123456.7"]
)
def test_a_long_code_that_no_float_has_held_is_kept(code):
    assert read_key(code) == code


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AB-1", "AB1"),
        ("AB-1", "AB\u20131"),
        ("7", "7.0"),
        ("AB-1", "AB-\u200b1"),
        ("AB-1", "\uff21B-1"),
        ("K\u00f6ln", "Ko\u0308ln"),
        ("007", "7"),
        ("ab 1", "AB1"),
    ],
)
def test_keys_that_look_alike_are_named(one, other):
    keys = Keys()
    keys.codes([one, other, "XX-9"])

    notes = "\n".join(map(str, keys.notes()))

    assert keys.texts == [one, other, "XX-9"]
    assert "1 times parts or sites differ only in" in notes


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("A-100", "\u0410-100", "CYRILLIC CAPITAL LETTER A"),
        ("BEARING", "BEARIN\u0413", ""),
        ("cop-1", "\u0441op-1", "CYRILLIC SMALL LETTER ES"),
        ("AB1", "\u0391B1", "GREEK CAPITAL LETTER ALPHA"),
        ("100", "\uff11\uff10\uff10", "FULLWIDTH DIGIT ONE"),
        ("12", "\u0661\u0662", "ARABIC-INDIC DIGIT ONE"),
        ("M8x20", "M8\u00d720", "MULTIPLICATION SIGN"),
        ("A-1", "A\u22121", "MINUS SIGN"),
        ('3/4"', "3/4\u2033", "DOUBLE PRIME"),
        ("KOLN", "K\u00d6LN", ""),
        ("MF10", "\u00b5F10", ""),
    ],
)
def test_letters_that_look_like_others_are_named(one, other, name):
    keys = Keys()
    keys.codes([one, other, "XX-9"])

    notes = "\n".join(map(str, keys.notes()))

    assert len(keys.texts) == 3
    assert (f": {name})" in notes) if name else not notes


@pytest.mark.parametrize("text", ["3-Apr", "Mar-01", "04-Mar-24", "1-Des", "5/Agu"])
def test_keys_that_may_have_become_dates_are_named(text):
    keys = Keys()
    keys.codes([text, "FLT-88", "12-3456"])

    assert any("1 parts or sites look like dates" in str(note) for note in keys.notes())


def test_keys_that_were_read_in_another_encoding_are_named():
    keys = Keys()
    keys.codes(["K\u00c3\u00b6ln", "K\u00f6ln", "\u00c3rea"])

    assert any("1 parts or sites look like UTF-8 that was read as Windows-1252" in str(one) for one in keys.notes())

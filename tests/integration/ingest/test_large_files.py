"""A large file is read on several threads; nothing but the time it takes may differ. "Large" is small here."""

from __future__ import annotations

import hashlib
import threading

import pytest

from batchcast.domain.errors import InvalidInput
from batchcast.ingest.common.problems import AmbiguousDates, MixedDateOrders, NotText, UnclosedQuote
from batchcast.ingest.files import delimited
from batchcast.ingest.history import stored as history
from batchcast.ingest.text import encoding

HEADER = "date,partnumber,site_code,demand_qty\n"
PLAIN = [f"2024-01-{1 + i % 28:02d},P{i % 149},S{i % 3},{i % 11}\n" for i in range(4000)]


@pytest.fixture
def as_large(monkeypatch):
    """Makes every file large, or none."""

    def decide(large):
        monkeypatch.setattr(delimited, "LARGE_FILE", 0 if large else 1 << 60)
        monkeypatch.setattr(history, "LARGE_FILE", 0 if large else 1 << 60)
        monkeypatch.setattr(encoding, "_HEAD_BYTES", 4096)
        monkeypatch.setattr(delimited, "TextBlocks", lambda source, **asked: encoding.TextBlocks(source, 4096, **asked))

    return decide


def with_lines(changed):
    return HEADER + "".join(changed.get(i, line) for i, line in enumerate(PLAIN))


CONTENTS = {
    "plain": with_lines({}),
    "quoted": with_lines({i: f'2024-02-01,"P{i}\nand more",S1,5\n' for i in range(0, 4000, 7)}),
    "quoted cells": HEADER + "".join(f'2024-02-01,"P{i}","S1",5\n' for i in range(4000)),
    "decimal from the middle on": with_lines({i: f"2024-02-01,P1,S1,{i}.25\n" for i in range(2000, 4000, 3)}),
    "refused": with_lines({17: "2024-01-01,P1\n", 1900: "soon,P1,S1,2\n", 3000: "2024-01-01,,S1,x\n", 3001: "\n"}),
    "hexadecimal": with_lines({1500: "2024-01-01,P1,S1,0x1F\n", 2500: "2024-01-01,P1,S1,0X1F\n"}),
    "read again": with_lines({5: "05/06/2024,P1,S1,1\n", 3500: "06/25/2024,P1,S1,1\n"}),
    "Windows-1252": with_lines({100: "2024-01-01,Pé,S1,1\n", 3500: "2024-01-01,P€,S1,1\n"}).encode("cp1252"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_threads_change_no_byte(name, read, as_large):
    found = []
    for large in (False, True):
        as_large(large)
        ingested = read(CONTENTS[name], encoding="windows-1252")  # of those that are no UTF-8
        rejected = ingested.report.rejected_path
        found.append((ingested.report, ingested.history.path.read_bytes(), rejected.read_bytes() if rejected else b""))

    assert found[0] == found[1]


def test_the_digest_of_a_large_file_is_that_of_its_bytes(read, as_large):
    as_large(True)

    assert read(CONTENTS["plain"]).history.input_sha256 == hashlib.sha256(CONTENTS["plain"].encode()).hexdigest()


FAULTS = {
    "NUL before a mix": ({1000: "2024-01-01,P\0,S1,1\n", 1100: "13/01/2024,P1,S1,1\n"}, NotText),
    "mix before a NUL": (
        {900: "13/01/2024,P1,S1,1\n", 901: "01/13/2024,P1,S1,1\n", 1100: "2024-01-01,P\0,S1,1\n"},
        MixedDateOrders,
    ),
    "open quote": ({3000: '2024-01-01,"P1,S1,1\n'}, UnclosedQuote),
    "open question": ({3000: "01/02/2024,P1,S1,1\n"}, AmbiguousDates),
}


@pytest.mark.parametrize("name", FAULTS)
def test_errors_come_out_as_they_do_without_threads(name, read, as_large):
    changed, kind = FAULTS[name]
    messages = []
    for large in (False, True):
        as_large(large)
        with pytest.raises(InvalidInput) as caught:
            read(with_lines(changed))
        assert type(caught.value) is kind
        messages.append(str(caught.value))

    assert messages[0] == messages[1]
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("ahead", "digest"))]

"""Whatever a stock file holds, each part has one answer, which a plain loop finds too, or the file is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from batchcast.domain.errors import InvalidInput
from batchcast.domain.inventory import StockItem
from batchcast.domain.settings import BatchSettings
from batchcast.ingest.stock.stockfile import read_stock

HEADER = "date,part,site,stok,harga\n"
days = st.integers(1, 5).map(lambda day: f"2025-01-0{day}")
numbers = st.sampled_from(["", "1", "2.5", " 3 ", "7"])
rows = st.tuples(days, st.sampled_from("ABC"), st.sampled_from("XY"), numbers, numbers)
pieces = st.sampled_from(["A", "B", " ", ",", '"', "\n", "\r\n", "1", "1,5", "1.500", "-2", "03/04/2025", "25/04/2025"])
anything = st.one_of(st.binary(max_size=200), st.lists(pieces, max_size=40).map(lambda some: "".join(some).encode()))


def read(content: bytes, **chosen: str):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stok.csv"
        path.write_bytes(content)
        return read_stock(path, BatchSettings(**chosen))


@settings(max_examples=80, deadline=None)
@given(st.lists(rows, min_size=1, max_size=30))
def test_a_plain_loop_finds_the_same(found):
    assume(len({row[0] for row in found}) > 1)  # rows of one day are of several places, and summed
    text = HEADER + "".join(",".join(row) + "\n" for row in found)
    expected: dict[tuple[str, str], dict[str, float]] = {}
    for _, part, site, stok, harga in sorted(found, key=lambda row: row[0]):  # keeps the order within a day
        told = expected.setdefault((site, part), {})
        told |= {name: float(cell) for name, cell in (("on_hand", stok), ("unit_cost", harga)) if cell.strip()}

    held = read(text.encode())

    assert {(item.site_code, item.partnumber): item for item in held.items} == {
        (site, part): StockItem(site_code=site, partnumber=part, **told) for (site, part), told in expected.items()
    }
    assert [(item.site_code, item.partnumber) for item in held.items] == list(
        dict.fromkeys((site, part) for _, part, site, _, _ in found)
    )


@settings(max_examples=100, deadline=None)
@example(b"\0", False, "fail")
@example(b"a\0b", False, "skip")
@given(anything, st.booleans(), st.sampled_from(["fail", "skip"]))
def test_any_bytes_are_read_or_refused(content, with_header, bad_rows):
    try:
        held = read(HEADER.encode() + content if with_header else content, bad_rows=bad_rows)
    except InvalidInput as error:
        told = str(error)
    else:
        told = check(held)
    assert told


def check(held) -> str:
    """That no part has two answers, nor one that can't be; what was read."""
    keys = [(item.site_code, item.partnumber) for item in held.items]
    assert len(keys) == len(set(keys))
    assert all(item.unit_cost is None or item.unit_cost > 0 for item in held.items)
    assert all(item.on_order is None or item.on_order >= 0 for item in held.items)
    return f"{len(keys)} parts"

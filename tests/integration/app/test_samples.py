"""Synthetic histories have exactly the shapes of the founding document."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from batchcast.app.samples.writing import sample_lines, write_sample
from batchcast.domain.errors import InvalidSettings


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_founding_sample_has_its_rows_sites_and_parts(tmp_path: Path) -> None:
    written = write_sample("alldemand_augjul", tmp_path / "demand.csv")

    rows = read_rows(tmp_path / "demand.csv")
    days = sorted({dt.datetime.strptime(row["date"], "%d/%m/%Y").date() for row in rows})
    sites = Counter(row["site_code"] for row in rows)

    assert written == len(rows) == 11_919
    assert (len(sites), len({row["partnumber"] for row in rows})) == (13, 2_070)
    assert (days[0], days[-1]) == (dt.date(2024, 8, 1), dt.date(2025, 7, 31))
    assert len({(row["date"], row["partnumber"], row["site_code"]) for row in rows}) == 11_919
    assert sites.most_common(4) == [("IEL-ST-KDI", 3_336), ("Sofifi", 2_291), ("Kendari", 1_295), ("IEL-TMSB2", 1_163)]
    assert min(sites.values()) == 83
    assert min(int(row["demand_qty"]) for row in rows) == 1


def test_small_sample_has_its_rows_and_sites(tmp_path: Path) -> None:
    written = write_sample("sample_optimal", tmp_path / "new folder" / "demand.csv")

    rows = read_rows(tmp_path / "new folder" / "demand.csv")

    assert written == len(rows) == 1_000
    assert {row["site_code"] for row in rows} == {"IEL-ST-KDI", "Sofifi", "Kendari"}
    assert len({row["partnumber"] for row in rows}) == 40
    assert all(dt.date.fromisoformat(row["date"]).year == 2025 for row in rows)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shape_is_the_same_for_every_seed(tmp_path: Path, seed: int) -> None:
    write_sample("alldemand_augjul", tmp_path / "demand.csv", seed=seed)

    rows = read_rows(tmp_path / "demand.csv")

    assert len(rows) == 11_919
    assert len({row["site_code"] for row in rows}) == 13
    assert len({row["partnumber"] for row in rows}) == 2_070


@pytest.mark.parametrize("name", ["sample_optimal", "alldemand_augjul"])
def test_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, name: str) -> None:
    for file, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_sample(name, tmp_path / file, seed=seed)

    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_part_numbers_are_of_the_kind_that_spreadsheets_spoil(tmp_path: Path) -> None:
    write_sample("alldemand_augjul", tmp_path / "demand.csv")

    parts = {row["partnumber"] for row in read_rows(tmp_path / "demand.csv")}

    assert any(part.startswith("00") for part in parts)
    assert any(part.endswith("E7") and part[:-2].isdecimal() for part in parts)


def test_m5_has_a_row_for_every_day_of_every_series(tmp_path: Path) -> None:
    written = write_sample("m5", tmp_path / "m5.csv", series=20)

    rows = read_rows(tmp_path / "m5.csv")

    assert written == len(rows) == 20 * 1_941
    assert Counter(Counter((row["site_code"], row["partnumber"]) for row in rows).values()) == {1_941: 20}
    assert {row["site_code"] for row in rows} == {
        f"{s}_{n}" for s, most in (("CA", 4), ("TX", 3), ("WI", 3)) for n in range(1, most + 1)
    }
    assert (rows[0]["date"], rows[-1]["date"]) == ("2011-01-29", "2016-05-22")
    assert 0.3 < sum(row["demand_qty"] == "0" for row in rows) / len(rows) < 0.9


def test_m5_stops_after_the_rows_asked_for(tmp_path: Path) -> None:
    written = write_sample("m5", tmp_path / "m5.csv", rows=40_000)

    rows = read_rows(tmp_path / "m5.csv")

    assert written == len(rows) == 40_000
    assert Counter(row["date"] for row in rows) == {"2011-01-29": 30_490, "2011-01-30": 9_510}
    assert len({row["partnumber"] for row in rows}) == 3_049


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": "sample_optimul"}, r"no sample 'sample_optimul'; did you mean sample_optimal\?"),
        ({"name": "zzz"}, r"no sample 'zzz'; there are sample_optimal, alldemand_augjul, m5\."),
        ({"name": "sample_optimal", "rows": 5}, r"rows bounds the sample m5 alone"),
        ({"name": "m5", "series": 0}, r"series is 0; it must be at least 1\."),
    ],
)
def test_what_can_not_be_written_is_said(tmp_path: Path, arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidSettings, match=sentence):
        write_sample(out=tmp_path / "demand.csv", **arguments)  # type: ignore[arg-type]

    assert list(tmp_path.iterdir()) == []


def test_place_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(InvalidSettings, match=r"can't be written to .*file/demand\.csv: File exists"):
        write_sample("sample_optimal", tmp_path / "file" / "demand.csv")


def test_earlier_file_stays_when_the_new_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demand.csv").write_text("earlier")

    def fail(lines: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("batchcast.app.samples.writing.joined_bytes", fail)

    with pytest.raises(InvalidSettings, match="No space left on device"):
        write_sample("sample_optimal", tmp_path / "demand.csv")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["earlier"]


def test_the_sample_of_the_page_is_the_written_one_with_stock_and_cost(tmp_path):
    write_sample("sample_optimal", tmp_path / "sample.csv", seed=3)

    header, *lines = b"".join(sample_lines("sample_optimal", seed=3)).decode().splitlines()

    assert header == "date,partnumber,site_code,demand_qty,on_hand,on_order,unit_cost"
    assert [line.rsplit(",", 3)[0] for line in lines] == (tmp_path / "sample.csv").read_text().splitlines()[1:]
    stock = {(part, site): figures for _, part, site, _, *figures in (line.split(",") for line in lines)}
    assert all([part, site, *stock[part, site]] == [part, site, *rest] for part, site, rest in _keys_and_stock(lines))
    assert all(int(held) >= 1 for held, _, _ in stock.values())  # 0 would read as a stock-out


def _keys_and_stock(lines):
    return [(part, site, figures) for _, part, site, _, *figures in (line.split(",") for line in lines)]

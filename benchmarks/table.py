"""How soon 100,000 series answer: filters, searches, sorts, groups and views, on the page and over the API.

Each question is asked many times with other values, one after the other, on a connection that stays open: what a
planner waits for at the table. The first answers, which read the index, are not counted.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from measure import BenchmarkFailed, print_table, serve

MOST_SECONDS = 0.3  # of nineteen answers in twenty
SITES, FAMILIES = 20, 40
FINAL = {"COMPLETED", "ROLLED_BACK", "CANCELLED"}
SETTINGS = {"models": "naive", "horizon": "3", "batch_mode": "on"}

Query = Mapping[str, str | list[str]]
QUESTIONS: Mapping[str, Callable[[random.Random], Query]] = {
    "a page of the table": lambda draw: {"page": str(draw.randint(1, 2000))},
    "a search": lambda draw: {"search": f"P{draw.randint(0, 99):02}"},
    "a site": lambda draw: {"site_code": _site(draw)},
    "a family and a class": lambda draw: {"attribute": [f"family={_family(draw)}"], "abc": draw.choice("ABC")},
    "a sort": lambda draw: {"sort": draw.choice(["year_total", "reorder_point", "partnumber"]), "descending": "true"},
    "totals by family": lambda draw: {"group": "family", "site_code": _site(draw)},
    "a view: three filters, sorted, grouped": lambda draw: {
        "attribute": [f"family={_family(draw)}"],
        "site_code": _site(draw),
        "xyz": draw.choice("XYZ"),
        "sort": "reorder_point",
        "descending": "true",
        "group": "supplier",
    },
}


def main() -> None:
    """Measure each question on both faces and print their lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=40, help="each question is asked")
    parser.add_argument("--check", action="store_true", help="fail where the bar is not met")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "home") as (_, api, page):
        batch_id = _publish(api, given.series)
        lines, misses = [], []
        for face, address in (
            ("page", f"{page}/batches/{batch_id}/series"),
            ("API", f"{api}/api/batch/series/{batch_id}"),
        ):
            for question, make in QUESTIONS.items():
                seconds = _ask(address, make, given.times, is_page=face == "page")
                middle, high = seconds[len(seconds) // 2], seconds[int(0.95 * len(seconds))]
                lines.append([face, question, 1000 * middle, 1000 * high])
                if high >= MOST_SECONDS:
                    misses.append(f"{face}, {question}: {high:.2f} s")
    print(f"{given.series:,} series, {given.times} answers to each question, one after the other.\n")
    print_table(["face", "question", "p50 ms", "p95 ms"], lines)
    if given.check and misses:
        raise BenchmarkFailed("; ".join(misses))


def _publish(api: str, series: int) -> str:
    """Submit a history of so many series with a family and a supplier, and wait for its result; its id."""
    with httpx.Client(base_url=api, timeout=300, trust_env=False) as http:
        answer = http.post("/api/batch/submit", files={"file": ("demand.csv", _demand(series))}, data=SETTINGS)
        if answer.status_code != 202:
            raise BenchmarkFailed(answer.text)
        batch_id = str(answer.json()["batch_id"])
        while (state := http.get(f"/api/batch/status/{batch_id}").json()["status"]) not in FINAL:
            time.sleep(0.5)
    if state != "COMPLETED":
        raise BenchmarkFailed(f"the batch is {state}")
    return batch_id


def _ask(address: str, make: Callable[[random.Random], Query], times: int, *, is_page: bool) -> list[float]:
    """Seconds of each answer to its last byte, ascending."""
    draw, found = random.Random(7), []
    with httpx.Client(timeout=60, trust_env=False) as http:
        for number in range(times + 2):
            query = dict(make(draw))
            if not is_page and "page" in query:
                query["offset"] = str(50 * (int(str(query.pop("page"))) - 1))
            headers = {"hx-request": "true", "hx-target": "series-table"} if is_page else {}
            begun = time.perf_counter()
            answer = http.get(address, params=query, headers=headers)
            if answer.status_code != 200:
                raise BenchmarkFailed(f"{answer.url}: {answer.text[:500]}")
            if number >= 2:
                found.append(time.perf_counter() - begun)
    return sorted(found)


def _site(draw: random.Random) -> str:
    return f"S{draw.randrange(SITES):02}"


def _family(draw: random.Random) -> str:
    return f"Family {draw.randrange(FAMILIES)}"


def _demand(series: int) -> bytes:
    """A year and a half by month, four months of demand in each series."""
    draw = random.Random(0)
    months = [f"{2024 + month // 12}-{month % 12 + 1:02}-01" for month in range(18)]
    lines = ["date,partnumber,site_code,demand_qty,family,supplier"]
    for number in range(series):
        part = number // SITES
        key = f"P{part:05},S{number % SITES:02}"
        further = f"Family {part % FAMILIES},Supplier {part % 25}"
        lines.extend(f"{month},{key},{draw.randint(1, 9)},{further}" for month in draw.sample(months, 4))
    return ("\n".join(lines) + "\n").encode()


if __name__ == "__main__":
    try:
        main()
    except BenchmarkFailed as failure:
        sys.exit(str(failure))

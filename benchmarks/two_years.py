"""Two years of a server: a batch of the founding sample every day, on one SQLite database.

The first third of the days runs the program as it was two schemas ago, the second that of one schema ago, the last this
one; each brings the database up at its start. The server is restarted every `--restart-days`, every other time by
kill -9. A day passes by setting all times in the database back by one; batches older than `--keep-days` are deleted.
All batches are naive forecasts of two days: what is measured is what is kept, not the models.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import httpx
import psutil

from measure import BATCHCAST, MEGABYTE, BenchmarkFailed, print_table, serve

ROOT = Path(__file__).parents[1]
MIGRATIONS = "src/batchcast/store/sql/migrations/versions"
SETTINGS = {"models": "naive", "horizon": "2"}
DAY = 86_400
NEWLINE = b"\n"
SECONDS_BETWEEN_QUESTIONS = 0.2  # whether a batch has ended: more would be a load of its own
LOOKS = 20  # at the page, of which the median counts
MOST_GROWTH = 1.25  # of memory and of the home, from the first day with everything that is kept to the last
LIVED = {"batch": ("submitted_at", "started_at", "ended_at"), "event": ("at",)}  # columns of times


def main() -> None:
    """Live the days and print a line for each look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--keep-days", type=int, default=90)
    parser.add_argument(
        "--part-of", type=int, default=1, help="a day's file has every n-th part of the founding sample"
    )
    parser.add_argument("--restart-days", type=int, default=30)
    parser.add_argument("--batch-mode", choices=["on", "off"], default="on", help="on: a partition for each site")
    parser.add_argument("--check", action="store_true", help="fail where memory or the home keep growing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sample = folder / "founding.csv"
        command = [*BATCHCAST, "sample", "alldemand_augjul", sample]
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
        content = _every(given.part_of, sample.read_bytes())
        rows = list(_live(folder, content, given))
    print(
        f"{given.days} days with a batch of {content.count(NEWLINE) - 1:,} rows each, batch mode {given.batch_mode}; "
        f"batches are kept for {given.keep_days} days. Memory and open files are those of the server's own process "
        "after the chores of its start; the page is the history.\n"
    )
    print_table(["day", "schema", "batches", "memory MB", "open files", "home MB", "history page ms"], rows)
    whole = [row for row in rows if int(str(row[0])) >= given.keep_days]
    grown = [column for column in (3, 5) if float(str(whole[-1][column])) > MOST_GROWTH * float(str(whole[0][column]))]
    if given.check and grown:
        raise BenchmarkFailed(f"columns {grown} have grown by more than a quarter: {whole[0]} to {whole[-1]}")


def _every(step: int, content: bytes) -> bytes:
    """The header, and the rows of every n-th part."""
    header, *rows = content.splitlines(keepends=True)
    column = header.split(b",").index(b"partnumber")
    kept = set(sorted({row.split(b",")[column] for row in rows})[::step])
    return header + b"".join(row for row in rows if row.split(b",")[column] in kept)


def _live(folder: Path, content: bytes, given: argparse.Namespace) -> Iterator[list[object]]:
    days, keep_days = given.days, given.keep_days
    versions = [_unpacked(commit, folder / commit) for commit in _before_the_latest_schemas(2)] + [ROOT / "src"]
    home, is_killed = folder / "home", False
    restarts = sorted({*range(0, days, given.restart_days), days // 3, 2 * days // 3, days})
    for begun, ended in pairwise(restarts):
        source = versions[min(3 * begun // days, 2)]
        with ExitStack() as stack:
            stack.enter_context(_environment({"PYTHONPATH": str(source)} | _kept(source, keep_days)))
            server, address, page = stack.enter_context(serve(home))
            yield _told([begun, _schema(home), *_look(server, address, page, home)])
            for day in range(begun, ended):
                _run(address, content, day, given.batch_mode)
                _pass_a_day(home)
            if is_killed:
                server.kill()
                server.wait()
        is_killed = not is_killed
    with _environment(_kept(versions[-1], keep_days)), serve(home) as (server, address, page):
        yield _told([days, _schema(home), *_look(server, address, page, home)])


def _told(row: list[object]) -> list[object]:
    """The row, shown at once: the table takes an hour."""
    print(*row, file=sys.stderr, flush=True)
    return row


def _before_the_latest_schemas(count: int) -> list[str]:
    """The last commits before each of the latest schemas came, the oldest first."""
    added = ["git", "log", "--diff-filter=A", "--format=%H", f"-{count}", "--", MIGRATIONS]
    found = subprocess.run(added, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    if len(found) < count:
        raise BenchmarkFailed(f"the history of this checkout has {len(found)} schemas, {count} are needed")
    return [f"{commit}^" for commit in reversed(found)]


def _unpacked(commit: str, folder: Path) -> Path:
    """The package as it was, in a folder."""
    folder.mkdir()
    archive = subprocess.run(
        ["git", "archive", commit, "src", "docs/errors.md"], cwd=ROOT, check=True, capture_output=True
    )
    subprocess.run(["tar", "--extract", "--directory", folder], input=archive.stdout, check=True)
    return folder / "src"


def _kept(source: Path, keep_days: int) -> Mapping[str, str]:
    """The variable that has old batches deleted, where a version knows it."""
    configuration = next((source / "batchcast" / "app").rglob("configuration.py"))  # its folder is another by version
    knows = "keep_days" in configuration.read_text(encoding="utf-8")
    return {"BATCHCAST_KEEP_DAYS": str(keep_days)} if knows else {}


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _run(address: str, content: bytes, day: int, batch_mode: str) -> None:
    """Forecast a day's file: no two days have the same, so nothing of an earlier one is used again."""
    settings = SETTINGS | {"batch_mode": batch_mode}
    of_day = content + f"2025-07-31,DAY-{day},Kendari,{day % 7 + 1}\n".encode()
    with httpx.Client(base_url=address, timeout=120, trust_env=False) as http:
        answer = http.post("/api/batch/submit", files={"file": ("demand.csv", of_day)}, data=settings)
        if answer.status_code != 202:
            raise BenchmarkFailed(f"day {day}: {answer.text}")
        batch_id, state = answer.json()["batch_id"], "PENDING"
        while state in ("PENDING", "PROCESSING"):
            time.sleep(SECONDS_BETWEEN_QUESTIONS)
            state = http.get(f"/api/batch/status/{batch_id}").json()["status"]
    if state != "COMPLETED":
        raise BenchmarkFailed(f"day {day}: the batch is {state}")


def _pass_a_day(home: Path) -> None:
    with closing(sqlite3.connect(_database(home), timeout=60)) as database, database:
        for table, columns in LIVED.items():
            database.execute(f"UPDATE {table} SET " + ", ".join(f"{name} = {name} - {DAY}" for name in columns))


def _database(home: Path) -> Path:
    (found,) = [*home.glob("*.db"), *home.glob("*.sqlite*")][:1]
    return found


def _schema(home: Path) -> str:
    with closing(sqlite3.connect(_database(home))) as database:
        return str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _look(server: subprocess.Popen[bytes], address: str, page: str, home: Path) -> list[object]:
    """What the server takes after its first chores."""
    with httpx.Client(timeout=60, trust_env=False) as http:
        time.sleep(3)  # the chores of a start
        listed = http.get(f"{address}/api/batch/history").json()
        seconds = []
        for _ in range(LOOKS):
            started = time.perf_counter()
            http.get(f"{page}/history").raise_for_status()
            seconds.append(time.perf_counter() - started)
    process = psutil.Process(server.pid)
    batches = listed.get("total", len(listed["batches"]))
    memory = process.memory_info().rss / MEGABYTE
    return [batches, memory, process.num_fds(), _megabytes(home), statistics.median(seconds) * 1000]


def _megabytes(home: Path) -> float:
    """What the files of a home take; those that are deleted meanwhile take nothing."""
    size = 0
    for folder, _, names in os.walk(home):
        for name in names:
            with suppress(FileNotFoundError):
                size += Path(folder, name).stat().st_size
    return size / MEGABYTE


if __name__ == "__main__":
    try:
        main()
    except BenchmarkFailed as failure:
        sys.exit(str(failure))

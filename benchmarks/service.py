"""A batch of many partitions while many clients poll its status and listen to its events, all at once.

Each client keeps one connection on which it asks for the status every two seconds, as the page does, with the ETag of
the answer before, and one on which it follows the events. The clients are one process without a library for HTTP: what
is measured is the server.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from measure import MEGABYTE, BenchmarkFailed, print_table, serve

SECONDS_BETWEEN_POLLS = 2.0
WORST_P95_SECONDS = 1.0
MOST_SERVER_MB = 1024
SETTINGS = {"batch_mode": "on", "models": "naive", "horizon": "2"}
FINAL = {"COMPLETED", "ROLLED_BACK", "CANCELLED"}


@dataclass(kw_only=True)
class Seen:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)  # of every answer to a poll, to its last byte
    codes: Counter[int] = field(default_factory=Counter)
    polled_bytes: int = 0
    events: int = 0
    is_over: bool = False


def main() -> None:
    """Measure one batch and print its line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--check", action="store_true", help="fail where the bars are not met")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "home") as (server, address, _):
        line, misses = asyncio.run(measure_batch(server, address, given.partitions, given.clients))
    print("Every client polls the status every 2 s and listens to the events; memory is the server's own process.\n")
    header = ["partitions", "clients", "batch s", "polls", "p50 ms", "p95 ms", "worst ms", "events", "server peak MB"]
    print_table(header, [line])
    if given.check and misses:
        raise BenchmarkFailed("; ".join(misses))


async def measure_batch(
    server: subprocess.Popen[bytes], address: str, partitions: int, clients: int
) -> tuple[list[object], list[str]]:
    """The line of the table, and the bars that were missed."""
    async with httpx.AsyncClient(base_url=address, timeout=300, trust_env=False) as http:
        return await _follow(http, server, partitions, clients)


async def _follow(
    http: httpx.AsyncClient, server: subprocess.Popen[bytes], partitions: int, clients: int
) -> tuple[list[object], list[str]]:
    settings = SETTINGS | {"max_partitions": str(partitions)}
    answer = await http.post("/api/batch/submit", files={"file": ("demand.csv", _demand(partitions))}, data=settings)
    if answer.status_code != 202:
        raise BenchmarkFailed(answer.text)
    batch_id = answer.json()["batch_id"]
    port = http.base_url.port or 80
    started = time.monotonic()
    seen = Seen()
    crowd = [asyncio.create_task(_poll(port, batch_id, seen, k / clients)) for k in range(clients)]
    crowd += [asyncio.create_task(_listen(port, batch_id, seen)) for _ in range(clients)]
    peak, state = 0, "PENDING"
    process = psutil.Process(server.pid)
    while state not in FINAL:
        await asyncio.sleep(0.5)
        peak = max(peak, process.memory_info().rss)
        listed = await http.get("/api/batch/history")
        state = listed.json()["batches"][0]["status"]
    seconds = time.monotonic() - started
    seen.is_over = True
    await asyncio.gather(*crowd)
    if state != "COMPLETED":
        raise BenchmarkFailed(f"the batch is {state}")
    return _figures(seen, seconds, peak / MEGABYTE, partitions, clients)


def _figures(
    seen: Seen, seconds: float, peak_mb: float, partitions: int, clients: int
) -> tuple[list[object], list[str]]:
    ordered = sorted(seen.seconds)
    p50, p95 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95))
    misses = []
    if p95 >= WORST_P95_SECONDS:
        misses.append(f"the 95th percentile of status is {p95:.2f} s, more than {WORST_P95_SECONDS:g} s")
    if peak_mb >= MOST_SERVER_MB:
        misses.append(f"the server took {peak_mb:.0f} MB, more than {MOST_SERVER_MB}")
    if set(seen.codes) - {200, 304}:
        misses.append(f"there were answers other than 200 and 304: {dict(seen.codes)}")
    if seen.events < clients * partitions:
        misses.append(f"the listeners got {seen.events} events, fewer than one a partition and client")
    line = [
        partitions,
        clients,
        seconds,
        len(ordered),
        p50 * 1000,
        p95 * 1000,
        ordered[-1] * 1000,
        seen.events,
        peak_mb,
    ]
    return line, misses


async def _poll(port: int, batch_id: str, seen: Seen, phase: float) -> None:
    """Ask for the status again and again on one connection."""
    await asyncio.sleep(phase * SECONDS_BETWEEN_POLLS)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    etag = ""
    while not seen.is_over:
        started = time.monotonic()
        writer.write(_request(f"/api/batch/status/{batch_id}", f"Accept-Encoding: gzip\r\nIf-None-Match: {etag}\r\n"))
        code, headers = await _head(reader)
        length = int(headers.get("content-length", 0))
        await reader.readexactly(length)
        seen.seconds.append(time.monotonic() - started)
        seen.codes[code] += 1
        seen.polled_bytes += length
        etag = headers.get("etag", "")
        await asyncio.sleep(max(0.0, SECONDS_BETWEEN_POLLS - (time.monotonic() - started)))
    writer.close()


async def _listen(port: int, batch_id: str, seen: Seen) -> None:
    """Follow the events to the last one; come back where the server has hung up on a client that is too slow."""
    last = "0"
    while not seen.is_over:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_request(f"/api/batch/events/{batch_id}", f"Last-Event-ID: {last}\r\n"))
        await _head(reader)
        while line := await reader.readline():
            if line.startswith(b"id:"):
                last = line[3:].strip().decode()
                seen.events += 1
        writer.close()


def _request(path: str, headers: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode()


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    text = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = text.strip().split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    return int(first.split()[1]), {name.strip().lower(): value.strip() for name, value in pairs}


def _demand(partitions: int) -> bytes:
    """A site a partition, with one part and six months."""
    rows = (
        f"2025-{month:02}-01,P-{site},S{site:05},{(site + month) % 9}\n"
        for site in range(partitions)
        for month in range(1, 7)
    )
    return b"date,partnumber,site_code,demand_qty\n" + "".join(rows).encode()


if __name__ == "__main__":
    try:
        main()
    except BenchmarkFailed as failure:
        sys.exit(str(failure))

"""What the page costs: the live page of a batch with many viewers, and the first page in a browser.

A batch runs twice on fresh data, once unseen and once with viewers; what the server's own process takes more is what
they cost. Viewers are one process without a library for HTTP, each on the stream that the page opens.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from measure import BenchmarkFailed, print_table, serve

MOST_OF_A_CORE = 0.05
MOST_BYTES = 150_000
MOST_SECONDS = 1.0
FINAL = {"COMPLETED", "ROLLED_BACK", "CANCELLED"}
SITES = 60
ROWS_SHOWN = ",".join(map(str, range(50)))
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@dataclass(kw_only=True)
class Run:
    """What one batch took."""

    seconds: float
    server_cpu: float  # of the server's own process
    bytes_sent: int = 0  # to all viewers


def main() -> None:
    """Measure both and print their lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--parts", type=int, default=2_000, help="at each of the sites")
    parser.add_argument("--check", action="store_true", help="fail where the bars are not met")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "home") as (server, api, page):
        misses = measure_viewers(server, (api, page), given.viewers, given.parts)
        misses += measure_first_page(page)
    if given.check and misses:
        raise BenchmarkFailed("; ".join(misses))


def measure_viewers(server: subprocess.Popen[bytes], addresses: tuple[str, str], viewers: int, parts: int) -> list[str]:
    """Print what the viewers of a batch cost; the bars that were missed."""
    process = psutil.Process(server.pid)
    asyncio.run(_run(process, addresses, 0, _demand(20, seed=0)))  # everything is loaded, the pace is known
    unseen = asyncio.run(_run(process, addresses, 0, _demand(parts, seed=1)))
    seen = asyncio.run(_run(process, addresses, viewers, _demand(parts, seed=2)))
    share = max(seen.server_cpu / seen.seconds - unseen.server_cpu / unseen.seconds, 0.0)
    print(f"A batch of {SITES} partitions with {viewers} viewers of its live page; CPU is the server's own process.\n")
    header = [
        "viewers",
        "batch s",
        "server CPU s",
        "same, unseen: batch s",
        "server CPU s",
        "viewers' share of a core %",
    ]
    header.append("bytes a viewer and second")
    each = seen.bytes_sent / viewers / seen.seconds
    print_table(
        header, [[viewers, seen.seconds, seen.server_cpu, unseen.seconds, unseen.server_cpu, 100 * share, each]]
    )
    return [f"viewers take {share:.1%} of a core"] if share >= MOST_OF_A_CORE else []


def measure_first_page(page: str) -> list[str]:
    """Print how heavy the first page is and when a person can use it; the bars that were missed."""
    with httpx.Client(base_url=page, headers={"accept-encoding": "gzip"}, trust_env=False) as http:
        text = http.get("/").text
        weights = [len(gzip.compress(text.encode()))]
        for path in dict.fromkeys(ASSET.findall(text)):
            with http.stream("GET", path) as answer:
                weights.append(sum(map(len, answer.iter_raw())))
    seconds = _interactive_seconds(page)
    print("The dashboard in a browser that has never seen it; usable is when its scripts have run.\n")
    print_table(
        ["requests", "compressed KB", "usable after s (median of 5)"], [[len(weights), sum(weights) / 1000, seconds]]
    )
    misses = [f"the first page has {sum(weights)} bytes"] if sum(weights) >= MOST_BYTES else []
    return misses + ([f"it takes {seconds:.2f} s"] if seconds >= MOST_SECONDS else [])


def _interactive_seconds(page: str) -> float:
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        if program is None:
            raise BenchmarkFailed("chromium is not installed: run `apt-get install chromium`")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for _ in range(5):
            context = browser.new_context()
            opened = context.new_page()
            opened.goto(page)
            timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
            found.append(float(opened.evaluate(timing)) / 1000)
            context.close()
        browser.close()
    return sorted(found)[len(found) // 2]


async def _run(process: psutil.Process, addresses: tuple[str, str], viewers: int, content: bytes) -> Run:
    api, page = addresses
    async with httpx.AsyncClient(base_url=api, timeout=300, trust_env=False) as http:
        settings = {"batch_mode": "on", "max_partitions": str(SITES)}
        answer = await http.post("/api/batch/submit", files={"file": ("demand.csv", content)}, data=settings)
        if answer.status_code != 202:
            raise BenchmarkFailed(answer.text)
        batch_id = answer.json()["batch_id"]
        started, before = time.monotonic(), process.cpu_times()
        port = int(page.rpartition(":")[2])
        crowd = [asyncio.create_task(_watch(port, batch_id)) for _ in range(viewers)]
        state = ""
        while state not in FINAL:
            await asyncio.sleep(0.5)
            state = (await http.get("/api/batch/history")).json()["batches"][0]["status"]
        seconds, after = time.monotonic() - started, process.cpu_times()
        if state != "COMPLETED":
            raise BenchmarkFailed(f"the batch is {state}")
        sent = sum(await asyncio.gather(*crowd))
    cpu = after.user + after.system - before.user - before.system
    return Run(seconds=seconds, server_cpu=cpu, bytes_sent=sent)


async def _watch(port: int, batch_id: str) -> int:
    """Follow the stream to its end; the bytes that came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = f"/batches/{batch_id}/live?rows={ROWS_SHOWN}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    count = 0
    while line := await reader.readline():
        count += len(line)
        if line.startswith(b"event: over"):
            break
    writer.close()
    return count


def _demand(parts: int, seed: int) -> bytes:
    """Three years by month, two months in three without demand."""
    draw = random.Random(seed)
    months = [f"{2023 + month // 12}-{month % 12 + 1:02}-01" for month in range(36)]
    lines = ["date,partnumber,site_code,demand_qty"]
    for site in range(SITES):
        for part in range(parts):
            chosen = draw.sample(months, 12)
            lines.extend(f"{month},P{part:05},S{site:02},{draw.randint(1, 9)}" for month in chosen)
    return ("\n".join(lines) + "\n").encode()


if __name__ == "__main__":
    try:
        main()
    except BenchmarkFailed as failure:
        sys.exit(str(failure))

"""What a planner reads when the file is not a demand history: one sentence, exit code 2, never a traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEADER = "date,partnumber,site_code,demand_qty\n"


@pytest.fixture
def batchcast(environment, tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "batchcast", *map(str, arguments)]
        return subprocess.run(
            command, check=False, env=environment, capture_output=True, text=True, cwd=tmp_path, timeout=60
        )

    return run


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (HEADER.encode(), "header"),
        (b"day,thing\n2025-01-01,3\n", "partnumber"),
        (
            (HEADER + "03/04/2025,P-1,A,1\n05/06/2025,P-1,A,1\n").encode(),
            "Set --date-order day_first or --date-order month_first",
        ),
        (bytes(range(256)) * 40, ""),
    ],
    ids=["empty", "header only", "missing column", "ambiguous dates", "binary"],
)
def test_a_file_that_is_no_history_is_refused_in_a_sentence(batchcast, tmp_path, content, said):
    (tmp_path / "demand.csv").write_bytes(content)

    done = batchcast("run", "demand.csv", "-o", "out.csv")

    assert done.returncode == 2
    assert done.stderr.count("✗") == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_not_there_is_named(batchcast):
    done = batchcast("analyze", "nowhere.csv")

    assert done.returncode == 2
    assert "nowhere.csv" in done.stderr


@pytest.mark.long
def test_refused_rows_are_shown_by_line_and_left_out_where_that_is_asked_for(batchcast, tmp_path):
    good = "".join(f"2025-{month:02}-{day:02},P-1,Kendari,2\n" for month in (1, 2, 3) for day in range(1, 29))
    bad = "31/02/2025x,P-1,Kendari,2\n2025-03-01,P-2,Kendari,\x1b[31mtwo\n"
    (tmp_path / "demand.csv").write_text(HEADER + good + bad)

    refused = batchcast("run", "demand.csv", "-o", "out.csv")
    skipped = batchcast("run", "demand.csv", "-o", "out.csv", "--bad-rows", "skip")

    assert refused.returncode == 2
    assert "86" in refused.stderr
    assert "87" in refused.stderr
    assert "\x1b" not in refused.stderr
    assert skipped.returncode == 0, skipped.stderr
    assert len((tmp_path / "rejected.csv").read_text().splitlines()) == 3

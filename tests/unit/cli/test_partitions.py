from __future__ import annotations

import io
from dataclasses import replace

from batchcast.cli.render.partitions import choose_shown, partition_view, progress_text, sites_text
from batchcast.cli.session import Words
from batchcast.domain.batch import PartitionRecord, PartitionState
from batchcast.domain.errors import Message

WORDS = Words("en")


def shown(make, batch, *, height=40, encoding="utf-8", seconds=None, time_left=None):
    binary = io.BytesIO()
    console = make.console(
        io.TextIOWrapper(binary, encoding=encoding, errors="backslashreplace"), width=110, height=height, terminal=True
    )
    console.print(partition_view(batch, WORDS, console, seconds=seconds or {}, time_left=time_left))
    console.file.flush()
    return [line.rstrip() for line in binary.getvalue().decode(encoding).splitlines()]


def records(make, *states):
    return [PartitionRecord(partition=make.partition(n, rows=100), state=state) for n, state in enumerate(states)]


def test_every_partition_is_a_row_with_its_state_and_its_error(make):
    done, at_work, failed = records(make, PartitionState.COMPLETED, PartitionState.PROCESSING, PartitionState.FAILED)
    error = Message("Partition {number} failed: \x1b[2J", {"number": 2})
    batch = make.batch(
        replace(done, seconds=1.25, progress=1.0), replace(at_work, progress=0.4), replace(failed, error=error)
    )

    lines = shown(make, batch, seconds={1: 12.3}, time_left=65)

    assert lines[:4] == [
        "Part  Status         Sites    Rows  Parts   Time  Error",
        "P0    ✓ completed    Kendari   100      7  1.2 s",
        "P1    ◐ at work 40%  Kendari   100      7   12 s",
        "P2    ✗ failed       Kendari   100      7         Partition 2 failed: \\x1b[2J",
    ]
    assert lines[4].endswith("47% · 1/3 completed · 1 min 5 s left")


def test_a_terminal_without_the_signs_gets_plain_ones(make):
    lines = shown(make, make.batch(*records(make, PartitionState.COMPLETED)), encoding="ascii")

    assert lines[1].split()[:3] == ["P0", "+", "completed"]


def test_ten_thousand_partitions_show_those_that_matter_and_counts(make):
    states = [PartitionState.COMPLETED] * 9_000 + [PartitionState.PROCESSING] * 4 + [PartitionState.PENDING] * 996
    states[17] = PartitionState.FAILED

    lines = shown(make, make.batch(*records(make, *states)), height=20)

    assert len(lines) == 1 + 12 + 1 + 1
    assert [line.split()[0] for line in lines[1:6]] == ["P17", "P9000", "P9001", "P9002", "P9003"]
    assert lines[6].split()[2] == "waiting"
    assert lines[-2] == "996 waiting, 4 at work, 8,999 completed, 1 failed"


def test_partitions_are_shown_in_their_order(make):
    all_of_them = records(make, *[PartitionState.COMPLETED] * 3, PartitionState.PROCESSING)

    assert [r.partition.number for r in choose_shown(all_of_them, 2)] == [0, 3]
    assert choose_shown(all_of_them, 4) == all_of_them


def test_sites_that_share_a_partition_are_counted():
    assert sites_text(["Kendari"], WORDS) == "Kendari"
    assert sites_text(["Kendari", "B", "C"], WORDS) == "Kendari +2"
    assert sites_text(["S" * 90, "B"], WORDS).endswith("… +1")
    assert sites_text([], WORDS) == ""


def test_time_left_is_not_shown_where_it_is_not_known(make):
    assert progress_text(make.batch(*records(make, PartitionState.PENDING)), WORDS, time_left=None) == (
        "0% · 0/1 completed"
    )

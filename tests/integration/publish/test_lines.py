"""The CSV files put together from the lines of the partitions are those written from their rows, or none at all."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plugins.finished_batch import KEYS, FinishedBatch

from batchcast.publish.certificate import ResultRejected
from batchcast.publish.combined import CombinedResult
from batchcast.publish.lines import INDEX_FILE, LINES_FILE, has_lines, write_kind, write_lines

LAYOUTS = (
    (((0, 5),),),
    (((0, 2), (4, 5)), ((2, 4),)),
    (((0, 1), (2, 3), (4, 5)), ((1, 2), (3, 4))),
    (((3, 5),), ((0, 1), (1, 3))),
)


def with_lines(batch: FinishedBatch) -> FinishedBatch:
    """The batch, once its workers have written their lines."""
    for partition, folder in batch.partitions:
        write_lines(partition, folder, request=batch.request, history_path=batch.history.path)
    return batch


def combined(batch: FinishedBatch) -> CombinedResult:
    return CombinedResult.of_plan(batch.partitions, batch.certificate, batch.history)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    layout=st.sampled_from(LAYOUTS),
    refused=st.sets(st.sampled_from(KEYS)),
    horizon=st.integers(min_value=1, max_value=4),
)
def test_a_file_of_lines_is_that_of_the_rows(tmp_path_factory, layout, refused, horizon) -> None:
    tmp_path = tmp_path_factory.mktemp("lines")
    batch = FinishedBatch(folder=tmp_path / "batch", layout=layout, refused=sorted(refused), horizon=horizon)
    whole = combined(batch)
    rows = [write_kind(tmp_path / f"{kind}.csv", kind, whole) for kind in whole.TABLES]
    texts = [(tmp_path / f"{kind}.csv").read_bytes() for kind in whole.TABLES]

    with_lines(batch)

    assert has_lines(whole)
    assert [write_kind(tmp_path / f"{kind}.csv", kind, whole) for kind in whole.TABLES] == rows
    assert [(tmp_path / f"{kind}.csv").read_bytes() for kind in whole.TABLES] == texts


def test_lines_are_cut_where_the_ranges_of_another_plan_end(finish_batch, tmp_path) -> None:
    """A later batch takes the result of a partition whose rows stand elsewhere in its own history."""
    earlier = with_lines(finish_batch(keys=KEYS[:3], layout=(((0, 3),),)))
    batch = with_lines(finish_batch(layout=(((0, 1), (2, 3), (4, 5)), ((1, 2), (3, 4)))))
    keys = (KEYS[0], KEYS[2], KEYS[4])
    other = with_lines(finish_batch(keys=keys, layout=(((0, 3),),)))
    expected = batch.publish(tmp_path / "own").files["forecast"].read_bytes()

    batch.partitions[0] = batch.partitions[0][0], other.partitions[0][1]

    assert batch.publish(tmp_path / "taken").files["forecast"].read_bytes() == expected
    batch.partitions[0] = batch.partitions[0][0], earlier.partitions[0][1]
    with pytest.raises(ResultRejected):  # of other rows: what is not of the lines is checked against the history
        batch.publish(tmp_path / "wrong")


def damage_byte(folder: Path) -> None:
    path = folder / LINES_FILE
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


def cut_lines(folder: Path) -> None:
    path = folder / LINES_FILE
    path.write_bytes(path.read_bytes()[:10])


def cut_index(folder: Path) -> None:
    path = folder / INDEX_FILE
    path.write_bytes(path.read_bytes()[:-40])


def empty_index(folder: Path) -> None:
    (folder / INDEX_FILE).write_bytes(b"")


def lose_lines(folder: Path) -> None:
    (folder / LINES_FILE).unlink()


def _rewritten(folder: Path, change) -> None:
    with np.load(folder / INDEX_FILE) as index:
        arrays = dict(index)
    about = json.loads(str(arrays["about"]))
    given = SimpleNamespace(arrays=arrays, about=about)
    change(given)
    np.savez(folder / INDEX_FILE, **{**given.arrays, "about": np.array(json.dumps(given.about))})


def tell_of_fewer_series(folder: Path) -> None:
    _rewritten(folder, lambda index: index.arrays.update(forecast=index.arrays["forecast"][:1]))


def tell_of_more_series(folder: Path) -> None:
    more = np.append
    _rewritten(folder, lambda index: index.arrays.update(forecast=more(index.arrays["forecast"], 10**6)))


def have_another_column(folder: Path) -> None:
    _rewritten(folder, lambda index: index.about["forecast"].update(schema="date (string)"))


def lack_a_kind(folder: Path) -> None:
    _rewritten(folder, lambda index: index.about.pop("stock"))


@pytest.mark.parametrize(
    "damage",
    [
        damage_byte,
        cut_lines,
        cut_index,
        empty_index,
        lose_lines,
        tell_of_fewer_series,
        tell_of_more_series,
        have_another_column,
        lack_a_kind,
    ],
)
def test_lines_that_are_not_what_was_checked_are_never_published(batch, out, damage) -> None:
    with_lines(batch)
    damage(batch.partitions[1][1])

    with pytest.raises(ResultRejected) as refused:
        batch.publish(out)

    assert refused.value.partition == 1
    assert not out.exists()


def test_a_partition_of_an_earlier_version_has_no_lines_and_is_published_from_its_rows(batch, tmp_path) -> None:
    expected = batch.publish(tmp_path / "rows").sha256
    with_lines(batch)
    (batch.partitions[0][1] / INDEX_FILE).unlink()

    assert {**batch.publish(tmp_path / "mixed").sha256, "certificate": ""} == {**expected, "certificate": ""}


def test_lines_are_not_written_of_a_result_that_is_not_possible(batch) -> None:
    batch.change(0, "forecast", lambda table: table.slice(1))

    with pytest.raises(ResultRejected):
        with_lines(batch)

"""The functions that workers call: each takes its arguments apart, calls one room, and says what came of it.

`steps.py` tells what the steps of a batch are given. The rooms are imported by the job that needs them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchcast.domain.codec import decode, encode
from batchcast.domain.history import IngestReport
from batchcast.domain.message import Message, mark

if TYPE_CHECKING:
    from batchcast.publish import Certificate

Arguments = Mapping[str, Any]
OnProgress = Callable[[float], None]

_SUMMARY = "summary.json"


def ingest_job(arguments: Arguments, on_progress: OnProgress) -> Any:
    """Read `source` (path) into the folder `into` under `settings`; returns `history` (or None) and `report`."""
    from batchcast.ingest import ingest_file

    given = decode(arguments)
    ingested = ingest_file(given["source"], into=given["into"], settings=given["settings"])
    return encode({"history": ingested.history, "report": ingested.report})


def warm_job(arguments: Arguments, on_progress: OnProgress) -> None:
    """Load the compiled kernels, so that no partition waits for them."""
    from batchcast.forecast import warm

    warm()


def prepare_job(arguments: Arguments, on_progress: OnProgress) -> None:
    """Learn what all partitions share, once, from the whole history."""
    from batchcast.forecast import prepare_pool

    given = decode(arguments)
    prepare_pool(given["history"], given["request"], given["series"]).save(given["into"])


def partition_job(arguments: Arguments, on_progress: OnProgress) -> dict[str, int]:
    """Forecast one partition into a folder of its own; returns how its series are accounted for."""
    from batchcast.forecast import Pool, forecast_partition

    given = decode(arguments)
    into: Path = given["into"]
    into.mkdir(parents=True, exist_ok=True)
    pool = Pool.load(given["knowledge"])
    ranges, request = given["partition"].ranges, given["request"]
    forecast_partition(given["history"], ranges, request, pool, into=into, on_progress=on_progress)
    summary = _summary(into)
    return {"series": summary["series"], "forecast": summary["forecast"], "refused": len(summary["refused"])}


def publish_job(arguments: Arguments, on_progress: OnProgress) -> dict[str, Any]:
    """Stage the result of all partitions beside its place, verified; to commit it is left to whoever asked.

    Beside what every publish step is given: `input_name`, `settings`, `report`, `out` (path), and `expected`, the
    SHA-256 by kind of a run to be repeated, or None.

    Returns `stage` (where it waits), `files` (where each kind will be), `counts` and `leaderboard`.
    """
    from batchcast.publish import Certificate, CertificateMismatch, discard, engine_versions, lay_out, stage_result
    from batchcast.publish.layout import CERTIFICATE

    given = decode(arguments)
    history, plan, report = given["history"], given["plan"], given["report"]
    rows = _leaderboard(given["folders"])
    certificate = Certificate(
        input_name=given["input_name"],
        input_sha256=history.input_sha256,
        settings=given["settings"],
        request=plan.request,
        partitions=plan.partitions,
        versions=engine_versions(),
        counts=_counts(report),
        timings=given["timings"],
        leaderboard=tuple(rows),
    )
    pairs = list(zip(plan.partitions, given["folders"], strict=True))
    out = given["out"]
    stage = stage_result(pairs, history=history, certificate=certificate, out=out, rejected_rows=report.rejected_path)
    layout = lay_out(out)
    staged = Certificate.read(stage / layout.names[CERTIFICATE])
    changed = _changed(staged, given["expected"] or {})
    if changed:
        discard(stage)
        template = mark(
            "The result is not that of the certificate: {files} differ, though input and versions are the same. "
            "Nothing was published; please send us the certificate and the demand history."
        )
        raise CertificateMismatch(Message(template, {"files": ", ".join(changed)}))
    files = {kind: str(layout.folder / file.name) for kind, file in staged.files.items()}
    return {
        "stage": str(stage),
        "files": files | {CERTIFICATE: str(layout.path(CERTIFICATE))},
        "counts": dict(staged.counts),
        "leaderboard": rows,
    }


def publish_accuracy_job(arguments: Arguments, on_progress: OnProgress) -> dict[str, Any]:
    """Publish the accuracy of every series alone, at `out` if that is a path; returns as `publish_job`, no stage."""
    from batchcast.publish import publish_accuracy

    given = decode(arguments)
    plan, out = given["plan"], given["out"]
    files = {}
    if out is not None:
        pairs = list(zip(plan.partitions, given["folders"], strict=True))
        path = publish_accuracy(pairs, history=given["history"], request=plan.request, out=out)
        files["accuracy"] = str(path)
    counts = _counts(given["report"]) | {"series": plan.series}
    return {"files": files, "counts": counts, "leaderboard": _leaderboard(given["folders"])}


def _summary(folder: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
    return summary


def _leaderboard(folders: list[Path]) -> list[dict[str, Any]]:
    """Accuracy by model over all partitions, best first, as plain values."""
    from batchcast.forecast import Leaderboard, merge_statistics

    merged: Mapping[str, Any] = {}
    for folder in folders:  # one at a time: there can be ten thousand
        merged = merge_statistics([merged, _summary(folder)["statistics"]])
    return [row.as_json() for row in Leaderboard.from_statistics(merged).rows]


def _counts(report: IngestReport) -> dict[str, int]:
    """Rows of the input, accounted for."""
    return {
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
        "rows_summed": report.rows_summed,
        "rows_refused": report.rows_refused,
        "rows_ignored": report.rows_ignored,
    }


def _changed(staged: Certificate, expected: Mapping[str, str]) -> list[str]:
    """Kinds of files that are not those expected, or that only one of the two has; empty where nothing is expected."""
    found = {kind: file.sha256 for kind, file in staged.files.items()}
    return sorted(kind for kind in expected.keys() | found.keys() if expected and found.get(kind) != expected.get(kind))

"""The functions that workers call: each takes its arguments apart, calls one room, and says what came of it.

`steps.py` tells what the steps of a batch are given. The rooms are imported by the job that needs them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchcast.domain.codec import decode, encode
from batchcast.domain.disk import needing_disk
from batchcast.domain.errors import N_, Message
from batchcast.domain.history import IngestReport

if TYPE_CHECKING:
    from batchcast.domain.accuracy import Hindsight
    from batchcast.domain.plan import Partition
    from batchcast.publish.certificate import Certificate

Arguments = Mapping[str, Any]
OnProgress = Callable[[float], None]


def ingest_job(arguments: Arguments, on_progress: OnProgress) -> Any:
    """Read `source` (path) into the folder `into` under `settings`, by the one of `recipes` for its header.

    Returns `history` (or None) and `report`; the `settings` it was read with, the `signature` of its header, and its
    `columns`.
    """
    from batchcast.ingest.recipes import read_file

    given = decode(arguments)
    with needing_disk():
        read = read_file(
            given["source"], into=given["into"], settings=given["settings"], recipes=given.get("recipes", ())
        )
    found = {"history": read.ingested.history, "report": read.ingested.report, "settings": read.settings}
    return encode({**found, "signature": read.signature, "columns": dict(read.columns)})


def preview_job(arguments: Arguments, on_progress: OnProgress) -> Any:
    """The first rows of `source`, a file of the `kind` history or stock, as they would be read under `settings`.

    `into` is a folder for scratch.
    """
    from batchcast.ingest.preview import preview_file

    given = decode(arguments)
    with needing_disk():
        previewed = preview_file(
            given["source"], given["kind"], given["settings"], given["recipes"], into=given["into"]
        )
    return encode(previewed)


def events_job(arguments: Arguments, on_progress: OnProgress) -> Any:
    """The events of the file `source`, its dates read under `settings`."""
    from batchcast.ingest.eventfile import read_events

    given = decode(arguments)
    return encode(read_events(given["source"], given["settings"]))


def warm_job(arguments: Arguments, on_progress: OnProgress) -> None:
    """Load the compiled kernels, so that no partition waits for them."""
    from batchcast.forecast.partition import warm

    warm()


def prepare_job(arguments: Arguments, on_progress: OnProgress) -> dict[str, Any] | None:
    """Learn what all partitions share, once, from the whole history, unless `is_known`: then it stands at `into`.

    With `partitions`, tell what they are made of.
    """
    from batchcast.forecast.partition import digest_rows
    from batchcast.forecast.prepare import prepare_knowledge

    given = decode(arguments)
    with needing_disk():
        if not given["is_known"]:
            knowledge = prepare_knowledge(given["history"], given["request"], given["series"], on_progress)
            knowledge.save(given["into"])
    partitions = given.get("partitions")
    if partitions is None:
        return None
    return {
        "knowledge": hashlib.sha256(given["into"].read_bytes()).hexdigest(),
        "partitions": digest_rows(given["history"], [partition.ranges for partition in partitions]),
    }


def partition_job(arguments: Arguments, on_progress: OnProgress) -> dict[str, int]:
    """Forecast one partition into a folder of its own, verified; returns how its series are accounted for."""
    from batchcast.forecast.knowledge import SharedKnowledge
    from batchcast.forecast.partition import forecast_partition
    from batchcast.publish.combined import read_summary
    from batchcast.publish.lines import write_lines

    given = decode(arguments)
    into: Path = given["into"]
    knowledge = SharedKnowledge.load(given["knowledge"])
    ranges, request = given["partition"].ranges, given["request"]
    with needing_disk():
        into.mkdir(parents=True, exist_ok=True)
        forecast_partition(given["history"], ranges, request, knowledge, into=into, on_progress=on_progress)
        write_lines(given["partition"], into, request=request, history_path=given["history"])
    _leaderboard([(given["partition"], into)])
    summary = read_summary(given["partition"], into)
    return {"series": summary["series"], "forecast": summary["forecast"], "refused": len(summary["refused"])}


def publish_job(arguments: Arguments, on_progress: OnProgress) -> Any:
    """Write the result of all partitions, verified, to where it waits for its place; to commit it is left to others.

    Beside what every publishing step is given, the destination says what is written:

        into                a file for each kind and format in this folder, as a server keeps them
        out, expected       the files of a command, staged beside their place at `out`; `expected` is None, or the
                            SHA-256 by kind of the run to be repeated
        accuracy_out        accuracy alone, staged for this path; None: nothing is written

    Returns `files` (kind, format and path of each, with `into`) or `stage` (where the files wait, or None) and
    `hindsight`; and always `counts` and `leaderboard`.
    """
    given = decode(arguments)
    certificate = _certificate(given)
    if "into" in given:
        made = _write_files(given, certificate)
    elif "accuracy_out" in given:
        made = _stage_accuracy(given)
    else:
        made = _stage_result(given, certificate)
    return encode({"leaderboard": list(certificate.leaderboard), **made})


def _write_files(given: Mapping[str, Any], certificate: Certificate) -> dict[str, Any]:
    from batchcast.results.files import publish_files

    published = publish_files(
        _results(given),
        history=given["history"],
        certificate=certificate,
        folder=given["into"],
        rejected_rows=given["rejected"],
    )
    files = [[kind, form, path] for (kind, form), path in published.files.items()]
    return {"files": files, "counts": dict(certificate.counts) | dict(published.counts)}


def _stage_result(given: Mapping[str, Any], certificate: Certificate) -> dict[str, Any]:
    from batchcast.publish.certificate import Certificate, CertificateMismatch
    from batchcast.publish.kinds import CERTIFICATE
    from batchcast.publish.publisher import lay_out, stage_result
    from batchcast.publish.staging import discard

    out = given["out"]
    hindsight = _hindsight(given)
    stage = stage_result(
        _results(given), history=given["history"], certificate=certificate, out=out, rejected_rows=given["rejected"]
    )
    staged = Certificate.read(stage / lay_out(out).names[CERTIFICATE])
    changed = _changed(staged, given["expected"] or {})
    if changed:
        discard(stage)
        template = N_(
            "The result is not that of the certificate: {files} differ, though input and versions are the same. "
            "Nothing was published; please send us the certificate and the demand history."
        )
        raise CertificateMismatch(Message(template, {"files": ", ".join(changed)}))
    return {"stage": stage, "counts": dict(staged.counts), "hindsight": hindsight}


def _stage_accuracy(given: Mapping[str, Any]) -> dict[str, Any]:
    from batchcast.publish.publisher import stage_accuracy

    plan, out, stage = given["plan"], given["accuracy_out"], None
    if out is not None:
        stage = stage_accuracy(_results(given), history=given["history"], request=plan.request, out=out)
    counts = _counts(given["report"]) | {"series": plan.series}
    return {"stage": stage, "counts": counts, "hindsight": _hindsight(given)}


def convert_job(arguments: Arguments, on_progress: OnProgress) -> None:
    """Write the table of `source` (a published Parquet file) as `into` (a path whose suffix says the format)."""
    from batchcast.results.files import convert

    given = decode(arguments)
    convert(given["source"], given["into"])


def orders_job(arguments: Arguments, on_progress: OnProgress) -> Any:
    """What to order of the parts of the stock file `source`, of the result whose index and figures are given as paths.

    `settings` decide how the file is read, with the one of `recipes` for its header.

    Writes the whole tables into the folder `into` as files of the format `suffix`, if that is not None, the orders of
    one `supplier` alone, if that is not None; returns as
    `orders` the first `most` of each; the `settings` the file was read with, the `signature` of its header, and its
    `columns`.
    """
    from batchcast.ingest.recipes import read_stock_file
    from batchcast.results.ordering import order, write_orders

    given = decode(arguments)
    with needing_disk():
        read = read_stock_file(given["source"], settings=given["settings"], recipes=given["recipes"])
        orders = order(read.on_hand, given["index"], given["figures"], given["calendar"])
        if given["suffix"] is not None:
            one = given["supplier"]
            write_orders(orders if one is None else orders.of_supplier(one), given["into"], "stock", given["suffix"])
    found = {"orders": orders.brief(given["most"]), "settings": read.settings, "signature": read.signature}
    return encode({**found, "columns": dict(read.columns)})


def _results(given: Mapping[str, Any]) -> list[tuple[Partition, Path]]:
    """Every partition with the folder of its result."""
    return list(zip(given["plan"].partitions, given["folders"], strict=True))


def _hindsight(given: Mapping[str, Any]) -> Hindsight | None:
    """The backtest of the whole batch in units."""
    from batchcast.results.hindsight import look_back_at

    return look_back_at(_results(given), history=given["history"], request=given["plan"].request)


def _certificate(given: Mapping[str, Any]) -> Certificate:
    """The certificate of a run as far as it has come: what it publishes is still missing."""
    from batchcast.publish.certificate import Certificate, engine_versions

    plan = given["plan"]
    return Certificate(
        input_name=given["input_name"],
        input_sha256=given["history"].input_sha256,
        settings=given["settings"],
        request=plan.request,
        partitions=plan.partitions,
        versions=engine_versions(),
        counts=_counts(given["report"]),
        timings=given["timings"],
        leaderboard=tuple(_leaderboard(_results(given))),
    )


def _leaderboard(results: list[tuple[Partition, Path]]) -> list[dict[str, Any]]:
    """Accuracy by model over all partitions, best first, as plain values.

    Raises:
        ResultRejected: if the summary of one does not have what it takes.
    """
    from batchcast.forecast.metrics import merge_statistics, rank_models
    from batchcast.publish.combined import read_summary
    from batchcast.publish.verify import rejected

    merged: Mapping[str, Any] = {}
    for partition, folder in results:  # one at a time: there can be ten thousand
        try:
            merged = merge_statistics([merged, read_summary(partition, folder)["statistics"]])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise rejected(partition.number, "its summary lacks its statistics, or they are damaged") from error
    return [row.as_json() for row in rank_models(merged)]


def _counts(report: IngestReport) -> dict[str, int]:
    """Rows of the input, accounted for."""
    return {
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
        "rows_summed": report.rows_summed,
        "rows_refused": report.rows_refused,
        "rows_ignored": report.rows_ignored,
        **({"rows_filtered": report.rows_filtered} if report.rows_filtered else {}),
    }


def _changed(staged: Certificate, expected: Mapping[str, str]) -> list[str]:
    """Kinds of files that are not those expected, or that only one of the two has; empty where nothing is expected.

    An earlier version published no figures: that they are there now is no difference.
    """
    from batchcast.publish.kinds import FIGURES

    earlier = {FIGURES} - expected.keys()
    found = {kind: file.sha256 for kind, file in staged.files.items() if kind not in earlier}
    return sorted(kind for kind in expected.keys() | found.keys() if expected and found.get(kind) != expected.get(kind))

"""A certificate tells enough to repeat a run, and is read with care."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchcast.domain.plan import Plan
from batchcast.domain.settings import BatchSettings
from batchcast.publish.certificate import (
    Certificate,
    CertificateMismatch,
    InvalidCertificate,
    PublishedFile,
    engine_versions,
)


@pytest.fixture
def certificate(make_plan: Callable[..., Plan]) -> Certificate:
    """A certificate with every field filled in."""
    plan = make_plan([30, 20])
    return Certificate(
        input_name="déjà vu.csv",
        input_sha256="0123456789abcdef" * 4,
        settings=BatchSettings(
            horizon=3, forecast_start_date=dt.date(2025, 1, 1), column_mapping={"date": "tgl"}, seed=9
        ),
        request=plan.request,
        partitions=plan.partitions,
        versions=engine_versions(),
        counts={"rows_read": 50, "series": 2},
        leaderboard=({"model": "ses", "lead_time_pinball": 0.1 + 0.2, "bias": None},),
        timings={"ingest": 0.25},
        files={"forecast": PublishedFile(name="result.csv", sha256="ff" * 32, size=123)},
    )


def test_certificate_reads_back_equal(certificate: Certificate, tmp_path: Path) -> None:
    certificate.write(tmp_path / "certificate.json")

    assert Certificate.read(tmp_path / "certificate.json") == certificate


def test_same_certificate_gives_the_same_bytes_in_a_stable_order(certificate: Certificate, tmp_path: Path) -> None:
    certificate.write(tmp_path / "one.json")
    certificate.write(tmp_path / "two.json")

    values = json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert list(values) == [
        "format",
        "input",
        "seed",
        "settings",
        "request",
        "versions",
        "plan",
        "counts",
        "leaderboard",
        "timings",
        "files",
    ]
    assert values["seed"] == 9
    assert values["plan"][0]["ranges"] == [[0, 1]]


def test_certificate_of_a_machine_with_more_cores_is_read(certificate: Certificate, tmp_path: Path) -> None:
    certificate.write(tmp_path / "certificate.json")
    values = json.loads((tmp_path / "certificate.json").read_text(encoding="utf-8"))
    values["settings"]["max_parallel"] = 4096
    (tmp_path / "certificate.json").write_text(json.dumps(values), encoding="utf-8")

    assert Certificate.read(tmp_path / "certificate.json").settings.max_parallel is None


def break_(path: list[str], value: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        for name in path[:-1]:
            values = values[name]
        values[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (break_(["format"], 2), "format 2, expected 1"),
        (lambda values: values.pop("request"), "'request' is missing"),
        (break_(["input"], "demand.csv"), "is not a certificate"),
        (break_(["input", "sha256"], 12), "expected text, found 12"),
        (break_(["settings", "horizon"], 0), "horizon is 0; it must be a number from 1 to 365"),
        (break_(["settings", "horzon"], 1), "horzon is not a setting; did you mean horizon"),
        (break_(["request", "calendar", "frequency"], "Q"), "'Q' is not a valid Frequency"),
        (break_(["request", "surprise"], 1), "unexpected keyword argument 'surprise'"),
        (break_(["plan"], [{}]), "'ranges' is missing"),
        (break_(["counts"], []), "is not a certificate"),
        (break_(["files", "forecast"], {"name": "x"}), "missing"),
    ],
)
def test_what_is_no_certificate_is_said(
    certificate: Certificate, tmp_path: Path, change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    values = json.loads(json.dumps(certificate.as_json()))
    change(values)
    (tmp_path / "certificate.json").write_text(json.dumps(values))

    with pytest.raises(InvalidCertificate, match=sentence):
        Certificate.read(tmp_path / "certificate.json")


@pytest.mark.parametrize("data", [b"", b"[1]", b"\xff\xfe", b"date,partnumber\n"])
def test_other_files_are_no_certificate(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)

    with pytest.raises(
        InvalidCertificate, match=r"file is not a certificate of a batchcast run: .*Give the certificate"
    ):
        Certificate.read(tmp_path / "file")


def test_missing_certificate_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidCertificate, match="No such file or directory"):
        Certificate.read(tmp_path / "certificate.json")


def test_changed_input_is_refused_with_both_digests(certificate: Certificate) -> None:
    certificate.require_input("0123456789abcdef" * 4)

    with pytest.raises(
        CertificateMismatch, match=r"déjà vu\.csv with SHA-256 0123456789abcdef, but the input has ffff"
    ):
        certificate.require_input("f" * 64)


def test_other_versions_are_refused_and_named(certificate: Certificate) -> None:
    certificate.require_engine()
    older = replace(certificate, versions={**engine_versions(), "numpy": "1.0", "python": "3.0"})

    with pytest.raises(CertificateMismatch, match=r"made with numpy 1\.0, and here is numpy \d"):
        older.require_engine()
    with pytest.raises(CertificateMismatch, match=r"made with batchcast \?, numpy \?, numba \?, pyarrow \?"):
        replace(certificate, versions={}).require_engine()


def test_versions_are_looked_up_once(monkeypatch):
    expected = engine_versions()
    monkeypatch.setattr("batchcast.publish.certificate.version", None)

    assert engine_versions() == expected

"""No sentence that a server answers with names a place of its machine; on that machine, and in its log, it does."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from tests.plugins.sources import ROOT

from batchcast.api.problems import answer_problem
from batchcast.app.provider import ProviderUnavailable
from batchcast.app.upload import _unavailable
from batchcast.app.words.translation import LANGUAGES, translate
from batchcast.domain.codec import decode_error, encode_error
from batchcast.domain.errors import BatchcastError, Message
from batchcast.http import error_status
from batchcast.publish.certificate import cannot_write
from batchcast.run.verdict import publishing_problem
from batchcast.store.artifacts.artifacts import ArtifactsUnavailable

PLACE = "/srv/kept by ops/artifacts"
TEXTS = [
    f"'{PLACE}'",
    f'open "sqlite:///{PLACE}/batches.db"',
    f"[Errno 28] No space left: '{PLACE}/part'",
    r"C:\Kept\part",
]
NAMES_OF_SENDERS = {"file_name", "site_code", "partnumber", "key", "expected", "found"}  # or digests


def every_kind(kind=BatchcastError):
    for one in kind.__subclasses__():
        yield one
        yield from every_kind(one)


def with_text(kind, text):
    """An error of the kind, with the text in all that it is told; None where it takes more than texts and numbers."""
    given = {}
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if name == "self" or parameter.default is not inspect.Parameter.empty:
            continue
        if str(parameter.annotation) not in {"str", "int"}:
            return None
        if parameter.annotation == "int":
            given[name] = 1
        elif name in {"place", "database"}:
            given[name] = text.strip("'")  # with blanks, and without quotes
        else:
            given[name] = "one" if name in NAMES_OF_SENDERS else text
    return kind(**given)


OF_SERVER = sorted(
    {
        kind
        for kind in every_kind()
        for listed, status in error_status._STATUSES
        if issubclass(kind, listed)
        and kind is not ProviderUnavailable  # below
        and kind.__module__.startswith("batchcast.")
        and (status >= 500 or "Artifact" in kind.__name__)
    },
    key=lambda kind: kind.__name__,
)


def leaks(said):
    return [part for part in ("/srv", "kept by ops", "batches.db", "Kept") if part in said]


@pytest.mark.parametrize("text", TEXTS, ids=["folder", "database", "error of the system", "Windows"])
@pytest.mark.parametrize("kind", OF_SERVER, ids=lambda kind: kind.__name__)
def test_no_answer_of_a_server_that_fails_names_a_place(kind, text):
    error = with_text(kind, text)
    if error is None:
        assert not [name for name in inspect.signature(kind.__init__).parameters if name in {"place", "database"}]
        return

    for language in LANGUAGES:
        assert not leaks(answer_problem(error, {"accept-language": language}, "/api").body.decode())
        assert not leaks(translate(error.message, language, "label"))


def test_every_kind_that_tells_a_place_was_tried():
    tried = {kind.__name__ for kind in OF_SERVER if leaks(str(with_text(kind, PLACE) or ""))}

    assert tried >= {
        "ArtifactMissing",
        "ArtifactDamaged",
        "ArtifactsUnavailable",
        "StoreUnavailable",
        "DatabaseDamaged",
    }


@pytest.mark.parametrize(
    "message",
    [
        cannot_write(Path(PLACE), OSError(28, "No space left on device", PLACE)).message,
        publishing_problem(OSError(28, "No space left on device", f"{PLACE}/part")),
        publishing_problem(ArtifactsUnavailable(PLACE, "No space left on device")),
        decode_error(encode_error(ValueError(f"{PLACE!r} is no folder"))).message,
        _unavailable(OSError(f"{PLACE!r} is away")).message,
    ],
    ids=["published", "publishing", "kept", "worker", "upload"],
)
def test_what_is_kept_of_a_failure_is_told_without_the_place_by_a_server_and_with_it_on_its_machine(message):
    assert [leaks(translate(message, language, naming)) for language in LANGUAGES for naming in ("field", "label")] == [
        []
    ] * 4
    if "/srv" in str(message):
        assert leaks(translate(message, "en", "option"))


def test_the_log_of_a_server_names_the_place(monkeypatch):
    said = []
    monkeypatch.setattr(error_status._log, "warning", lambda text, **_: said.append(text), raising=False)

    body = json.loads(answer_problem(ArtifactsUnavailable(PLACE, "No space left on device"), {}, "/api").body)

    assert PLACE in said[0]
    assert "can't be kept in the server's storage or read from it: No space left on device" in body["detail"]


@pytest.mark.parametrize(
    "problem",
    ["certificate is not valid for 'id.internal'", "http://10.1.2.3:81/keys: HTTP 500", "it calls itself 'https://x'"],
)
def test_neither_a_provider_nor_what_it_said_is_told_but_in_the_log(monkeypatch, problem):
    said = []
    monkeypatch.setattr(error_status._log, "warning", lambda text, **_: said.append(text), raising=False)

    error = ProviderUnavailable("https://id.internal/realm", problem)
    answers = [
        answer_problem(error, {"accept-language": language}, "/sign-in/provider").body.decode()
        for language in LANGUAGES
    ]
    answers += [translate(error.message, language, "label") for language in LANGUAGES]

    assert not [part for part in ("internal", "10.1.2.3", "calls itself") if part in "".join(answers)]
    assert all("https://id.internal/realm" in text and problem in text for text in said)
    assert len(said) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("I/O error", "I/O error"),
        ("and/or 1/2", "and/or 1/2"),
        ('socket "/var/run/x y/.s" failed', "socket … failed"),
        ("cannot open /a/b.csv: gone", "cannot open …: gone"),
        ("s3://bucket/a b", "… b"),
        ("http://10.0.0.5:9000/x is away", "… is away"),
        ("'it' can't open 'that'", "'it' can't open 'that'"),
    ],
)
def test_only_paths_and_addresses_are_left_out_of_a_reason(told, said):
    assert translate(Message("{server_reason}", {"server_reason": told}), "en") == said


def test_no_step_of_a_batch_quotes_the_system_without_the_mark():
    lines = [
        line.strip()
        for folder in ("run", "store/artifacts")
        for path in sorted((ROOT / "src" / "batchcast" / folder).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if '": str(error' in line or '": error.strerror' in line or '": repr(' in line
    ]

    assert lines
    assert [line for line in lines if '"server_' not in line and "outcome.result" not in line] == []

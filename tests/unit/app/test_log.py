"""Text of a user cannot begin a line of a server's log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from batchcast.app.installation.log import MOST_REPEATS, set_up_service_log


@pytest.fixture(autouse=True)
def _log_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ours, root = logging.getLogger("batchcast"), logging.getLogger()
    for name, value in {"propagate": True, "level": logging.NOTSET, "handlers": [], "disabled": False}.items():
        monkeypatch.setattr(ours, name, value)  # a command that ran in this process before has set its own
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hostile_text_stays_within_its_line(form, capsys) -> None:
    set_up_service_log(form)

    structlog.get_logger("batchcast").info("taken", file="demand\n2026-01-01 [error] forged\x1b[31m\r\u2028x")
    logging.getLogger("batchcast.run").warning("batch %s: %s", "1a2b", "x\nforged")

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "forged" in lines[0]
    assert "1a2b" in lines[1]
    assert "\x1b" not in lines[0]


def test_json_lines_carry_their_keys(capsys) -> None:
    set_up_service_log("json")

    structlog.get_logger("batchcast").warning("partition failed", batch_id="1a2b", partition=3)

    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["batch_id"], line["partition"], line["level"]) == (
        "partition failed",
        "1a2b",
        3,
        "warning",
    )


def test_a_warning_that_repeats_is_dropped_and_counted(capsys, monkeypatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("batchcast.app.installation.log.time.monotonic", lambda: clock[0])
    set_up_service_log("json")
    log = structlog.get_logger("batchcast")

    for _ in range(MOST_REPEATS + 30):
        log.warning("refused", address="10.0.0.1")
        log.info("taken")
    log.warning("another")
    clock[0] += 61
    log.warning("refused", address="10.0.0.2")

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    refused = [line for line in lines if line["event"] == "refused"]
    assert len(refused) == MOST_REPEATS + 1
    assert refused[-1]["dropped"] == 30
    assert sum(line["event"] == "taken" for line in lines) == MOST_REPEATS + 30
    assert sum(line["event"] == "another" for line in lines) == 1

"""Text of a user cannot begin a line of a server's log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from batchcast.app.log import set_up_service_log


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    root = logging.getLogger()
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

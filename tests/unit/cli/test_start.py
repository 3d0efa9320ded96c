"""A command loads what it needs alone, and makes the options of no other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from batchcast.cli.command import COMMANDS, build
from batchcast.cli.parsing import Commands
from batchcast.cli.session import Screen, Session, Words

CODE = """
import sys
import batchcast.app.batchcast, batchcast.app.words.nouns, batchcast.cli.progress
from batchcast.cli.command import build
from batchcast.cli.session import Screen, Session, Words
build(Session(words=Words("en"), screen=Screen.of_process())).commands[{command!r}]
print(*sys.modules)
"""
READERS = {"batchcast.ingest.reader", "batchcast.ingest.recipes", "batchcast.ingest.eventfile", "batchcast.results"}
WRITERS = {"batchcast.publish.writers", "batchcast.publish.combined", "pyarrow.compute"}


@pytest.mark.parametrize("command", ["run", "analyze", "backtest"])
def test_a_run_loads_neither_readers_nor_writers_nor_the_set_up_of_a_server(command):
    asked = subprocess.run(
        [sys.executable, "-c", CODE.format(command=command)], capture_output=True, text=True, check=True
    )

    assert not {"pydantic", "scipy", "numba", "lightgbm", *READERS, *WRITERS} & set(asked.stdout.split())


def test_commands_are_made_when_they_are_looked_at_and_once():
    made = []

    def maker(name):
        def make(session):
            made.append(name)
            return COMMANDS[name](session)

        return make

    session = Session(words=Words("en"), screen=Screen.of_process())
    commands = Commands(session, {name: maker(name) for name in ("run", "analyze")})

    assert list(commands) == ["run", "analyze"]
    assert "run" in commands
    assert "rum" not in commands
    assert made == []
    assert commands["analyze"] is commands["analyze"]
    assert made == ["analyze"]


def test_every_command_is_there():
    group = build(Session(words=Words("en"), screen=Screen.of_process()))

    assert {name: command.name for name, command in group.commands.items()} == {name: name for name in COMMANDS}

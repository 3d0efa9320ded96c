from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from batchcast.cli import main
from batchcast.cli.session import Screen, let_go_of_broken_streams, open_batchcast


@pytest.fixture(autouse=True)
def _process_as_before(monkeypatch):
    """What the command changes for its whole process is put back."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)


def test_what_libraries_would_load_and_no_command_needs_is_left_out():
    code = "import sys\nfrom batchcast.cli.main import main\ntry: main()\nexcept SystemExit: import pandas"

    ended = subprocess.run([sys.executable, "-c", code, "analyze"], capture_output=True, text=True, check=False)

    assert "pandas is left out of the processes of batchcast" in ended.stderr


def test_the_version_is_written_without_loading_anything(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["batchcast", "--version"])

    main.main()

    assert capsys.readouterr().out.startswith("batchcast ")


def test_the_process_ends_with_the_exit_code_of_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["batchcast", "analyze", "--lang", "en"])

    with pytest.raises(SystemExit) as ended:
        main.main()

    assert ended.value.code == 2
    assert "FILE is missing" in capsys.readouterr().err


def test_a_character_that_the_terminal_lacks_is_written_out(monkeypatch, tmp_path):
    with (tmp_path / "out").open("w", encoding="ascii") as file:
        monkeypatch.setattr(sys, "stdout", file)
        Screen.of_process().out.print("Größe")

    assert (tmp_path / "out").read_text(encoding="ascii") == "Gr\\xf6\\xdfe\n"


def test_streams_without_a_reader_are_let_go(monkeypatch, tmp_path):
    reader, writer = os.pipe()
    broken = os.fdopen(writer, "w")
    broken.write("not read")
    os.close(reader)
    closed = (tmp_path / "closed").open("w")
    closed.close()
    monkeypatch.setattr(sys, "stdout", broken)
    monkeypatch.setattr(sys, "stderr", closed)

    let_go_of_broken_streams()

    broken.close()  # would raise BrokenPipeError


def test_the_use_cases_are_those_of_app():
    from batchcast.app.batchcast import Batchcast

    assert isinstance(open_batchcast(), Batchcast)

"""The commands that copy what a server keeps, and put it back."""

from __future__ import annotations

import datetime as dt
import json

from batchcast.app.installation import backup
from batchcast.domain.errors import Message
from batchcast.store.sql.sql_store import SqlStore


def test_a_backup_is_made_and_put_back(batchcast, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    SqlStore.open(f"sqlite:///{home / 'batchcast.db'}").close()

    made = batchcast("backup", str(tmp_path / "copy"), "--home", str(home))
    back = batchcast("restore", str(tmp_path / "copy"), "--home", str(tmp_path / "second"), "--json")

    assert made.code == 0
    assert "Batches: 0." in made.out
    assert f"batchcast restore {tmp_path / 'copy'} --home NEW_FOLDER" in made.out
    assert back.code == 0
    told = json.loads(back.out)
    assert (told["kind"], told["batches"]) == ("restored", 0)


def test_what_is_damaged_is_told_and_the_exit_code_says_so(batchcast, monkeypatch, tmp_path):
    held = backup.Backup(
        made_at=dt.datetime(2026, 1, 31, tzinfo=dt.UTC),
        version="1",
        batches=2,
        files=3,
        size=2**21,
        database_sha256="ab",
        damaged=(Message("batches/x/upload is missing"),),
    )
    monkeypatch.setattr(backup, "back_up", lambda config, folder: held)

    made = batchcast("backup", str(tmp_path / "copy"))
    as_json = batchcast("backup", str(tmp_path / "copy"), "--json")

    assert (made.code, as_json.code) == (1, 1)
    assert "Files, each compared with its SHA-256: 3 (2.0 MB)" in made.out
    assert "Left out, because it is damaged: batches/x/upload is missing" in made.err
    assert json.loads(as_json.out)["damaged"] == ["batches/x/upload is missing"]


def test_a_place_that_is_missing_is_asked_for(batchcast):
    assert "TO is missing" in batchcast("backup").err
    assert "FROM is missing" in batchcast("restore").err

"""What is made where a server is about to start."""

from __future__ import annotations

import os

import pytest

from batchcast.app.installation.surroundings import check_home


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_home_that_is_made_is_for_its_owner_alone_and_empty(tmp_path, umask):
    home = tmp_path / "made" / "home"
    before = os.umask(umask)
    try:
        check_home(home)
    finally:
        os.umask(before)

    assert home.stat().st_mode & 0o777 == 0o700
    assert not list(home.iterdir())

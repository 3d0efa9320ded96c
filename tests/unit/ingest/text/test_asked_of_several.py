"""An encoding that was asked for is not forced on a file of a folder or zip whose letters are clearly of another."""

from __future__ import annotations

import zipfile

import pytest

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.problems import NotText
from batchcast.ingest.reader import ingest_file

SWEDISH = ("Malmö", "Växjö", "Örebro", "Jönköping")


def rows(year: int) -> str:
    return "date,part,site,qty\n" + "".join(f"{year}-01-{d:02d},A,{name},2\n" for d in range(1, 20) for name in SWEDISH)


@pytest.fixture
def read(tmp_path):
    def read(members: dict[str, bytes], encoding: str):
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return ingest_file(tmp_path / "all.zip", into=tmp_path / "out", settings=BatchSettings(encoding=encoding))

    return read


@pytest.mark.parametrize(("asked", "refused"), [("dos-850", "a.csv"), ("windows-1252", "b.csv")])
def test_the_member_that_it_does_not_fit_is_named(read, asked, refused):
    members = {"a.csv": rows(2023).encode("cp1252"), "b.csv": rows(2024).encode("cp850"), "c.csv": rows(2025).encode()}

    with pytest.raises(NotText, match=f"{refused} is not in .*, which was asked for: it would read"):
        read(members, asked)


def test_members_in_one_encoding_beside_utf8_are_read(read):
    members = {"a.csv": rows(2023).encode("cp850"), "b.csv": rows(2024).encode("cp850"), "c.csv": rows(2025).encode()}

    facts = read(members, "dos-850").history.facts

    assert {site.site_code for site in facts.sites} == set(SWEDISH)

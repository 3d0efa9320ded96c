"""Writes the hashes of each pinned package into the constraints, so that no file but the ones seen today is installed.

    .venv/bin/python tools/pin_hashes.py constraints.txt

Hashes come from the indexes that pip is set up with, and no address is written. Those of all wheels are taken that
can be installed on a promised platform, and that of a source archive only where there is none: building it runs code.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from pip._internal.commands.index import IndexCommand
from pip._internal.index.collector import LinkCollector, parse_links
from pip._internal.models.candidate import InstallationCandidate
from pip._internal.models.link import Link

PYTHONS = (11, 12, 13)
PLATFORMS = re.compile(r"any|(manylinux|musllinux|linux).*_(x86_64|aarch64)|macosx_.*|win_(amd64|arm64)")
HASH = re.compile(r"\s*\\?\s*--hash=\S+")


def main(path: Path) -> None:
    """Put the hashes of all pins of the file in place of those that are there."""
    logging.disable()  # pip tells of each index that has no such package
    lines = HASH.sub("", path.read_text(encoding="utf-8")).splitlines()
    pins = [line for line in lines if "==" in line]
    with ThreadPoolExecutor(4) as threads:
        hashes = dict(zip(pins, threads.map(hashes_of, pins), strict=True))
    missing = [pin for pin, found in hashes.items() if not found]
    if missing:
        sys.exit(f"The indexes of pip have no file of {', '.join(missing)} for a promised platform.")
    written = (" \\\n".join([line, *(f"    --hash={one}" for one in hashes.get(line, ()))]) for line in lines)
    path.write_text("\n".join(written) + "\n", encoding="utf-8")


def hashes_of(pin: str) -> list[str]:
    """The hashes of all files of a pin, such as `numpy==2.4.6`, that a promised platform may install, sorted."""
    name, version = pin.split("==")
    return sorted(set(installable(_files(name), version)))


def installable(files: Iterable[tuple[str, str]], version: str) -> Iterator[str]:
    """The hashes of those of the files, given as names and hashes, that a promised platform may install."""
    wheels, archives = [], []
    for name, one in files:
        if name.endswith(".whl"):
            try:
                _, found, _, tags = parse_wheel_filename(name)
            except InvalidWheelFilename:
                continue
            if str(found) == version and any(map(is_promised, tags)):
                wheels.append(one)
        else:
            try:
                _, found = parse_sdist_filename(name)
            except InvalidSdistFilename:
                continue
            if str(found) == version:
                archives.append(one)
    yield from wheels or archives


def is_promised(tag: Tag) -> bool:
    """Whether Python 3.11, 3.12 or 3.13 on one of the platforms installs a wheel with this tag."""
    return _is_of_python(tag) and PLATFORMS.fullmatch(tag.platform) is not None


def _is_of_python(tag: Tag) -> bool:
    if tag.abi in ("none", "abi3"):
        lowest = re.fullmatch(r"(?:py|cp)3(\d*)", tag.interpreter)
        return lowest is not None and int(lowest[1] or 0) <= PYTHONS[-1]
    return tag.interpreter == tag.abi and tag.interpreter in {f"cp3{minor}" for minor in PYTHONS}


def _files(name: str) -> Iterator[tuple[str, str]]:
    """Names and hashes of all files that pip's indexes have of a package."""
    command = IndexCommand("index", "")
    options, _ = command.parse_args(["versions", name])
    with command._build_session(options) as session:
        collector = LinkCollector.create(session, options=options)
        links: list[Link] = []

        def read(page: Link) -> Iterable[InstallationCandidate]:
            answer = collector.fetch_response(page, package_name=name)
            links.extend(parse_links(answer) if answer is not None else ())
            return ()

        for source in chain(*collector.collect_sources(name, read)):
            if source is not None:
                list(source.page_candidates())
    return ((link.filename, f"{link.hash_name}:{link.hash}") for link in links if link.hash_name == "sha256")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

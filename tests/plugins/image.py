"""An image built from a Containerfile without a container daemon, and processes in it as containers run them.

The lowest layer is Debian's, made by debootstrap; RUN is carried out in a changed root. A process of the image runs as
the image's user, in a mount namespace of its own where only its volumes and /tmp can be written.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from tests.plugins.debian import find_program, skip_or_fail
from tests.plugins.watchdog import remove_at_end

_FROM_HERE = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf")  # how this machine reaches the packages
_BYTES = 4 * 2**30  # of all stages, and room
_PATHS_OF_VARIABLES = re.compile(r"(PIP|SSL|npm_config|NODE)_\w+", re.IGNORECASE)


@dataclass(kw_only=True)
class Image:
    """A root folder, and what its Containerfile says of the process in it."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    folder: str = "/"
    volumes: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def start(
        self,
        command: Sequence[str],
        *,
        volumes: Mapping[str, Path],
        variables: Mapping[str, str],
        output: int | None = None,
    ) -> subprocess.Popen[str]:
        """Start a process in it, as a container with a root that can only be read and with these folders as volumes."""
        mounts = [f"mount --bind {self.root} {self.root}"]
        mounts += [f"mount --bind {here} {self.root}{there}" for there, here in volumes.items()]
        mounts += [
            f"mount -t tmpfs none {self.root}/tmp",
            f"mount -t proc none {self.root}/proc",
            f"mount --bind /dev {self.root}/dev",
            f"mount -o remount,bind,ro {self.root}",
        ]
        given = [f"{name}={value}" for name, value in {**self.variables, **variables}.items()]
        inside = ["chroot", f"--userspec={self.user}", str(self.root), "env", "-i", *given, *command]
        script = " && ".join([*mounts, f"exec {shlex.join(inside)}"])
        return subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            text=True,
        )


def build_image(containerfile: Path, context: Path, folder: Path) -> Image:
    """The image of the last stage of a Containerfile, made below a folder."""
    stages: dict[str, Image] = {}
    image = Image(root=folder)
    for word, rest in _instructions(containerfile.read_text(encoding="utf-8")):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            image = stages[name or base] = _stage(base, stages, folder / f"stage{len(stages)}")
        elif word == "RUN":
            _run(image, rest)
        elif word == "COPY":
            _copy(image, shlex.split(rest), context, stages)
        else:
            _note(image, word, rest)
    return image


def _note(image: Image, word: str, rest: str) -> None:
    """Keep what the Containerfile says of the process."""
    match word:
        case "ENV":
            image.variables |= dict(text.split("=", 1) for text in shlex.split(rest))
        case "WORKDIR":
            image.folder = rest
            (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = rest
        case "VOLUME":
            image.volumes.append(rest)
        case "ENTRYPOINT":
            image.entrypoint = json.loads(rest)
        case "CMD":
            image.command = json.loads(rest)
        case "HEALTHCHECK":
            image.health = json.loads(rest.partition("CMD ")[2])
        case "EXPOSE":
            pass
        case _:
            raise ValueError(f"{word} is not carried out here")


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


def _stage(base: str, stages: Mapping[str, Image], root: Path) -> Image:
    if base in stages:
        subprocess.run(["cp", "--archive", "--reflink=auto", stages[base].root, root], check=True)
        return Image(root=root, variables=dict(stages[base].variables))
    suite = re.fullmatch(r"debian:(\w+)-slim", base)
    assert suite, f"{base} can't be made here"
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", suite[1], root], check=False, capture_output=True, text=True
    )
    if made.returncode:
        skip_or_fail(f"Debian's packages can't be had: {(made.stdout + made.stderr)[-400:]}")
    return Image(root=root)


def _run(image: Image, script: str) -> None:
    """Carry out a step as the image's root, with this machine's way to its packages."""
    variables = {name: value for name, value in os.environ.items() if _PATHS_OF_VARIABLES.fullmatch(name)}
    for place in {*_FROM_HERE, *variables.values()}:
        there = image.root / place.lstrip("/")
        if place.startswith("/") and (Path(place).is_file() or not there.is_dir()) and Path(place).exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            copy = ["cp", "--archive", "--dereference", "--no-target-directory", place, str(there)]
            subprocess.run(copy, check=True)
    inside = ["chroot", str(image.root), "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
    given = [f"{name}={value}" for name, value in {**variables, **image.variables}.items()]
    script = f"cd {image.folder} && {script}"
    step = f"mount -t proc none {image.root}/proc && exec {shlex.join([*inside, *given])} sh -ec {shlex.quote(script)}"
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", step], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, f"RUN {script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def _copy(image: Image, words: Sequence[str], context: Path, stages: Mapping[str, Image]) -> None:
    option = words[0] if words[0].startswith("--from=") else ""
    *sources, target = words[1:] if option else words
    there = image.root / target.lstrip("/")
    there.mkdir(parents=True, exist_ok=True)
    for source in sources:
        if option:  # the stage is not used again: its files are only given a second name
            found = stages[option.removeprefix("--from=")].root / source.lstrip("/")
            subprocess.run(["cp", "--archive", "--link", f"{found}/.", there], check=True)
        elif (context / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(context / source, there, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            shutil.copy2(context / source, there)


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """The image of `deploy/Containerfile`."""
    if os.geteuid() != 0:
        pytest.skip("only root can change into the root of an image")
    if find_program("debootstrap", "debootstrap") is None:
        skip_or_fail("debootstrap is not on this machine; install it")
    context = Path(__file__).parents[2]
    folder = Path(tempfile.mkdtemp(prefix="batchcast-image-", dir=_place()))
    remove_at_end(folder)
    try:
        yield build_image(context / "deploy" / "Containerfile", context, folder)
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)


def _place() -> str | None:
    """Memory where there is enough: on a slow disk, 100,000 files take minutes to write and to remove."""
    memory = "/dev/shm"
    is_enough = Path(memory).is_dir() and shutil.disk_usage(memory).free > _BYTES
    return memory if is_enough and psutil.virtual_memory().available > 2 * _BYTES else None

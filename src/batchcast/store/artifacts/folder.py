"""Artifacts in a folder of this machine.

What is put is written under a hidden name, brought to the disk, and renamed into its place; then its place is brought
to the disk too. So a name without a dot before it is whole, whatever happened. A folder is moved in as one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import math
import os
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from batchcast.domain.batch import FilePiece, StoredFile
from batchcast.domain.disk import file_sha256, fsync
from batchcast.store.artifacts.artifacts import (
    BATCHES,
    MANIFEST,
    ArtifactDamaged,
    ArtifactMissing,
    ArtifactsUnavailable,
    Manifest,
    checked_key,
    files_to_keep,
)

_SECONDS_OF_A_PROBE = 600
_REMOVALS = 5  # tries, while another process still writes into what is removed
_CHANGED_MEANWHILE = frozenset({errno.ENOTEMPTY, errno.EISDIR, errno.ENOTDIR})


class LocalFolder:
    """Implements `Artifacts`, which describes the methods; the folder is made where it is missing."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._digests = KnownDigests()

    def put(self, path: Path, key: str, *, move: bool = False) -> StoredFile:
        target = self._path(key)
        with self._available(), self._partial(target) as partial:
            sha256 = _take(path, partial, move=move)
            size = partial.stat().st_size
            partial.replace(target)
            fsync(target.parent)
            if move:
                path.unlink(missing_ok=True)
            return StoredFile(key=key, sha256=sha256, size=size)

    def fetch(self, file: StoredFile, into: Path) -> Path:
        return self._checked(file, self._digests.digest)

    def fetch_pieces(self, file: StoredFile, pieces: Sequence[FilePiece], into: Path) -> Path:
        return self.fetch(file, into)

    def verify(self, file: StoredFile) -> None:
        self._checked(file, self._digests.digest_now)

    def _checked(self, file: StoredFile, digest: Callable[[Path], str]) -> Path:
        path = self._path(file.key)
        with self._available():
            try:
                found = digest(path)
            except FileNotFoundError as error:
                raise ArtifactMissing(file.key, str(self._root)) from error
        if found != file.sha256:
            raise ArtifactDamaged(file.key, str(self._root), expected=file.sha256, found=found)
        return path

    def put_folder(self, folder: Path, prefix: str, *, move: bool = False) -> None:
        target = self._path(prefix)
        with self._available(), self._partial(target) as partial:
            partial.mkdir()
            files = []
            for path in files_to_keep(folder):
                sha256 = _take(path, partial / path.name, move=move)
                key = checked_key(f"{prefix}/{path.name}")
                files.append(StoredFile(key=key, sha256=sha256, size=(partial / path.name).stat().st_size))
            self._put_in_place(partial, target, Manifest.of(files))
            if move:
                for file in files:
                    (folder / Path(file.key).name).unlink(missing_ok=True)

    def fetch_folder(self, prefix: str, into: Path) -> Path:
        for file in self._manifest(prefix).below(prefix):
            self.fetch(file, into)
        return self._path(prefix)

    def copy_folder(self, prefix_from: str, prefix_to: str) -> None:
        target, manifest = self._path(prefix_to), self._manifest(prefix_from)
        paths = [self.fetch(file, self._root) for file in manifest.below(prefix_from)]
        with self._available(), self._partial(target) as partial:
            partial.mkdir()
            for path in paths:
                link_or_copy(path, partial / path.name)
                fsync(partial / path.name)
            self._put_in_place(partial, target, manifest)

    def remove(self, prefix: str) -> None:
        with self._available():
            _remove(self._root / checked_key(prefix, may_be_hidden=True))

    def batch_ids(self) -> frozenset[str]:
        return frozenset(name for name in self.names(BATCHES) if not name.startswith("."))

    def names(self, prefix: str) -> frozenset[str]:
        with self._available():
            try:
                return frozenset(path.name for path in self._path(prefix).iterdir())
            except FileNotFoundError:
                return frozenset()

    def size_of(self, prefix: str) -> int:
        total = 0
        with self._available():
            for path in self._path(prefix).rglob("*"):
                with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    total += path.lstat().st_size if path.is_file() else 0
        return total

    def check(self) -> None:
        with self._available():
            folder = self._root / BATCHES  # where work writes
            make_folder(folder)
            self._sweep_probes(folder)
            probe = folder / f".check-{secrets.token_hex(8)}"
            try:
                probe.write_bytes(b"batchcast")
                fsync(probe)
            finally:
                probe.unlink(missing_ok=True)

    def _sweep_probes(self, folder: Path) -> None:
        """Remove what checks that were killed have left."""
        oldest = time.time() - _SECONDS_OF_A_PROBE
        for path in folder.glob(".check-*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _manifest(self, prefix: str) -> Manifest:
        path = self._path(f"{prefix}/{MANIFEST}")
        with self._available():
            try:
                return Manifest.from_text(path.read_text(encoding="utf-8"))
            except FileNotFoundError as error:
                raise ArtifactMissing(prefix, str(self._root)) from error
            except ValueError as error:
                raise ArtifactMissing(f"{prefix}/{MANIFEST}", str(self._root)) from error

    def _put_in_place(self, partial: Path, target: Path, manifest: Manifest) -> None:
        (partial / MANIFEST).write_text(manifest.as_text(), encoding="utf-8")
        fsync(partial / MANIFEST)
        fsync(partial)
        _remove(target)
        partial.rename(target)
        fsync(target.parent)

    @contextmanager
    def _partial(self, target: Path) -> Iterator[Path]:
        """A hidden name beside the target, in a folder that is there; what is left under it is removed."""
        make_folder(target.parent)
        partial = target.parent / f".{target.name}.{secrets.token_hex(8)}.part"
        try:
            yield partial
        finally:
            with contextlib.suppress(OSError):  # what stays is hidden, and swept with its batch
                _remove(partial)

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise ArtifactsUnavailable(str(self._root), reason) from error


class ScratchFolder(LocalFolder):
    """A folder whose artifacts are gone with its process: nothing is brought to the disk, digested or checked.

    What is put is linked or renamed, so the folder must be on the file system of what is put; the SHA-256 of a
    `StoredFile` from here is empty.
    """

    def put(self, path: Path, key: str, *, move: bool = False) -> StoredFile:
        target = self._path(key)
        with self._available():
            target.parent.mkdir(parents=True, exist_ok=True)
            if move:
                path.replace(target)
            else:
                link_or_copy(path, target)
            return StoredFile(key=key, sha256="", size=target.stat().st_size)

    def fetch(self, file: StoredFile, into: Path) -> Path:
        """See `Artifacts.fetch`; the file is not checked."""
        return self._path(file.key)

    def verify(self, file: StoredFile) -> None:
        """See `Artifacts.verify`; there is no digest to compare with."""

    def put_folder(self, folder: Path, prefix: str, *, move: bool = False) -> None:
        """See `Artifacts.put_folder`; the folder itself is moved, never copied."""
        target = self._path(prefix)
        with self._available():
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(target)

    def fetch_folder(self, prefix: str, into: Path) -> Path:
        """See `Artifacts.fetch_folder`; the files are not checked."""
        return self._path(prefix)


def _take(path: Path, target: Path, *, move: bool) -> str:
    """A file under a new name, on the disk; returns its SHA-256. `move` spares the copy, on one file system."""
    if not move:
        sha256 = copy_digested(path, target)
    else:
        sha256 = file_sha256(path)
        link_or_copy(path, target)
    fsync(target)
    return sha256


def _remove(path: Path) -> None:
    """Remove a file or a tree, also while another process still writes into it."""
    for tries_left in reversed(range(_REMOVALS)):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            return
        except FileNotFoundError:  # another process removes it as well
            continue
        except OSError as error:
            if error.errno not in _CHANGED_MEANWHILE or not tries_left:
                raise


# Files on a local disk that are there for good once they are there, and their SHA-256.

_PIECE_BYTES = 1 << 20
_SECONDS_TRUSTED = 600.0  # that a digest counts
_MOST_REMEMBERED = 100_000  # files, some 30 MB


def copy_digested(source: Path, target: Path) -> str:
    """Copy a file, and return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as taken, target.open("xb") as given:
        while piece := taken.read(_PIECE_BYTES):
            digest.update(piece)
            given.write(piece)
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file, or a copy on a file system that can't."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, for good."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        fsync(folder.parent)


class KnownDigests:
    """Digests of files that were read a short while ago and have not been touched since: a disk may rot unseen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, ...], tuple[float, str]] = OrderedDict()  # when it was read, and its digest

    def digest(self, path: Path) -> str:
        """SHA-256 of a file, which is read where it is new, was changed, or was last read too long ago."""
        state = self._state(path)
        with self._lock:
            read_at, known = self._known.get(state, (-math.inf, ""))
            if time.monotonic() - read_at < _SECONDS_TRUSTED:
                self._known.move_to_end(state)
                return known
        return self.digest_now(path)

    def digest_now(self, path: Path) -> str:
        """SHA-256 of a file, which is read."""
        state, now = self._state(path), time.monotonic()
        digest = file_sha256(path)
        with self._lock:
            self._known[state] = (now, digest)
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return digest

    @staticmethod
    def _state(path: Path) -> tuple[int, ...]:
        """What changes where a file is another, or was written."""
        found = path.stat()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

"""Artifacts in an S3-compatible bucket, through fsspec: several servers share them.

An object appears whole or not at all, so a put needs no temporary name. A folder is whole once its list of files is
there, which is put last and removed first. Where the bucket is and who we are is told to the AWS library in its own
ways: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, a profile, a role.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Self

from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from s3fs import S3FileSystem

from batchcast.domain.batch import FilePiece, StoredFile
from batchcast.domain.disk import file_sha256
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
from batchcast.store.artifacts.folder import KnownDigests

_PIECE_BYTES = 8 << 20  # of a larger file, sent or fetched at a time
_MOST_PIECES = 9_000  # S3 takes 10,000
_AT_ONCE = 4  # pieces under way
_PATIENCE: dict[str, Any] = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 3}}


class Bucket:
    """Implements `Artifacts`, which describes the methods; the bucket must be there."""

    def __init__(self, files: Any, root: str, url: str) -> None:
        self._files = files  # an fsspec file system, which has no types
        self._root = root
        self._url = url
        self._digests = KnownDigests()
        self._pieces: dict[Path, set[FilePiece]] = {}  # downloaded so far, by the file that has them
        self._fetching = threading.Lock()  # held while pieces are downloaded

    @classmethod
    def open(cls, url: str) -> Self:
        """The bucket, or a prefix in it, at `s3://bucket/prefix`; nothing is asked of it yet."""
        files = S3FileSystem(use_listings_cache=False, skip_instance_cache=True, config_kwargs=_PATIENCE)
        return cls(files, url.removeprefix("s3://").strip("/"), url)

    def put(self, path: Path, key: str, *, move: bool = False) -> StoredFile:
        with self._available():
            file = StoredFile(key=key, sha256=file_sha256(path), size=path.stat().st_size)
            piece = max(_PIECE_BYTES, file.size // _MOST_PIECES)
            self._files.put_file(str(path), self._place(key), chunksize=piece, max_concurrency=_AT_ONCE)
            if move:
                path.unlink(missing_ok=True)
            return file

    def fetch(self, file: StoredFile, into: Path) -> Path:
        local = into / f"{file.sha256}{PurePosixPath(file.key).suffix}"
        with self._available():
            if not (local.is_file() and self._digests.digest(local) == file.sha256):
                with _partial(local) as partial:
                    self._download(file, partial)
                    partial.replace(local)
        return local

    def fetch_pieces(self, file: StoredFile, pieces: Sequence[FilePiece], into: Path) -> Path:
        local = into / f"pieces-{file.sha256}{PurePosixPath(file.key).suffix}"
        with self._fetching, self._available():
            into.mkdir(parents=True, exist_ok=True)
            if not local.exists():
                self._pieces.pop(local, None)
                local.touch()
                os.truncate(local, file.size)  # takes no room where nothing is written
            have = self._pieces.setdefault(local, set())
            with local.open("r+b") as target:
                for piece in (one for one in pieces if one not in have):
                    target.seek(piece.start)
                    target.write(self._download_piece(file, piece))
                    target.flush()
                    have.add(piece)
        return local

    def verify(self, file: StoredFile) -> None:
        with self._available():
            try:
                with self._files.open(self._place(file.key), block_size=_PIECE_BYTES, cache_type="readahead") as stream:
                    found = hashlib.file_digest(stream, "sha256").hexdigest()
            except FileNotFoundError as error:
                raise ArtifactMissing(file.key, self._url) from error
        if found != file.sha256:
            raise ArtifactDamaged(file.key, self._url, expected=file.sha256, found=found)

    def put_folder(self, folder: Path, prefix: str, *, move: bool = False) -> None:
        paths = files_to_keep(folder)
        self._remove_folder(prefix)
        files = tuple(self.put(path, f"{prefix}/{path.name}") for path in paths)
        self._put_manifest(Manifest.of(files), prefix)
        if move:
            for path in paths:
                path.unlink(missing_ok=True)

    def fetch_folder(self, prefix: str, into: Path) -> Path:
        manifest = self._manifest(prefix)
        local = into / hashlib.sha256(manifest.as_text().encode()).hexdigest()
        with self._available():
            if not self._has_all(local, manifest):
                shutil.rmtree(local, ignore_errors=True)
                with _partial(local) as partial:
                    partial.mkdir()
                    for file in manifest.below(prefix):
                        self._download(file, partial / PurePosixPath(file.key).name)
                    self._settle(partial, local, manifest)
        return local

    def copy_folder(self, prefix_from: str, prefix_to: str) -> None:
        manifest = self._manifest(prefix_from)
        with self._available():
            listed = {PurePosixPath(found["name"]).name: found["size"] for found in self._list(prefix_from)}
        for file in manifest.files:
            if listed.get(file.key) != file.size:
                raise ArtifactMissing(f"{prefix_from}/{file.key}", self._url)
        self._remove_folder(prefix_to)
        with self._available():
            for file in manifest.files:
                self._files.cp_file(self._place(f"{prefix_from}/{file.key}"), self._place(f"{prefix_to}/{file.key}"))
        self._put_manifest(manifest, prefix_to)

    def remove(self, prefix: str) -> None:
        place = f"{self._root}/{checked_key(prefix, may_be_hidden=True)}"
        with self._available():
            try:
                self._files.rm(place, recursive=True)
            except FileNotFoundError:
                return

    def batch_ids(self) -> frozenset[str]:
        return self.names(BATCHES)

    def names(self, prefix: str) -> frozenset[str]:
        with self._available():
            return frozenset(PurePosixPath(found["name"]).name for found in self._list(prefix))

    def size_of(self, prefix: str) -> int:
        with self._available():
            try:
                return int(self._files.du(self._place(prefix)))
            except FileNotFoundError:
                return 0

    def check(self) -> None:
        probe = f"{self._root}/.check-{secrets.token_hex(8)}"
        with self._available():
            self._files.pipe_file(probe, b"batchcast")
            self._files.rm_file(probe)

    def _place(self, key: str) -> str:
        return f"{self._root}/{checked_key(key)}"

    def _list(self, prefix: str) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._files.ls(self._place(prefix), detail=True, refresh=True)
        except FileNotFoundError:
            return []
        return found

    def _download(self, file: StoredFile, path: Path) -> None:
        try:
            place = self._place(file.key)
            self._files.get_file(place, str(path), chunksize=_PIECE_BYTES, max_concurrency=_AT_ONCE)
        except FileNotFoundError as error:
            raise ArtifactMissing(file.key, self._url) from error
        found = self._digests.digest(path)
        if found != file.sha256:
            raise ArtifactDamaged(file.key, self._url, expected=file.sha256, found=found)

    def _download_piece(self, file: StoredFile, piece: FilePiece) -> bytes:
        try:
            found: bytes = self._files.cat_file(self._place(file.key), start=piece.start, end=piece.start + piece.size)
        except FileNotFoundError as error:
            raise ArtifactMissing(file.key, self._url) from error
        sha256 = hashlib.sha256(found).hexdigest()
        if sha256 != piece.sha256:
            raise ArtifactDamaged(file.key, self._url, expected=piece.sha256, found=sha256)
        return found

    def _has_all(self, local: Path, manifest: Manifest) -> bool:
        paths = {file: local / file.key for file in manifest.files}
        return local.is_dir() and all(p.is_file() and self._digests.digest(p) == f.sha256 for f, p in paths.items())

    def _settle(self, partial: Path, local: Path, manifest: Manifest) -> None:
        """Give a downloaded folder its name, unless another thread was faster."""
        try:
            partial.rename(local)
        except OSError:
            if not self._has_all(local, manifest):
                raise

    def _manifest(self, prefix: str) -> Manifest:
        key = f"{prefix}/{MANIFEST}"
        with self._available():
            try:
                return Manifest.from_text(self._files.cat_file(self._place(key)).decode())
            except (FileNotFoundError, ValueError) as error:
                raise ArtifactMissing(key, self._url) from error

    def _put_manifest(self, manifest: Manifest, prefix: str) -> None:
        with self._available():
            self._files.pipe_file(self._place(f"{prefix}/{MANIFEST}"), manifest.as_text().encode())

    def _remove_folder(self, prefix: str) -> None:
        """Remove what may be there, its list first, so that it is never taken for whole."""
        self.remove(f"{prefix}/{MANIFEST}")
        self.remove(prefix)

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except (OSError, BotoCoreError, ClientError, HttpError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ArtifactsUnavailable(self._url, reason) from error


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """A hidden name beside a local path; what is left under it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.parent / f".{path.name}.{secrets.token_hex(8)}.part"
    try:
        yield partial
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)

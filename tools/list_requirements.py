"""Prints what batchcast itself needs, one requirement a line, with that of the extras that are named.

    python tools/list_requirements.py postgresql s3

pip checks hashes of files, and a folder such as this checkout has none: so what it needs is installed first, by
hashes, and the checkout after that, without asking for anything.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def main(extras: list[str]) -> None:
    """Print the requirements of pyproject.toml."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *(one for extra in extras for one in project["optional-dependencies"][extra])]
    print("\n".join(needed))


if __name__ == "__main__":
    main(sys.argv[1:])

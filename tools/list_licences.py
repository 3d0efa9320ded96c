"""Print the page of licences: every package that batchcast installs, by the bill of materials of `make sbom`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAD = """# Licences of what batchcast installs

Written by `make sbom`, which also writes the bill of materials `dist/batchcast.cdx.json` (CycloneDX) beside the wheel:
what `pip install 'batchcast[postgresql,s3,oidc,otel]'` brings, in the versions of `constraints.txt`. batchcast itself
is under the licence in `LICENSE`.

| package | version | licence |
|---|---|---|
"""
_LONGEST = 60  # of a text that stands in place of a name


def main(path: Path) -> None:
    """Print the page for one bill of materials."""
    listed = json.loads(path.read_text(encoding="utf-8"))["components"]
    lines = sorted(
        f"| {one['name']} | {one['version']} | {licence_of(one)} |" for one in listed if one["name"] not in _OURS
    )
    print(HEAD + "\n".join(lines))


_OURS = {"batchcast", "pip", "setuptools"}  # the last two make the environment that is listed


def licence_of(component: dict[str, Any]) -> str:
    """The names or expressions under which a package says it is licensed."""
    named = []
    for entry in component.get("licenses", ()):
        licence = entry.get("license", {})
        name = entry.get("expression") or licence.get("id") or licence.get("name", "")
        if name and not name.startswith("declared license"):
            named.append(" ".join(name.rpartition("::")[2].split())[:_LONGEST])
    return "; ".join(dict.fromkeys(named)) or "not declared"


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The benchmarks, which no test runs, import names of batchcast that exist."""

from __future__ import annotations

import ast
import importlib

import pytest
from tests.plugins.sources import ROOT, tree_of

pytestmark = pytest.mark.xdist_group("sources")


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").rglob("*.py")), ids=lambda path: path.stem)
def test_every_name_that_a_benchmark_imports_exists(path):
    missing = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "batchcast":
            missing += [f"{node.module}.{alias.name}" for alias in node.names if not _exists(node.module, alias.name)]

    assert missing == []


def _exists(module: str, name: str) -> bool:
    try:
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True

"""Who does not ask for Ray does not pay for it, and needs it not."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "batchcast.cli.run",
        "batchcast.app.batchcast",
        "batchcast.app.service.service",
        "batchcast.run.ray.pool",
        "batchcast.run.ray.agent",
        "batchcast.run.ray.bridge",
    ],
)
def test_no_module_imports_ray_before_it_speaks_with_it(module: str) -> None:
    code = f"import sys, {module}; sys.exit('ray' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

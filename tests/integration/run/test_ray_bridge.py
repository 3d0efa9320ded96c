"""The process that speaks with Ray refuses one that would not be safe, before it speaks with it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from batchcast.domain.codec import decode
from batchcast.run.ray.form import BridgeSettings


def said_by(address: str, **variables: str) -> list[dict[str, object]]:
    """What the bridge says until it ends."""
    settings = BridgeSettings(
        address=address,
        artifacts_url="file:///nowhere",
        probe=("ray", "x"),
        allowed=(),
        is_insecure=False,
        silence_seconds=1,
    )
    command = [sys.executable, "-P", "-m", "batchcast.run.ray.bridge", settings.as_text()]
    ended = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", **variables}, stdin=subprocess.PIPE, capture_output=True, check=False
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.parametrize("address", ["press:6379", "ray://press:10001"])
@pytest.mark.parametrize("variables", [{}, {"RAY_AUTH_MODE": "disabled"}, {"RAY_AUTH_TOKEN": "x" * 64}])
def test_a_ray_that_asks_for_no_token_is_refused(address: str, variables: dict[str, str]) -> None:
    ready, refused = said_by(address, **variables)

    assert ready == {"ready": True}
    assert str(decode(refused["refused"])).startswith(f"Ray at {address} does not ask for a token")

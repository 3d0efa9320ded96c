"""Every store that there is: a new one joins by a line here, and must pass all that the others pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from batchcast.store.memory import MemoryStore
from batchcast.store.store import Store

STORES: Mapping[str, Callable[[], Store]] = {"memory": MemoryStore}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store of each kind."""
    return STORES[request.param]()

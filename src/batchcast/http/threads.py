"""Threads in three lanes for the synchronous methods of the service, so that a light call waits for no heavy one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

P = ParamSpec("P")
R = TypeVar("R")

_LIGHT = 8
_HEAVY = 8
_UPLOADS = 8


class Threads:
    """The lanes of one server."""

    def __init__(self) -> None:
        self._light = CapacityLimiter(_LIGHT)
        self._heavy = CapacityLimiter(_HEAVY)
        self._uploads = CapacityLimiter(_UPLOADS)

    async def light(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A call that takes milliseconds: a question to the store."""
        return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._light)

    async def heavy(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A call that may take minutes; it runs on where its request is cancelled."""
        return await to_thread.run_sync(partial(call, *args, **kwargs), abandon_on_cancel=True, limiter=self._heavy)

    async def upload(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A write to the disk."""
        return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._uploads)

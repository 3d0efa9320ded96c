"""Threads in three lanes for the synchronous methods of the service, so that a light call waits for no heavy one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from batchcast.run.asking import asker

P = ParamSpec("P")
R = TypeVar("R")

_LIGHT = 8
_HEAVY = 8
_HEAVY_OF_ONE = 6  # of one share
_UPLOADS = 8


class Threads:
    """The lanes of one server."""

    def __init__(self) -> None:
        self._light = CapacityLimiter(_LIGHT)
        self._heavy = CapacityLimiter(_HEAVY)
        self._shares: dict[str, CapacityLimiter] = {}
        self._uploads = CapacityLimiter(_UPLOADS)

    async def light(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A call that takes milliseconds: a question to the store."""
        return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._light)

    async def heavy(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A call that may take minutes; it runs on where its request is cancelled. No share has the whole lane."""
        share = asker().share
        if not share:
            return await self._in_heavy_lane(call, *args, **kwargs)
        mine = self._shares.setdefault(share, CapacityLimiter(_HEAVY_OF_ONE))
        try:
            async with mine:
                return await self._in_heavy_lane(call, *args, **kwargs)
        finally:
            if not mine.borrowed_tokens and not mine.statistics().tasks_waiting:
                self._shares.pop(share, None)

    async def _in_heavy_lane(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await to_thread.run_sync(partial(call, *args, **kwargs), abandon_on_cancel=True, limiter=self._heavy)

    async def upload(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A write to the disk."""
        return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self._uploads)

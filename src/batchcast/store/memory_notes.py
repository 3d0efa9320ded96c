"""What planners leave, in the memory store: implements `PlannerNotes`."""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict
from dataclasses import replace

from batchcast.domain.planner import KeptMark, SavedView, Tick
from batchcast.store.errors import UnknownBatch
from batchcast.store.memory_page import Page


class MemoryNotes:
    """Implements `PlannerNotes`, which describes the methods, beside `MemoryLeases`."""

    _changed: threading.Condition
    _pages: dict[str, Page]

    def __init__(self) -> None:
        self._marks: list[KeptMark] = []
        self._looks: defaultdict[str, dict[tuple[str, str, str], Tick]] = defaultdict(dict)
        self._views: dict[str, SavedView] = {}

    def marks(self) -> tuple[KeptMark, ...]:
        with self._changed:
            return tuple(reversed(self._marks))

    def add_mark(self, mark: KeptMark) -> KeptMark:
        with self._changed:
            for kept in self._marks:
                if kept.is_in_force and (kept.scope, kept.mark) == (mark.scope, mark.mark):
                    return kept
            self._marks.append(replace(mark, number=len(self._marks) + 1))
            return self._marks[-1]

    def remove_mark(self, number: int, name: str | None, at: dt.datetime) -> bool:
        with self._changed:
            if not 1 <= number <= len(self._marks) or not self._marks[number - 1].is_in_force:
                return False
            self._marks[number - 1] = replace(self._marks[number - 1], removed_by=name, removed_at=at)
            return True

    def looks(self, batch_id: str) -> tuple[Tick, ...]:
        with self._changed:
            self._check_there(batch_id)
            return tuple(sorted(self._looks[batch_id].values(), key=lambda look: look.at, reverse=True))

    def keep_look(self, batch_id: str, look: Tick) -> None:
        with self._changed:
            self._check_there(batch_id)
            self._looks[batch_id].setdefault(look.key, look)

    def drop_look(self, batch_id: str, key: tuple[str, str, str]) -> bool:
        with self._changed:
            self._check_there(batch_id)
            return self._looks[batch_id].pop(key, None) is not None

    def views(self) -> tuple[SavedView, ...]:
        with self._changed:
            return tuple(self._views[name] for name in sorted(self._views))

    def keep_view(self, view: SavedView) -> None:
        with self._changed:
            self._views[view.name] = view

    def drop_view(self, name: str) -> bool:
        with self._changed:
            return self._views.pop(name, None) is not None

    def _check_there(self, batch_id: str) -> None:
        if batch_id not in self._pages:
            raise UnknownBatch(batch_id)

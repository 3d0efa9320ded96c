"""What planners leave on a server: which marks count for a file, and which parts of a result were looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from batchcast.domain.attention import Attention, MarkedPart
from batchcast.domain.errors import N_, BatchcastError, InvalidSettings, Message
from batchcast.domain.planner import LONGEST_NAME, KeptMark, SavedView, Tick, UnknownMark
from batchcast.domain.settings import MOST_MARKS, BatchSettings, HistoryMark, mark_of
from batchcast.store.store import PlannerNotes

Looked = Literal["", "open", "done"]  # which parts: all, those with a reason that was not looked at, the others
MOST_VIEWS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class MarksInForce:
    """The marks of a server that count, and those that ever did."""

    texts: tuple[str, ...]
    known: frozenset[str]

    @classmethod
    def of(cls, notes: PlannerNotes) -> MarksInForce:
        """Those that are kept now."""
        kept = notes.marks()
        in_force = (str(one.mark) for one in reversed(kept) if one.is_in_force)
        return cls(texts=tuple(dict.fromkeys(in_force)), known=frozenset(str(one.mark) for one in kept))

    def own(self, settings: BatchSettings) -> BatchSettings:
        """The settings with the marks that their sender gave, without those that came from the server before."""
        return replace(settings, history_marks=tuple(text for text in settings.history_marks if text not in self.known))

    def of_sites(self, sites: Collection[str]) -> tuple[str, ...]:
        """Those in force that are of one of these sites."""
        marks = ((text, mark_of(text)) for text in self.texts)
        return tuple(text for text, mark in marks if mark is not None and mark.site_code in sites)


def marks_used(settings: BatchSettings, site_code: str, partnumber: str) -> tuple[HistoryMark, ...]:
    """The marks of one part that a batch was made with."""
    marks = () if settings.use_marks == "off" else map(mark_of, settings.history_marks)
    return tuple(mark for mark in marks if mark and _key_of(mark) == (site_code, partnumber))


class NotInAttention(BatchcastError):
    """The part is not among those of the result that need attention."""

    slug = "not-in-attention"

    def __init__(self, site_code: str, partnumber: str) -> None:
        template = N_("Part {partnumber!r} at site {site_code!r} is not among the parts of this result to look at.")
        super().__init__(Message(template, {"site_code": site_code, "partnumber": partnumber}))


class PlannerDesk:
    """Marks, ticks and named views of one server."""

    def __init__(self, notes: PlannerNotes) -> None:
        self._notes = notes

    def marks(self) -> tuple[KeptMark, ...]:
        """All marks, the newest first, with those that were removed."""
        return self._notes.marks()

    def marks_of(self, site_code: str, partnumber: str) -> tuple[KeptMark, ...]:
        """Those in force of one part, by their days."""
        key = (site_code, partnumber)
        mine = (one for one in self._notes.marks() if one.is_in_force and _key_of(one.mark) == key)
        return tuple(sorted(mine, key=lambda one: (one.mark.first, one.number)))

    def add_mark(self, mark: KeptMark) -> KeptMark:
        """Keep a mark; the one that there is where one of the same days is in force.

        Raises:
            InvalidSettings: if too many are in force.
        """
        if sum(one.is_in_force for one in self._notes.marks()) >= MOST_MARKS:
            template = N_("{most:,} marks are in force; remove some that no longer matter.")
            raise InvalidSettings([Message(template, {"most": MOST_MARKS})])
        return self._notes.add_mark(mark)

    def remove_mark(self, number: int, name: str | None) -> None:
        """Have a mark count no more; it stays in the list.

        Raises:
            UnknownMark: if there is none in force of this number.
        """
        if not self._notes.remove_mark(number, name, dt.datetime.now(dt.UTC)):
            raise UnknownMark(number)

    def looks(self, batch_id: str) -> Mapping[tuple[str, str, str], Tick]:
        """The ticks of a result, by site, part and reason."""
        return {look.key: look for look in self._notes.looks(batch_id)}

    def look(self, batch_id: str, part: MarkedPart, name: str | None) -> None:
        """Note that a person has looked at a part, for all its reasons."""
        at = dt.datetime.now(dt.UTC)
        for mark in part.marks:
            look = Tick(site_code=part.site_code, partnumber=part.partnumber, kind=mark.kind, name=name, at=at)
            self._notes.keep_look(batch_id, look)

    def undo_look(self, batch_id: str, part: MarkedPart) -> None:
        """Take that back."""
        for mark in part.marks:
            self._notes.drop_look(batch_id, (part.site_code, part.partnumber, mark.kind))

    def views(self) -> tuple[SavedView, ...]:
        """The named views, by name."""
        return self._notes.views()

    def keep_view(self, name: str, query: str, kept_by: str | None) -> None:
        """Keep a view, in place of another of its name.

        Raises:
            InvalidSettings: if the name can't be kept, or there are too many.
        """
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            template = N_("{found!r} can't be the name of a view: give it up to {most} letters.")
            raise InvalidSettings([Message(template, {"found": name[:80], "most": LONGEST_NAME})])
        others = [view for view in self._notes.views() if view.name != name]
        if len(others) >= MOST_VIEWS:
            template = N_("{most} views are kept; remove one first.")
            raise InvalidSettings([Message(template, {"most": MOST_VIEWS})])
        self._notes.keep_view(SavedView(name=name, query=query, kept_by=kept_by, at=dt.datetime.now(dt.UTC)))

    def drop_view(self, name: str) -> bool:
        """Forget a view; False where there is none of this name."""
        return self._notes.drop_view(name)


def look_of(part: MarkedPart, looks: Mapping[tuple[str, str, str], Tick]) -> Tick | None:
    """The latest tick of a part that was looked at for all its reasons; None where one is open."""
    found = [looks.get((part.site_code, part.partnumber, mark.kind)) for mark in part.marks]
    done = [look for look in found if look is not None]
    return max(done, key=lambda look: look.at) if done and len(done) == len(found) else None


def chosen_parts(
    attention: Attention, looks: Mapping[tuple[str, str, str], Tick], kind: str, looked: Looked
) -> list[tuple[MarkedPart, Tick | None]]:
    """The named parts with a reason of a kind (empty: any), each with its tick; open ones, those ticked, or all."""
    found = [(part, look_of(part, looks)) for part in attention.of_kind(kind)]
    return [pair for pair in found if not looked or (pair[1] is not None) == (looked == "done")]


def find_part(attention: Attention | None, site_code: str, partnumber: str) -> MarkedPart:
    """A named part.

    Raises:
        NotInAttention: if a result has no such part to look at.
    """
    for part in attention.named if attention else ():
        if (part.site_code, part.partnumber) == (site_code, partnumber):
            return part
    raise NotInAttention(site_code, partnumber)


def _key_of(mark: HistoryMark) -> tuple[str, str]:
    return mark.site_code, mark.partnumber

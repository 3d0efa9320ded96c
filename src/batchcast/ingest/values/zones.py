"""Time stamps to the days of a zone: the one that is asked for, or the one in which all of them are midnight."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from batchcast.domain.errors import N_, InvalidSettings, Message

AUTO = "auto"
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})$", re.ASCII)
_NOON, _DAY, _HOUR = 12 * 3600, 24 * 3600, 3600  # seconds
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass
class StampZone:
    """The zone whose days time stamps count on."""

    asked: str = AUTO  # name of a zone, or an offset such as +07:00
    times: set[tuple[int, int | None]] = field(default_factory=set)  # distinct ones met, a few: seconds, minutes ahead
    _zone: dt.tzinfo | None = None

    def __post_init__(self) -> None:
        """Raise InvalidSettings if the zone is unknown."""
        if self.asked != AUTO:
            self._zone = _zone_named(self.asked)

    def add(self, seconds: int, ahead: int | None) -> None:
        """One more time of day, with the minutes its zone is ahead of UTC; None: no zone is written."""
        if len(self.times) < 3:  # three differ enough to know that they are not one hour
            self.times.add((seconds, ahead))

    @property
    def shifts(self) -> bool:
        """Whether the written days are the days before: all stamps are in UTC, at an hour that is midnight elsewhere.

        Two hours beside each other are those of a zone with summer time.
        """
        hours = sorted(seconds for seconds, _ in self.times)
        is_one = len(hours) == 1 or (len(hours) == 2 and hours[1] - hours[0] == _HOUR)
        is_utc = all(ahead == 0 for _, ahead in self.times)
        return self._zone is None and is_one and is_utc and hours[0] > _NOON and hours[0] % (_HOUR // 4) == 0

    def day(self, day: int, seconds: int, ahead: int | None) -> int:
        """The day that a time stamp counts on.

        Args:
            day: as it is written, since 1970-01-01.
            seconds: since midnight.
            ahead: minutes that its zone is ahead of UTC; None: no zone is written, and the written day counts.
        """
        if self._zone is not None and ahead is not None:
            at = _EPOCH + dt.timedelta(days=day, seconds=seconds, minutes=-ahead)
            return (at.astimezone(self._zone).replace(tzinfo=dt.UTC) - _EPOCH).days
        return day + 1 if self.shifts else day

    def note(self) -> Message | None:
        """What decided the days, where they are not as they are written."""
        if self._zone is not None and any(ahead is not None for _, ahead in self.times):
            return Message(N_("Time stamps count on the days of {zone}, as asked for."), {"zone": self.asked})
        if not self.times or not self.shifts:
            return None
        hours = sorted(seconds for seconds, _ in self.times)
        clocks = " | ".join(f"{seconds // _HOUR:02d}:{seconds % _HOUR // 60:02d}" for seconds in hours)
        ahead = _DAY - hours[0]
        template = N_(
            "All time stamps are at {clock} UTC, which is midnight in a zone {hours}:{minutes:02d} hours ahead: "
            "they count on the day that begins then. Set {@timezone=UTC} for the days as they are written."
        )
        return Message(template, {"clock": clocks, "hours": ahead // _HOUR, "minutes": ahead % _HOUR // 60})


def _zone_named(name: str) -> dt.tzinfo:
    offset = _OFFSET.match(name)
    if offset:
        length = dt.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return dt.timezone(-length if offset[1] == "-" else length)
    import zoneinfo  # few files need it, and it takes as long to load as a small one to read

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        template = N_("{setting} is {found!r}, which is no zone; write it as Asia/Makassar or +08:00.")
        raise InvalidSettings([Message(template, {"setting": "timezone", "found": name})]) from None

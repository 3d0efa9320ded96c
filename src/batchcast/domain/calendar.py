"""Days and periods: a period is an integer, so that every step of time is an addition.

A day is the number of days since 1970-01-01. A period is counted from the one that holds that day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]

_EPOCH = dt.date(1970, 1, 1)
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday, Monday is 0
DAYS_IN_WEEK = 7


class Frequency(StrEnum):
    """Length of a period."""

    DAILY = "D"
    WEEKLY = "W"
    MONTHLY = "M"

    @property
    def season_length(self) -> int:
        """Periods in the season that models of this frequency use."""
        return {"D": 7, "W": 52, "M": 12}[self.value]

    @property
    def default_horizon(self) -> int:
        """Periods that are forecast where nothing is asked for."""
        return {"D": 7, "W": 8, "M": 12}[self.value]

    @property
    def longest_horizon(self) -> int:
        """The most periods that may be asked for."""
        return {"D": 365, "W": 104, "M": 60}[self.value]


def day_of(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return (date - _EPOCH).days


def date_of(day: int) -> dt.date:
    """The date of a day number; the inverse of `day_of`."""
    return _EPOCH + dt.timedelta(days=int(day))


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """Turns days into periods of one frequency and back."""

    frequency: Frequency
    week_start: int = 0  # weekday a week starts on, Monday is 0; only weekly periods use it

    def period_of_day(self, day: int) -> int:
        """The period that holds one day."""
        return int(self.periods_of_days(np.array([day], dtype=np.int32))[0])

    def periods_of_days(self, days: IntArray) -> IntArray:
        """The period that holds each day: shape and order as given, int32."""
        match self.frequency:
            case Frequency.DAILY:
                return days.astype(np.int32, copy=False)
            case Frequency.WEEKLY:
                return np.floor_divide(days + (_EPOCH_WEEKDAY - self.week_start), DAYS_IN_WEEK).astype(np.int32)
            case Frequency.MONTHLY:
                months = days.astype("datetime64[D]").astype("datetime64[M]")
                return cast(IntArray, months.astype(np.int32))

    def first_day(self, period: int) -> int:
        """The first day of a period: its date in every table."""
        return int(self.first_days(np.array([period], dtype=np.int32))[0])

    def first_days(self, periods: IntArray) -> IntArray:
        """The first day of each period: shape and order as given, int32."""
        match self.frequency:
            case Frequency.DAILY:
                return periods.astype(np.int32, copy=False)
            case Frequency.WEEKLY:
                return (periods * DAYS_IN_WEEK - (_EPOCH_WEEKDAY - self.week_start)).astype(np.int32)
            case Frequency.MONTHLY:
                days = periods.astype("datetime64[M]").astype("datetime64[D]")
                return cast(IntArray, days.astype(np.int32))

    def last_day(self, period: int) -> int:
        """The last day of a period."""
        return self.first_day(period + 1) - 1

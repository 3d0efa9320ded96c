"""Demand classes: what kind of demand a series has. Shown and used to pool, never to choose a model by itself.

    dead           never any demand, or none for at least half a year and for more than 4 of its mean intervals
    new            else: fewer than 6 periods of history, or fewer than 2 demands
    smooth         else: interval < 1.32 and CV² < 0.49       erratic        interval < 1.32, CV² at least 0.49
    intermittent   interval at least 1.32, CV² < 0.49         lumpy          interval at least 1.32, CV² at least 0.49

The interval (ADI) is the mean number of periods from one demand to the next: periods since the first demand divided by
the periods with demand. CV² is the squared coefficient of variation of the demands that are not zero.
Source: Syntetos, Boylan and Croston (2005), Journal of the Operational Research Society 56(5).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from batchcast.domain.calendar import Frequency
from batchcast.forecast.moments import Moments

DEMAND_CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "new", "dead")
SMOOTH, ERRATIC, INTERMITTENT, LUMPY, NEW, DEAD = range(6)

LONG_INTERVAL = 1.32
HIGH_VARIATION = 0.49
HALF_A_YEAR = {Frequency.DAILY: 182, Frequency.WEEKLY: 26, Frequency.MONTHLY: 6}  # periods
QUIET_INTERVALS = 4
NEW_PERIODS = 6
NEW_DEMANDS = 2


def classify(moments: Moments, frequency: Frequency) -> NDArray[np.int8]:
    """The class of every series at every cutoff, an index into DEMAND_CLASSES: shape (cutoffs, series)."""
    interval = demand_interval(moments)
    size = np.maximum(moments.size_mean, 1e-300)
    variation = moments.size_variance / size / size
    quiet = moments.periods - 1 - moments.last
    dead = (quiet >= HALF_A_YEAR[frequency]) & (quiet > QUIET_INTERVALS * interval)
    new = (moments.periods < NEW_PERIODS) | (moments.demands < NEW_DEMANDS)
    kind = np.where(variation < HIGH_VARIATION, SMOOTH, ERRATIC)
    kind = np.where(interval < LONG_INTERVAL, kind, kind + (INTERMITTENT - SMOOTH))
    kind = np.where(new, NEW, kind)
    return np.where(dead | (moments.demands == 0), DEAD, kind).astype(np.int8)


def demand_interval(moments: Moments) -> NDArray[np.float64]:
    """Mean number of periods between demands (ADI), shape (cutoffs, series); 1 where there is no demand."""
    since_first = moments.periods - np.maximum(moments.first, 0)
    return np.where(moments.demands > 0, since_first / np.maximum(moments.demands, 1), 1.0)

"""The one way this room compiles a function: cached on disk, without the interpreter's lock, single-threaded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """`function` compiled on its first call; later processes load it from the cache beside its module.

    Division by zero gives inf or NaN as in numpy, never an exception.
    """
    return cast(F, njit(cache=True, nogil=True, error_model="numpy")(function))


# Sums of float64 that are exact, so that no order of adding and no cut into partitions changes a bit of them.
#
# A float64 is a whole number of 53 bits times a power of two. Whole numbers are added up a power at a time, in two
# halves that cannot overflow for the first 2**36 terms; the total is one (long) integer count of 2**-1126.

Limbs = NDArray[np.int64]

_LOWEST = 1073  # math.frexp of the smallest float64 has exponent -1073
_POWERS = 2100
_HALF = 26
_STEP = 1 << (_LOWEST + 53)  # one is this many of the smallest steps


def empty_limbs(*shape: int) -> Limbs:
    """Sums of nothing: `shape` of them."""
    return np.zeros((*shape, _POWERS, 2), dtype=np.int64)


@compiled
def add_exactly(limbs: Limbs, value: float) -> None:
    """Add a finite value to the sum held in `limbs`, shape (_POWERS, 2)."""
    if value != 0.0:
        part, power = math.frexp(value)
        whole = np.int64(part * 9007199254740992.0)
        limbs[power + _LOWEST, 0] += whole & ((1 << _HALF) - 1)
        limbs[power + _LOWEST, 1] += whole >> _HALF


@compiled
def add_all_exactly(limbs: Limbs, values: NDArray[np.float64]) -> None:
    """Add every value of a flat array, which must be finite."""
    for value in values:
        add_exactly(limbs, value)


def exact_total(limbs: Limbs) -> int:
    """The sum held in `limbs`, shape (_POWERS, 2), as a count of the smallest steps: add such counts freely."""
    powers = np.flatnonzero(limbs.any(axis=1))
    return sum(((int(limbs[p, 1]) << _HALF) + int(limbs[p, 0])) << int(p) for p in powers)


def nearest_float(total: int) -> float:
    """The float64 nearest to a count of smallest steps."""
    return total / _STEP

"""How this room compiles functions: cached on disk, without the interpreter's lock, single-threaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """`function` compiled on its first call; later processes load it from the cache, where a folder can hold one.

    Division by zero gives inf or NaN as in numpy, never an exception.
    """
    return _compiled(function)


def inlined(function: F) -> F:
    """As `compiled`, put into its callers by the compiler: for small functions that are called for every period."""
    return _compiled(function, forceinline=True)


def _compiled(function: F, *, forceinline: bool = False) -> F:
    try:
        made = njit(cache=True, nogil=True, error_model="numpy", forceinline=forceinline)(function)
    except RuntimeError:  # neither beside the module nor in a home folder can a cache be written
        made = njit(nogil=True, error_model="numpy", forceinline=forceinline)(function)
    return cast(F, made)

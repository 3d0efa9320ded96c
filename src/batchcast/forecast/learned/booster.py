"""Boosted trees of LightGBM; no other file uses it.

Its library is called as its C interface describes it (lightgbm.readthedocs.io, C API), and not through its Python
package: that one loads scipy, and pandas and scikit-learn where they are installed, for input of kinds that there is
none of here. Every worker would pay for it.
"""

from __future__ import annotations

import ctypes
import importlib.util
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Table = NDArray[np.float32]

ROUNDS = 30  # and larger steps: as good as twice as many smaller ones
SETTINGS: Mapping[str, Any] = {
    "learning_rate": 0.15,
    "num_leaves": 12,
    "min_data_in_leaf": 40,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.6,
    "lambda_l2": 1.0,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 0,
    "verbosity": -1,
}
_BINNING = ("max_bin", "min_data_in_leaf", "num_threads", "verbosity")  # of them, what the bins of a table depend on
_FLOAT32, _ROW_MAJOR, _OF_SPLITS, _RAW_SCORE_OFF = 0, 1, 0, 0  # numbers of the C interface
_TEXT_BYTES = 1 << 18  # of the text of a booster, at the first try


class LightGBMFailed(RuntimeError):
    """A call of the library did not do its work; the message is the library's own."""


@dataclass(frozen=True)
class Booster:
    """Trees that were fitted, as text."""

    text: str

    @cached_property
    def _trees(self) -> ctypes.c_void_p:
        handle, rounds = ctypes.c_void_p(), ctypes.c_int()
        _call("BoosterLoadModelFromString", self.text.encode(), ctypes.byref(rounds), ctypes.byref(handle))
        weakref.finalize(self, _library().LGBM_BoosterFree, handle)
        return handle

    def predict(self, table: Table) -> Floats:
        """A number for each row, independent of the other rows."""
        predicted, length = np.empty(len(table), dtype=np.float64), ctypes.c_int64()
        place = predicted.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        whole, first, every = _RAW_SCORE_OFF, 0, -1
        given = (*_matrix(table), whole, first, every, b"num_threads=1", ctypes.byref(length), place)
        _call("BoosterPredictForMat", self._trees, *given)
        return predicted


def is_available() -> bool:
    """Whether LightGBM can be loaded: its wheel needs the compiler's OpenMP library, which small machines may lack."""
    try:
        _library()
    except (ImportError, OSError):
        return False
    return True


def fit(table: Table, target: Floats, weight: Floats, objectives: list[Mapping[str, Any]]) -> list[Booster]:
    """A booster for each objective, of the same rows; two at a time, the same trees whatever the machine.

    Args:
        table: features, shape (rows, features); NaN where unknown.
        target: at least 0, shape (rows,).
        weight: of each row in the loss, same shape.
        objectives: the settings of each, such as {"objective": "quantile", "alpha": 0.9}.

    Raises:
        LightGBMFailed: if the library refuses something.
    """
    rows = ctypes.c_void_p()
    binning = _as_text({name: SETTINGS[name] for name in _BINNING})
    _call("DatasetCreateFromMat", *_matrix(table), binning, None, ctypes.byref(rows))
    try:
        for name, values in ((b"label", target), (b"weight", weight)):
            column = np.ascontiguousarray(values, dtype=np.float32)
            _call("DatasetSetField", rows, name, column.ctypes.data_as(ctypes.c_void_p), len(column), _FLOAT32)
        with ThreadPoolExecutor(2) as two:  # all of them only read the rows
            return list(two.map(lambda objective: _fit_one(rows, objective), objectives))
    finally:
        _library().LGBM_DatasetFree(rows)


def _fit_one(rows: ctypes.c_void_p, objective: Mapping[str, Any]) -> Booster:
    booster, is_over = ctypes.c_void_p(), ctypes.c_int()
    _call("BoosterCreate", rows, _as_text({**SETTINGS, **objective}), ctypes.byref(booster))
    try:
        for _ in range(ROUNDS):
            _call("BoosterUpdateOneIter", booster, ctypes.byref(is_over))
            if is_over.value:  # no split is left that gains anything
                break
        return Booster(_text_of(booster))
    finally:
        _library().LGBM_BoosterFree(booster)


def _text_of(booster: ctypes.c_void_p) -> str:
    room, length, first, every = _TEXT_BYTES, ctypes.c_int64(), 0, -1
    while True:
        text = ctypes.create_string_buffer(room)
        given = (first, every, _OF_SPLITS, ctypes.c_int64(room), ctypes.byref(length), text)
        _call("BoosterSaveModelToString", booster, *given)
        if length.value <= room:
            return text.value.decode()
        room = length.value


def _matrix(table: Table) -> tuple[Any, ...]:
    """A table as the library takes it: address, kind of numbers, rows, columns, order."""
    rows = np.ascontiguousarray(table, dtype=np.float32)
    address = rows.ctypes.data_as(ctypes.c_void_p)  # keeps the array alive
    return (address, _FLOAT32, ctypes.c_int32(rows.shape[0]), ctypes.c_int32(rows.shape[1]), _ROW_MAJOR)


def _as_text(settings: Mapping[str, Any]) -> bytes:
    return " ".join(f"{name}={str(value).lower()}" for name, value in settings.items()).encode()


def _call(name: str, *given: Any) -> None:
    function: Callable[..., int] = getattr(_library(), f"LGBM_{name}")
    if function(*given):
        raise LightGBMFailed(_library().LGBM_GetLastError().decode(errors="replace"))


@cache
def _library() -> ctypes.CDLL:
    """The library of the installed package, found and loaded as the package does it.

    Raises:
        ImportError: if LightGBM is not installed.
        OSError: if its library can't be loaded.
    """
    package = importlib.util.find_spec("lightgbm")
    if package is None or package.origin is None:
        raise ImportError("LightGBM is not installed")
    finder = importlib.util.spec_from_file_location("_lightgbm_libpath", Path(package.origin).with_name("libpath.py"))
    if finder is None or finder.loader is None:
        raise ImportError("LightGBM is of an unknown version: it has no libpath.py")
    found = importlib.util.module_from_spec(finder)
    finder.loader.exec_module(found)
    library: ctypes.CDLL = found._LIB
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library

"""Arrow arrays made from their buffers.

`pyarrow.array` and `to_numpy` look for pandas, and importing that takes longer than reading 12,000 rows does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def text_array(texts: Sequence[str]) -> Any:
    """Text."""
    encoded = [text.encode() for text in texts]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int32)
    np.cumsum([len(one) for one in encoded], out=offsets[1:])
    return pa.StringArray.from_buffers(len(encoded), _buffer(offsets), pa.py_buffer(b"".join(encoded)))


def number_array(numbers: NDArray[Any]) -> Any:
    """int32, int64 or float64."""
    kind = pa.from_numpy_dtype(numbers.dtype)
    return pa.Array.from_buffers(kind, len(numbers), [None, _buffer(numbers)])


def list_array(bounds: NDArray[np.int32], values: NDArray[Any]) -> Any:
    """Lists: the i-th holds values[bounds[i]:bounds[i + 1]]."""
    kind = pa.list_(pa.from_numpy_dtype(values.dtype))
    buffers = [None, _buffer(bounds)]
    return pa.Array.from_buffers(kind, len(bounds) - 1, buffers, children=[number_array(values)])


def numbers_of(array: Any) -> NDArray[Any]:
    """The numbers of an array without nulls; shares its memory."""
    dtype = np.dtype(array.type.to_pandas_dtype())
    data = array.buffers()[1]
    if not len(array):
        return np.empty(0, dtype=dtype)
    return np.frombuffer(data, dtype=dtype)[array.offset : array.offset + len(array)]


def _buffer(numbers: NDArray[Any]) -> Any:
    contiguous: Any = np.ascontiguousarray(numbers)
    return pa.py_buffer(contiguous)

"""The folders of the library's values: they go with a value to another process, and to a place of the user's."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from batchcast.app.library.tables import TableStyle, default_style, is_installed
from batchcast.domain.codec import decode, encode
from batchcast.domain.errors import N_, Message
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import Plan
from batchcast.publish.certificate import NoResultHere, OutputTaken


def packed(folder: Path) -> dict[str, bytes]:
    """What the files of a folder hold, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def unpacked(files: Mapping[str, bytes]) -> Path:
    """A new temporary folder that holds these files."""
    folder = new_folder()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def new_folder() -> Path:
    """A temporary folder; its owner removes it (`tables.remove_with`)."""
    return Path(tempfile.mkdtemp(prefix="batchcast-"))


# A result in a folder of the user's: the files of its own folder, and beside them what they don't tell.

_TOLD_FILE = "result.json"


class Told(NamedTuple):
    """What the files of a result don't tell."""

    kind: str  # of result
    history: DemandHistory
    plan: Plan
    style: TableStyle


def save_folder(folder: Path, told: Told, place: Path) -> None:
    """Copy the folder of a result to a place where nothing is yet, whole or not at all.

    Raises:
        OutputTaken: if something is there.
    """
    if place.exists():
        raise OutputTaken([Message(N_("{out} exists already; name a folder that does not."), {"out": str(place)})])
    place.parent.mkdir(parents=True, exist_ok=True)
    plain = {"kind": told.kind, "history": encode(told.history), "plan": encode(told.plan)}
    plain["style"] = _style_as_json(told.style)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".batchcast-") as scratch:
        made = Path(scratch) / place.name
        shutil.copytree(folder, made)
        (made / _TOLD_FILE).write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
        made.rename(place)


def read_saved(place: Path) -> Told:
    """What `save_folder` wrote.

    Raises:
        NoResultHere: if it holds no result.
    """
    try:
        plain = json.loads((place / _TOLD_FILE).read_text(encoding="utf-8"))
        history, plan = decode(plain["history"]), decode(plain["plan"])
        return Told(kind=plain["kind"], history=history, plan=plan, style=_style_from_json(plain["style"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        template = N_("{folder} holds no result that the library has saved ({cause}).")
        raise NoResultHere(Message(template, {"folder": str(place), "cause": str(error)})) from error


def _style_as_json(style: TableStyle) -> dict[str, Any]:
    import pyarrow as pa

    types = pa.schema(list(style.types.items())).serialize().to_pybytes()
    return {
        "kind": style.kind,
        "names": dict(style.names),
        "types": base64.b64encode(types).decode(),
        "own_types": {name: str(dtype) for name, dtype in style.own_types.items()} if style.kind == "pandas" else {},
        "index": list(style.index),
    }


def _style_from_json(told: Mapping[str, Any]) -> TableStyle:
    """The style that was saved; categories are those of the table."""
    import pyarrow as pa

    if not is_installed(told["kind"]):
        return default_style()
    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(told["types"])))
    own_types: dict[str, Any] = {}
    if told["own_types"]:
        from pandas.api.types import pandas_dtype

        own_types = {name: pandas_dtype(text) for name, text in told["own_types"].items()}
    return TableStyle(
        kind=told["kind"],
        names=told["names"],
        types={name: schema.field(name).type for name in schema.names},
        own_types=own_types,
        index=tuple(told["index"]),
    )

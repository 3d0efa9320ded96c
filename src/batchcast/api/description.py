"""Parts of the description of the API: the form of `submit` and `analyze`, made of the settings, and files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from batchcast.domain.recipe import FILE_KINDS, PACKED_KINDS
from batchcast.domain.settings import SETTINGS, Setting
from batchcast.forecast.models.table import MODELS
from batchcast.http.multipart import FILE_FIELD
from batchcast.publish.kinds import FORMATS

FILE_KINDS_READ = ", ".join([*FILE_KINDS, *PACKED_KINDS])


def described_files(formats: Iterable[str]) -> dict[str, Any]:
    """The content of an answer that is a file in one of these formats, by media type."""
    file = {"schema": {"type": "string", "format": "binary"}}
    return {FORMATS[name].media_type.partition(";")[0]: file for name in formats}


def settings_schema() -> dict[str, Any]:
    """The settings as the properties of an object."""
    return {name: _schema_of(declared) for name, declared in SETTINGS.items()}


def form_body() -> dict[str, Any]:
    """The body of a request that sends a file with its settings."""
    file = {"type": "string", "format": "binary", "description": f"{FILE_KINDS_READ}."}
    schema = {
        "type": "object",
        "required": [FILE_FIELD],
        "properties": {FILE_FIELD: file, **settings_schema(), **RECIPE_FIELDS},
    }
    encoding = {name: {"style": "form", "explode": True} for name, one in SETTINGS.items() if one.is_repeated}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"requestBody": {"required": True, "content": content}}


RECIPE_FIELDS = {
    "recipe": {"type": "string", "description": "Read the file by the recipe of this name, whatever its header."},
    "save_recipe": {"type": "string", "description": "Keep how the file was read under this name."},
}


def event_content() -> dict[str, Any]:
    """A stream of events, each with its data as JSON."""
    change = {"$ref": "#/components/schemas/Change"}
    told = {"type": "string", "contentMediaType": "application/json", "contentSchema": change}
    event = {
        "type": "object",
        "required": ["id", "event", "data"],
        "properties": {"id": {"type": "string"}, "event": {"type": "string"}, "data": told},
    }
    return {"text/event-stream": {"schema": event}}


def changes_body() -> dict[str, Any]:
    """The body of a request that changes some settings."""
    schema = {"type": "object", "properties": settings_schema()}
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
    return {"requestBody": {"required": False, "content": {kind: {"schema": schema} for kind in kinds}}}


def _schema_of(declared: Setting) -> dict[str, Any]:
    kinds = {"whole": "integer", "number": "number"}
    schema: dict[str, Any] = {"type": kinds.get(declared.kind, "string"), "description": _about(declared)}
    if declared.choices:
        schema["enum"] = list(declared.choices)
    if declared.low is not None:
        schema |= {"minimum": declared.low, "maximum": declared.high}
    if declared.kind == "date":
        schema["format"] = "date"
    if declared.is_repeated:
        schema = {"type": "array", "items": {"type": "string"}, "description": schema["description"]}
    if isinstance(declared.default, int | float | str):
        schema["default"] = declared.default
    return schema


def _about(declared: Setting) -> str:
    parts = [declared.help]
    if declared.kind == "model_names":
        parts.append(f"They are {', '.join(MODELS)}.")
    if declared.unit:
        parts.append(f"In {declared.unit}.")
    if declared.kind == "mapping":
        parts.append("Written as column=name.")
    if declared.kind == "filters":
        parts.append("Written as column=value,value.")
    if declared.kind == "ends":
        parts.append("Written as YYYY-MM-DD, or SITE=YYYY-MM-DD.")
    if declared.kind == "event_lines":
        parts.append("A form may send a file of them as this field.")
    if declared.kind == "mark_lines":
        parts.append("Written as YYYY-MM-DD..YYYY-MM-DD exclude PART @ SITE, or with stock_out.")
    if declared.is_repeated:
        parts.append("A field for each.")
    if declared.default_words:
        parts.append(f"Default: {declared.default_words}.")
    return " ".join(parts)

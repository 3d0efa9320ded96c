"""The form of `submit` and `analyze` in the description of the API: made of the settings themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchcast.app.settings_text import READERS, REPEATED
from batchcast.domain.settings import CHOICES, MODEL_NAMES, RANGES, BatchSettings
from batchcast.http.multipart import FILE_FIELD

_WHOLE = frozenset(
    {
        "horizon",
        "lead_time",
        "max_rows_per_partition",
        "max_partitions",
        "max_parallel",
        "memory_limit_mb",
        "seed",
    }
)
_ABOUT: Mapping[str, str] = {
    "horizon": "Periods to forecast. Default: 7 days, 8 weeks or 12 months.",
    "site_codes": "Normal mode only: forecast these sites; a field for each.",
    "forecast_start_date": "YYYY-MM-DD. Default: the period after the last one of the file.",
    "column_mapping": "column=name, such as demand_qty=Quantity; a field for each.",
    "models": f"With commas, of {', '.join(MODEL_NAMES)}. Default: chosen for each series.",
    "quantiles": "Up to nine levels in (0, 1), with commas.",
    "max_execution_time": "Seconds, of one partition.",
    "memory_limit_mb": "MB, of one partition's worker.",
    "lead_time": "Periods. Default: the horizon.",
    "max_parallel": "Partitions at work at once, at most the cores of the server. Default: all of them.",
}


def settings_schema() -> dict[str, Any]:
    """The settings as the properties of an object."""
    return {name: _schema_of(name) for name in READERS}


def form_body() -> dict[str, Any]:
    """The body of a request that sends a file with its settings."""
    file = {"type": "string", "format": "binary", "description": "CSV, XLSX, Parquet, gz or zip."}
    schema = {"type": "object", "required": [FILE_FIELD], "properties": {FILE_FIELD: file, **settings_schema()}}
    encoding = {name: {"style": "form", "explode": True} for name in sorted(REPEATED)}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"requestBody": {"required": True, "content": content}}


def event_content() -> dict[str, Any]:
    """A stream of events, each with what it tells as JSON."""
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


def _schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"} if name in _WHOLE else {"type": "string"}
    if name in CHOICES:
        schema["enum"] = list(CHOICES[name])
    if name in RANGES:
        low, high = RANGES[name]
        kind = "integer" if name in _WHOLE else "number"
        schema = {"type": kind, "minimum": low, "maximum": high}
    if name == "forecast_start_date":
        schema["format"] = "date"
    if name in REPEATED:
        schema = {"type": "array", "items": schema}
    default = getattr(BatchSettings(), name)
    if isinstance(default, int | float | str):
        schema["default"] = default
    if name in _ABOUT:
        schema["description"] = _ABOUT[name]
    return schema

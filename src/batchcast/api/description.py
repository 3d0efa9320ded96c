"""Parts of the description of the API: the form of `submit` and `analyze`, made of the settings, and files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute

from batchcast.domain.recipe import FILE_KINDS, PACKED_KINDS
from batchcast.domain.settings import SETTINGS, Setting
from batchcast.forecast.models.table import MODELS
from batchcast.http.multipart import FILE_FIELD
from batchcast.publish.kinds import FORMATS

FILE_KINDS_READ = ", ".join([*FILE_KINDS, *PACKED_KINDS])


TAGS = (
    {"name": "batches", "description": "Submit a demand history, follow the batch, retry, cancel and delete it."},
    {"name": "results", "description": "Files and figures of a batch that has completed, and what to order."},
    {"name": "marks", "description": "Days of a part that a planner knows better than the file."},
    {"name": "recipes", "description": "How files of one kind were read, kept under a name."},
    {"name": "operations", "description": "Health, metrics, sessions and the audit log of a server."},
)
_OPERATION_IDS = {  # functions of generated clients are called so
    "POST /api/batch/submit": "submit_batch",
    "POST /api/batch/analyze": "analyze_file",
    "POST /api/batch/preview": "preview_file",
    "GET /api/batch/status/{batch_id}": "get_batch_status",
    "GET /api/batch/events/{batch_id}": "stream_batch_events",
    "POST /api/batch/cancel/{batch_id}": "cancel_batch",
    "POST /api/batch/retry/{batch_id}": "retry_batch",
    "GET /api/batch/history": "list_batches",
    "DELETE /api/batch/{batch_id}": "delete_batch",
    "GET /api/batch/download/{batch_id}": "download_result",
    "GET /api/batch/series/{batch_id}": "list_series",
    "GET /api/batch/series/{batch_id}/{site_code}/{partnumber}": "get_series",
    "GET /api/batch/sums/{batch_id}": "get_sums",
    "GET /api/batch/accuracy/{batch_id}": "get_accuracy",
    "GET /api/batch/rejected/{batch_id}": "list_rejected_rows",
    "POST /api/batch/orders/{batch_id}": "make_orders",
    "GET /api/batch/attention/{batch_id}": "list_parts_to_look_at",
    "POST /api/batch/looked/{batch_id}": "mark_looked_at",
    "DELETE /api/batch/looked/{batch_id}": "unmark_looked_at",
    "GET /api/marks": "list_marks",
    "POST /api/marks": "add_mark",
    "DELETE /api/marks/{number}": "remove_mark",
    "GET /api/recipes": "list_recipes",
    "DELETE /api/recipes/{name}": "delete_recipe",
    "GET /api/audit": "list_audit_entries",
    "GET /api/sessions": "list_sessions",
    "DELETE /api/sessions": "end_all_sessions",
    "DELETE /api/sessions/{session}": "end_session",
    "GET /healthz": "get_health",
    "GET /readyz": "get_readiness",
    "GET /metrics": "get_metrics",
}


def operation_id(route: APIRoute) -> str:
    """What a generated client calls an endpoint."""
    method = next((one for one in sorted(route.methods or ()) if one != "HEAD"), "GET")
    return _OPERATION_IDS.get(f"{method} {route.path_format}", route.name)


def described_files(formats: Iterable[str]) -> dict[str, Any]:
    """The content of an answer that is a file in one of these formats, by media type."""
    file = {"schema": {"type": "string", "format": "binary"}}
    return {FORMATS[name].media_type.partition(";")[0]: file for name in formats}


def settings_schema() -> dict[str, Any]:
    """The settings as the properties of an object.

    None has a default: a generated client would send it, and with a retry undo what the batch was asked for.
    """
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


CHANGES = "BatchSettings"  # the schema of settings that are sent alone


def changes_schema() -> dict[str, Any]:
    """Settings that are sent alone: what is left out stays as it is."""
    about = "Settings of a batch, each of them optional; of a retry those that change."
    return {"type": "object", "title": CHANGES, "description": about, "properties": settings_schema()}


def changes_body() -> dict[str, Any]:
    """The body of a request that changes some settings."""
    schema = {"$ref": f"#/components/schemas/{CHANGES}"}
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
    default = declared.default_words or declared.default_text
    if default:
        parts.append(f"Default: {default}.")
    return " ".join(parts)

"""How a server of batchcast is set up: options of `batchcast serve`, or variables BATCHCAST_… of the environment."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from batchcast.app.environment import Environment
from batchcast.domain.errors import InvalidSettings
from batchcast.domain.message import Message, mark
from batchcast.domain.settings import usable_cores

PREFIX = "BATCHCAST_"
MEGABYTE = 2**20


class ServiceConfig(BaseSettings):
    """The set-up of one server; `read_config` makes it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    home: Path = Field(
        default_factory=lambda: Environment.read().home,
        description="Folder for the database, files and scratch space.",
    )
    database_url: str | None = Field(None, description="postgresql://… for a queue that several servers share.")
    artifacts_url: str | None = Field(None, description="s3://bucket/folder for files in object storage.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    api_port: int = Field(9571, ge=0, le=65535, description="Port of the API.")
    page_port: int = Field(9572, ge=0, le=65535, description="Port of the web page.")
    tokens: str | None = Field(None, description="name:role:token entries, separated by commas; see `batchcast token`.")
    session_key: str | None = Field(
        None, description="Signs sessions of the page; the same on servers that share a queue. Default: made once."
    )
    allowed_hosts: str = Field("", description="Further names that clients may call this server by, with commas.")
    insecure: bool = Field(False, description="Listen beyond this machine without tokens.")
    max_parallel: int | None = Field(
        None, ge=1, le=1024, description="Partitions at work at once, over all batches. Default: the cores."
    )
    lease_seconds: float = Field(15, ge=0.5, le=3600, description="How long a silent server keeps its batches.")
    max_upload_mb: int = Field(2048, ge=1, description="The largest file that is taken, in MB of 2**20 bytes.")
    upload_seconds: float = Field(3600, gt=0, description="How long an upload may take.")
    upload_min_bytes_per_second: int = Field(1024, ge=0, description="Slower uploads are ended.")
    log_format: Literal["auto", "text", "json"] = Field("auto", description="auto: text on a terminal, else json.")

    @property
    def workers(self) -> int:
        """Partitions at work at once."""
        return self.max_parallel or usable_cores()

    @property
    def max_upload_bytes(self) -> int:
        """The largest file that is taken."""
        return self.max_upload_mb * MEGABYTE

    @property
    def is_local(self) -> bool:
        """Only programs on this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def read_config(**given: Any) -> ServiceConfig:
    """The set-up by the environment, and by what was given instead.

    Raises:
        InvalidSettings: if a value can't be read or is out of its range, or the set-up would not be safe.
    """
    try:
        config = ServiceConfig(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise InvalidSettings([_problem(detail) for detail in error.errors(include_url=False)]) from None
    if not (config.is_local or config.tokens or config.insecure):
        template = mark(
            "{host} can be reached from other machines, and no tokens are set, so anybody could read and delete "
            "batches. Make tokens with `batchcast token NAME --role ROLE` and put them into BATCHCAST_TOKENS, or say "
            "--insecure where the network itself keeps strangers out."
        )
        raise InvalidSettings([Message(template, {"host": config.host})])
    return config


def _problem(detail: Any) -> Message:
    name = ".".join(str(part) for part in detail["loc"])
    template = mark("{variable} is {found!r}: {expected}.")
    values = {"variable": PREFIX + name.upper(), "found": detail.get("input"), "expected": detail["msg"]}
    return Message(template, values)

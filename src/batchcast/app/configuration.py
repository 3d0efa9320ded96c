"""How a server of batchcast is set up: options of `batchcast serve`, or variables BATCHCAST_… of the environment."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from batchcast.app.translation import Language, language_of
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.settings import usable_cores

# Where this installation keeps its things; the only place that reads the environment.

_THIS_MACHINE = "http://127.0.0.1:9571"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the surroundings of the process decide."""

    home: Path  # BATCHCAST_HOME, or the platform's folder for user data: batches at work, timings

    @classmethod
    def read(cls) -> Environment:
        """The environment of this process."""
        home = os.environ.get("BATCHCAST_HOME")
        if home:
            return cls(home=Path(home).expanduser())
        from platformdirs import user_data_path

        return cls(home=user_data_path("batchcast", appauthor=False))


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """Which server the command asks, and as whom."""

    url: str
    token: str | None = field(repr=False)


def read_server_address(url: str | None) -> ServerAddress:
    """The server at `url`, else at BATCHCAST_URL, else on this machine; BATCHCAST_TOKEN says who asks."""
    named = url or os.environ.get("BATCHCAST_URL") or _THIS_MACHINE
    return ServerAddress(url=named.rstrip("/"), token=os.environ.get("BATCHCAST_TOKEN") or None)


def read_language() -> Language:
    """The language of the person at this terminal."""
    return language_of(os.environ)


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
        template = N_(
            "{host} can be reached from other machines, and no tokens are set, so anybody could read and delete "
            "batches. Make tokens with `batchcast token NAME --role ROLE` and put them into BATCHCAST_TOKENS, or say "
            "--insecure where the network itself keeps others out."
        )
        raise InvalidSettings([Message(template, {"host": config.host})])
    return config


def _problem(detail: Any) -> Message:
    name = ".".join(str(part) for part in detail["loc"])
    template = N_("{variable} is {found!r}: {expected}.")
    values = {"variable": PREFIX + name.upper(), "found": detail.get("input"), "expected": detail["msg"]}
    return Message(template, values)


# The key that sessions of the page are signed with: given by the settings of the server, else made once and kept.

_FILE = "session.key"
_BYTES = 32


def session_key(config: ServiceConfig) -> bytes:
    """The key of this set-up; servers that share a queue share sessions where BATCHCAST_SESSION_KEY is the same."""
    if config.session_key:
        return hashlib.sha256(config.session_key.encode()).digest()
    path = config.home / _FILE
    config.home.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        made = path.with_name(f"{_FILE}.{secrets.token_hex(8)}")
        made.touch(mode=0o600)
        made.write_bytes(secrets.token_bytes(_BYTES))
        try:
            os.link(made, path)  # whole or not at all, and the first of two that start at once wins
        finally:
            made.unlink()
    return path.read_bytes()

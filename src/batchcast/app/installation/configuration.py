"""How a server of batchcast is set up: options of `batchcast serve`, or variables BATCHCAST_… of the environment."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import ipaddress
import os
import re
import secrets
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from batchcast.app.installation.tokens import TOKEN_ROLES
from batchcast.app.installation.workspace import Environment
from batchcast.app.provider import ProviderSettings
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.settings import usable_cores
from batchcast.run.ray.choice import PoolChoice

# The server that a command calls.

_THIS_MACHINE = "http://127.0.0.1:9571"


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """The server that the command calls, and the token that it sends."""

    url: str
    token: str | None = field(repr=False)


def read_server_address(url: str | None) -> ServerAddress:
    """The server at `url`, else at BATCHCAST_URL, else on this machine; BATCHCAST_TOKEN is the token that is sent."""
    named = url or os.environ.get("BATCHCAST_URL") or _THIS_MACHINE
    return ServerAddress(url=named.rstrip("/"), token=os.environ.get("BATCHCAST_TOKEN") or None)


DATABASE_FILE, ARTIFACTS_FOLDER = "batchcast.db", "artifacts"  # in the home folder

PREFIX = "BATCHCAST_"
_NOT_OF_A_SERVER = {
    "URL",
    "TOKEN",
    "LANG",
    "DATA",
    "WORKER",
    "WORKER_PARENT",
    "WORKER_MODULES",
    "WORKER_VARIABLES",
}  # after the prefix
MEGABYTE = 2**20
_PLACE = re.compile(r"[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~-]+)*/?", re.ASCII)  # host and path of a public address


KEPT, LISTENING, WORK = N_("Where things are kept"), N_("Where it listens"), N_("Work and limits")
PEOPLE = N_("Sign-in by a provider of identities")


@dataclass(frozen=True, kw_only=True)
class ServiceOption:
    """How a field of ServiceConfig is given on the command line."""

    value_name: str  # empty: a flag
    panel: str  # heading that it stands under
    alias: str = ""  # stands before the option that has the field's name
    is_for_listening: bool = False  # a worker, which listens nowhere, does not take it
    is_place: bool = False  # says where things are kept: all that a backup needs to know

    def options(self, field: str) -> tuple[str, ...]:
        """Every name of the option."""
        own = "--" + field.replace("_", "-")
        return (self.alias, own) if self.alias else (own,)


_kept = partial(ServiceOption, panel=KEPT)
_place = partial(ServiceOption, panel=KEPT, is_place=True)
_listening = partial(ServiceOption, panel=LISTENING, is_for_listening=True)
_work = partial(ServiceOption, panel=WORK)
_people = partial(ServiceOption, panel=PEOPLE, is_for_listening=True)


class ServiceConfig(BaseSettings):
    """The set-up of one server; `read_config` makes it.

    Fields without an option are secrets: every user of the machine can read a command line.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    home: Annotated[Path, _place(value_name="FOLDER")] = Field(
        default_factory=lambda: Environment.read().home,
        description=N_("Folder for the database, files and scratch space. Default: the user's data folder."),
    )
    database_url: Annotated[str | None, _place(value_name="URL")] = Field(
        None,
        description=N_(
            "postgresql://… for a queue that several machines share; BATCHCAST_DATABASE_URL hides a password."
        ),
    )
    artifacts_url: Annotated[str | None, _place(value_name="URL")] = Field(
        None, description=N_("s3://bucket/folder to keep files in object storage. Default: in the home folder.")
    )
    host: Annotated[str, _listening(value_name="ADDRESS")] = Field(
        "127.0.0.1",
        description=N_("Address to listen on; others than this machine's own need tokens. Default: 127.0.0.1."),
    )
    api_port: Annotated[int, _listening(value_name="N", alias="--port")] = Field(
        9571, ge=0, le=65535, description=N_("Port of the API. Default: 9571.")
    )
    page_port: Annotated[int, _listening(value_name="N")] = Field(
        9572, ge=0, le=65535, description=N_("Port of the web page. Default: 9572.")
    )
    tokens: str | None = Field(None, description="name:role:token entries, separated by commas; see `batchcast token`.")
    session_key: str | None = Field(
        None, description="Signs sessions of the page; the same on servers that share a queue. Default: made once."
    )
    allowed_hosts: Annotated[str, _listening(value_name="NAMES")] = Field(
        "", description=N_("Further host names that clients call this server by, separated by commas.")
    )
    public_url: Annotated[str, _listening(value_name="URL")] = Field(
        "",
        description=N_("The page's address behind a proxy, such as https://example.com/forecast. Default: none."),
    )
    trusted_proxies: Annotated[str, _listening(value_name="ADDRESSES")] = Field(
        "", description=N_("Addresses or networks of proxies whose X-Forwarded headers count, separated by commas.")
    )
    insecure: Annotated[bool, _listening(value_name="")] = Field(
        False,
        description=N_("Listen beyond this machine without tokens: only where the network itself keeps others out."),
    )
    share_batches: Annotated[bool, _work(value_name="", is_for_listening=True)] = Field(
        False,
        description=N_("Planners may stop each other's batches and run them again. Default: only their own."),
    )
    oidc_issuer: Annotated[str, _people(value_name="URL")] = Field(
        "", description=N_("A provider of OpenID Connect that signs people in on the page. Default: none.")
    )
    oidc_client_id: Annotated[str, _people(value_name="ID")] = Field(
        "", description=N_("What the provider calls this server.")
    )
    oidc_client_secret: str | None = Field(None, description="What this server proves itself to the provider with.")
    oidc_client_secret_file: Annotated[Path | None, _people(value_name="FILE")] = Field(
        None, description=N_("A file that holds BATCHCAST_OIDC_CLIENT_SECRET, in place of that variable.")
    )
    oidc_scopes: Annotated[str, _people(value_name="NAMES")] = Field(
        "openid profile email", description=N_("What the provider is asked for. Default: openid profile email.")
    )
    oidc_name_claim: Annotated[str, _people(value_name="CLAIM")] = Field(
        "preferred_username",
        description=N_("The claim that gives a person's name. Default: preferred_username."),
    )
    oidc_role_claim: Annotated[str, _people(value_name="CLAIM")] = Field(
        "groups", description=N_("The claim that gives a person's groups. Default: groups.")
    )
    oidc_roles: Annotated[str, _people(value_name="PAIRS")] = Field(
        "",
        description=N_("The role of each group, such as planning=planner,it=admin,*=viewer; * is everybody."),
    )
    pool: Annotated[str, _work(value_name="POOL")] = Field(
        "local",
        description=N_(
            "Where partitions are forecast: local, ray, or a Ray's host:port or ray://host:port. Default: local."
        ),
    )
    ray_insecure: Annotated[bool, _work(value_name="")] = Field(
        False,
        description=N_("Use a Ray that asks for no token: only where the network itself keeps others out."),
    )
    ray_fallback: Annotated[bool, _work(value_name="")] = Field(
        False, description=N_("Forecast on this machine while no machine of Ray can be reached.")
    )
    max_parallel: Annotated[int | None, _work(value_name="N", alias="--parallel")] = Field(
        None, ge=1, le=1024, description=N_("Partitions at work at once, over all batches. Default: the cores.")
    )
    lease_seconds: Annotated[float, _work(value_name="SECONDS")] = Field(
        15, ge=0.5, le=3600, description=N_("How long a server that has fallen silent keeps its batches. Default: 15.")
    )
    max_upload_mb: Annotated[int, _work(value_name="MB", is_for_listening=True)] = Field(
        2048, ge=1, description=N_("The largest file that is taken. Default: 2048.")
    )
    upload_seconds: Annotated[float, _work(value_name="SECONDS", is_for_listening=True)] = Field(
        3600, gt=0, description=N_("How long an upload may take. Default: 3600.")
    )
    upload_min_bytes_per_second: Annotated[int, _work(value_name="BYTES", is_for_listening=True)] = Field(
        1024, ge=0, description=N_("Uploads that come slower are ended. Default: 1024.")
    )
    max_connections: Annotated[int, _work(value_name="N", is_for_listening=True)] = Field(
        1000,
        ge=8,
        description=N_("Connections open at once; one address may hold half of them. Default: 1000."),
    )
    header_seconds: Annotated[float, _work(value_name="SECONDS", is_for_listening=True)] = Field(
        10, gt=0, description=N_("How long a client may take to send the header of a request. Default: 10.")
    )
    reading_seconds: Annotated[float, _work(value_name="SECONDS", is_for_listening=True)] = Field(
        60, gt=0, description=N_("How long a client may leave an answer unread. Default: 60.")
    )
    reserve_mb: Annotated[int, _work(value_name="MB", is_for_listening=True)] = Field(
        512, ge=0, description=N_("Room on the disk that new files must leave free; 0: none. Default: 512.")
    )
    keep_days: Annotated[int | None, _kept(value_name="DAYS")] = Field(
        None, ge=1, description=N_("Batches that ended longer ago are deleted. Default: they are kept.")
    )
    keep_batches: Annotated[int | None, _kept(value_name="N")] = Field(
        None, ge=1, description=N_("Of batches that have ended the newest N are kept. Default: all.")
    )
    keep_mb: Annotated[int | None, _kept(value_name="MB")] = Field(
        None, ge=1, description=N_("The oldest batches are deleted while all take more. Default: no limit.")
    )
    keep_partitions_days: Annotated[float, _kept(value_name="DAYS")] = Field(
        1,
        ge=0,
        description=N_("Results of single partitions are dropped so long after a batch is completed. Default: 1."),
    )
    check_mb_per_hour: Annotated[int, _kept(value_name="MB")] = Field(
        256,
        ge=0,
        description=N_("So much of the kept files is compared with its SHA-256 every hour; 0: none. Default: 256."),
    )
    log_format: Annotated[Literal["auto", "text", "json"], _work(value_name="auto|text|json")] = Field(
        "auto", description=N_("How the log reads; auto is text on a terminal and JSON elsewhere. Default: auto.")
    )

    @property
    def database_address(self) -> str:
        """Address of the database."""
        return self.database_url or f"sqlite:///{self.home / DATABASE_FILE}"

    @property
    def artifacts_folder(self) -> Path:
        """Where files are kept that have no address."""
        return self.home / ARTIFACTS_FOLDER

    @property
    def pool_choice(self) -> PoolChoice:
        """Where partitions are forecast.

        Raises:
            InvalidSettings: if the address has no such form.
        """
        return PoolChoice(
            address=self.pool,
            is_insecure=self.ray_insecure,
            may_stay_here=self.ray_fallback,
            artifacts_url=self.artifacts_url,
        )

    @property
    def workers(self) -> int:
        """Partitions at work at once."""
        return self.max_parallel or usable_cores()

    @property
    def max_upload_bytes(self) -> int:
        """The largest file that is taken."""
        return self.max_upload_mb * MEGABYTE

    @property
    def public_host(self) -> str:
        """Host of the public address, with its port where it names one; empty without an address."""
        return urlsplit(self.public_url).netloc.lower()

    @property
    def prefix(self) -> str:
        """Path of the public address, below which everything is; empty where it is the root."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def has_tls(self) -> bool:
        """Browsers reach the page by HTTPS."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def asks_to_sign_in(self) -> bool:
        """People have to say who they are; else everybody may do everything."""
        return bool(self.tokens or self.oidc_issuer)

    @property
    def is_local(self) -> bool:
        """Only programs on this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def service_options() -> dict[str, tuple[ServiceOption, str]]:
    """The options of a server and their help, by field of ServiceConfig."""
    return {
        name: (declared, str(field.description))
        for name, field in ServiceConfig.model_fields.items()
        for declared in field.metadata
        if isinstance(declared, ServiceOption)
    }


def read_config(**given: Any) -> ServiceConfig:
    """The set-up by the environment, and by what was given instead.

    Raises:
        InvalidSettings: if a value can't be read or is out of its range, a variable is misspelt, or the set-up would
            not be safe.
    """
    if misspelt := _misspelt_variables():
        raise InvalidSettings(misspelt)
    try:
        config = ServiceConfig(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise InvalidSettings([_problem(detail) for detail in error.errors(include_url=False)]) from None
    _ = config.pool_choice  # raises where it has no form of one
    if problems := [*_problems_of_proxies(config), *_problems_of_provider(config)]:
        raise InvalidSettings(problems)
    if not (config.is_local or config.asks_to_sign_in or config.insecure):
        template = N_(
            "{host} can be reached from other machines, and no tokens are set, so anybody could read and delete "
            "batches. Make tokens with `batchcast token NAME --role ROLE` and put them into BATCHCAST_TOKENS, or say "
            "--insecure where the network itself keeps others out."
        )
        raise InvalidSettings([Message(template, {"host": config.host})])
    public = ", ".join(part for part in (config.allowed_hosts.strip(), config.public_url) if part)
    if public and not (config.asks_to_sign_in or config.insecure):
        template = N_(
            "The settings name {hosts}, so others reach this server by a proxy, and no tokens are set: "
            "anybody could read and delete batches. Make tokens with `batchcast token NAME --role ROLE` and put them "
            "into BATCHCAST_TOKENS, or say --insecure where the network itself keeps others out."
        )
        raise InvalidSettings([Message(template, {"hosts": public})])
    return config


def _problems_of_proxies(config: ServiceConfig) -> list[Message]:
    problems = []
    found = urlsplit(config.public_url)
    is_place = found.scheme in ("http", "https") and _PLACE.fullmatch(config.public_url.partition("://")[2])
    if config.public_url and not is_place:
        template = N_("BATCHCAST_PUBLIC_URL is {found!r}; write https://host or https://host/path.")
        problems.append(Message(template, {"found": config.public_url}))
    for text in filter(None, (part.strip() for part in config.trusted_proxies.split(","))):
        try:
            ipaddress.ip_network(text)
        except ValueError:
            template = N_(
                "BATCHCAST_TRUSTED_PROXIES has {found!r}, which is no address or network, such as 10.0.0.0/8."
            )
            problems.append(Message(template, {"found": text}))
    return problems


def provider_settings(config: ServiceConfig) -> ProviderSettings | None:
    """How the provider of identities is used; None: there is none."""
    if not config.oidc_issuer:
        return None
    secret = config.oidc_client_secret
    if config.oidc_client_secret_file is not None:
        secret = config.oidc_client_secret_file.read_text(encoding="utf-8").strip()
    return ProviderSettings(
        issuer=config.oidc_issuer,
        client_id=config.oidc_client_id,
        client_secret=secret,
        scopes=config.oidc_scopes,
        name_claim=config.oidc_name_claim,
        role_claim=config.oidc_role_claim,
        roles={group: TOKEN_ROLES[role] for group, role in _pairs(config.oidc_roles)},
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = (part.strip().rpartition("=") for part in text.split(",") if part.strip())
    return [(group.strip(), role.strip().lower()) for group, _, role in parts]


def _problems_of_provider(config: ServiceConfig) -> list[Message]:
    if not config.oidc_issuer:
        return []
    problems = []
    found = urlsplit(config.oidc_issuer)
    is_near = found.scheme == "http" and found.hostname in ("localhost", "127.0.0.1", "::1")
    if not found.netloc or not (found.scheme == "https" or is_near):
        template = N_("BATCHCAST_OIDC_ISSUER is {found!r}; write https:// and the provider's name.")
        problems.append(Message(template, {"found": config.oidc_issuer}))
    if not config.oidc_client_id:
        problems.append(Message(N_("BATCHCAST_OIDC_CLIENT_ID is missing: what the provider calls this server.")))
    pairs = _pairs(config.oidc_roles)
    if not pairs or any(not group or role not in TOKEN_ROLES for group, role in pairs):
        template = N_(
            "BATCHCAST_OIDC_ROLES is {found!r}; write group=role, separated by commas, with a role of {roles}; * as a "
            "group is everybody."
        )
        problems.append(Message(template, {"found": config.oidc_roles, "roles": ", ".join(TOKEN_ROLES)}))
    file = config.oidc_client_secret_file
    if file is not None and not os.access(file, os.R_OK):
        template = N_("BATCHCAST_OIDC_CLIENT_SECRET_FILE is {found!r}, which can't be read.")
        problems.append(Message(template, {"found": str(file)}))
    return problems


def _misspelt_variables() -> list[Message]:
    """A sentence for each variable BATCHCAST_… that means nothing: a misspelt one of tokens must not open a server."""
    known = {name.upper() for name in ServiceConfig.model_fields} | _NOT_OF_A_SERVER
    found = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    return [_unknown_variable(name, known) for name in found if name.upper().removeprefix(PREFIX) not in known]


def _unknown_variable(name: str, known: set[str]) -> Message:
    near = difflib.get_close_matches(name.upper().removeprefix(PREFIX), sorted(known), n=1, cutoff=0.7)
    if near:
        template = N_("{variable} is not a setting of a server; did you mean {near}? Rename it, or remove it.")
        return Message(template, {"variable": name, "near": PREFIX + near[0]})
    template = N_("{variable} is not a setting of a server. Remove it, or rename it where another program needs it.")
    return Message(template, {"variable": name})


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

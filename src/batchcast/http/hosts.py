"""The names by which a server may be called: a page of another site must not reach it through a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchcast.app.configuration import ServiceConfig

_LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Hosts:
    """Tells a Host header that means this server."""

    def __init__(self, config: ServiceConfig) -> None:
        further = [name.strip().lower() for name in config.allowed_hosts.split(",") if name.strip()]
        self._names = {*_LOCAL, _bracketed(config.host.lower()), *further}
        self._endings = tuple(name.removeprefix("*") for name in further if name.startswith("*."))
        self._any = "*" in further

    def admit(self, headers: Mapping[str, str], scope: Mapping[str, Any]) -> bool:
        """Whether the request names this server, or the very address it came in by."""
        return self._is_ours(_without_port(headers.get("host", "").lower()), scope)

    def admit_origin(self, headers: Mapping[str, str], scope: Mapping[str, Any]) -> bool:
        """Whether a request that a browser sends comes from a page of this server; programs send no Origin."""
        origin = headers.get("origin")
        if origin is None:
            return True
        return self._is_ours(_without_port(origin.lower().partition("://")[2]), scope)

    def _is_ours(self, name: str, scope: Mapping[str, Any]) -> bool:
        came_by = (scope.get("server") or ("",))[0]
        is_ours = name in self._names or (bool(self._endings) and name.endswith(self._endings))
        return self._any or is_ours or (bool(name) and name == _bracketed(str(came_by)))


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host

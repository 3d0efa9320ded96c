"""Which pool was chosen: this machine, or the machines of a Ray."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from batchcast.domain.errors import N_, InvalidSettings, Message

LOCAL = "local"
_ADDRESS = re.compile(r"local|ray|(ray://)?[A-Za-z0-9_.-]+:[0-9]{1,5}|(ray://)?\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}", re.ASCII)
_YES = {"1", "true", "yes", "on"}


@dataclass(frozen=True, kw_only=True)
class PoolChoice:
    """Where to work."""

    address: str = LOCAL  # "local", "ray", "host:port" or "ray://host:port"
    is_insecure: bool = False  # a Ray that asks for no token is used too
    may_stay_here: bool = False  # while no machine of Ray can be reached, all is done here
    artifacts_url: str | None = None  # where the machines find files; None: in a folder of this machine

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.address):
            template = N_(
                "The pool is {found!r}; write local, ray for a Ray on this machine, or the address of one, such as "
                "host:6379 or ray://host:10001."
            )
            raise InvalidSettings([Message(template, {"found": self.address})])

    @property
    def is_local(self) -> bool:
        """Only this machine works."""
        return self.address == LOCAL


def read_pool_choice(address: str | None = None) -> PoolChoice:
    """The choice of a command: `address`, else that of the environment.

    Raises:
        InvalidSettings: if the address has no such form.
    """
    return PoolChoice(
        address=address or os.environ.get("BATCHCAST_POOL") or LOCAL,
        is_insecure=os.environ.get("BATCHCAST_RAY_INSECURE", "").lower() in _YES,
        may_stay_here=os.environ.get("BATCHCAST_RAY_FALLBACK", "").lower() in _YES,
        artifacts_url=os.environ.get("BATCHCAST_ARTIFACTS_URL") or None,
    )

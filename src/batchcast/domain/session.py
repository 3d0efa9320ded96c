"""Sessions of browsers, as a server keeps them: who signed in, from where, and until when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSession:
    """A session that begins."""

    digest: str  # SHA-256 of the id that the browser sends, which is kept nowhere else
    name: str  # of the person
    role: str
    basis: str  # what it stands on, as a digest: the token, or the provider that the person signed in with
    address: str  # of the browser, when it was seen last
    browser: str  # in words


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptSession(NewSession):
    """A session that is not over; times are on the store's clock, UTC."""

    began_at: dt.datetime
    seen_at: dt.datetime
    ends_at: dt.datetime  # then at the latest, however much it is used

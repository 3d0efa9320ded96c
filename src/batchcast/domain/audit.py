"""The audit log: who changed what on a server, when, and from where."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """One request that changes something, and how it was answered."""

    at: dt.datetime  # UTC
    name: str | None  # of the person's token; None where no tokens are set, or it was not known
    role: str
    address: str  # of the client
    action: str  # one of `http.audit.ACTIONS`
    status: int  # of the answer: from 400 on, nothing was changed
    batch_id: str | None = None
    about: str | None = None  # what it changed beside a batch: whose session, which recipe, part, mark or view
    number: int = 0  # given by the store: later entries have higher ones

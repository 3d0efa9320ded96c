"""Who may do what: bearer tokens, each with a name and a role; only their hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import IntEnum

from batchcast.domain.errors import N_, BatchcastError, InvalidSettings, Message

HASHED = "sha256:"
_HASH_LENGTH = 64
_SHORTEST_TOKEN = 16  # characters of one that a person made up


class Role(IntEnum):
    """What a person may do; each may do all that the one before may."""

    NONE = 0  # nothing: the role of a request without a token; no token has it
    VIEWER = 1  # see batches, download results
    PLANNER = 2  # submit; cancel and retry their own batches
    ADMIN = 3  # cancel and retry every batch, delete


TOKEN_ROLES = {role.name.lower(): role for role in Role if role is not Role.NONE}  # what a token can give


class NotAuthenticated(BatchcastError):
    """The request carries no token, or none that is known."""

    slug = "not-authenticated"


class NotAllowed(BatchcastError):
    """The role of the token does not allow this."""

    slug = "not-allowed"


class NotYourBatch(NotAllowed):
    """The batch is of another person, and batches are not shared on this server."""

    def __init__(self, batch_id: str, submitted_by: str | None) -> None:
        if submitted_by is None:
            template = N_("Batch {batch_id} was submitted without a name, so only an administrator may change it.")
        else:
            template = N_("Batch {batch_id} is of {name}: only they and administrators may stop it or run it again.")
        super().__init__(Message(template, {"batch_id": batch_id, "name": submitted_by}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A person or program that sends requests."""

    name: str | None  # None where no tokens are set: every caller may do everything
    role: Role

    def require(self, role: Role) -> None:
        """Return if this person may do what `role` may.

        Raises:
            NotAllowed: if not.
        """
        if self.role < role:
            template = N_(
                "{name} has the role {role}, and this needs the role {needed}. Ask the administrator of the server."
            )
            values = {"name": self.name, "role": self.role.name.lower(), "needed": role.name.lower()}
            raise NotAllowed(Message(template, values))


UNRESTRICTED = Person(name=None, role=Role.ADMIN)
ANONYMOUS = Person(name=None, role=Role.NONE)  # a request without a token, where tokens are set


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    digest: bytes
    person: Person


class Tokens:
    """The tokens of a server."""

    def __init__(self, text: str | None) -> None:
        """Read `name:role:token` entries, separated by commas or white space; a token may be given as sha256:<hex>.

        Raises:
            InvalidSettings: if an entry can't be read; the sentence does not repeat it, for it may be a secret.
        """
        parts = (text or "").replace(",", " ").split()
        read = [_read_entry(number, part) for number, part in enumerate(parts, start=1)]
        problems = [entry for entry in read if isinstance(entry, Message)]
        if problems:
            raise InvalidSettings(problems)
        self._entries = [entry for entry in read if isinstance(entry, _Entry)]

    def __bool__(self) -> bool:
        return bool(self._entries)

    def authenticate(self, token: str | None) -> Person:
        """Whose token this is; anybody's where none are set.

        Raises:
            NotAuthenticated: if it is missing or unknown.
        """
        if not self._entries:
            return UNRESTRICTED
        if token is None:
            raise NotAuthenticated(Message(N_("This server asks for a token: send it as Authorization: Bearer …")))
        digest = _digest(token)
        found = [entry.person for entry in self._entries if hmac.compare_digest(entry.digest, digest)]
        if not found:
            raise NotAuthenticated(Message(N_("The token is not one of this server's; ask its administrator.")))
        return found[0]

    def fingerprint(self, token: str) -> str:
        """What a session remembers of a token: enough to find it again, and no help in guessing it."""
        return _fingerprint(_digest(token))

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """That of every token."""
        return tuple(_fingerprint(entry.digest) for entry in self._entries)

    def person_of(self, fingerprint: str) -> Person | None:
        """Whose token has this fingerprint; None where none has, or has it any more."""
        found = (e.person for e in self._entries if hmac.compare_digest(_fingerprint(e.digest), fingerprint))
        return next(found, None)


def new_token(name: str, role: Role) -> tuple[str, str]:
    """A fresh token, to be shown once, and its entry for BATCHCAST_TOKENS, which does not tell it."""
    token = secrets.token_urlsafe(32)
    return token, f"{name}:{role.name.lower()}:{HASHED}{_digest(token).hex()}"


def _read_entry(number: int, text: str) -> _Entry | Message:
    name, _, rest = text.partition(":")
    role_name, _, secret = rest.partition(":")
    values = {"number": number, "roles": ", ".join(TOKEN_ROLES)}
    if not name or not secret or role_name.lower() not in TOKEN_ROLES:
        return Message(N_("BATCHCAST_TOKENS, entry {number}: write name:role:token, with a role of {roles}."), values)
    person = Person(name=name, role=TOKEN_ROLES[role_name.lower()])
    if secret.startswith(HASHED):
        digits = secret.removeprefix(HASHED).lower()
        if len(digits) != _HASH_LENGTH or set(digits) - set("0123456789abcdef"):
            return Message(N_("BATCHCAST_TOKENS, entry {number}: sha256: needs 64 hexadecimal digits."), values)
        return _Entry(digest=bytes.fromhex(digits), person=person)
    if len(secret) < _SHORTEST_TOKEN:
        template = N_("BATCHCAST_TOKENS, entry {number}: its token is shorter than {least} characters.")
        return Message(template, values | {"least": _SHORTEST_TOKEN})
    return _Entry(digest=_digest(secret), person=person)


def _fingerprint(digest: bytes) -> str:
    return hashlib.sha256(b"session:" + digest).hexdigest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

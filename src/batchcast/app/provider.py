"""Sign-in by a provider of identities: OpenID Connect, authorization code with PKCE.

`begin` ─► the browser goes to the provider, and comes back with a code ─► `finish` has the code changed for a signed
token, checks it, and reads the person's name and role off its claims.

What is signed is checked by joserfc, which comes with `batchcast[oidc]`; the requests are plain ones.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from batchcast.app.installation.tokens import NotAllowed, Person, Role
from batchcast.domain.errors import N_, BatchcastError, InvalidSettings, Message

if TYPE_CHECKING:  # loaded by servers that have a provider alone
    import httpx

EVERYBODY = "*"  # in place of a group: all whom the provider signs in
_TIMEOUT_SECONDS = 5.0
_SECONDS_KNOWN = 3600.0  # that what the provider says of itself counts
_SECONDS_BETWEEN_KEYS = 60.0  # that its keys are asked for anew, for one that is not known
_SKEW_SECONDS = 60  # that clocks may differ
_ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)  # none with a shared key
_LONGEST_NAME = 200


class SignInRefused(BatchcastError):
    """The provider did not sign the person in, or what it sent can't be trusted."""

    slug = "sign-in-refused"

    def __init__(self, reason: Message) -> None:
        template = N_("You were not signed in: {reason}. Try again; if it happens once more, tell the administrator.")
        super().__init__(Message(template, {"reason": reason}))


class ProviderUnavailable(BatchcastError):
    """The provider of identities does not answer as it should; where it is and what it said is for the log alone."""

    slug = "provider-unavailable"

    def __init__(self, issuer: str, problem: str) -> None:
        template = N_("{server_provider} can't be used at the moment: {server_log}. Try again later.")
        super().__init__(Message(template, {"server_provider": issuer, "server_log": problem}))


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderSettings:
    """How a server uses a provider; `configuration` checks them."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: str
    name_claim: str
    role_claim: str
    roles: Mapping[str, Role]  # by group; EVERYBODY: of all


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """A browser that goes to the provider; it has to come back with the same."""

    state: str
    nonce: str
    verifier: str


@dataclass(slots=True)
class _Kept:
    value: Mapping[str, Any]
    read_at: float  # monotonic


class IdentityProvider:
    """One provider; methods may be called from any thread."""

    def __init__(self, settings: ProviderSettings) -> None:
        """Get ready; nothing is asked of the provider yet.

        Raises:
            InvalidSettings: if joserfc is not installed.
        """
        try:
            import httpx
            import joserfc  # noqa: F401
        except ImportError:
            template = N_(
                "BATCHCAST_OIDC_ISSUER needs a library that is not installed; run: pip install 'batchcast[oidc]'."
            )
            raise InvalidSettings([Message(template)]) from None
        self.settings = settings
        self._client = httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False)
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}  # by address

    @property
    def name(self) -> str:
        """As people know it: its host."""
        return urlsplit(self.settings.issuer).netloc

    @property
    def basis(self) -> str:
        """What sessions stand on that it has signed in."""
        return hashlib.sha256(f"provider:{self.settings.issuer}\n{self.settings.client_id}".encode()).hexdigest()

    def begin(self, redirect_uri: str) -> tuple[str, Departure]:
        """The address that a browser is sent to, and what it has to bring back.

        Raises:
            ProviderUnavailable: if the provider does not say where that is.
        """
        departure = Departure(
            state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48)
        )
        challenge = base64.urlsafe_b64encode(hashlib.sha256(departure.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.settings.scopes,
            "state": departure.state,
            "nonce": departure.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = self._address("authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", departure

    def finish(self, departure: Departure | None, answer: Mapping[str, str], redirect_uri: str) -> Person:
        """The person that a browser has come back as, with the parameters of the address it was sent to.

        Raises:
            SignInRefused: if the provider refused, or the answer is not one to this departure, or can't be trusted.
            NotAllowed: if no group of the person has a role here.
            ProviderUnavailable: if the provider does not answer.
        """
        if departure is None or not secrets.compare_digest(answer.get("state", "").encode(), departure.state.encode()):
            raise SignInRefused(Message(N_("the answer is not one to this browser, or came too late")))
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:
            raise SignInRefused(Message(N_("the answer is from another provider")))
        if "code" not in answer:
            template = N_("{provider} says {problem!r}")
            raise SignInRefused(Message(template, {"provider": self.name, "problem": _short(answer.get("error", ""))}))
        tokens = self._exchange(answer["code"], departure, redirect_uri)
        claims = self._checked(str(tokens.get("id_token", "")), departure)
        return self._person(self._with_more(claims, str(tokens.get("access_token", ""))))

    def _exchange(self, code: str, departure: Departure, redirect_uri: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": departure.verifier,
            "client_id": self.settings.client_id,
        }
        auth, secret = None, self.settings.client_secret
        if secret is not None:
            from httpx import BasicAuth

            methods = self._about().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            if "client_secret_basic" in methods:
                auth = BasicAuth(quote_plus(self.settings.client_id), quote_plus(secret))  # as RFC 6749 has it
            else:
                form["client_secret"] = secret
        answer = self._ask("POST", self._address("token_endpoint"), data=form, auth=auth)
        told = _json_of(answer)
        if 400 <= answer.status_code < 500:
            template = N_("{provider} does not take the code: {problem!r}")
            problem = _short(str(told.get("error", answer.status_code)))
            raise SignInRefused(Message(template, {"provider": self.name, "problem": problem}))
        return self._whole(answer, told)

    def _checked(self, token: str, departure: Departure) -> Mapping[str, Any]:
        """The claims of a signed token, which is the provider's, for this server, for this departure, and not over."""
        from joserfc import jwt
        from joserfc.errors import ClaimError, ExpiredTokenError, InvalidKeyIdError, JoseError, MissingKeyError
        from joserfc.jws import JWSRegistry

        signed = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)

        try:
            try:
                read = jwt.decode(token, self._keys(), registry=signed)
            except (InvalidKeyIdError, MissingKeyError):  # the provider may have a new key
                read = jwt.decode(token, self._keys(_SECONDS_BETWEEN_KEYS), registry=signed)
            jwt.JWTClaimsRegistry(
                leeway=_SKEW_SECONDS,
                iss={"essential": True, "value": self.settings.issuer},
                aud={"essential": True, "value": self.settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": departure.nonce},
            ).validate(read.claims)
        except ExpiredTokenError:
            raise SignInRefused(Message(N_("the answer is too old, or the clocks of the two servers differ"))) from None
        except ClaimError as error:
            raise SignInRefused(Message(_WRONG.get(error.claim or "", _WRONG[""]), {"claim": error.claim})) from None
        except (JoseError, ValueError, TypeError, KeyError):
            raise SignInRefused(Message(N_("the answer is not signed by a key of the provider"))) from None
        claims: Mapping[str, Any] = read.claims
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self.settings.client_id:
            raise SignInRefused(Message(_WRONG["aud"]))
        return claims

    def _with_more(self, claims: Mapping[str, Any], access_token: str) -> Mapping[str, Any]:
        """The claims, with those that the provider tells only where it is asked, if any of ours is among them."""
        wanted = {self.settings.name_claim, self.settings.role_claim} - set(claims)
        if not wanted or "userinfo_endpoint" not in self._about():
            return claims
        headers = {"authorization": f"Bearer {access_token}"}
        answer = self._ask("GET", self._address("userinfo_endpoint"), headers=headers)
        more = self._whole(answer, _json_of(answer))
        if more.get("sub") != claims["sub"]:
            raise SignInRefused(Message(N_("the provider tells of another person")))
        return {**more, **claims}

    def _person(self, claims: Mapping[str, Any]) -> Person:
        name = claims.get(self.settings.name_claim)
        if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            template = N_("the provider gives no name that can be used, as {claim}")
            raise SignInRefused(Message(template, {"claim": self.settings.name_claim}))
        groups = claims.get(self.settings.role_claim, [])
        groups = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        known = [EVERYBODY, *(group for group in groups if isinstance(group, str) and group != EVERYBODY)]
        role = max((self.settings.roles[group] for group in known if group in self.settings.roles), default=Role.NONE)
        if role is Role.NONE:
            template = N_("{name} may not use this server: no group of theirs has a role here. Ask the administrator.")
            raise NotAllowed(Message(template, {"name": name}))
        return Person(name=name.strip(), role=role)

    def _about(self) -> Mapping[str, Any]:
        issuer = self.settings.issuer
        about = self._read(f"{issuer.rstrip('/')}/.well-known/openid-configuration", _SECONDS_KNOWN)
        if about.get("issuer") != issuer:
            raise ProviderUnavailable(issuer, f"it calls itself {_short(str(about.get('issuer')))!r}")
        return about

    def _address(self, name: str) -> str:
        found = str(self._about().get(name, ""))
        if urlsplit(found).scheme != "https" and urlsplit(found).scheme != urlsplit(self.settings.issuer).scheme:
            raise ProviderUnavailable(self.settings.issuer, f"its {name} is {_short(found)!r}")
        return found

    def _keys(self, seconds_known: float = _SECONDS_KNOWN) -> Any:
        from joserfc.jwk import KeySet

        told = self._read(self._address("jwks_uri"), seconds_known)
        return KeySet.import_key_set({"keys": list(told["keys"])})

    def _read(self, address: str, seconds_known: float) -> Mapping[str, Any]:
        """What stands at an address, at most so many seconds old."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(address)
        if kept is None or now - kept.read_at >= seconds_known:
            answer = self._ask("GET", address)
            kept = _Kept(self._whole(answer, _json_of(answer)), now)
            with self._lock:
                self._kept[address] = kept
        return kept.value

    def _ask(self, method: str, address: str, **more: Any) -> httpx.Response:
        import httpx

        try:
            return self._client.request(method, address, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(self.settings.issuer, _short(str(error) or type(error).__name__)) from error

    def _whole(self, answer: httpx.Response, told: Mapping[str, Any]) -> Mapping[str, Any]:
        if answer.status_code != HTTPStatus.OK or not told:
            raise ProviderUnavailable(
                self.settings.issuer, f"{urlsplit(str(answer.url)).path}: HTTP {answer.status_code}"
            )
        return told


_WRONG: Mapping[str, str] = {
    "iss": N_("the answer is from another provider"),
    "aud": N_("the answer is for another program"),
    "nonce": N_("the answer is one to another sign-in"),
    "": N_("the answer has no right {claim}"),
}  # by claim


def _json_of(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _short(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:200]

"""A small provider of OpenID Connect on a port of this machine: real requests, signed tokens, codes that count once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "batch cast", "s3cret/+"


class TinyProvider:
    """Signs in the person that `person` describes; a test changes what it says."""

    def __init__(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})]
        self.person: dict[str, Any] = {"sub": "u1", "preferred_username": "siti", "groups": ["planning"]}
        self.more: dict[str, Any] = {}  # told at the address of userinfo alone
        self.claims: dict[str, Any] = {}  # in place of the right ones; None: left out
        self.algorithm = "RS256"
        self.issuer_told = ""
        self.error = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.issuer = ""

    def authorize(self, address: str) -> str:
        """What a browser that signs in there is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        if self.error:
            return f"{asked['redirect_uri']}?error={self.error}&state={asked['state']}"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def get(self, path: str, headers: Any) -> tuple[int, Any]:
        if path == "/realm/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer_told or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            }
        if path == "/realm/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/realm/userinfo" and headers["authorization"] == "Bearer opaque":
            return 200, {"sub": "u1"} | self.more
        return 404, {}

    def token(self, headers: Any, form: dict[str, str]) -> tuple[int, Any]:
        name, _, secret = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        if (unquote_plus(name), unquote_plus(secret)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or challenge.decode() != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
        } | self.person
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.signed(claims)}

    def signed(self, claims: dict[str, Any]) -> str:
        if self.algorithm in ("none", "HS256"):
            head = {"alg": self.algorithm, "kid": self.keys[-1].kid}
            signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
            public = self.keys[-1].as_pem(private=False)  # as if it were a key that both sides share
            code = hmac.digest(public, signed.encode(), "sha256") if self.algorithm == "HS256" else b""
            return f"{signed}.{encoded(code)}"
        return jwt.encode({"alg": self.algorithm, "kid": self.keys[-1].kid}, claims, self.keys[-1])


def encoded(part: bytes) -> str:
    """As a part of a signed token."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


@contextmanager
def providing() -> Iterator[TinyProvider]:
    """A provider that answers until the block ends."""
    provider = TinyProvider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def answer(self, status: int, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            provider.asked.append(self.path)
            self.answer(*provider.get(self.path, self.headers))

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"])).decode()
            self.answer(*provider.token(self.headers, {name: values[0] for name, values in parse_qs(sent).items()}))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}/realm"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

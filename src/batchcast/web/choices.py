"""What a reader chooses for every page: the language and the look."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.translation import LANGUAGES
from batchcast.web.language import LANGUAGE_COOKIE, THEME_COOKIE, THEMES

_A_YEAR = 365 * 86400
_LONGEST_BODY = 4096

router = APIRouter()


@router.post("/language")
async def choose_language(request: Request) -> Response:
    """Remember a language, and go back."""
    return await _remember(request, LANGUAGE_COOKIE, LANGUAGES)


@router.post("/theme")
async def choose_theme(request: Request) -> Response:
    """Remember a look, and go back."""
    return await _remember(request, THEME_COOKIE, THEMES)


def local_path(text: str) -> str:
    """Where to go back to: a path of this server; the start where the text is anything else."""
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours else "/"


async def _remember(request: Request, cookie: str, known: tuple[str, ...]) -> Response:
    fields = dict(parse_qsl((await _body(request)).decode("utf-8", "replace")))
    answer = RedirectResponse(local_path(fields.get("back", "/")), status_code=303)
    if fields.get("choice") in known:
        is_secure = request.url.scheme == "https"
        answer.set_cookie(cookie, fields["choice"], max_age=_A_YEAR, samesite="lax", secure=is_secure, httponly=True)
    return answer


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            return b""
    return bytes(body)

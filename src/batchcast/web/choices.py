"""What a reader chooses for every page: the language and the look."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.translation import LANGUAGES
from batchcast.http.bodies import Texts
from batchcast.web.access.forms import OurForm
from batchcast.web.language import LANGUAGE_COOKIE, THEME_COOKIE, THEMES

_A_YEAR = 365 * 86400

router = APIRouter()


@router.post("/language")
async def choose_language(request: Request, form: OurForm) -> Response:
    """Remember a language, and go back."""
    return _remember(request, form, LANGUAGE_COOKIE, LANGUAGES)


@router.post("/theme")
async def choose_theme(request: Request, form: OurForm) -> Response:
    """Remember a look, and go back."""
    return _remember(request, form, THEME_COOKIE, THEMES)


def local_path(text: str) -> str:
    """Where to go back to: a path of this server; the start where the text is anything else."""
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours else "/"


def _remember(request: Request, form: Texts, cookie: str, known: tuple[str, ...]) -> Response:
    answer = RedirectResponse(local_path(next(iter(form.get("back", ())), "/")), status_code=303)
    choice = next(iter(form.get("choice", ())), "")
    if choice in known:
        is_secure = request.url.scheme == "https"
        answer.set_cookie(cookie, choice, max_age=_A_YEAR, samesite="lax", secure=is_secure, httponly=True)
    return answer

"""The language and the look of a page: what was chosen there, else what the browser asks for."""

from __future__ import annotations

from typing import Literal, get_args

from starlette.requests import Request

from batchcast.app.translation import LANGUAGES, Language
from batchcast.http.language import language_of

LANGUAGE_COOKIE = "batchcast_language"
THEME_COOKIE = "batchcast_theme"
Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)


def page_language(request: Request) -> Language:
    """The language that was chosen, else the one that the browser likes best."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return next((known for known in LANGUAGES if known == chosen), language_of(request.headers))


def page_theme(request: Request) -> Theme:
    """The look that was chosen; `auto` follows the system."""
    chosen = request.cookies.get(THEME_COOKIE)
    return next((known for known in THEMES if known == chosen), "auto")

"""Templates to pages, in the reader's language; every text of a user is escaped."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from batchcast.app.tokens import ANYBODY, Person, Role
from batchcast.app.translation import LANGUAGES, Language, translate, translated_template
from batchcast.domain.errors import Message
from batchcast.web.access.sessions import COOKIE, SECONDS
from batchcast.web.assets import Assets
from batchcast.web.formats import filters_of
from batchcast.web.language import page_language, page_theme

_WORTH_COMPRESSING = 1024  # bytes


class Templates:
    """The templates of the page, once for each language: macros, too, say their words in it."""

    def __init__(self, assets: Assets) -> None:
        self._environments = {language: _environment(language, assets) for language in LANGUAGES}

    def render(self, name: str, language: Language, values: Mapping[str, Any]) -> str:
        """A template with its values."""
        return self._environments[language].get_template(name).render(values)


def render(request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
    """The answer to a request: a template with its values and what every page has."""
    language = page_language(request)
    templates: Templates = request.app.state.context.templates
    body = templates.render(name, language, page_values(request, language) | values).encode()
    headers = {"content-language": language, "cache-control": "no-store", "vary": "Accept-Language, Cookie"}
    if len(body) >= _WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 6, mtime=0)
        headers |= {"content-encoding": "gzip"}
    answer = Response(body, status_code=status, media_type="text/html", headers=headers)
    if getattr(request.state, "cookie", None):  # so that the forms on this page are taken
        is_secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, request.state.cookie, max_age=SECONDS, httponly=True, samesite="lax", secure=is_secure
        )
    return answer


def page_values(request: Request, language: Language) -> dict[str, Any]:
    """What every template may count on."""
    person: Person = getattr(request.state, "person", ANYBODY)
    return {
        "request": request,
        "language": language,
        "theme": page_theme(request),
        "person": person,
        "may": lambda role: person.role >= Role[role.upper()],
        "csrf": getattr(request.state, "csrf", ""),
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
    }


def _environment(language: Language, assets: Assets) -> Environment:
    made = Environment(
        loader=PackageLoader("batchcast.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(filters_of(language))
    made.globals.update(
        _=_speaker(language), say=_sayer(language), static=assets.url, csrf_field=_csrf_field, language=language
    )
    return made


def _speaker(language: Language) -> Callable[..., Markup | str]:
    def speak(template: str, **values: Any) -> Markup | str:
        """The sentence in the language of the page; values that are markup stay so, all others are escaped."""
        if not any(isinstance(value, Markup) for value in values.values()):
            return translate(Message(template, values), language)
        plain = (int, float, Message)
        safe = {name: value if isinstance(value, plain) else escape(value) for name, value in values.items()}
        escaped = Message(str(escape(translated_template(template, language))), safe)
        return Markup(translate(escaped, language))  # noqa: S704 both the sentence and its values were escaped

    return speak


def _sayer(language: Language) -> Callable[[Message], str]:
    def say(message: Message) -> str:
        """A sentence of the product in the language of the page."""
        return translate(message, language)

    return say


@pass_context
def _csrf_field(context: Context) -> Markup:
    """The hidden field without which no form is taken."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(context["csrf"])

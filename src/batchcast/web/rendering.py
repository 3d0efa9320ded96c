"""Renders templates to pages, in the language and theme of the reader; every text of a user is escaped."""

from __future__ import annotations

import datetime as dt
import gzip
import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from babel import Locale, dates
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from batchcast.app.installation.tokens import UNRESTRICTED, Person, Role
from batchcast.app.words.translation import (
    LANGUAGES,
    Language,
    format_duration,
    format_number,
    format_percent,
    translate,
    translated_template,
)
from batchcast.domain.calendar import Calendar, Frequency, length_in_words
from batchcast.domain.errors import Message
from batchcast.domain.recipe import FILE_KINDS, PACKED_KINDS
from batchcast.forecast.models.table import MODELS, WORDS
from batchcast.http.error_status import headers_of, known_error, messages_of, status_of
from batchcast.http.request import preferred_language
from batchcast.results.lead_time import Bin
from batchcast.web.assets import Assets
from batchcast.web.sessions import set_session_cookie

# An attribute whose value is a path of ours: templates write them as if the server stood at the root.
_LINK = re.compile(r'(\b(?:href|src|action|formaction|hx-get|hx-post|hx-push-url|data-live)=")/(?!/)')
_WORTH_COMPRESSING = 1024  # bytes
LANGUAGE_COOKIE = "batchcast_language"
THEME_COOKIE = "batchcast_theme"
Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)


class Templates:
    """The templates, loaded once for each language, so that macros are translated too."""

    def __init__(self, assets: Assets, prefix: str = "") -> None:
        self._prefix = prefix  # of the public address
        self._environments = {language: _environment(language, assets) for language in LANGUAGES}

    def render(self, name: str, language: Language, values: Mapping[str, Any]) -> str:
        """A template with its values."""
        made = self._environments[language].get_template(name).render({"root": self._prefix, **values})
        return _LINK.sub(rf"\1{self._prefix}/", made) if self._prefix else made


def render(request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
    """The answer to a request: a template with its values and what every page has."""
    language = page_language(request)
    templates: Templates = request.app.state.context.templates
    body = templates.render(name, language, _page_values(request, language) | values).encode()
    headers = {"content-language": language, "cache-control": "no-store", "vary": "Accept-Language, Cookie"}
    if len(body) >= _WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 6, mtime=0)
        headers |= {"content-encoding": "gzip"}
    answer = Response(body, status_code=status, media_type="text/html", headers=headers)
    if getattr(request.state, "cookie", None):  # a new session: the forms on this page belong to it
        set_session_cookie(request, answer, request.state.cookie)
    return answer


def varied(answer: Response) -> Response:
    """Mark that the address answers with a page or a fragment of it."""
    answer.headers["vary"] += ", HX-Request, HX-Target"
    return answer


def answer_problem(request: Request, error: Exception) -> Response:
    """The answer to a request that failed: a page, or a note that htmx puts on the page that asked."""
    known = known_error(error)
    status = status_of(known)
    is_fragment = request.headers.get("hx-request") == "true"
    name = "problem-note.html" if is_fragment else "problem.html"
    values = {"slug": known.slug, "code": status, "messages": messages_of(known), "back": page_before(request)}
    answer = render(request, name, status=status, **values)
    if is_fragment:
        answer.headers["hx-retarget"] = "#notice"
        answer.headers["hx-reswap"] = "innerHTML show:#notice:top"
    answer.headers.update(headers_of(known))
    return answer


def page_language(request: Request) -> Language:
    """The language chosen in this browser, else the one its headers prefer."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return next((known for known in LANGUAGES if known == chosen), preferred_language(request.headers))


def page_theme(request: Request) -> Theme:
    """The theme chosen in this browser; `auto` follows its system."""
    chosen = request.cookies.get(THEME_COOKIE)
    return next((known for known in THEMES if known == chosen), "auto")


def local_path(text: str) -> str:
    """A path of this server to go back to; `/` where the text is anything else."""
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours else "/"


def page_before(request: Request) -> str | None:
    """The page of ours that a form was sent from; None where there is none to go back to."""
    try:
        before = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # not an address
        return None
    prefix = request.app.state.context.service.config.prefix
    path = local_path(before.path.removeprefix(prefix) + (f"?{before.query}" if before.query else ""))
    is_ours = request.method == "POST" and before.netloc == request.headers.get("host") and path != "/"
    return path if is_ours else None


def _page_values(request: Request, language: Language) -> dict[str, Any]:
    """The values that every template has."""
    person: Person = getattr(request.state, "person", UNRESTRICTED)
    return {
        "request": request,
        "language": language,
        "theme": page_theme(request),
        "person": person,
        "may": lambda role: person.role >= Role[role.upper()],
        "may_change": partial(request.app.state.context.service.may_change, person),
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
    made.globals.update(models={name: WORDS[name] for name in MODELS})
    kinds = {**FILE_KINDS, **PACKED_KINDS}
    made.globals.update(file_kinds=", ".join(kinds), file_suffixes=",".join(chain(*kinds.values())))
    return made


def _speaker(language: Language) -> Callable[..., Markup | str]:
    def speak(template: str, **values: Any) -> Markup | str:
        """The sentence in the language of the page; values that are markup stay so, all others are escaped."""
        if not any(isinstance(value, Markup) for value in values.values()):
            return translate(Message(template, values), language, "label")
        plain = (int, float, Message)
        safe = {name: value if isinstance(value, plain) else escape(value) for name, value in values.items()}
        escaped = Message(str(escape(translated_template(template, language))), safe)
        return Markup(translate(escaped, language, "label"))  # noqa: S704 both the sentence and its values were escaped

    return speak


def _sayer(language: Language) -> Callable[[Message], str]:
    def say(message: Message) -> str:
        """A sentence of the product in the language of the page."""
        return translate(message, language, "label")

    return say


@pass_context
def _csrf_field(context: Context) -> Markup:
    """The hidden field without which no form is taken."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(context["csrf"])


# How templates write numbers and dates.

NOTHING = "–"
_LOCALES: Mapping[Language, Locale] = {"en": Locale("en", "GB"), "id": Locale("id", "ID")}
_KILO = 1024
_LEAST_QUANTITY = 0.01
_LEAST_CHANCE = 0.005
_TENFOLD = 9.0  # a change
_FEW = 10  # a number under it shows a decimal where it has one


def number(value: float | None, language: Language) -> str:
    """A count: 11,919 or 11.919."""
    return NOTHING if _is_missing(value) else format_number(round(value or 0), ",", language)


def quantity(value: float | None, language: Language) -> str:
    """A quantity of parts, with at most two decimals and none that say nothing: 3, 0.25, 1,204.5, <0.01."""
    if value is None or _is_missing(value):
        return NOTHING
    if 0 < value < _LEAST_QUANTITY / 2:
        return "<" + format_number(_LEAST_QUANTITY, ".2f", language)
    written = format_number(value, ",.2f", "en").rstrip("0").rstrip(".")
    return written.translate(str.maketrans(",.", ".,")) if language == "id" else written


def about(value: float | None, language: Language) -> str:
    """A quantity that is an estimate, in three digits and no fewer than its whole units: 0.25, 11.7, 204."""
    if value is None or _is_missing(value):
        return NOTHING
    return quantity(round(value, 0 if abs(value) >= _FEW**2 else 1 if abs(value) >= _FEW else 2), language)


def lasting(count: float, calendar: Calendar, language: Language) -> str:
    """So many periods: 7 days."""
    return translate(length_in_words(calendar, count), language)


def percent(share: float | None, language: Language, decimals: int = 1) -> str:
    """A share of one: 0.948 is 94.8%; what would round to nothing is <0.1%."""
    if share is None or _is_missing(share):
        return NOTHING
    least = 10.0 ** -(decimals + 2)
    is_tiny = 0 < share < least / 2
    return "<" * is_tiny + format_number(least if is_tiny else share, f".{decimals}%", language)


def chance(share: float, language: Language) -> str:
    """A chance in whole percent; what would round to none is <1%, and to all >99%."""
    if 0 < share < _LEAST_CHANCE:
        return "<1%"
    return ">99%" if 1 - _LEAST_CHANCE < share < 1 else format_number(share, ".0%", language)


def amounts(found: Bin, language: Language) -> str:
    """Amounts of units: 0, 1–5, >150."""
    if found.last is None:
        return ">" + number(found.first - 1, language)
    first, last = number(found.first, language), number(found.last, language)
    return first if found.first == found.last else f"{first}–{last}"


def change(share: float, language: Language) -> str:
    """A change as a share of what was: +4%, −12%; over tenfold as a factor: 13×."""
    if share >= _TENFOLD:
        return format_number(share + 1, ",.0f", language) + "×"
    return format_number(share, "+.0%", language).replace("-", "−")


def date(day: dt.date | str | None, language: Language) -> str:
    """A day: 24 Nov 2026."""
    if day is None:
        return NOTHING
    known = dt.date.fromisoformat(day[:10]) if isinstance(day, str) else day
    return str(dates.format_date(known, "d MMM y", locale=_LOCALES[language]))


def period(day: dt.date, frequency: Frequency, language: Language) -> str:
    """A period by its first day: 24 Nov 2026, or Nov 2026 where it is a month."""
    if frequency is not Frequency.MONTHLY:
        return date(day, language)
    return str(dates.format_date(day, "MMM y", locale=_LOCALES[language]))


def stretch(day: dt.date, frequency: Frequency, language: Language) -> str:
    """The first day of a stretch under its bar: 24 Nov, or Nov 26 where periods are months."""
    form = "MMM yy" if frequency is Frequency.MONTHLY else "d MMM"
    return str(dates.format_date(day, form, locale=_LOCALES[language]))


def moment(time: dt.datetime | None, language: Language) -> Markup | str:
    """A moment, in UTC until the browser's script writes it in the reader's own time."""
    if time is None:
        return NOTHING
    utc = time.astimezone(dt.UTC)
    written = dates.format_datetime(utc, "d MMM y, HH:mm", tzinfo=dt.UTC, locale=_LOCALES[language])
    return Markup('<time datetime="{stamp}">{written} UTC</time>').format(
        stamp=utc.isoformat(timespec="seconds"), written=written
    )


def duration(seconds: float | None, language: Language) -> str:
    """A time that something takes, as `format_duration` writes it."""
    if seconds is None or _is_missing(seconds):
        return NOTHING
    return format_duration(seconds, language)


def size(count: float | None, language: Language) -> str:
    """A number of bytes: 812 B, 1.4 MB (of 2**20)."""
    if count is None:
        return NOTHING
    amount = float(count)
    units = iter(("B", "KB", "MB", "GB"))
    unit = next(units)
    while amount >= _KILO and unit != "GB":
        amount, unit = amount / _KILO, next(units)
    form = ",.1f" if amount < _FEW and unit != "B" else ",.0f"
    return f"{format_number(amount, form, language)} {unit}"


def filters_of(language: Language) -> Mapping[str, Callable[..., Any]]:
    """The filters of templates, in one language."""
    known: dict[str, Callable[..., Any]] = {
        "number": number,
        "quantity": quantity,
        "about": about,
        "lasting": lasting,
        "percent": percent,
        "share": format_percent,
        "amounts": amounts,
        "chance": chance,
        "change": change,
        "date": date,
        "period": period,
        "stretch": stretch,
        "moment": moment,
        "duration": duration,
        "bytes": size,
    }
    return {name: partial(one, language=language) for name, one in known.items()}


def _is_missing(value: float | None) -> bool:
    return value is None or math.isnan(value)

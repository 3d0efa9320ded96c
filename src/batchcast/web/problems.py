"""From an error to a page that says what happened and what to do; or to a note on the page that asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from batchcast.http.error_status import headers_of, known_error, messages_of, status_of
from batchcast.web.choices import local_path
from batchcast.web.rendering import render


def answer_problem(request: Request, error: Exception) -> Response:
    """The answer to a request that went wrong; htmx is told to put it where the page shows notes."""
    known = known_error(error)
    status = status_of(known)
    is_fragment = request.headers.get("hx-request") == "true"
    name = "problem-note.html" if is_fragment else "problem.html"
    shown = {"slug": known.slug, "code": status, "messages": messages_of(known), "back": _page_before(request)}
    answer = render(request, name, status=status, **shown)
    if is_fragment:
        answer.headers["hx-retarget"] = "#notice"
        answer.headers["hx-reswap"] = "innerHTML show:#notice:top"
    answer.headers.update(headers_of(known))
    return answer


def _page_before(request: Request) -> str | None:
    """Where a form was sent from, if it was a page of ours: its reader wants to go on there."""
    try:
        before = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # it is no address
        return None
    path = local_path(before.path + (f"?{before.query}" if before.query else ""))
    is_ours = request.method == "POST" and before.netloc == request.headers.get("host") and path != "/"
    return path if is_ours else None

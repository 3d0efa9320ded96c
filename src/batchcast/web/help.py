"""The help, in both languages, and batches of sample data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Request
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.app.words.error_guide import error_guide
from batchcast.app.words.translation import Language, translate
from batchcast.domain.columns import DATE, DEMAND_QTY, LEAD_TIME, PARTNUMBER, SITE_CODE
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import SETTINGS
from batchcast.http.error_status import NoSuchPage
from batchcast.web.context import Asker, Here, Lang, OurForm
from batchcast.web.rendering import render
from batchcast.web.results.summary import spark_of

router = APIRouter()

COLUMNS = (DATE, PARTNUMBER, SITE_CODE, DEMAND_QTY)
EXAMPLES: Mapping[str, str] = {
    "demand.csv": (
        "date,partnumber,site_code,demand_qty\n2025-01-02,0012-A,Kendari,4\n2025-01-02,HYD-7884,Morowali,1\n"
        "2025-01-09,0012-A,Kendari,2\n2025-01-13,0012-A,Morowali,6\n2025-01-20,HYD-7884,Morowali,-1\n"
    ),
    "permintaan.csv": (
        "tanggal;kode_part;lokasi;jumlah\n02/01/2025;0012-A;Kendari;4\n13/01/2025;HYD-7884;Morowali;1,5\n"
        "20/01/2025;0012-A;Kendari;1.250\n27/01/2025;0012-A;Morowali;6\n28/01/2025;HYD-7884;Morowali;-1\n"
    ),
}  # by name; the same demand history as two systems write it
COLOURS = (
    ("bg", N_("page")),
    ("card", N_("card")),
    ("sunk", N_("well")),
    ("ink", N_("text")),
    ("ink-2", N_("second text")),
    ("ink-3", N_("caption")),
    ("line", N_("rule")),
    ("edge", N_("edge of a control")),
    ("brand", N_("the one action, forecast")),
    ("past", N_("demand")),
    ("band", N_("band")),
    ("band-2", N_("outer band")),
    ("warn", N_("risk")),
    ("bad", N_("failure")),
    ("info", N_("information")),
)  # of `static/css/tokens.css`, each with its use
_NAMED = re.compile(  # a setting, with its option for the command where that is told
    r"`(?P<name>\w+)`(?P<option>\s+\(`--[^`]*`\)|,\s+`--[^`]*`)?"
)
_MARKDOWN = MarkdownIt("zero").enable(["backticks", "emphasis", "list", "newline"])  # nothing else, and no HTML


@router.get("/help")
async def overview(request: Request) -> Response:
    """What the file must look like, and how the page is used."""
    return render(request, "help/help.html", examples=EXAMPLES, columns=COLUMNS)


@router.get("/help/settings")
async def settings(request: Request) -> Response:
    """What each setting does."""
    return render(request, "help/settings.html", fields=SETTINGS.values())


@router.get("/help/errors")
async def errors(request: Request, language: Lang, search: str = "") -> Response:
    """What each error means; with a search, the errors whose text contains it."""
    wanted = search.strip().casefold()
    sections = [
        (section, [one for one in section.entries if wanted in f"{one.slug} {one.text}".casefold()])
        for section in error_guide(language)
    ]
    found = [(section, entries) for section, entries in sections if entries]
    as_html = partial(_as_html, language=language)
    return render(request, "help/errors.html", sections=found, search=search.strip(), as_html=as_html)


@router.get("/help/look")
async def look(request: Request) -> Response:
    """Every element of the pages, in light and dark."""
    drawing = spark_of([5, 6, 3, 8, 9, 4, 7, 6, 8, 5, 9, 7], 8)
    return render(request, "help/look.html", colours=COLOURS, drawing=drawing)


@router.get("/help/examples/{name}")
async def example(name: str) -> Response:
    """An example to download."""
    if name not in EXAMPLES:
        raise NoSuchPage
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(EXAMPLES[name], media_type="text/csv", headers=headers)


@router.post("/samples/{name}/run")
async def run_sample(name: str, here: Here, asker: Asker, form: OurForm) -> Response:
    """Start a batch of sample data."""
    asker.require(Role.PLANNER)
    accepted = await here.threads.heavy(here.service.submit_sample, name, by=asker.name)
    return RedirectResponse(f"/batches/{accepted.batch.batch_id}", status_code=303)


def _as_html(text: str, language: Language) -> Markup:
    """A paragraph of the documentation as HTML, its settings named as the page's fields are."""

    def labelled(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in SETTINGS or (name == LEAD_TIME and not found["option"]):  # else it is a column of a stock file
            return f"`{name}`"
        return f"“{translate(Message('{setting}', {'setting': name}), language, 'label')}”"

    return Markup(_MARKDOWN.render(_NAMED.sub(labelled, text)))  # noqa: S704 the text is ours, and HTML in it is escaped

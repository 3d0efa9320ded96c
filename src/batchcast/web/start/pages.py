"""The dashboard: empty, with a file, or with the file of a batch that is to run again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.domain.batch import Batch
from batchcast.domain.errors import N_, Message
from batchcast.domain.settings import deciding
from batchcast.http import bodies
from batchcast.http.audit import tell_of_recipe
from batchcast.http.files import answer_file
from batchcast.run.verdict import cures_of
from batchcast.store.errors import BatchNotEnded
from batchcast.web.context import CSRF_FIELD, Asker, BatchId, Here, OurForm, PageContext, check_form
from batchcast.web.forms import FIELDS, KEPT, SHOWN, Form, Texts, address_of, form_of_settings, groups_of, read_form
from batchcast.web.mapping import MAPPED, form_of_step
from batchcast.web.rendering import page_before, render
from batchcast.web.start.ends import end_of_all, rows_asked, rows_of_ends
from batchcast.web.start.form import (
    Checked,
    address_with,
    check,
    first_form,
    for_another_file,
    forget,
    has_answer,
    messages,
    recipes_for,
    remember,
    texts_of_address,
)
from batchcast.web.start.step import Subject, show_step_of, step_where_refused

router = APIRouter()

_MOST_SAID = 2  # sentences on how the file was read that stand in sight
_NONCE = "nonce"  # hidden field: a form that is sent twice asks for one batch


@router.get("/")
async def dashboard(request: Request) -> Response:
    """The dashboard without a file."""
    form = first_form(request)
    is_proposed = form.is_switch_proposed or "batch_mode" not in form.texts
    return _page(request, Subject(), Checked(form=replace(form, is_switch_proposed=is_proposed)))


@router.post("/files")
async def take_file(request: Request, here: Here, asker: Asker) -> Response:
    """Keep an uploaded file and lead to its page; a script gets the address instead of a redirect."""
    asker.require(Role.PLANNER)
    async with bodies.read_upload_form(request, here.service, here.threads) as (upload, texts):
        check_form(request, texts)
        draft = await here.threads.upload(here.service.drafts.keep, upload, asker.name)
    form, subject = read_form(texts), Subject(draft=draft)
    has_settings = bool(texts.keys() - {CSRF_FIELD})
    place = address_with(subject.url, form, texts) if has_settings else subject.url
    if request.headers.get("hx-request") == "true":
        answer = Response(status_code=201, headers={"location": place})
    else:
        answer = RedirectResponse(place, status_code=303)
    if has_settings:
        remember(request, answer, form)
    return answer


@router.get("/files/{draft_id}")
async def show_file(request: Request, draft_id: str, here: Here, asker: Asker) -> Response:
    """A file and its analysis, with the settings of the address, else as this browser left them."""
    draft = await here.threads.light(here.service.drafts.find, draft_id)
    form, texts = first_form(request), texts_of_address(request)
    analyze = partial(here.service.analyze, draft, recipes=recipes_for(texts))
    checked = await here.threads.heavy(check, form, analyze)
    subject = Subject(draft=draft)
    step = await step_where_refused(request, here, subject, checked, texts) if asker.role >= Role.PLANNER else None
    return step or _page(request, subject, checked, texts=texts)


@router.post("/files/{draft_id}/analysis")
async def analyze_file(request: Request, draft_id: str, here: Here, asker: Asker, texts: OurForm) -> Response:
    """The analysis with other settings."""
    asker.require(Role.PLANNER)
    draft = await here.threads.light(here.service.drafts.find, draft_id)
    analyze = partial(here.service.analyze, draft, recipes=recipes_for(texts))
    return await _analyzed(request, here, Subject(draft=draft), texts, analyze)


@router.post("/files/{draft_id}/run")
async def run_file(request: Request, draft_id: str, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Start the batch of a file."""
    asker.require(Role.PLANNER)
    draft = await here.threads.light(here.service.drafts.find, draft_id)
    recipes = replace(recipes_for(texts), keeps_answers=has_answer(texts))
    tell_of_recipe(request, recipes)

    def submit(form: Form) -> Batch:
        key = f"page:{draft_id}:{_last(texts, _NONCE)}" if _last(texts, _NONCE) else None
        by, settings = asker.name, form.readable
        return here.service.submit(draft, settings, idempotency_key=key, by=by, recipes=recipes).batch

    analyze = partial(here.service.analyze, draft, recipes=recipes_for(texts))
    return await _run(
        request, here, Subject(draft=draft), read_form(texts), submit=submit, analyze=analyze, texts=texts
    )


@router.post("/files/{draft_id}/discard")
async def discard_file(draft_id: str, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Discard a file, to choose another."""
    asker.require(Role.PLANNER)
    await here.threads.light(here.service.drafts.discard, draft_id)
    form = for_another_file(form_of_step(texts))
    return RedirectResponse(address_of("/", form) if form.texts else "/", status_code=303)


@router.get("/files/{draft_id}/analysis")
@router.get("/files/{draft_id}/run")
async def back_to_file(draft_id: str) -> Response:
    """A redirect where the address of a form is opened again."""
    return RedirectResponse(f"/files/{draft_id}", status_code=303)


@router.get("/batches/{batch_id}/retry/analysis")
async def back_to_retry(batch_id: BatchId) -> Response:
    """A redirect where the address of a form is opened again."""
    return RedirectResponse(f"/batches/{batch_id}/retry", status_code=303)


@router.get("/files/{draft_id}/rejected")
async def rejected_rows(request: Request, draft_id: str, here: Here) -> Response:
    """The refused rows of a file, each with the reason; read with the settings in the address."""
    texts = {name: request.query_params.getlist(name) for name in request.query_params}
    settings, recipes = read_form(texts).readable, recipes_for(texts)
    draft = await here.threads.light(here.service.drafts.find, draft_id)
    found = await here.threads.heavy(here.service.refused_rows, draft, settings, recipes)
    return await answer_file(found, request.headers)


@router.get("/batches/{batch_id}/retry")
async def show_retry(request: Request, batch_id: BatchId, here: Here) -> Response:
    """The file of a batch with its settings, those marked that may cure its failure."""
    batch = await _ended(here, batch_id)
    form, texts = first_form(request, form_of_settings(batch.settings)), texts_of_address(request)
    checked = await here.threads.heavy(check, form, partial(here.service.analyze_retry, batch_id))
    subject = Subject(batch=batch)
    step = await step_where_refused(request, here, subject, checked, texts) if KEPT in texts else None
    return step or _page(request, subject, checked, texts=texts)


@router.post("/batches/{batch_id}/retry/analysis")
async def analyze_retry(request: Request, batch_id: BatchId, here: Here, asker: Asker, texts: OurForm) -> Response:
    """The analysis with other settings."""
    asker.require(Role.PLANNER)
    batch = await _ended(here, batch_id)
    return await _analyzed(request, here, Subject(batch=batch), texts, partial(here.service.analyze_retry, batch_id))


@router.post("/batches/{batch_id}/retry")
async def retry(request: Request, batch_id: BatchId, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Run a batch again; without settings in the form, with those it had."""
    asker.require(Role.PLANNER)
    batch = await _ended(here, batch_id)
    form = read_form(texts) if SHOWN in texts else form_of_settings(batch.settings)

    def submit(form: Form) -> Batch:
        key = f"page:{batch_id}:{_last(texts, _NONCE)}" if _last(texts, _NONCE) else None
        return here.service.retry(batch_id, form.readable, by=asker, idempotency_key=key).batch

    analyze = partial(here.service.analyze_retry, batch_id)
    return await _run(request, here, Subject(batch=batch), form, submit=submit, analyze=analyze, texts=texts)


@router.get("/files/{draft_id}/mapping")
async def show_mapping(request: Request, draft_id: str, here: Here, asker: Asker) -> Response:
    """The step of a file, as its recipe or its names have it."""
    asker.require(Role.PLANNER)
    subject = Subject(draft=await here.threads.light(here.service.drafts.find, draft_id))
    return await show_step_of(request, here, subject, first_form(request), texts_of_address(request))


@router.post("/files/{draft_id}/mapping")
async def change_mapping(request: Request, draft_id: str, here: Here, asker: Asker, texts: OurForm) -> Response:
    """The step with what was chosen; the fragment that changes where htmx asks."""
    asker.require(Role.PLANNER)
    subject = Subject(draft=await here.threads.light(here.service.drafts.find, draft_id))
    return await show_step_of(request, here, subject, form_of_step(texts), texts)


@router.get("/batches/{batch_id}/retry/mapping")
async def show_mapping_of_retry(request: Request, batch_id: BatchId, here: Here, asker: Asker) -> Response:
    """The step of the file of a batch, as the batch has read it."""
    asker.require(Role.PLANNER)
    batch = await _ended(here, batch_id)
    return await show_step_of(request, here, Subject(batch=batch), form_of_settings(batch.settings), {})


@router.post("/batches/{batch_id}/retry/mapping")
async def change_mapping_of_retry(
    request: Request, batch_id: BatchId, here: Here, asker: Asker, texts: OurForm
) -> Response:
    """The step with what was chosen."""
    asker.require(Role.PLANNER)
    batch = await _ended(here, batch_id)
    return await show_step_of(request, here, Subject(batch=batch), form_of_step(texts), texts)


@router.post("/settings")
async def keep_settings(request: Request, texts: OurForm) -> Response:
    """Have the browser and the address of the dashboard keep what stands in its form, before there is a file."""
    form = read_form(texts)
    answer = Response(headers={"hx-replace-url": address_of("/", form)})
    remember(request, answer, form)
    return answer


@router.post("/settings/reset")
async def reset(request: Request, texts: OurForm) -> Response:
    """Remove the settings that this browser keeps, and show the page again without them."""
    answer = RedirectResponse((page_before(request) or "/").partition("?")[0], status_code=303)
    forget(answer)
    return answer


async def _run(
    request: Request,
    here: PageContext,
    subject: Subject,
    form: Form,
    *,
    submit: Callable[[Form], Batch],
    analyze: Callable[..., Any],
    texts: Texts,
) -> Response:
    """Start the batch and lead to its page; or show why it can't start."""
    checked = await here.threads.heavy(check, form, analyze)
    if not checked.can_run:
        return _page(request, subject, checked, status=422, texts=texts)
    batch = await here.threads.heavy(submit, checked.form)
    answer = RedirectResponse(f"/batches/{batch.batch_id}", status_code=303)
    remember(request, answer, form)
    return answer


async def _ended(here: PageContext, batch_id: str) -> Batch:
    """A batch that can run again.

    Raises:
        BatchNotEnded: if it is in the queue or at work.
    """
    batch = (await here.threads.light(here.service.status, batch_id)).batch
    if not batch.state.is_final:
        raise BatchNotEnded(batch_id, batch.state.value)
    return batch


async def _analyzed(
    request: Request, here: PageContext, subject: Subject, texts: Texts, analyze: Callable[..., Any]
) -> Response:
    """What a form of settings leads to: the fragments that it changes, or the page at an address that holds it."""
    form = form_of_step(texts)
    place = address_with(subject.url, form, texts)
    if request.headers.get("hx-request") == "true":
        checked = await here.threads.heavy(check, form, analyze)
        answer = render(request, "start/checked.html", **_values(subject, checked, texts))
        answer.headers["hx-replace-url"] = place
    elif place != subject.url:
        answer = RedirectResponse(place, status_code=303)
    else:
        checked = await here.threads.heavy(check, form, analyze)
        step = await step_where_refused(request, here, subject, checked, texts)
        answer = step or _page(request, subject, checked, texts=texts)
    remember(request, answer, form)
    return answer


def _page(
    request: Request, subject: Subject, checked: Checked, status: int = 200, texts: Texts | None = None
) -> Response:
    return render(request, "start/dashboard.html", status=status, **_values(subject, checked, texts or {}))


def _values(subject: Subject, checked: Checked, texts: Texts) -> dict[str, Any]:
    cures = cures_of(subject.batch) if subject.batch else frozenset()
    return {
        "has_answer": has_answer(texts),
        "is_mapped": MAPPED in texts,
        "subject": subject,
        "checked": checked,
        "form": checked.form,
        "fields": FIELDS,
        "reading": deciding("reading"),
        "messages": messages(checked),
        "most_said": _MOST_SAID,
        "cures": cures,
        "groups": groups_of(checked.form, cures),
        "nonce": secrets.token_hex(8),
        "advice": _advice(checked),
        "ends": rows_of_ends(checked.form, checked),
        "end_of_all": end_of_all(checked.form),
        "ends_asked": rows_asked(checked.question, texts),
    }


def _advice(checked: Checked) -> Message | None:
    """Why partitions are proposed."""
    if not checked.proposes_batch_mode or checked.plan is None:
        return None
    template = N_(
        "The file has {rows:,} rows and {sites:,} sites. Partitions share the work, and one that fails is named; so "
        "the switch stands at on."
    )
    return Message(template, {"rows": checked.plan.rows, "sites": len(checked.sites)})


def _last(texts: Texts, name: str) -> str:
    given = texts.get(name)
    return given[-1] if given else ""

"""The mapping step of a demand history: on request, and where the file is not understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from batchcast.app.service.drafts import Draft
from batchcast.app.service.service import Service
from batchcast.domain.batch import Batch
from batchcast.domain.errors import InvalidInput
from batchcast.domain.recipe import FilePreview
from batchcast.domain.settings import BatchSettings
from batchcast.http.threads import Threads
from batchcast.web.forms import Form, Texts
from batchcast.web.mapping import preview_settings, render_step
from batchcast.web.start.form import Checked, recipes_for


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The file of the form: an uploaded one, or that of a batch; neither on the empty dashboard."""

    draft: Draft | None = None
    batch: Batch | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        if self.batch and self.batch.source:
            return self.batch.source.file_name
        return self.draft.name if self.draft else ""

    @property
    def size(self) -> int | None:
        """Size of the file, bytes."""
        if self.batch and self.batch.source:
            return self.batch.source.upload.size
        return self.draft.size if self.draft else None

    @property
    def url(self) -> str:
        """Address of its page."""
        if self.batch:
            return f"/batches/{self.batch.batch_id}/retry"
        return f"/files/{self.draft.draft_id}" if self.draft else "/"

    @property
    def run_url(self) -> str:
        """Address that the form is sent to."""
        return self.url if self.batch else f"{self.url}/run"

    @property
    def has_file(self) -> bool:
        """There is a file to forecast."""
        return self.draft is not None or self.batch is not None


class Server(Protocol):
    """What previews files: a `PageContext`."""

    @property
    def service(self) -> Service:
        """Its service."""

    @property
    def threads(self) -> Threads:
        """Its threads."""


async def show_step_of(
    request: Request, server: Server, subject: Subject, form: Form, texts: Texts, *, checked: Checked | None = None
) -> Response:
    """The step for a file and a form; `checked` is how the whole of it was refused.

    Raises:
        InvalidInput: if there is no header in the file to map the columns of.
    """
    preview = await server.threads.heavy(preview_of(server.service, subject, texts), preview_settings(form))
    return render_step(
        request,
        form,
        preview,
        texts,
        subject=subject,
        refusal=None if checked is None else checked.refusal,
        preview_url=f"{subject.url}/mapping",
        done_url=f"{subject.url}/analysis",
    )


def preview_of(service: Service, subject: Subject, texts: Texts) -> Callable[[BatchSettings], FilePreview]:
    """What previews the file of a subject."""
    if subject.batch is not None:
        return partial(service.preview_retry, subject.batch.batch_id)
    if subject.draft is None:
        raise ValueError("there is no file")
    return partial(service.preview, subject.draft, recipes=recipes_for(texts))


async def step_where_refused(
    request: Request, server: Server, subject: Subject, checked: Checked, texts: Texts
) -> Response | None:
    """The step in place of the dashboard, where the columns of a file are what keeps it from being read."""
    if checked.refusal is None or checked.report is not None or checked.question is not None:
        return None
    try:
        return await show_step_of(request, server, subject, checked.form, texts, checked=checked)
    except InvalidInput:
        return None

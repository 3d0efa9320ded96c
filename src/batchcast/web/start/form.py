"""The form of the dashboard: what a browser keeps of it, and the file as it was looked at with its settings."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from batchcast.app.intake import Analysis
from batchcast.app.recipes import NO_CHOICE, RecipeChoice
from batchcast.domain.errors import BatchcastError, InvalidInput, InvalidSettings, Message, ReadingQuestion
from batchcast.domain.history import IngestReport, enough_share
from batchcast.domain.plan import Plan, RowsRefused
from batchcast.domain.recipe import is_kept
from batchcast.domain.settings import SETTINGS, BatchSettings
from batchcast.web.forms import ANSWER, KEPT, Form, Texts, address_of, form_of_texts, read_form
from batchcast.web.mapping import MAPPED
from batchcast.web.sessions import set_choice_cookie

ANSWERED = "answered"  # hidden field: a question about the file was answered by a button
_COOKIE = "batchcast_settings"
_REMEMBERED = frozenset(declared.name for declared in SETTINGS.values() if declared.is_remembered)
_OF_ONE_FILE = frozenset({"mapping", "filters", "texts"})  # kinds of settings that name what one file holds
_LONGEST_COOKIE = 3500  # bytes that every browser keeps


def has_answer(texts: Texts) -> bool:
    """Whether a person has answered a question about how the file reads, now or before."""
    answered = parse_qs("&".join(texts.get(ANSWER, ())))
    return ANSWERED in texts or MAPPED in texts or any(name in SETTINGS and is_kept(name) for name in answered)


def recipes_for(texts: Texts) -> RecipeChoice:
    """Which recipes fill in what a form leaves open: none where the mapping step has said how the file is read."""
    return RecipeChoice(is_alone=True) if MAPPED in texts else NO_CHOICE


def texts_of_address(request: Request) -> Texts:
    """The settings and flags that the address of a page holds."""
    return {name: request.query_params.getlist(name) for name in request.query_params}


def first_form(request: Request, otherwise: Form | None = None) -> Form:
    """The form that a page opens with: of its address where that holds one, else another, else as it was left."""
    texts = texts_of_address(request)
    if KEPT in texts:
        return read_form(texts)
    return otherwise or _remembered(request)


def address_with(path: str, form: Form, texts: Texts) -> str:
    """The address of a page with a form, and with what was said of how its file is read."""
    flags = [ANSWERED] if has_answer(texts) else []
    return address_of(path, form, [*flags, *([MAPPED] if MAPPED in texts else [])])


def for_another_file(form: Form) -> Form:
    """The form without what names the columns, rows and sites of its file."""
    kept = {name: given for name, given in form.texts.items() if SETTINGS[name].kind not in _OF_ONE_FILE}
    return replace(form_of_texts(kept), is_switch_proposed=form.is_switch_proposed)


def _remembered(request: Request) -> Form:
    """The form as this browser left it the last time; a setting that can't be read any more is left out."""
    try:
        kept = json.loads(request.cookies.get(_COOKIE, "{}"))
        texts = {name: [str(text)] for name, text in kept.items() if name in _REMEMBERED}
    except (ValueError, AttributeError):
        texts = {}
    form = form_of_texts(texts)
    return form if form.settings else form.without_problems


def remember(request: Request, answer: Response, form: Form) -> None:
    """Have this browser keep what can be read, is not at its default and not of one file alone."""
    kept = {
        name: given[-1]
        for name, given in sorted(form.chosen.items())
        if name in _REMEMBERED and form.problem(name) is None
    }
    text = json.dumps(kept, separators=(",", ":"))
    if len(text) <= _LONGEST_COOKIE:
        set_choice_cookie(request, answer, _COOKIE, text)


def forget(answer: Response) -> None:
    """Have this browser keep nothing."""
    answer.delete_cookie(_COOKIE, samesite="lax", httponly=True)


# What is shown of a file: what it holds and how it would be forecast, or why it can't be.


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A file that was looked at with the settings of a form."""

    form: Form
    report: IngestReport | None = None  # None where the file can't be read at all
    plan: Plan | None = None
    sites: tuple[str, ...] = ()
    early_ends: Mapping[str, dt.date] = field(default_factory=dict)  # the last row of sites that end before the others
    proposes_batch_mode: bool = False
    refusal: BatchcastError | None = None  # why it can't be forecast as it stands

    @property
    def can_run(self) -> bool:
        """Everything is in order."""
        return self.refusal is None and not self.form.problems

    @property
    def question(self) -> ReadingQuestion | None:
        """The question that has to be answered before the file can be read."""
        return self.refusal if isinstance(self.refusal, ReadingQuestion) else None

    @property
    def has_refused_rows(self) -> bool:
        """Some rows can't be read, whether or not the others go on."""
        return self.report is not None and self.report.rows_refused > 0

    @property
    def is_stopped_by_rows(self) -> bool:
        """Nothing but rows that can't be read stands in the way."""
        return isinstance(self.refusal, RowsRefused) and self.plan is not None

    @property
    def answer_without_rows(self) -> dict[str, str]:
        """The settings that leave the refused rows out; where they are many, the share that was shown is allowed."""
        limit = (self.form.settings or BatchSettings()).max_refused_share
        if self.report is None or self.report.refused_share <= limit:
            return {"bad_rows": "skip"}
        return {"bad_rows": "skip", "max_refused_share": str(enough_share(self.report.refused_share))}

    @property
    def batch_mode(self) -> bool:
        """Whether the switch stands at on."""
        chosen = self.form.texts.get("batch_mode")
        if chosen and chosen[-1] in ("on", "off"):
            return chosen[-1] == "on"
        return self.plan.batch_mode if self.plan else False

    @property
    def limit_seconds(self) -> float:
        """The time limit of a partition, as it stands."""
        return (self.form.settings or BatchSettings()).max_execution_time

    @property
    def limit_mb(self) -> int:
        """The memory limit of a partition, as it stands."""
        return (self.form.settings or BatchSettings()).memory_limit_mb


def check(form: Form, analyze: Callable[[BatchSettings], Analysis]) -> Checked:
    """Look at a file; unless the switch was chosen by hand, it is set to what is proposed.

    Where some settings can't be, the file is shown as it stands without them.
    """
    is_proposed = form.is_switch_proposed or "batch_mode" not in form.texts
    checked = _look(form, analyze)
    if "batch_mode" not in form.texts and checked.proposes_batch_mode and checked.plan and not checked.plan.batch_mode:
        checked = _look(replace(form_of_texts({**form.texts, "batch_mode": ["on"]}), problems=form.problems), analyze)
    return replace(checked, form=replace(checked.form, is_switch_proposed=is_proposed))


def _look(form: Form, analyze: Callable[[BatchSettings], Analysis]) -> Checked:
    if form.settings is None:
        return _without(form, analyze)
    try:
        analysis = analyze(form.settings)
    except RowsRefused as refused:
        found = Analysis(report=refused.report, plan=refused.plan, sites=refused.sites)
        return replace(_shown(form, found), refusal=refused)
    except InvalidSettings as error:
        return _without(replace(form, problems=(*form.problems, *error.problems)), analyze)
    except InvalidInput as error:
        return Checked(form=form, refusal=error)
    return _shown(form, analysis)


def _without(form: Form, analyze: Callable[[BatchSettings], Analysis]) -> Checked:
    """A file as it stands without the settings of a form that are wrong."""
    rest = form.without_problems
    is_fewer = len(rest.texts) < len(form.texts)
    return replace(_look(rest, analyze), form=form) if is_fewer else Checked(form=form)


def _shown(form: Form, analysis: Analysis) -> Checked:
    return Checked(
        form=form,
        report=analysis.report,
        plan=analysis.plan,
        sites=analysis.sites,
        early_ends=analysis.early_ends,
        proposes_batch_mode=analysis.proposes_batch_mode,
    )


def messages(checked: Checked) -> tuple[Message, ...]:
    """What a person should know of the plan, hints before notes."""
    plan, report = checked.plan, checked.report
    return (*(plan.hints if plan else ()), *(plan.notes if plan else ()), *(report.notes if report else ()))

"""What is shown of a file: what it holds and how it would be forecast, or why it can't be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from batchcast.app.analysis import Analysis
from batchcast.domain.errors import BatchcastError, InvalidInput, InvalidSettings
from batchcast.domain.history import IngestReport
from batchcast.domain.message import Message
from batchcast.domain.plan import Plan
from batchcast.domain.settings import BatchSettings
from batchcast.ingest import RowsRefused
from batchcast.web.start.form import Form, form_of_texts

_QUESTIONS = {"ambiguous-dates": "date_order", "ambiguous-numbers": "number_style"}  # by slug: the setting that answers


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A file that was looked at with the settings of a form."""

    form: Form
    report: IngestReport | None = None  # None where the file can't be read at all
    plan: Plan | None = None
    sites: tuple[str, ...] = ()
    proposes_batch_mode: bool = False
    refusal: BatchcastError | None = None  # why it can't be forecast as it stands
    question: str | None = None  # the setting without which the file can't be read

    @property
    def can_run(self) -> bool:
        """Everything is in order."""
        return self.refusal is None and not self.form.problems

    @property
    def has_refused_rows(self) -> bool:
        """Some rows can't be read, whether or not the others go on."""
        return self.report is not None and self.report.rows_refused > 0

    @property
    def is_stopped_by_rows(self) -> bool:
        """Nothing but rows that can't be read stands in the way."""
        return isinstance(self.refusal, RowsRefused) and self.plan is not None

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
    """Look at a file; where nobody has touched the switch, it is put to what is proposed."""
    if form.settings is None:
        return Checked(form=form)
    checked = _look(form, form.settings, analyze)
    if "batch_mode" not in form.texts and checked.proposes_batch_mode and checked.plan and not checked.plan.batch_mode:
        proposed = form_of_texts({**form.texts, "batch_mode": ["on"]})
        if proposed.settings:
            checked = _look(proposed, proposed.settings, analyze)
    return checked


def _look(form: Form, settings: BatchSettings, analyze: Callable[[BatchSettings], Analysis]) -> Checked:
    try:
        analysis = analyze(settings)
    except RowsRefused as refused:
        found = Analysis(report=refused.report, plan=refused.plan, sites=refused.sites)
        return replace(_shown(form, found), refusal=refused)
    except InvalidSettings as error:
        return Checked(form=replace(form, problems=(*form.problems, *error.problems)))
    except InvalidInput as error:
        return Checked(form=form, refusal=error, question=_QUESTIONS.get(error.slug))
    return _shown(form, analysis)


def _shown(form: Form, analysis: Analysis) -> Checked:
    return Checked(
        form=form,
        report=analysis.report,
        plan=analysis.plan,
        sites=analysis.sites,
        proposes_batch_mode=analysis.proposes_batch_mode,
    )


def messages(checked: Checked) -> tuple[Message, ...]:
    """What a person should know of the plan, hints before notes."""
    plan, report = checked.plan, checked.report
    return (*(plan.hints if plan else ()), *(plan.notes if plan else ()), *(report.notes if report else ()))

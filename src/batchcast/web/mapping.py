"""The mapping step: how a file is read, said by clicking. What its fields send are settings, and a preview fills them.

Its page is `mapping/page.html`; the dashboard has it for demand histories, the page of orders for stock files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from batchcast.domain import columns
from batchcast.domain.errors import N_, InvalidInput, Message
from batchcast.domain.recipe import MOST_PREVIEWED, FileColumn, FilePreview
from batchcast.domain.settings import NO_ATTRIBUTES, OF_STOCK_FILE, SETTINGS, BatchSettings, Setting, deciding
from batchcast.ingest.common.demandnames import by_likelihood
from batchcast.ingest.common.names import IN_HEADER, STOCK_NAMES, SUPPLIER
from batchcast.ingest.layout.rowfilter import RowFilter, filter_text, find_filters
from batchcast.ingest.values.months import lack_a_year
from batchcast.web.forms import PROPOSED, SHOWN, Form, Texts, form_of_settings, form_of_texts, read_form
from batchcast.web.rendering import render

MAPPED = "mapped"  # hidden field: the step has said how the file is read, so that no recipe fills in
LAYOUT, WIDE = "layout", "wide"  # field: a column for each period, or one of dates
PERIOD, AMONG = "period", "among"  # fields: the columns that are periods, of those that were offered
KEPT, FOUND = (
    "kept",
    "kept_unasked",
)  # fields: columns that are kept with the parts, and those that are if none is asked
_OFFERS = "offers_kept"  # hidden field: the step has shown them
FILTER = "filter_column"  # field: the column to choose rows by
_MAPPING, _ROWS, _IGNORED, _KEPT = "column_mapping", "only_rows", "ignore_columns", "attributes"
_YEAR = "first_year"
_YEARS_BACK = 20  # that can be chosen
_NO_COLUMN = tuple(f"{ours}==" for ours in (columns.DATE, columns.DEMAND_QTY))  # each period has one of its own
_OWN_PLACE = frozenset({"mapping", "filters", "texts", "date"})  # kinds of settings that are no field of the step
_LABELS: Mapping[str, str] = {
    columns.DATE: N_("Date column"),
    columns.PARTNUMBER: N_("Part number column"),
    columns.SITE_CODE: N_("Site column"),
    columns.DEMAND_QTY: N_("Quantity demanded"),
    "on_hand": N_("Stock on hand"),
    "on_order": N_("On order, not yet received"),
    "unit_cost": N_("Cost of a unit"),
    "pack_size": N_("Units in a pack"),
    "lead_time": N_("Lead time, in periods"),
    "lead_time_days": N_("Lead time, in days"),
    SUPPLIER: N_("Supplier"),
}
_ONE_SITE = N_("No column: everything is one site")
_IN_HEADER = N_("No column: each column of numbers is one, by its name")
_EACH_ONE = N_("No column: each row counts as one")
_NONE = N_("No column in this file")
_DATE_OF_STOCK = N_("Date, where a part has several rows")


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnOption:
    """One choice of a drop-down."""

    value: str  # of the field `column_mapping`
    label: Message  # what it is called
    column: FileColumn | None = None
    is_chosen: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Pick:
    """One of our columns, to be chosen among those of the file."""

    ours: str
    label: str
    options: tuple[ColumnOption, ...]
    is_missing: bool  # needed, and not found yet


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """A column whose values choose the rows that are read."""

    column: str
    values: tuple[tuple[str, str, int | None, bool], ...]  # text, its filter, rows (None: further down), is chosen


@dataclass(frozen=True, kw_only=True)
class Step:
    """The step as it stands: what is chosen, and what the first rows then are."""

    form: Form
    preview: FilePreview
    is_wide: bool
    picks: tuple[Pick, ...]
    periods: tuple[FileColumn, ...]  # of a wide table: the columns that may be periods
    kept: tuple[FileColumn, ...]  # columns that can be kept with the parts
    found_kept: tuple[str, ...]  # those of them that are where none is asked for
    filters: tuple[Filter, ...]
    filter_columns: tuple[str, ...]  # that rows may be chosen by, besides
    fields: tuple[Setting, ...]
    years: tuple[int, ...] = ()  # that the first period can be of, where the headers have none; the latest first
    carried: tuple[tuple[str, str], ...] = ()  # hidden fields, for what stands elsewhere

    @property
    def is_reading_open(self) -> bool:
        """Some of how dates and numbers are read was chosen, or is wrong."""
        return any(one.name in self.form.chosen or self.form.problem(one.name) for one in self.fields)

    @property
    def asks_year(self) -> bool:
        """The periods have no year in their names, and none is chosen yet."""
        return bool(self.years) and self.is_wide and self.preview.settings.first_year is None

    @property
    def to_choose(self) -> tuple[str, ...]:
        """What is needed and not chosen yet, as it is labelled."""
        year = (SETTINGS[_YEAR].label,) if self.asks_year and not self.preview.is_wide else ()
        return (*year, *(one.label for one in self.picks if one.is_missing))


def form_of_step(texts: Texts) -> Form:
    """The form of settings that the fields of the step are."""
    given: dict[str, Sequence[str]] = dict(texts)
    if LAYOUT in texts:
        mapping = [text for text in texts.get(_MAPPING, ()) if text not in _NO_COLUMN]
        given[_MAPPING] = [*mapping, *_NO_COLUMN] if texts[LAYOUT][-1] == WIDE else mapping
    offered = set(texts.get(AMONG, ()))
    left_out = offered - set(texts.get(PERIOD, ()))
    given[_IGNORED] = [*(name for name in texts.get(_IGNORED, ()) if name not in offered), *sorted(left_out)]
    if _OFFERS in texts:
        chosen = texts.get(KEPT, ())
        given[_KEPT] = [] if FOUND in texts and set(chosen) == {*texts[FOUND]} - {""} else chosen or [NO_ATTRIBUTES]
    return read_form(given)


def show_step(form: Form, preview: FilePreview, texts: Texts) -> Step:
    """The step for a preview of the file with the settings of a form; its recipe is filled in."""
    settings, is_stock = preview.settings, preview.kind == "stock"
    asked = settings.column_mapping
    is_wide = not is_stock and (preview.is_wide or all(asked.get(one.split("=")[0]) == "=" for one in _NO_COLUMN))
    years = () if is_stock else _years(preview)
    if LAYOUT not in texts and {columns.DATE, columns.DEMAND_QTY} <= set(preview.missing):
        is_wide = is_wide or bool(years)  # likelier than a list whose dates and quantities have unknown names
    form = _with_recipe(form, preview)
    periods = tuple(_periods(preview, asked)) if is_wide else ()
    filters = tuple(_filters(preview, texts))
    shown = {one.column for one in filters}
    names = tuple(one.name for one in preview.columns if one.is_unique and one.values)
    step = Step(
        form=form,
        preview=preview,
        is_wide=is_wide,
        picks=tuple(_pick(ours, preview) for ours in _wanted(preview, is_wide=is_wide)),
        periods=periods,
        kept=() if is_stock else tuple(one for one in _may_be_kept(preview) if one not in periods),
        found_kept=_found_kept(preview, texts),
        filters=filters,
        filter_columns=tuple(name for name in names if name not in shown),
        fields=_fields(is_stock=is_stock),
        years=years,
    )
    return replace(step, carried=tuple(_carried(step, texts)))


def _wanted(preview: FilePreview, *, is_wide: bool) -> tuple[str, ...]:
    """Our columns that are to be chosen, in the order of the step."""
    keys = (columns.PARTNUMBER, columns.SITE_CODE)
    if preview.kind == "stock":
        first = ("on_hand", "on_order")
        return (*keys, *first, *(one for one in STOCK_NAMES if one not in first), SUPPLIER, columns.DATE)
    if IN_HEADER in preview.settings.column_mapping.values():  # the other columns are the quantities
        return (columns.DATE, *keys)
    return keys if is_wide else (columns.DATE, *keys, columns.DEMAND_QTY)


def _with_recipe(form: Form, preview: FilePreview) -> Form:
    """The form with what a recipe has filled in."""
    filled = form_of_settings(preview.settings).texts
    reading = {name: filled[name] for name in deciding("reading") if name in filled}
    return form_of_texts({**form.texts, **reading})


def _fields(*, is_stock: bool) -> tuple[Setting, ...]:
    return tuple(
        SETTINGS[name]
        for name in deciding("reading")
        if SETTINGS[name].kind not in _OWN_PLACE and name != _YEAR and (name in OF_STOCK_FILE or not is_stock)
    )


def _years(preview: FilePreview) -> tuple[int, ...]:
    if not lack_a_year([one.name for one in preview.columns]):
        return ()
    latest = dt.datetime.now(dt.UTC).year
    chosen = preview.settings.first_year
    years = {*range(latest - _YEARS_BACK, latest + 1), *([] if chosen is None else [chosen])}
    return tuple(sorted(years, reverse=True))


# The columns.


def _pick(ours: str, preview: FilePreview) -> Pick:
    asked = preview.settings.column_mapping.get(ours)
    found = preview.found.get(ours)
    by_itself = None if asked is not None else next((one for one in preview.columns if one.ours == ours), None)
    options = [
        ColumnOption(value="", column=by_itself, label=_words_of_default(ours, found, preview), is_chosen=asked is None)
    ]
    for column in _by_likelihood(ours, preview.columns):
        if column.period is None and not column.is_ignored:
            is_chosen = asked in {column.target, column.name if column.is_unique else column.target}
            value = f"{ours}={column.target}"
            options.append(ColumnOption(value=value, column=column, label=called(column), is_chosen=is_chosen))
    options += [
        ColumnOption(value=value, label=Message(words), is_chosen=asked == value.partition("=")[2])
        for value, words in _others(ours, preview, asked)
    ]
    if not any(one.is_chosen for one in options):
        words = Message(N_("{column}, as it was chosen"), {"column": asked})
        options.append(ColumnOption(value=f"{ours}={asked}", label=words, is_chosen=True))
    is_stock = preview.kind == "stock"
    label = _DATE_OF_STOCK if is_stock and ours == columns.DATE else _LABELS[ours]
    return Pick(ours=ours, label=label, options=tuple(options), is_missing=ours in preview.missing)


def _by_likelihood(ours: str, offered: Sequence[FileColumn]) -> list[FileColumn]:
    """The columns in the order of the file; for a quantity numbers first, and money last."""
    if ours != columns.DEMAND_QTY:
        return list(offered)
    ranked = by_likelihood(range(len(offered)), [one.name for one in offered])
    return sorted((offered[i] for i in ranked), key=lambda one: not one.has_numbers)


def called(column: FileColumn) -> Message:
    """What a column is called in a list: its name, and its letter where that does not tell it from others."""
    if column.is_unique:
        return Message("{name}", {"name": column.name})
    template = N_("{name} (column {letter})") if column.name else N_("Column {letter}, without a name")
    return Message(template, {"name": column.name, "letter": column.letter})


def _words_of_default(ours: str, found: str | None, preview: FilePreview) -> Message:
    if found is not None:
        return Message(N_("{column} (found by its name)"), {"column": found})
    if ours == columns.SITE_CODE:
        return Message(_ONE_SITE)
    return Message(N_("Choose a column")) if ours in preview.missing else Message(_NONE)


def _others(ours: str, preview: FilePreview, asked: str | None) -> Iterator[tuple[str, str]]:
    """What can be chosen for one of our columns besides the columns of the file."""
    is_key = preview.kind == "history" and ours in (columns.PARTNUMBER, columns.SITE_CODE)
    if is_key and (asked == IN_HEADER or (columns.DEMAND_QTY in preview.missing and columns.DATE in preview.found)):
        yield f"{ours}={IN_HEADER}", _IN_HEADER
    if ours == columns.DEMAND_QTY:
        yield f"{ours}==1", _EACH_ONE
    elif ours in preview.found or ours in preview.missing or asked is not None:
        if ours == columns.SITE_CODE:
            yield f"{ours}==", _ONE_SITE
        elif preview.kind == "stock" and ours != columns.PARTNUMBER:
            yield f"{ours}==", _NONE


def _periods(preview: FilePreview, asked: Mapping[str, str]) -> Iterator[FileColumn]:
    """The columns that may hold the demand of a period: those that do, those of numbers, those that were left out."""
    chosen = set(asked.values())
    for column in preview.columns:
        is_free = column.ours is None and chosen.isdisjoint({column.name, column.target})
        if is_free and (column.period or column.has_numbers or column.is_ignored):
            yield column


def _may_be_kept(preview: FilePreview) -> Iterator[FileColumn]:
    """The columns that say something of the part, or may: those that nothing else is read from."""
    for column in preview.columns:
        if column.is_unique and not (column.ours or column.period or column.is_ignored):
            yield column


def _found_kept(preview: FilePreview, texts: Texts) -> tuple[str, ...]:
    """The columns that are kept where none is asked for, as far as the first rows tell; known once they were shown."""
    if not preview.settings.attributes:
        return tuple(one.name for one in preview.columns if one.is_kept)
    return tuple(name for name in texts.get(FOUND, ()) if name)


# The rows.


def _filters(preview: FilePreview, texts: Texts) -> Iterator[Filter]:
    """The columns that rows are chosen by, with their values; last the one whose values are asked for."""
    names = [column.name for column in preview.columns]
    asked: tuple[RowFilter, ...] = ()
    with suppress(InvalidInput):
        asked = find_filters(names, preview.settings.only_rows)
    chosen = {one.name: one.values for one in asked}
    for name in (*chosen, *(name for name in texts.get(FILTER, ()) if name not in chosen)):
        column = next((one for one in preview.columns if one.name == name), None)
        if column is not None:
            counts = dict(column.values)
            counts |= {value: 0 for value in chosen.get(name, ()) if value not in counts}
            yield Filter(
                column=name,
                values=tuple(
                    (value, filter_text(name, [value]), count or None, value in chosen.get(name, ()))
                    for value, count in counts.items()
                ),
            )


def _carried(step: Step, texts: Texts) -> Iterator[tuple[str, str]]:
    """What the step does not show, and the form holds."""
    own = {one.name for one in step.fields} | {_MAPPING, _ROWS, _IGNORED, _KEPT} | ({_YEAR} if step.years else set())
    for name, given in step.form.texts.items():
        if name not in own:
            yield from ((name, text) for text in given)
    picked = {one.ours for one in step.picks} | {columns.DATE, columns.DEMAND_QTY}
    for ours, of in step.preview.settings.column_mapping.items():
        if ours not in picked:
            yield _MAPPING, f"{ours}={of}"
    offered = {one.target for one in step.periods}
    yield from ((_IGNORED, name) for name in step.preview.settings.ignore_columns if name not in offered)
    if not step.kept:
        yield from ((_KEPT, name) for name in step.preview.settings.attributes)
    yield from ((name, text) for name in (SHOWN, PROPOSED, "nonce") for text in texts.get(name, ()))


# The page of the step.


def preview_settings(form: Form) -> BatchSettings:
    """The settings of a form to preview a file with; where some can't be read, without those that are not columns."""
    if form.settings is not None:
        return form.settings
    left = {name: form.texts[name] for name in (_MAPPING, _ROWS, _IGNORED, _KEPT) if name in form.texts}
    return form_of_texts(left).settings or BatchSettings()


def render_step(request: Request, form: Form, preview: FilePreview, texts: Texts, **values: Any) -> Response:
    """The page of the step; where htmx asks, what a choice changes.

    Args:
        request: of the page.
        form: the settings as they stand.
        preview: of the file with them.
        texts: what the fields of the step have sent.
        values: `subject` (the file), `refusal` (how the whole file was refused, or None), `preview_url` and `done_url`
            (where the form is sent), and what else the template is given.
    """
    step = show_step(form, preview, texts)
    is_fragment = request.headers.get("hx-target") == "step"
    name = "mapping/step.html" if is_fragment else "mapping/page.html"
    values |= {"step": step, "form": step.form, "preview": preview, "cures": (), "called": called}
    values["most_previewed"] = MOST_PREVIEWED
    return render(request, name, **values)

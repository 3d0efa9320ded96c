"""A history reads back to the same totals from any file that it can be written as; one damaged cell is never silent."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.property.ingest import rendered
from tests.property.ingest.reading import Drawn, Totals, read, settled, totals_of

from batchcast.domain.errors import InvalidInput
from batchcast.domain.settings import BatchSettings

SOME = [40, pytest.param(400, marks=pytest.mark.long)]  # examples, of each damage too
UNREADABLE = ("utf-16-le",)  # without a mark nothing tells it from other bytes: refused


def drawn(data: st.DataObject) -> tuple[Drawn, rendered.History, rendered.Form, rendered.Grid, BatchSettings]:
    draw = Drawn(data)
    history = rendered.draw_history(draw)
    form = rendered.draw_form(draw, history)
    grid = rendered.lay_out(history, form)
    assume(rendered.can_encode(grid, form))
    return draw, history, form, grid, BatchSettings(today=max(history.days) + dt.timedelta(days=20))


def bounded(examples: int) -> settings:
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow, print_blob=True, derandomize=True)


@pytest.mark.parametrize("examples", SOME)
def test_every_way_of_writing_a_history_reads_back_to_its_totals(examples):
    @bounded(examples)
    @given(st.data())
    def check(data):
        _, history, form, grid, today = drawn(data)
        assume(totals_of(history, form))  # without any demand, every row may be blank
        files = rendered.to_files(grid, form)

        found = settled(files, today, history.frequency, totals_of(history, form))

        if found is None:  # refused, in a sentence
            assert may_be_refused(files, today, form)

    check()


def may_be_refused(files: dict[str, bytes], today: BatchSettings, form: rendered.Form) -> bool:
    """UTF-16 without a mark, and letters of the West that read otherwise in another encoding."""
    try:
        report, _ = read(files, today, "D")
    except InvalidInput as error:
        is_text = form.kind in rendered.CSV_KINDS
        return is_text and (
            form.encoding in UNREADABLE or (form.encoding == "cp1252" and error.slug != "missing-column")
        )
    return report.rows_refused > 0 and form.layout == "long" and form.totals == "row"


def test_the_languages_of_the_world_are_among_those_that_are_written():
    assert len(rendered.languages()) > 90
    assert {"en", "id", "de", "fr", "es", "it", "nl", "ru", "zh", "vi"} & set(rendered.languages()) >= {
        "en",
        "id",
        "fr",
    }


@pytest.mark.parametrize("examples", SOME)
@pytest.mark.parametrize("damage", rendered.DAMAGES)
def test_one_damaged_cell_is_never_silently_another_total(damage, examples):
    @bounded(examples // 8)
    @given(st.data())
    def check(data):
        draw, history, form, grid, today = drawn(data)
        form = replace(form, kind=f"{form.kind}_text" if form.kind in rendered.TYPED_KINDS else form.kind)
        assume(form.encoding not in UNREADABLE and rendered.is_told_apart(damage, form))
        expected = totals_of(history, form)
        assume(expected)  # without any demand, every row may be blank
        clean = rendered.to_files(grid, form)
        chosen = settled(clean, today, history.frequency, expected)
        damaged = rendered.DAMAGES[damage](draw, history, form, grid)
        assume(chosen is not None and damaged is not None and len(grid.rows) > 2)

        assert_named(clean, rendered.to_files(damaged, form), chosen, history.frequency, expected)

    check()


@pytest.mark.parametrize("examples", SOME)
def test_a_bad_byte_is_never_silently_another_total(examples):
    @bounded(examples // 4)
    @given(st.data())
    def check(data):
        draw, history, form, grid, today = drawn(data)
        form = replace(form, kind="csv", encoding=draw.one_of(("utf-8", "utf-8-sig")))
        expected = totals_of(history, form)
        assume(expected)  # without any demand, every row may be blank
        clean = rendered.to_files(grid, form)
        chosen = settled(clean, today, history.frequency, expected)
        assume(chosen is not None)
        ((name, content),) = clean.items()
        damaged = {name: rendered.with_bad_byte(content, draw.whole(4, len(content)))}

        assert_named(clean, damaged, chosen, history.frequency, expected)

    check()


def assert_named(clean: dict[str, bytes], damaged: dict[str, bytes], chosen, frequency: str, expected: Totals) -> None:
    """Refused, rows or columns named, something said that is not said of the clean file, or the same totals."""
    try:
        report, totals = read(damaged, chosen, frequency)
    except InvalidInput:
        return
    if totals == expected or report.rows_refused:
        return
    before, _ = read(clean, chosen, frequency)
    named = set(map(str, report.notes)) - set(map(str, before.notes))
    new_columns = set(report.columns_left_alone) - set(before.columns_left_alone)
    is_said = report.format != before.format or any("Wide layout" not in note for note in named)
    assert new_columns or is_said, (totals, expected, report.notes)

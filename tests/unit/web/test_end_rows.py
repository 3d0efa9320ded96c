"""Where histories end is said in rows of dates; together they are the setting."""

from __future__ import annotations

import datetime as dt

import pytest

from batchcast.domain.errors import Choice, Message, ReadingQuestion
from batchcast.web.forms import form_of_texts, read_form
from batchcast.web.start.ends import end_of_all, rows_asked, rows_of_ends
from batchcast.web.start.form import Checked

ASKED = ReadingQuestion(
    Message("Which?"),
    setting="closed_through",
    choices=[
        Choice(settings={"closed_through": "Kolaka=2026-11-30, Sofifi=2026-11-30"}, reading=Message("none")),
        Choice(settings={"closed_through": "Kolaka=2026-11-10, Sofifi=2026-11-12"}, reading=Message("not exported")),
    ],
)


def ends(**texts):
    return read_form({"shown": ["1"], **texts}).texts.get("closed_through")


def test_rows_become_the_setting_and_empty_ones_leave_it_to_be_derived():
    rows = {"end_site": ["", "Kolaka", "Sofifi"], "end_day": ["2026-11-30", "", "2026-11-10"]}

    assert ends(**rows) == ["2026-11-30", "Sofifi=2026-11-10"]
    assert not ends(end_site=["Kolaka"], end_day=[""])


def test_one_more_site_counts_where_it_has_no_row():
    more = {"more_site": ["Kolaka"], "more_day": ["2026-10-31"]}

    assert ends(end_site=[""], end_day=[""], **more) == ["Kolaka=2026-10-31"]
    assert ends(end_site=["", "Kolaka"], end_day=["", "2026-11-10"], **more) == ["Kolaka=2026-11-10"]


def test_rows_of_a_question_count_where_their_button_was_pressed():
    asked = {"asked_site": ["Kolaka", "Sofifi"], "asked_day": ["2026-11-10", "2026-11-12"]}
    others = {"end_site": ["Pomalaa"], "end_day": ["2026-11-20"]}

    assert ends(**asked, **others) == ["Pomalaa=2026-11-20"]
    assert ends(**asked, **others, use_asked=["1"]) == ["Pomalaa=2026-11-20", "Kolaka=2026-11-10", "Sofifi=2026-11-12"]


def test_an_answer_by_a_button_wins_over_the_rows():
    form = read_form(
        {"end_site": ["Kolaka"], "end_day": ["2026-11-10"], "answer": ["closed_through=Kolaka%3D2026-11-30"]}
    )

    assert form.readable.closed_days[1] == {"Kolaka": dt.date(2026, 11, 30)}


def test_a_question_has_a_row_for_each_site_and_keeps_what_was_typed():
    rows = rows_asked(ASKED, {})
    typed = rows_asked(ASKED, {"asked_site": ["Kolaka", "Sofifi"], "asked_day": ["2026-11-05", ""]})

    assert [(row.site, row.day) for row in rows] == [("Kolaka", "2026-11-10"), ("Sofifi", "2026-11-12")]
    assert [(row.site, row.day) for row in typed] == [("Kolaka", "2026-11-05"), ("Sofifi", "2026-11-12")]


@pytest.mark.parametrize("question", [None, ReadingQuestion(Message("Which?"), setting="date_order", choices=[])])
def test_other_questions_have_none(question):
    assert rows_asked(question, {}) == []


def test_sites_that_end_early_have_a_row_with_the_day_of_their_last_one():
    form = form_of_texts({"closed_through": ["2026-11-30, Sofifi=2026-11-12"]})

    rows = rows_of_ends(form, Checked(form=form, early_ends={"Kolaka": dt.date(2026, 11, 10)}))

    assert [(row.site, row.day, row.last) for row in rows] == [
        ("Kolaka", "", dt.date(2026, 11, 10)),
        ("Sofifi", "2026-11-12", None),
    ]
    assert end_of_all(form) == "2026-11-30"

"""Sentences on a page name a setting as its field does, in either language."""

from __future__ import annotations

import re

import pytest

from batchcast.app.words.translation import translate
from batchcast.domain.errors import InvalidSettings
from batchcast.domain.settings import SETTINGS, BatchSettings
from batchcast.web.forms import form_of_texts

KEYS = re.compile("|".join(rf"\b{name}\b" for name in SETTINGS if "_" in name))


@pytest.mark.parametrize("language", ["en", "id"])
def test_no_wrong_setting_is_told_by_its_key(language):
    wrong = {name: ["x"] for name, declared in SETTINGS.items() if declared.kind not in ("text", "texts", "words")}

    told = [translate(problem, language, "label") for problem in form_of_texts(wrong).problems]

    assert len(told) >= len(wrong) - 1
    assert [one for one in told if KEYS.search(one)] == []


def test_settings_that_are_out_of_their_range_are_told_too():
    with pytest.raises(InvalidSettings) as told:
        BatchSettings(max_partitions=0, max_refused_share=7)

    assert [translate(one, "en", "label").split(" is ")[0] for one in told.value.problems] == [
        "Most partitions",
        "Most rows left out, as a share",
    ]

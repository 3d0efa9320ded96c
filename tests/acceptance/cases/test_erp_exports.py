"""The lists that `docs/how-to.md` names for each system: the question that comes, and the totals with its answer.

The files of `erp/` are invented, in the form of each list: two parts at two sites over eight months.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.plugins.sources import page
from tests.property.ingest.reading import read

from batchcast.app.words.settings_text import settings_of_texts
from batchcast.cli.options import option_words
from batchcast.domain.errors import ReadingQuestion
from batchcast.domain.settings import BatchSettings

FILES = Path(__file__).parent / "erp"
TODAY = BatchSettings(today=dt.date(2024, 9, 10))
TOTALS = {"Bahodopi|07-4410": 31, "Bahodopi|1R-0751": 29, "Kolaka|07-4410": 29, "Kolaka|1R-0751": 34}


@dataclass(frozen=True)
class Export:
    """How a list is read."""

    asked: tuple[str, ...] = ()  # settings of the questions, in their order
    answers: dict[str, str] = field(default_factory=dict)  # as the guide gives them
    site: str = "{site}"  # as the list writes it
    returned: int = 0  # units of 07-4410 that come back to Kolaka


EXPORTS = {
    "sap_mb51": Export(
        ("column_mapping", "number_style"), {"column_mapping": "site_code=Plant", "number_style": "comma"}, returned=1
    ),
    "sap_mc9": Export(),
    "oracle": Export(("only_rows",), {"only_rows": "Transaction Type=Move Order Issue"}),
    "maximo": Export((), returned=1),
    "dynamics_365": Export(
        ("column_mapping", "only_rows"),
        {
            "column_mapping": "site_code=Site",
            "only_rows": "Reference=Sales order",
            "demand_sign": "negative",
            "date_order": "month_first",
        },
    ),
    "odoo": Export((), {"column_mapping": "site_code=From"}, site="{site}/Stock"),
    "erpnext": Export((), site="{site} - PT"),
    "netsuite": Export(
        ("only_rows",),
        {"only_rows": "Type=Item Fulfillment", "demand_sign": "negative", "date_order": "month_first"},
    ),
    "accurate": Export(("date_order",), {"date_order": "day_first"}),
}


def settings_with(answers: dict[str, str]) -> BatchSettings:
    return settings_of_texts({name: [text] for name, text in answers.items()}, base=TODAY)


def content_of(name: str) -> dict[str, bytes]:
    return {f"{name}.csv": (FILES / f"{name}.csv").read_bytes()}


@pytest.mark.parametrize("name", EXPORTS)
def test_the_list_is_read_to_its_totals_with_the_answers_of_the_guide(name):
    export = EXPORTS[name]
    expected = {
        "|".join((export.site.format(site=site), part)): total
        - (site == "Kolaka" and part == "07-4410") * export.returned
        for (site, part), total in ((key.split("|"), total) for key, total in TOTALS.items())
    }

    report, totals = read(content_of(name), settings_with(export.answers), "M")

    found: Counter[str] = Counter()
    for (site, part, _), quantity in totals.items():
        found[f"{site}|{part}"] += round(quantity)
    assert found == expected
    assert report.rows_refused == 0


@pytest.mark.parametrize("name", EXPORTS)
def test_the_first_questions_are_those_of_the_guide(name):
    export = EXPORTS[name]
    given: dict[str, str] = {}
    for setting in export.asked:
        with pytest.raises(ReadingQuestion) as asked:
            read(content_of(name), settings_with(given), "M")
        assert asked.value.setting == setting
        given[setting] = export.answers[setting]


@pytest.mark.parametrize("name", EXPORTS)
def test_the_guide_gives_the_answers_as_they_are_typed(name):
    guide = page("how-to.md")
    for setting, text in EXPORTS[name].answers.items():
        assert option_words({setting: text}) in guide

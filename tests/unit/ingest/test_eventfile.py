"""Events files: read like any other file, with no date guessed and no row left out."""

from __future__ import annotations

import pandas as pd
import pytest

from batchcast.domain.settings import BatchSettings, event_of
from batchcast.ingest.common.problems import AmbiguousDates, InvalidEventsFile
from batchcast.ingest.eventfile import read_events, read_events_table


def read(tmp_path, text, **settings):
    path = tmp_path / "events.csv"
    path.write_text(text, encoding="utf-8")
    return read_events(path, BatchSettings(**settings))


@pytest.mark.parametrize(
    "text",
    [
        "date,name,until,site_code\n2025-03-01,Campaign,2025-03-14,KDI\n2025-08-01,Audit,,\n",
        "Tanggal;Nama;Sampai;Gudang\n01.03.2025;Campaign;14.03.2025;KDI\n01.08.2025;Audit;;\n",
        "start\tevent\tend\tsite\n1 Mar 2025\tCampaign\t14 Mar 2025\tKDI\n1 Aug 2025\tAudit\t\t\n",
    ],
)
def test_an_events_file_of_any_dialect_is_read(tmp_path, text):
    assert read(tmp_path, text) == ("2025-03-01..2025-03-14 Campaign @ KDI", "2025-08-01 Audit")


def test_an_event_reads_back_as_it_is_written():
    for text in ("2025-03-01 Sale", "2025-03-01..2025-03-04 Sale @ A B", "2025-03-01 Sale @ home @ *"):
        assert str(event_of(text)) == text
    for text in ("2025-03-01", "01/03/2025 Sale", "2025-02-30 Sale", "2025-03-04..2025-03-01 Sale"):
        assert event_of(text) is None


def test_dates_are_not_guessed(tmp_path):
    text = "date,name\n03/04/2025,Sale\n05/06/2025,Sale\n"

    with pytest.raises(AmbiguousDates):
        read(tmp_path, text)
    assert read(tmp_path, text, date_order="day_first")[0] == "2025-04-03 Sale"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,name\n2025-03-01,Sale\nsoon,Sale\n", "date 'soon' .* in line 3 of events.csv; correct it"),
        ("date,name\n2025-03-01,\n", "name .* in line 2 of events.csv"),
        ("date,name,until\n2025-03-05,Sale,2025-03-01\n", "until '2025-03-01' is before the first day of the event"),
        ("date,label\n2025-03-05,Sale\n", "events.csv has no column name; it has 'date', 'label'"),
        ("date,name\n", "events.csv has a header and no rows"),
        ("", "events.csv is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path, text, said):
    with pytest.raises(InvalidEventsFile, match=said):
        read(tmp_path, text)


def test_a_table_is_read_too():
    table = pd.DataFrame({"date": pd.to_datetime(["2025-03-01"]), "name": ["Sale"], "site_code": ["KDI"]})

    assert read_events_table(table) == ("2025-03-01 Sale @ KDI",)

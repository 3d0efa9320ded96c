"""An events file that is sent beside a demand history, and events as text."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("api")


def test_an_events_file_beside_the_history_is_read_as_the_setting(client, demand, fast):
    files = [
        ("file", ("demand.csv", demand())),
        ("events", ("acara.csv", b"Tanggal;Nama\n01.03.2031;Pembukaan\n")),
    ]

    answer = client.post("/api/batch/analyze", files=files, data=fast | {"events": "2031-05-01 Audit"})

    assert answer.status_code == 200
    assert "Events that the history has not seen change nothing in the forecast: Audit, Pembukaan." in answer.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"date,name\nsoon,Sale\n", "date 'soon' is not a date in line 2 of acara.csv"),
        (b"date,label\n2025-01-01,Sale\n", "acara.csv has no column name"),
        (b"date,name,site_code\n2025-01-01,Sale,Nowhere\n", "events names site 'Nowhere'"),
    ],
)
def test_an_events_file_that_cannot_be_used_is_refused_with_a_sentence(client, demand, fast, content, said):
    files = [("file", ("demand.csv", demand())), ("events", ("acara.csv", content))]

    answer = client.post("/api/batch/analyze", files=files, data=fast)

    assert answer.status_code == 422
    assert said in answer.json()["detail"]

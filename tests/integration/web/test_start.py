"""The dashboard as a browser without scripts sees it: a file comes in, is looked at, and becomes a batch."""

from __future__ import annotations

import re

import pytest
from tests.integration.api.conftest import demand_file
from tests.integration.web.conftest import await_end

from batchcast.domain.batch import BatchState

pytestmark = pytest.mark.xdist_group("page")

FAST = {"models": "naive", "frequency": "M", "horizon": "3", "shown": "1"}
NONCE = re.compile(r'name="nonce" value="([0-9a-f]+)"')


def send(browser, content, **fields):
    browser.get("/")
    return browser.post("/files", {"shown": "1", **fields}, files={"file": ("demand.csv", content)})


def draft_of(answer):
    return re.search(r"/files/([0-9a-f]{32})", str(answer.url))[1]


def test_the_empty_dashboard_says_what_to_do(browser, indonesian):
    assert "Choose a file" in browser.get("/").text
    told = indonesian.get("/").text
    assert "Pilih file" in told
    assert "Konfigurasi Forecast" in told
    assert "Otomatis partisi data &amp; proses bertahap" in told
    assert 'role="switch"' in told


def test_a_file_that_comes_in_is_shown_with_what_it_holds(browser):
    page = send(browser, demand_file())

    assert page.status_code == 200
    assert "/files/" in str(page.url)
    for figure in ("144", "Jan 2023", "Kendari", "Sorowako"):
        assert figure in page.text
    assert browser.get(page.url.path).status_code == 200


def test_a_script_is_told_where_the_file_is(browser):
    browser.get("/")
    answer = browser.post("/files", files={"file": ("d.csv", demand_file())}, headers={"hx-request": "true"})

    assert answer.status_code == 201
    assert re.fullmatch(r"/files/[0-9a-f]{32}", answer.headers["location"])


def test_settings_change_the_plan_and_only_that_is_sent(browser):
    draft = draft_of(send(browser, demand_file()))

    part = browser.post(f"/files/{draft}/analysis", FAST | {"batch_mode": "on"}, headers={"hx-request": "true"})
    whole = browser.post(f"/files/{draft}/analysis", FAST)

    assert part.text.count('class="planned-sites"') == 3
    assert "<html" not in part.text
    assert 'id="run"' in part.text
    assert 'hx-swap-oob="true"' in part.text
    assert "<html" in whole.text
    assert "planned-sites" not in whole.text


def test_a_form_that_is_sent_twice_is_one_batch(browser, service):
    page = send(browser, demand_file())
    nonce = NONCE.search(page.text)[1]
    path = f"/files/{draft_of(page)}/run"

    first = browser.post(path, FAST | {"nonce": nonce, "site_codes": ["Kendari"]}, follow_redirects=False)
    second = browser.post(path, FAST | {"nonce": nonce, "site_codes": ["Kendari"]}, follow_redirects=False)

    assert first.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    batch = await_end(service, first.headers["location"].split("/")[-1])
    assert batch.state is BatchState.COMPLETED
    assert batch.plan.sites == 1


def test_rows_that_cannot_be_read_are_told_downloaded_and_left_out(browser, indonesian, service):
    page, told = (send(one, demand_file(bad_rows=2)) for one in (browser, indonesian))
    draft = draft_of(page)

    rejected = browser.get(f"/files/{draft}/rejected?date_order=auto")
    stopped = browser.post(f"/files/{draft}/run", FAST)
    run = browser.post(f"/files/{draft}/run", FAST | {"answer": "bad_rows=skip"}, follow_redirects=False)

    assert "2 of 146 rows can" in page.text
    assert "2 dari 146 baris tidak terbaca" in told.text
    assert "bukan tanggal" in told.text
    assert "2024-13-01" in page.text
    assert "attachment" in rejected.headers["content-disposition"]
    assert "2024-13-02" in rejected.text
    assert stopped.status_code == 422
    batch = await_end(service, run.headers["location"].split("/")[-1])
    assert batch.source.report.rows_refused == 2


def test_a_date_that_reads_both_ways_is_a_question_with_two_buttons(browser):
    lines = ["date,partnumber,site_code,demand_qty"]
    lines += [
        f"{day:02}/{month:02}/2025,P{part},S,1" for day in range(1, 12) for month in range(1, 12) for part in "ab"
    ]
    page = send(browser, "\n".join(lines).encode())
    draft = draft_of(page)

    answered = browser.post(f"/files/{draft}/analysis", {"shown": "1", "answer": "date_order=day_first"})

    assert 'name="answer" value="date_order=day_first"' in page.text
    assert 'name="answer" value="date_order=month_first"' in page.text
    assert 'name="answer" value="date_order' not in answered.text
    assert re.search(r'<option value="day_first" selected>', answered.text)


def test_a_file_that_is_no_history_says_so_on_its_page(browser):
    page = send(browser, b"colour,shape\nred,round\n")

    assert page.status_code == 200
    assert "Not every column was recognised" in page.text
    assert "The file has no column for date, partnumber, demand_qty" in page.text
    assert "/help/errors#missing-column" in page.text
    assert 'id="done" disabled' in page.text


def test_a_setting_that_cannot_be_is_told_at_its_field(browser):
    draft = draft_of(send(browser, demand_file()))

    answer = browser.post(f"/files/{draft}/run", FAST | {"service_level": "2", "horizon": "x"})

    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert 'value="x"' in answer.text


TYPED = {"horizon": "5", "service_level": "0.98", "rounding": "ceiling", "date_order": "year_first", "seed": "7"}


def values_of(page):
    """What the fields of the form hold."""
    found = dict(re.findall(r'<input type="(?:text|number|date)" id="set-(\w+)"[^>]* value="([^"]*)"', page.text))
    for name, options in re.findall(r'<select id="set-(\w+)".*?>(.*?)</select>', page.text, re.DOTALL):
        found[name] = re.search(r'<option value="([^"]*)" selected>', options)[1]
    found["batch_mode"] = "on" if re.search(r'role="switch"[^>]* checked', page.text) else "off"
    return found


@pytest.mark.parametrize("switch", [{"batch_mode": "on"}, {}])
def test_what_was_set_survives_uploads_and_reloads(browser, switch):
    wanted = TYPED | {"batch_mode": switch.get("batch_mode", "off"), "service_level": "98%"}

    sent = send(browser, demand_file(), **TYPED, **switch)
    wrong = send(browser, b"colour,shape\nred,round\n", **TYPED, **switch)
    mapped = browser.post(
        f"/files/{draft_of(wrong)}/mapping", dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', wrong.text))
    )
    other = send(browser, demand_file(), **TYPED, **switch)
    dropped = browser.post(f"/files/{draft_of(other)}/discard", TYPED | switch | {"shown": "1"})
    second = send(browser, demand_file(), **TYPED, **switch)
    looked_at = browser.post(f"/files/{draft_of(second)}/analysis", TYPED | switch | {"shown": "1"})

    for page in (sent, browser.get(str(sent.url)), dropped, second, looked_at, browser.get(str(looked_at.url))):
        assert wanted.items() <= values_of(page).items(), page.url
    for page in (wrong, mapped):  # the mapping step carries what it has no field for
        carried = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        assert {"horizon": "5", "service_level": "0.98", "seed": "7", **switch}.items() <= carried.items()


def test_a_switch_that_was_left_alone_is_proposed_for_the_next_file(browser):
    large = "".join(f"2024-{m + 1:02}-01,P{p},S{s},1\n" for s in range(6) for p in range(90) for m in range(12))
    first = send(browser, demand_file(), proposed="off", horizon="5")
    second = send(browser, f"date,partnumber,site_code,demand_qty\n{large}".encode(), proposed="off", horizon="5")
    shown = browser.post(f"/files/{draft_of(second)}/analysis", {"shown": "1", "proposed": "on", "batch_mode": "on"})
    by_hand = browser.post(f"/files/{draft_of(second)}/analysis", {"shown": "1", "proposed": "on"})

    assert [values_of(page)["batch_mode"] for page in (first, second, shown, by_hand)] == ["off", "on", "on", "off"]
    assert 'name="proposed" value="on"' in second.text
    assert 'name="proposed"' not in by_hand.text


def test_a_wrong_setting_is_told_at_its_field_and_the_file_stays(browser):
    page = send(browser, demand_file(), service_level="2", horizon="5")
    too_far = send(browser, demand_file(), horizon="300")  # its months are more than a forecast goes

    for shown, name, text in ((page, "service_level", "2%"), (too_far, "horizon", "300")):
        assert re.search(rf'id="set-{name}"[^>]*value="{text}"[^>]*aria-invalid="true"', shown.text)
        assert shown.text.count('aria-invalid="true"') == 1
        assert "144" in shown.text
        assert re.search(r"<button [^>]*disabled", shown.text)
    assert values_of(page)["horizon"] == "5"


def test_settings_are_remembered_by_the_browser_until_they_are_reset(browser):
    draft = draft_of(send(browser, demand_file()))
    browser.post(f"/files/{draft}/analysis", {"shown": "1", "horizon": "5", "rounding": "ceiling", "batch_mode": "on"})

    kept = browser.get("/").text
    browser.post("/settings/reset")
    reset = browser.get("/").text

    assert re.search(r'name="horizon" value="5"', kept)
    assert '<option value="ceiling" selected>' in kept
    assert 'role="switch"' in kept
    assert re.search(r'role="switch"[^>]* checked', kept)
    assert not re.search(r'role="switch"[^>]* checked', reset)
    assert re.search(r'name="horizon" value=""', reset)


def test_another_file_can_be_chosen(browser):
    draft = draft_of(send(browser, demand_file()))

    assert browser.post(f"/files/{draft}/discard").url.path == "/"
    gone = browser.get(f"/files/{draft}")
    assert gone.status_code == 404
    assert "not here any more" in gone.text


@pytest.mark.parametrize("path", ["analysis", "run"])
def test_the_address_of_a_form_leads_back_to_its_file(browser, path):
    draft = draft_of(send(browser, demand_file()))

    assert browser.get(f"/files/{draft}/{path}").url.path == f"/files/{draft}"


def test_a_batch_is_run_again_with_its_settings_and_what_may_cure_it_is_marked(browser, run_batch, service):
    batch = run_batch(max_execution_time="77")

    page = browser.get(f"/batches/{batch.batch_id}/retry")
    changed = browser.post(
        f"/batches/{batch.batch_id}/retry", FAST | {"batch_mode": "on", "horizon": "4"}, follow_redirects=False
    )

    assert re.search(r'name="max_execution_time" value="77"', page.text)
    assert "field-cure" not in page.text
    again = await_end(service, changed.headers["location"].split("/")[-1])
    assert (again.retry_of, again.plan.request.horizon) == (batch.batch_id, 4)
    assert again.settings.max_execution_time == 300


def test_a_batch_can_be_run_again_as_it_was(browser, finished_batch, service):
    answer = browser.post(f"/batches/{finished_batch.batch_id}/retry", follow_redirects=False)

    again = await_end(service, answer.headers["location"].split("/")[-1])
    assert again.settings == finished_batch.settings
    assert all(record.reused_from for record in again.partitions)

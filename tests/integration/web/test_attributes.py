"""Further columns of a file on the page: chosen with its columns, beside each part, to filter and group by."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from tests.integration.api.conftest import demand_file
from tests.integration.web.conftest import await_end
from tests.integration.web.test_mapping import FAST, chosen
from tests.integration.web.test_start import draft_of, send

from batchcast.domain.batch import Batch

pytestmark = pytest.mark.xdist_group("page")

LINES = demand_file().decode().splitlines()
FAMILIES = {part: f"Family <{i % 2}> & co" for i, part in enumerate(sorted({line.split(",")[1] for line in LINES[1:]}))}
FILE = "\n".join(
    [
        f"{LINES[0]},Family,Supplier,Remark,unit_cost",
        *(
            f"{line},{FAMILIES[line.split(',')[1]]},PT {line.split(',')[2]},R{i},500"
            for i, line in enumerate(LINES[1:])
        ),
    ]
).encode()


@pytest.fixture(scope="module")
def batch(run_batch: Callable[..., Batch]) -> Batch:
    return run_batch(FILE)


def test_the_table_is_filtered_and_totalled_by_them(browser, batch):
    url = f"/batches/{batch.batch_id}/series"

    whole = html.unescape(browser.get(url).text)
    grouped = html.unescape(browser.get(url, params={"group": "Family"}).text)
    one = html.unescape(browser.get(url, params={"attribute": "Family=Family <0> & co"}).text)

    assert '<option value="Family=Family <1> & co"' in whole
    assert "of a year's value" in whole
    found = re.findall(r'<th role="rowheader" scope="row"><a href="([^"]*)"><bdi>(Family <\d> & co)</bdi></a>', grouped)
    assert sorted(name for _, name in found) == ["Family <0> & co", "Family <1> & co"]
    followed = html.unescape(browser.get(found[0][0]).text)
    others = {name for _, name in found} - {found[0][1]}
    assert all(f'<small class="of-part"><bdi>{name}' not in followed for name in others)
    assert '<small class="of-part"><bdi>Family <0> & co · PT ' in one
    assert '<small class="of-part"><bdi>Family <1> & co' not in one


def test_the_summary_is_totalled_by_a_group_of_choice(browser, batch):
    url = f"/batches/{batch.batch_id}/results"

    by_site = browser.get(url).text
    ways = [html.unescape(way) for way in re.findall(r'id="by-\d+" href="([^"#]*)#groups"', by_site)]
    fragment = browser.get(f"{url}?by=Family", headers={"hx-target": "groups"})
    cards = re.findall(r'<li><a href="([^"]*)"><span class="site-head"><b><bdi>(.*?)</bdi>', fragment.text)

    assert [way.partition("?")[2] for way in ways] == [
        "",
        "by=demand_class",
        "by=abc",
        "by=xyz",
        "by=Family",
        "by=Supplier",
    ]
    assert all(browser.get(way).status_code == 200 for way in ways)
    assert fragment.headers["hx-replace-url"] == f"{url}?by=Family"
    assert {html.unescape(name) for _, name in cards} == set(FAMILIES.values())
    table = html.unescape(browser.get(html.unescape(cards[0][0])).text)
    listed = re.findall(r'<small class="of-part"><bdi>(.*?) · ', table)
    assert set(listed) == {html.unescape(cards[0][1])}


def test_a_group_that_there_is_not_is_that_of_sites(browser, batch):
    page = browser.get(f"/batches/{batch.batch_id}/results?by=Remark").text

    assert re.search(r'id="by-1"[^>]*aria-current="true"', page)


def test_a_part_has_them_beside_it_and_the_file_has_its_columns(browser, batch):
    url = f"/batches/{batch.batch_id}/series"
    site, part = LINES[1].split(",")[2], LINES[1].split(",")[1]

    page = html.unescape(browser.get(f"{url}/one", params={"site_code": site, "partnumber": part}).text)
    file = browser.get(f"{url}.csv", params={"show": ["forecast_total", "attribute:Supplier"]}).text

    assert f"<bdi>Family</bdi>: <bdi>{FAMILIES[part]}</bdi>" in page
    assert file.splitlines()[0] == "partnumber,site_code,forecast_total,attribute:Supplier"
    assert file.splitlines()[1].endswith(f"PT {file.splitlines()[1].split(',')[1]}")


def test_the_columns_that_are_kept_are_chosen_where_the_columns_are(browser, service):
    draft = draft_of(send(browser, FILE))
    step = FAST | {"mapped": "1", "layout": "long", "offers_kept": "1", "kept_unasked": ["Family", "Supplier"]}

    def settings_of(*kept: str) -> tuple[str, ...]:
        read = browser.post(f"/files/{draft}/analysis", step | {"kept": list(kept)}).text
        return tuple(re.findall(r'<input type="hidden" name="attributes" value="([^"]*)">', read))

    opened = browser.post(f"/files/{draft}/mapping", FAST | {"mapped": "1", "layout": "long"}).text
    assert [one for one in chosen(opened) if one in ("Family", "Supplier", "Remark")] == ["Family", "Supplier"]
    assert settings_of("Family", "Supplier") == ()
    assert settings_of("Remark") == ("Remark",)
    assert settings_of() == ("=",)
    again = browser.post(f"/files/{draft}/mapping", step | {"kept": ["Remark"]}).text
    assert [one for one in chosen(again) if one in ("Family", "Supplier", "Remark")] == ["Remark"]
    assert re.findall(r'name="kept_unasked" value="([^"]*)"', again) == ["Family", "Supplier"]
    run = browser.post(
        f"/files/{draft}/run", step | {"kept": ["Remark"], "attributes": "Remark"}, follow_redirects=False
    )
    ended = await_end(service, run.headers["location"].split("/")[-1])
    assert ended.settings.attributes == ("Remark",)

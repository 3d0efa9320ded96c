"""What a batch has published, on pages: its totals, its series, each of them, its files."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.integration.api.conftest import demand_file
from tests.integration.web.conftest import Browser

from batchcast.app.service.answers import ResultNotKept
from batchcast.app.service.service import Service
from batchcast.domain.accuracy import Overview
from batchcast.domain.attention import Attention, Mark, MarkedPart
from batchcast.domain.batch import Batch
from batchcast.domain.errors import Message
from batchcast.results.series import SeriesQuery

pytestmark = pytest.mark.xdist_group("page")

ROW = re.compile(r'<a href="([^"]*/series/one\?[^"]*)"><bdi>([^<]*)</bdi></a>')


def series_url(batch: Batch, **parameters: object) -> str:
    return f"/batches/{batch.batch_id}/series?{urlencode(parameters)}"


def one_url(batch: Batch, site_code: str = "Kendari", partnumber: str = "0012", **parameters: object) -> str:
    named = {"site_code": site_code, "partnumber": partnumber, **parameters}
    return f"/batches/{batch.batch_id}/series/one?{urlencode(named)}"


def rows_in(text: str) -> list[tuple[str, str]]:
    """The address and the part number of each row."""
    return [(html.unescape(url), html.unescape(part)) for url, part in ROW.findall(text)]


def chart_in(text: str) -> dict[str, Any]:
    """What the script of the first chart is given."""
    found = re.search(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found
    chart: dict[str, Any] = json.loads(found[1])
    return chart


@pytest.fixture(scope="module")
def many_series(run_batch: Callable[..., Batch]) -> Batch:
    """A batch of 120 series at two sites, some with names that a page must escape."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["date", "partnumber", "site_code", "demand_qty"])
    names = [f"P-{number:03}" for number in range(57)] + [
        "<img src=x onerror=alert(1)>",
        "=cmd|'/c calc'!A1",
        "../{{7*7}}",
    ]
    for site in ("Alpha & Co", "Beta"):
        for number, part in enumerate(names):
            for month in range(14):
                writer.writerow([f"{2024 + month // 12}-{month % 12 + 1:02}-01", part, site, (number * month) % 4])
    return run_batch(out.getvalue().encode(), name="many.csv")


def test_the_results_tell_the_totals_of_the_batch(browser: Browser, service: Service, finished_batch: Batch) -> None:
    overview = service.results.overview(finished_batch.batch_id)

    text = browser.get(f"/batches/{finished_batch.batch_id}/results").text

    assert all(site.site_code in text for site in overview.sites)
    chart = chart_in(text)
    assert chart["forecast"]["mean"] == [round(one.total, 4) for one in overview.periods if one.is_forecast]
    assert chart["history"]["demand"] == [round(one.total, 4) for one in overview.periods if not one.is_forecast]
    assert f"/batches/{finished_batch.batch_id}/series?demand_class=" in text


def test_the_results_tell_what_the_backtest_found_and_lead_to_the_worst_parts(
    browser: Browser, service: Service, many_series: Batch
) -> None:
    hindsight = service.results.overview(many_series.batch_id).hindsight
    assert hindsight
    assert hindsight.worst_parts

    text = browser.get(f"/batches/{many_series.batch_id}/results").text

    assert f"At 95% service you would have covered {hindsight.covered:.1%} of the parts in the last" in text
    assert "Forecast value added against naive: " in text
    links = re.findall(r'<div class="worst-head"><span><a href="([^"]*)"', text)
    assert len(links) == len(hindsight.worst_parts)
    first = hindsight.worst_parts[0]
    assert f"<b><bdi>{first.partnumber}</bdi></b>" in html.unescape(browser.get(html.unescape(links[0])).text)
    by_units = series_url(many_series, sort="units_short", descending="true")
    assert html.escape(by_units) in text
    shown = [part for _, part in rows_in(browser.get(by_units).text)]
    query = SeriesQuery(sort="units_short", descending=True)
    assert shown == [row["partnumber"] for row in service.results.series(many_series.batch_id, query).rows]


def test_the_totals_of_one_site_replace_those_of_all(browser: Browser, service: Service, finished_batch: Batch) -> None:
    url = f"/batches/{finished_batch.batch_id}/results?site_code=Makassar"
    periods = service.results.site_periods(finished_batch.batch_id, "Makassar")

    alone = browser.get(url, headers={"hx-request": "true", "hx-target": "totals"}).text
    page = browser.get(url).text

    assert "<html" not in alone
    assert chart_in(alone) == chart_in(page)
    assert chart_in(alone)["forecast"]["mean"] == [round(one.total, 4) for one in periods if one.is_forecast]
    assert '<option value="Makassar" selected>' in page


def test_every_figure_of_a_chart_stands_in_a_table_beneath_it(browser: Browser, finished_batch: Batch) -> None:
    text = browser.get(one_url(finished_batch)).text
    cells = [html.unescape(cell) for cell in re.findall(r'<td class="figure">([^<]*)</td>', text)]
    chart = chart_in(text)

    drawn = [quantity for quantity in chart["history"]["demand"] if quantity] + chart["forecast"]["mean"]

    assert {f"{round(quantity, 2):g}" for quantity in drawn} <= set(cells)


def test_a_page_of_series_leads_to_each_of_them(browser: Browser, many_series: Batch) -> None:
    rows = rows_in(browser.get(series_url(many_series)).text)

    assert len(rows) == 50
    for url, part in rows[:2] + rows[-2:]:
        assert f"<b><bdi>{part}</bdi></b>" in html.unescape(browser.get(url).text)


def test_all_pages_together_hold_every_series_once(browser: Browser, many_series: Batch) -> None:
    pages = [rows_in(browser.get(series_url(many_series, page=page)).text) for page in (1, 2, 3)]

    assert [len(rows) for rows in pages] == [50, 50, 20]
    assert [url.partition("place=")[2] for rows in pages for url, _ in rows] == [str(number) for number in range(120)]
    assert len({url.partition("&place")[0] for rows in pages for url, _ in rows}) == 120


def test_a_page_beyond_the_last_is_the_last(browser: Browser, many_series: Batch) -> None:
    beyond = rows_in(browser.get(series_url(many_series, page=99)).text)

    assert beyond == rows_in(browser.get(series_url(many_series, page=3)).text)


def test_a_search_and_filters_leave_only_what_matches(browser: Browser, many_series: Batch) -> None:
    asked = {"search": "p-05", "site_code": "Alpha & Co", "sort": "partnumber"}
    found = rows_in(browser.get(series_url(many_series, **asked)).text)

    assert [part for _, part in found] == [f"P-{number:03}" for number in range(50, 57)]
    nothing = browser.get(series_url(many_series, search="no such part")).text
    assert "No series matches" in nothing
    assert not rows_in(nothing)


def test_ranks_are_filters_and_the_sums_are_those_of_all_that_match(
    browser: Browser, service: Service, many_series: Batch
) -> None:
    every = service.results.series(many_series.batch_id, SeriesQuery(limit=200)).rows
    leaders = [row for row in every if row["abc"] == "A"]
    assert 0 < len(leaders) < len(every)
    assert {row["xyz"] for row in every} == {"Y", "Z"}  # no demand, or three months of every four

    text = browser.get(series_url(many_series, abc="A")).text

    assert {part for _, part in rows_in(text)} <= {row["partnumber"] for row in leaders}
    year, ahead = (sum(row[name] for row in leaders) for name in ("year_total", "forecast_total"))
    assert f"<b>{len(leaders)} series</b> · twelve months {year:,g} · forecast {ahead:,g}" in text
    assert f"{len(leaders)} series of class A have 80% of a year&#39;s demand" in text
    assert text.count('class="spark"') == len(rows_in(text))


def test_what_is_shown_is_a_file_with_its_columns_and_rows_of_all_pages(browser: Browser, many_series: Batch) -> None:
    asked = {"site_code": "Beta", "show": "bias,year_total", "sort": "partnumber"}
    page = browser.get(series_url(many_series, **asked)).text
    url = html.unescape(re.search(r'href="(/batches/[^"]*/series\.csv\?[^"]*)"', page)[1])

    found = browser.get(url)

    header, *rows = csv.reader(io.StringIO(found.text))
    assert header == ["partnumber", "site_code", "year_total", "bias"]
    assert len(rows) == 60
    assert {row[1] for row in rows} == {"Beta"}
    assert found.headers["content-disposition"].startswith('attachment; filename="series-many-')
    assert browser.get(series_url(many_series).replace("/series?", "/series.exe?")).status_code == 404
    workbook = browser.get(url.replace("series.csv", "series.xlsx"))
    assert workbook.content[:2] == b"PK"


def test_a_view_is_kept_by_its_name_for_every_result_and_forgotten(browser: Browser, many_series: Batch) -> None:
    table = series_url(many_series, abc="A", show="bias", page=2)
    views = table.replace("/series?", "/series/views?")

    kept = browser.post(views, {"name": " <b>Class A</b> ", "keep": "1"}).text
    link = re.search(r'<span class="view"><a href="([^"]*)" aria-current="true">([^<]*)</a>', kept)
    gone = browser.post(views, {"name": "<b>Class A</b>"}).text

    assert link[2] == "&lt;b&gt;Class A&lt;/b&gt;"
    assert parse_qs(urlsplit(html.unescape(link[1])).query) == {"abc": ["A"], "show": ["bias"]}
    assert 'class="view"' not in gone


def test_a_result_is_compared_with_another_of_its_horizon(
    browser: Browser, run_batch: Callable[..., Batch], many_series: Batch
) -> None:
    rows = "".join(f"{2024 + k // 12}-{k % 12 + 1:02}-01,P-001,Beta,9\n" for k in range(14))
    other = run_batch(("date,partnumber,site_code,demand_qty\n" + rows).encode(), name="other.csv")

    text = browser.get(f"/batches/{other.batch_id}/compare?other={many_series.batch_id}").text

    assert "119 gone" in text
    assert "Other demand: 19 units in all before, 126 now." in text
    assert re.search(r"<th scope=.row.>File</th><td>many.csv</td><td>other.csv</td>", text)
    itself = browser.get(f"/batches/{other.batch_id}/compare?other={other.batch_id}").text
    assert f'<option value="{other.batch_id}"' not in itself


def test_a_column_sorts_both_ways_and_says_so(browser: Browser, service: Service, many_series: Batch) -> None:
    query = SeriesQuery(sort="history_total", descending=True)
    largest = service.results.series(many_series.batch_id, query).rows

    text = browser.get(series_url(many_series, sort="history_total", descending="true")).text

    assert [part for _, part in rows_in(text)] == [row["partnumber"] for row in largest]
    assert text.count('aria-sort="descending"') == 1
    assert text.count('aria-sort="ascending"') == 0


def test_the_table_alone_comes_where_the_page_asks_for_it_with_its_address(
    browser: Browser, many_series: Batch
) -> None:
    asked = {"hx-request": "true", "hx-target": "series-table"}

    turned = browser.get(series_url(many_series, page=2), headers=asked)
    typed = browser.get(
        series_url(many_series, search="P-0", flagged=""), headers=asked | {"hx-trigger": "series-filter"}
    )

    assert "<html" not in turned.text
    assert turned.headers["hx-push-url"] == series_url(many_series, page=2)
    assert typed.headers["hx-replace-url"] == series_url(many_series, search="P-0")
    assert "hx-push-url" not in typed.headers
    assert {"HX-Request", "Cookie"} <= set(turned.headers["vary"].split(", "))


def test_next_and_previous_follow_the_table_that_led_to_a_series(browser: Browser, many_series: Batch) -> None:
    rows = rows_in(browser.get(series_url(many_series, sort="history_total", descending="true")).text)

    text = browser.get(rows[3][0]).text

    ways = {rel: html.unescape(url) for rel, url in re.findall(r'rel="(prev|next)"[^>]*href="([^"]*)"', text)}
    assert ways == {"prev": rows[2][0], "next": rows[4][0]}
    back = re.search(r'<a [^>]*href="([^"]*)">Back to the table', text)
    assert back
    assert html.unescape(back[1]) == series_url(many_series, sort="history_total", descending="true")


def test_without_a_table_next_is_the_next_of_all_and_the_first_has_none_before_it(
    browser: Browser, finished_batch: Batch
) -> None:
    text = browser.get(one_url(finished_batch)).text

    assert 'rel="prev"' not in text
    ways = re.findall(r'rel="next"[^>]*href="([^"]*)"', text)
    assert [html.unescape(url) for url in ways] == [one_url(finished_batch, partnumber="A/1 b")]


def test_another_service_level_gives_other_stock_figures_the_same_with_scripts_and_without(
    browser: Browser, service: Service, finished_batch: Batch
) -> None:
    expected = service.results.stock_at(finished_batch.batch_id, "Kendari", "0012", 0.8)
    url = one_url(finished_batch, service_level=80)

    alone = browser.get(url, headers={"hx-request": "true", "hx-target": "stock"}).text
    page = browser.get(url).text

    assert "<html" not in alone
    for text in (alone, page):
        assert f"<dd>{expected['reorder_point']:g}</dd>" in text
        assert f"Reorder point {expected['reorder_point']:g}</text>" in text
        assert re.search(r'value="80"\s+checked', text)
    drawn = alone[alone.index("<svg") : alone.index("</form>")]
    assert re.sub(r"\s", "", drawn) in re.sub(r"\s", "", page)


def test_a_service_level_out_of_range_is_refused_in_a_sentence(browser: Browser, finished_batch: Batch) -> None:
    answer = browser.get(
        one_url(finished_batch, service_level=20), headers={"hx-request": "true", "hx-target": "stock"}
    )

    assert answer.status_code == 422
    assert "it must be a number from 50% to 99.99%" in answer.text


def test_the_backtest_shows_each_past_forecast_with_what_came(
    browser: Browser, service: Service, finished_batch: Batch
) -> None:
    folds = service.results.one_series(finished_batch.batch_id, "Kendari", "0012").backtest

    text = browser.get(one_url(finished_batch)).text

    assert folds
    shown = text[text.index('class="folds"') :]
    enough = sum(fold.actual <= fold.stock for fold in folds)
    assert (shown.count("</svg>enough"), shown.count("</svg>short ")) == (enough, len(folds) - enough)


def test_one_series_is_told_in_sentences_in_both_languages(browser: Browser, finished_batch: Batch) -> None:
    english = browser.get(one_url(finished_batch)).text
    indonesian = browser.get(one_url(finished_batch), headers={"accept-language": "id"}).text

    assert re.search(r"In (one|\d+) backtests? the stock of", english)
    assert re.search(r"Dalam (satu|\d+) backtest, stok", indonesian)


@pytest.fixture
def attentive(service: Service, finished_batch: Batch, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """A batch with a part of each of two kinds that needs attention."""
    made = with_attention(service, finished_batch)
    monkeypatch.setattr(service.results, "overview", lambda batch_id: made)
    return finished_batch


def with_attention(service: Service, batch: Batch) -> Overview:
    """The overview of a batch with these parts."""
    units = {"new": 9, "large": 5}
    marks = {kind: Mark(kind=kind, units=at_stake, reason=Message(kind.upper())) for kind, at_stake in units.items()}
    named = tuple(
        MarkedPart(site_code="Kendari", partnumber=part, marks=(marks[kind],), recent=(1.0,) * 12, forecast=2.0)
        for part, kind in (("<b>1", "new"), ("0012", "large"))
    )
    attention = Attention(parts=3, counts={"new": 2, "large": 1}, named=named)
    return replace(service.results.overview(batch.batch_id), attention=attention)


@pytest.mark.parametrize(
    ("look", "shown"), [("", ["<b>1", "0012"]), ("new", ["<b>1"]), ("large", ["0012"]), ("jump", ["<b>1", "0012"])]
)
def test_parts_that_need_attention_are_shown_by_kind(
    browser: Browser, attentive: Batch, look: str, shown: list[str]
) -> None:
    url = f"/batches/{attentive.batch_id}/results?look={look}"

    page = browser.get(url).text
    alone = browser.get(url, headers={"hx-request": "true", "hx-target": "attention"}).text

    for text in (page, alone):
        found = re.findall(r'<p class="id"><a href="[^"]*"><bdi>([^<]*)</bdi>', text)
        assert [html.unescape(part) for part in found] == shown
    assert "<html" not in alone
    assert ("NEW" in alone, "LARGE" in alone) == ("<b>1" in shown, "0012" in shown)
    assert ("are listed, at most 50 of a kind" in alone) == (
        look != "large"
    )  # the only kind all of whose parts are named


def test_a_published_batch_knows_its_attention(browser: Browser, service: Service, finished_batch: Batch) -> None:
    overview, horizon = service.results.overview(finished_batch.batch_id), finished_batch.plan.request.horizon

    page = browser.get(f"/batches/{finished_batch.batch_id}/results").text

    assert overview.attention is not None
    assert "An earlier version published this batch" not in page
    for site in overview.sites:
        periods = service.results.site_periods(finished_batch.batch_id, site.site_code)
        past = [one.total for one in periods if not one.is_forecast]
        assert site.stretches[-1] == sum(past[-horizon:])
        assert len(site.stretches) == min(len(past) // horizon, 12)


def test_the_stock_of_the_history_becomes_a_card_of_orders(browser: Browser, run_batch: Callable[..., Batch]) -> None:
    header, *rows = demand_file().decode().splitlines()
    carrying = "\n".join([f"{header},stok", *(f"{row},0" for row in rows)]).encode()
    batch = run_batch(carrying, name="carrying.csv")
    url = f"/batches/{batch.batch_id}/results/orders"

    page = browser.get(f"/batches/{batch.batch_id}/results").text
    card = browser.get(url).text

    assert f'hx-get="{url}"' in page
    assert "Parts to order" in card
    assert f'href="/batches/{batch.batch_id}/orders?stock=history"' in card
    assert browser.get(url).text == card


def test_a_history_without_stock_has_no_card_of_orders(browser: Browser, finished_batch: Batch) -> None:
    page = browser.get(f"/batches/{finished_batch.batch_id}/results").text
    card = browser.get(f"/batches/{finished_batch.batch_id}/results/orders").text

    assert "/results/orders" not in page
    assert "Send a stock file" in page
    assert "has no column of stock" in card


def test_totals_without_hindsight_say_that_they_are_of_an_earlier_version(
    browser: Browser, service: Service, finished_batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = replace(service.results.overview(finished_batch.batch_id), hindsight=None)
    monkeypatch.setattr(service.results, "overview", lambda batch_id: before)

    text = browser.get(f"/batches/{finished_batch.batch_id}/results").text

    assert "published by an earlier version, which kept less of its backtest" in text
    assert "The worst parts" not in text


def test_a_batch_too_short_for_a_backtest_says_what_it_would_take(
    browser: Browser, run_batch: Callable[..., Batch]
) -> None:
    rows = "\n".join(f"2024-{month:02}-01,P-1,Kendari,{month}" for month in range(1, 4))
    batch = run_batch(f"date,partnumber,site_code,demand_qty\n{rows}\n".encode(), name="short.csv")

    text = browser.get(f"/batches/{batch.batch_id}/results").text

    assert "a backtest needs a part with 4 months of history" in html.unescape(text)
    assert "too little history for a backtest" in browser.get(one_url(batch, partnumber="P-1")).text


def test_a_batch_of_an_earlier_version_shows_what_it_has_and_says_what_it_has_not(
    browser: Browser, service: Service, finished_batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_kept(batch_id: str, *_: object) -> None:
        raise ResultNotKept(batch_id)

    monkeypatch.setattr(service.results, "overview", not_kept)
    monkeypatch.setattr(service.results, "stock_at", not_kept)
    published = service.results.one_series(finished_batch.batch_id, "Kendari", "0012").series

    results = browser.get(f"/batches/{finished_batch.batch_id}/results").text
    one = browser.get(one_url(finished_batch, service_level=80)).text

    assert "published by an earlier version" in results
    assert "kind=forecast" in results
    assert "published by an earlier version" in one
    assert f"<dd>{published['reorder_point']:g}</dd>" in one


def test_names_that_a_page_must_escape_are_shown_as_text(browser: Browser, many_series: Batch) -> None:
    name = "<img src=x onerror=alert(1)>"

    for url in (series_url(many_series, search="onerror"), one_url(many_series, "Beta", name)):
        text = browser.get(url).text
        assert html.escape(name) in text
        assert "<img" not in text


@pytest.mark.parametrize("kind", ["forecast", "stock", "accuracy"])
@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_every_table_can_be_had_in_every_format(
    browser: Browser, service: Service, finished_batch: Batch, kind: str, form: str
) -> None:
    page = browser.get(f"/batches/{finished_batch.batch_id}/results").text
    url = f"/batches/{finished_batch.batch_id}/download?kind={kind}&format={form}"

    sent = browser.get(url)

    assert html.escape(url) in page
    assert sent.content == service.results.download(finished_batch.batch_id, kind, form).path.read_bytes()
    assert sent.headers["content-disposition"].startswith(f'attachment; filename="{kind}-')


def test_refused_rows_are_in_the_menu_only_where_there_are_some(
    browser: Browser, finished_batch: Batch, run_batch: Callable[..., Batch]
) -> None:
    skipped = run_batch(demand_file(bad_rows=2), bad_rows="skip")

    with_some = browser.get(f"/batches/{skipped.batch_id}/results").text
    without = browser.get(f"/batches/{finished_batch.batch_id}/results").text

    assert "kind=rejected" in with_some
    assert "kind=rejected" not in without
    assert browser.get(f"/batches/{skipped.batch_id}/download?kind=rejected").text.count(",is not a date,") == 2


@pytest.mark.parametrize("path", ["results", "series", "series/one?site_code=a&partnumber=b", "download"])
def test_a_batch_that_there_is_not_is_a_page_that_says_so(browser: Browser, path: str) -> None:
    answer = browser.get(f"/batches/{'0' * 32}/{path}")

    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_a_series_that_there_is_not_is_a_page_that_says_so(browser: Browser, finished_batch: Batch) -> None:
    assert browser.get(one_url(finished_batch, partnumber="nope")).status_code == 404


def test_the_pages_speak_indonesian_with_its_figures(indonesian: Browser, many_series: Batch) -> None:
    results = indonesian.get(f"/batches/{many_series.batch_id}/results").text
    table = indonesian.get(series_url(many_series)).text
    one = indonesian.get(one_url(many_series, "Beta", "P-001", service_level=97.5)).text

    assert "Bisa dipercaya?" in results
    assert "120 seri" in table
    assert "dalam 97,5% kasus" in one

"""What a batch has published, over HTTP."""

from __future__ import annotations

import hashlib
import io

import pyarrow.parquet as pq
import pytest
from tests.integration.api.conftest import PARTS, demand_file

pytestmark = pytest.mark.xdist_group("api")


@pytest.mark.parametrize("kind", ["forecast", "stock", "accuracy", "certificate"])
def test_a_download_is_what_its_checksum_says(client, completed, kind):
    answer = client.get(f"/api/batch/download/{completed}", params={"kind": kind})

    suffix = "json" if kind == "certificate" else "csv"
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert (
        answer.headers["content-disposition"] == f'attachment; filename="{kind}-demand_2024-{completed[:8]}.{suffix}"'
    )
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_forecast_comes_in_every_format(client, completed):
    url = f"/api/batch/download/{completed}"
    text, table, book = (client.get(url, params={"format": name}) for name in ("csv", "parquet", "xlsx"))

    assert text.text.splitlines()[0] == "date,partnumber,site_code,forecast_qty,forecast_raw,p10,p50,p90,model"
    assert pq.read_table(io.BytesIO(table.content)).num_rows == len(text.text.splitlines()) - 1 == 6 * 3
    assert book.content[:2] == b"PK"
    assert book.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-10", -10, None), ("bytes=5-999999999", 5, None)],
)
def test_a_part_of_a_file_can_be_asked_for(client, completed, asked, start, stop):
    url = f"/api/batch/download/{completed}"
    whole = client.get(url).content

    part = client.get(url, headers={"range": asked})

    assert part.status_code == 206
    assert part.content == whole[start:stop]
    begin = start % len(whole)
    assert part.headers["content-range"] == f"bytes {begin}-{begin + len(part.content) - 1}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=9-5", "bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=x-y"])
def test_a_range_that_cannot_be_read_gives_the_whole_file(client, completed, asked):
    answer = client.get(f"/api/batch/download/{completed}", headers={"range": asked})

    assert answer.status_code == 200
    assert answer.text.startswith("date,")


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_a_range_beyond_the_file_is_refused(client, completed, asked):
    size = len(client.get(f"/api/batch/download/{completed}").content)

    answer = client.get(f"/api/batch/download/{completed}", headers={"range": asked})

    assert (answer.status_code, answer.json()["code"]) == (416, "range-not-satisfiable")
    assert answer.headers["content-range"] == f"bytes */{size}"


def test_a_file_that_the_client_has_is_not_sent_again(client, completed):
    url = f"/api/batch/download/{completed}"
    tag = client.get(url).headers["etag"]

    assert client.get(url, headers={"if-none-match": f'"other", {tag}'}).status_code == 304
    assert client.get(url, headers={"range": "bytes=0-3", "if-range": tag}).status_code == 206
    assert client.get(url, headers={"range": "bytes=0-3", "if-range": '"other"'}).status_code == 200


def test_what_there_is_not_is_not_found(client, completed):
    nothing_refused = client.get(f"/api/batch/download/{completed}?kind=rejected")
    unknown = client.get(f"/api/batch/download/{completed}?kind=secrets")
    no_such_format = client.get(f"/api/batch/download/{completed}?kind=forecast&format=json")

    assert (nothing_refused.status_code, nothing_refused.json()["code"]) == (404, "no-such-file")
    assert (no_such_format.status_code, no_such_format.json()["code"]) == (404, "no-such-file")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid-request")


def test_series_are_searched_sorted_and_paged(client, completed):
    url = f"/api/batch/series/{completed}"
    found = client.get(url, params={"search": "a/1", "sort": "history_total", "descending": True, "limit": 2}).json()
    of_site = client.get(url, params={"site_code": ["Kendari", "Makassar"], "offset": 3}).json()

    totals = [line["history_total"] for line in found["series"]]
    assert (found["total"], len(found["series"])) == (3, 2)
    assert totals == sorted(totals, reverse=True)
    assert [(line["site_code"], line["partnumber"]) for line in of_site["series"]] == [("Makassar", "A/1 b")]
    assert client.get(url, params={"sort": "colour"}).json()["code"] == "invalid-settings"


@pytest.mark.parametrize("encoded", ["A%2F1%20b", "A/1%20b"])
def test_one_series_tells_its_history_and_forecast(client, completed, encoded):
    answer = client.get(f"/api/batch/series/{completed}/Kendari/{encoded}")

    told = answer.json()
    assert answer.status_code == 200, answer.text
    assert (told["series"]["site_code"], told["series"]["partnumber"]) == ("Kendari", "A/1 b")
    assert len(told["history"]) == 24  # every row is of the 15th: totals of months, of which the last is whole too
    assert told["history"][0] == {"date": "2023-01-01", "demand_qty": 2.0}
    assert [row["date"] for row in told["forecast"]] == ["2025-01-01", "2025-02-01", "2025-03-01"]
    assert told["previous"] == {"site_code": "Kendari", "partnumber": "0012"}
    assert told["next"] == {"site_code": "Makassar", "partnumber": "0012"}


def test_one_series_tells_its_backtest_and_its_stock_at_another_service_level(client, completed):
    url = f"/api/batch/series/{completed}/Kendari/0012"

    plain, asked = client.get(url).json(), client.get(url, params={"service_level": 0.99}).json()
    refused = client.get(url, params={"service_level": 1.5})

    assert plain["stock"] is None
    assert asked["stock"]["service_level"] == 0.99
    assert asked["stock"]["reorder_point"] >= plain["series"]["reorder_point"]
    assert len(plain["backtest"]) == plain["series"]["folds"] > 0
    assert set(plain["backtest"][0]) == {
        "cutoff", "first", "last", "actual", "forecast", "low", "median", "high", "stock",
    }  # fmt: skip
    assert min(plain["scores"], key=lambda score: score["lead_time_pinball"]) == plain["scores"][0]
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-settings")


def test_files_that_only_a_server_reads_are_not_listed(client, completed):
    result = client.get(f"/api/batch/status/{completed}").json()["result"]

    assert {file["kind"] for file in result["files"]} == {"forecast", "stock", "accuracy", "certificate"}


def test_a_series_that_is_not_there_is_not_found(client, completed):
    answer = client.get(f"/api/batch/series/{completed}/Kendari/a%2F1%20b")

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-series")


def test_rejected_rows_are_read_a_page_at_a_time(client, submit, ended, demand):
    batch_id = submit(demand(bad_rows=5), bad_rows="skip").json()["batch_id"]
    ended(batch_id)

    page = client.get(f"/api/batch/rejected/{batch_id}", params={"offset": 3, "limit": 10}).json()
    whole = client.get(f"/api/batch/download/{batch_id}?kind=rejected").text

    assert page["total"] == 5
    assert [row["value"] for row in page["rows"]] == ["2024-13-04", "2024-13-05"]
    assert len(whole.splitlines()) == 6


def test_the_accuracy_of_a_batch_is_told_in_words_and_figures(client, completed):
    answer = client.get(f"/api/batch/accuracy/{completed}")
    said = client.get(f"/api/batch/accuracy/{completed}", headers={"accept-language": "id"})

    found = answer.json()
    assert answer.status_code == 200
    assert found["sentences"][0].startswith("At 95% service you would have covered")
    assert said.json()["sentences"][0].startswith("Dengan service level 95%")
    assert said.headers["content-language"] == "id"
    assert found["cases"] >= found["judged"] > 0
    assert found["backtests"][0]["first"] < found["backtests"][0]["last"]
    assert found["units_short"] >= sum(part["units_short"] for part in found["worst_parts"])
    rows = client.get(f"/api/batch/series/{completed}", params={"sort": "units_short", "descending": True}).json()
    assert [row["units_short"] for row in rows["series"]][: len(found["worst_parts"])] == [
        part["units_short"] for part in found["worst_parts"]
    ]


def test_one_series_is_told_in_sentences(client, completed):
    row = client.get(f"/api/batch/series/{completed}").json()["series"][0]
    url = f"/api/batch/series/{completed}/{row['site_code']}/{row['partnumber']}"

    english, indonesian = (
        client.get(url, headers={"accept-language": name}).json()["sentences"] for name in ("en", "id")
    )

    assert "backtest" in english[0]
    assert "backtest" in indonesian[0]
    assert len(english) == len(indonesian) == 3


def test_there_is_no_accuracy_before_there_is_a_result(client):
    assert client.get(f"/api/batch/accuracy/{'0' * 32}").json()["code"] == "unknown-batch"


def test_the_sums_of_a_part_are_those_of_the_list(client, completed):
    asked = {"window": [1, 2, 3], "level": [0.5, 0.95]}
    rows = client.get(f"/api/batch/sums/{completed}", params={**asked, "limit": 2}).json()
    first = {name: rows["rows"][0][name] for name in ("site_code", "partnumber")}

    one = client.get(f"/api/batch/series/{completed}/{first['site_code']}/{first['partnumber']}", params=asked).json()

    assert (rows["total"], rows["limit"], len(rows["rows"])) == (6, 2, 2 * 3)
    assert [{**first, **row} for row in one["sums"]] == rows["rows"][:3]
    assert list(one["sums"][0]) == ["window", "mean", "no_demand", "p50", "p95"]
    assert [row["p95"] for row in one["sums"]] == sorted(row["p95"] for row in one["sums"])


def test_a_window_beyond_the_forecast_is_refused_with_the_longest(client, completed):
    answer = client.get(f"/api/batch/sums/{completed}", params={"window": 7})

    assert answer.status_code == 422
    assert "windows can be up to 3" in answer.json()["detail"]


def test_excluded_rows_stay_in_the_history_and_teach_the_forecast_nothing(client, submit, ended):
    months = [f"{2023 + month // 12}-{month % 12 + 1:02}-15" for month in range(24)]
    rows = [f"{month},{part},S,{4 + place % 3},no" for part in "ABC" for place, month in enumerate(months)]
    rows.append("2024-11-20,A,S,5000,yes")  # a project
    content = "\n".join(["date,partnumber,site_code,demand_qty,exclude", *rows, ""]).encode()

    sent = submit(content, models="mean", batch_mode="off", events="2024-06-01 Campaign").json()
    batch_id = sent["batch_id"]
    assert ended(batch_id)["status"] == "COMPLETED"

    one, other = (client.get(f"/api/batch/series/{batch_id}/S/{part}").json() for part in "AB")
    assert max(point["demand_qty"] for point in one["history"]) > 5000
    assert one["forecast"][0]["forecast_raw"] == other["forecast"][0]["forecast_raw"] < 6
    assert one["series"]["reorder_point"] == other["series"]["reorder_point"]
    assert any("not learned from" in note for note in sent["analysis"]["report"]["notes"])


def test_a_batch_can_be_deleted_while_it_is_downloaded(client, submit, ended):
    batch_id = submit(seed="21").json()["batch_id"]
    assert ended(batch_id)["status"] == "COMPLETED"
    address = f"/api/batch/download/{batch_id}"
    whole = client.get(address).content

    with client.stream("GET", address) as download:
        deleted = client.delete(f"/api/batch/{batch_id}")
        content = b"".join(download.iter_bytes())

    assert deleted.status_code == 204, deleted.text
    assert content == whole
    assert client.get(address).status_code == 404


def test_two_files_of_one_name_are_two_batches_with_their_own_results(client, ended):
    def send(quantity):
        lines = "".join(f"2025-{month:02}-01,P,{quantity}\n" for month in range(1, 13))
        files = {"file": ("demand.csv", f"date,partnumber,demand_qty\n{lines}".encode())}
        return client.post("/api/batch/submit", files=files, data={"models": "naive", "horizon": "2"}).json()

    first, second = send(3), send(8)

    assert first["batch_id"] != second["batch_id"]
    for batch, quantity in ((first, 3), (second, 8)):
        assert ended(batch["batch_id"])["status"] == "COMPLETED"
        row = client.get(f"/api/batch/download/{batch['batch_id']}").text.splitlines()[1]
        assert f",{quantity}," in row


def test_series_are_filtered_and_grouped_by_further_columns_of_the_file(client, submit, ended):
    lines = demand_file().decode().splitlines()
    kept = [f"{line},{'Seals' if line.split(',')[1] == PARTS[0] else 'Hoses'},40" for line in lines[1:]]
    content = "\n".join([f"{lines[0]},Family,unit_cost", *kept]).encode()
    batch_id = submit(content).json()["batch_id"]
    assert ended(batch_id)["status"] == "COMPLETED"

    def ask(**parameters):
        return client.get(f"/api/batch/series/{batch_id}", params=parameters)

    found = ask(attribute="Family=Seals", group_by="site_code").json()
    assert {one["attributes"]["Family"] for one in found["series"]} == {"Seals"}
    assert [one["series"] for one in found["groups"]] == [1, 1, 1]
    assert found["total"] == 3
    one = found["series"][0]
    assert one["year_value"] == 40 * one["year_total"]
    assert ask().json()["groups"] is None
    assert {group["value"] for group in ask(group_by="Family").json()["groups"]} == {"Hoses", "Seals"}
    assert ask(abc="X").json()["total"] == 0
    assert ask(group_by="Nope").status_code == ask(attribute="Nope=1").status_code == 422
    told = client.get(f"/api/batch/series/{batch_id}/{one['site_code']}/{one['partnumber']}").json()
    assert told["series"]["attributes"] == {"Family": "Seals"}
    table = client.get(f"/api/batch/download/{batch_id}", params={"kind": "attributes"}).text
    assert table.splitlines()[0] == "site_code,partnumber,Family,unit_cost"

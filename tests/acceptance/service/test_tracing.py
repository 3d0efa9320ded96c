"""Traces: a collector listens for OTLP in this process, and a server and its batches are told to it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.acceptance.service.sample import SETTINGS, demand

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector:
    """Keeps the spans that are sent to it, by trace."""

    def __init__(self):
        self.spans = defaultdict(list)
        self.services = set()
        spans, services = self.spans, self.services

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                assert self.path == "/v1/traces"
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    services.update(
                        one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
                    )
                    for scope in resource.scope_spans:
                        for span in scope.spans:
                            spans[span.trace_id.hex()].append(span)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


def attributes(span):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def named(spans, name):
    return [span for span in spans if span.name == name]


def test_requests_and_batches_are_told_to_a_collector_and_the_log_names_their_traces(
    make_server, collector, monkeypatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    server = make_server().start(log_format="json")
    batch_id = server.client.accepted(demand(), **SETTINGS)
    assert server.client.await_end(batch_id)["status"] == "COMPLETED"
    parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    server.client.http.get("/api/batch/history", params={"search": "secret-part"}, headers=parent).raise_for_status()
    server.terminate()  # what is not sent yet is sent now

    spans = collector.spans[batch_id]
    (batch,) = named(spans, "batch")
    phases = {span.name: span for span in spans if span.parent_span_id == batch.span_id}
    partitions = named(spans, "partition")
    assert collector.services == {"batchcast"}
    assert (batch.parent_span_id, attributes(batch)["batchcast.outcome"]) == (b"", "COMPLETED")
    assert set(phases) == {"prepare", "forecast", "publish"}
    assert len(partitions) == attributes(phases["forecast"])["batchcast.partitions"] > 1
    assert {span.parent_span_id for span in partitions} == {phases["forecast"].span_id}
    assert all(attributes(span)["process.pid"] != server.running.pid for span in partitions)
    assert all(span.start_time_unix_nano < span.end_time_unix_nano for span in spans)

    submitted = [
        one
        for trace in collector.spans.values()
        for one in trace
        if attributes(one).get("batchcast.batch_id") == batch_id
    ]
    assert {span.name for span in submitted} == {"batch", "POST /api/batch/submit"}
    (asked_for,) = collector.spans[TRACE]
    assert asked_for.parent_span_id.hex() == "b7ad6b7169203331"
    assert attributes(asked_for)["http.response.status_code"] == 200
    assert "secret-part" not in str(asked_for)
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    assert [line["route"] for line in lines if line.get("trace_id") == TRACE] == ["/api/batch/history"]


def test_a_batch_that_fails_is_a_span_that_has_failed(make_server, collector, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{collector.url}/v1/traces")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "spares")
    server = make_server()
    server.set_fault("S1", "crash")
    server.start()
    batch_id = server.client.accepted(demand(), **SETTINGS)
    assert server.client.await_end(batch_id)["status"] == "ROLLED_BACK"
    server.terminate()

    spans = collector.spans[batch_id]
    (batch,), (forecast,) = named(spans, "batch"), named(spans, "forecast")
    failed = [attributes(span) for span in named(spans, "partition") if span.status.code == 2]
    assert collector.services == {"spares"}
    assert attributes(batch)["batchcast.outcome"] == "ROLLED_BACK"
    assert (forecast.status.code, forecast.status.message) == (2, "Failed")
    assert [one["batchcast.ending"] for one in failed] == ["crash", "crash"]


def test_a_collector_that_is_away_holds_nothing_up(make_server, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    server = make_server().start()
    batch_id = server.client.accepted(demand(), **SETTINGS)

    assert server.client.await_end(batch_id)["status"] == "COMPLETED"
    server.terminate()  # in time, or it fails


@pytest.mark.parametrize(
    "variables",
    [{}, {"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}],
    ids=["unset", "disabled", "none"],
)
def test_without_a_collector_nothing_of_it_is_loaded(variables):
    code = (
        "import sys; from batchcast.app.service.tracing import start_tracing\n"
        f"start_tracing({variables | ({'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://127.0.0.1:1'} if variables else {})})()\n"
        "import batchcast.run.batch_run, batchcast.server.server\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )

    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"

"""Metrics for Prometheus: the queue, partitions and batches that ended, workers' memory, requests."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi.telemetry import TelemetryConfig
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from batchcast.app.service.service import Service
from batchcast.domain.batch import Batch, PartitionRecord, Timing
from batchcast.publish.certificate import engine_versions

# FastAPI has a span for each request, where `app.service.tracing` has set up where spans go; figures are those below.
TELEMETRY: TelemetryConfig = {"metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
_BATCH_SECONDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
_PARTITION_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 900, 3600)
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Metrics:
    """The metrics of one server; an observer of its service."""

    def __init__(self, service: Service) -> None:
        # When each series began is of no use, and would be as many lines again.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._registry.register(_Now(service))
        ProcessCollector(registry=self._registry)
        self._partitions = self._counter("batchcast_partitions", "Partitions that ended here.", ["outcome"])
        self._partition_seconds = self._histogram(
            "batchcast_partition_seconds", "Seconds of a partition at work.", _PARTITION_SECONDS
        )
        self._batches = self._counter("batchcast_batches", "Batches that ended here.", ["outcome"])
        self._batch_seconds = self._histogram(
            "batchcast_batch_seconds", "Seconds of a batch at work.", _BATCH_SECONDS, ["outcome"]
        )
        self._requests = self._counter("batchcast_http_requests", "Requests answered.", ["method", "route", "status"])
        self._request_seconds = self._histogram(
            "batchcast_http_request_seconds", "Seconds until a request was answered.", _REQUEST_SECONDS, ["route"]
        )
        service.add_observer(self)

    def partition_ended(self, batch_id: str, record: PartitionRecord) -> None:
        """A partition of a batch that ran here has reached its final state."""
        self._partitions.labels("REUSED" if record.reused_from else record.state.value).inc()
        if record.seconds is not None and not record.reused_from:
            self._partition_seconds.observe(record.seconds)

    def batch_ended(self, batch: Batch, timing: Timing | None) -> None:
        """A batch that ran here has ended."""
        self._batches.labels(batch.state.value).inc()
        if batch.started_at is not None and batch.ended_at is not None:
            seconds = (batch.ended_at - batch.started_at).total_seconds()
            self._batch_seconds.labels(batch.state.value).observe(seconds)

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def render(self, accepted: str) -> tuple[bytes, str]:
        """All metrics as text, and its media type: OpenMetrics where an Accept header asks for it.

        It asks the store: do not call it on the thread of the loop.
        """
        encode, media_type = choose_encoder(accepted)
        return encode(self._registry), media_type

    def _counter(self, name: str, about: str, labels: list[str]) -> Counter:
        return Counter(name, about, labels, registry=self._registry)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...], labels: Iterable[str] = ()) -> Histogram:
        return Histogram(name, about, labels, buckets=buckets, registry=self._registry)


class _Now(Collector):
    """What the service is doing when the metrics are collected."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> Iterable[Metric]:
        return []  # else registering it would collect it

    def collect(self) -> Iterable[Metric]:
        versions = engine_versions()
        yield InfoMetricFamily("batchcast_build", "Versions of batchcast and of what computes.", versions)
        load = self._service.load()
        queue = GaugeMetricFamily("batchcast_queue_batches", "Batches of all servers.", labels=["state"])
        queue.add_metric(["PENDING"], load.pending)
        queue.add_metric(["PROCESSING"], load.processing)
        yield queue
        yield GaugeMetricFamily("batchcast_batches_at_work", "Batches at work here.", value=load.at_work)
        yield GaugeMetricFamily("batchcast_workers", "Partitions that can be at work here.", value=load.workers)
        usage, free = self._service.usage, self._service.room.free
        yield GaugeMetricFamily("batchcast_kept_batches", "Batches that have ended and are kept.", value=usage.batches)
        yield GaugeMetricFamily("batchcast_kept_bytes", "Bytes of the files of these batches.", value=usage.size)
        yield GaugeMetricFamily("batchcast_disk_free_bytes", "Bytes free on the disk of the home folder.", value=free)
        scrub = self._service.scrub
        yield CounterMetricFamily("batchcast_checked_files", "Kept files compared again.", value=scrub.checked)
        yield GaugeMetricFamily("batchcast_damaged_files", "Kept files damaged or missing.", value=scrub.damaged)
        memory = load.worker_memory_mb * 2**20
        yield GaugeMetricFamily("batchcast_worker_memory_bytes", "Memory of all workers here.", value=memory)

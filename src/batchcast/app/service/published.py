"""What is asked of the results of a server's batches, by the id of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchcast.app.service.answers import Download, RejectedPage, SeriesDetail
from batchcast.app.service.ordering import Ordering, Question
from batchcast.app.service.results import ResultFiles, ResultReader, SumRows, Windows
from batchcast.domain.accuracy import Overview, PeriodTotal
from batchcast.domain.inventory import Orders
from batchcast.results.comparison import Changes
from batchcast.results.inventory import PublishedDemand
from batchcast.results.series import SeriesGroup, SeriesPage, SeriesQuery
from batchcast.results.sums import DEFAULT_LEVELS
from batchcast.store.store import Store


class PublishedResults:
    """Every method raises UnknownBatch where there is no batch of that id."""

    def __init__(self, store: Store, files: ResultFiles, ordering: Ordering) -> None:
        self._store = store
        self._files = files
        self._reader = ResultReader(files)
        self._ordering = ordering

    def download(self, batch_id: str, kind: str, file_format: str | None = None) -> Download:
        """A published file on this machine, its bytes checked; without a format, csv where it comes as csv.

        Raises:
            ResultNotReady: while it is not COMPLETED.
            NoSuchFile: if there is none of that kind or format.
        """
        return self._files.download(self._store.batch(batch_id), kind, file_format)

    def series(self, batch_id: str, query: SeriesQuery) -> SeriesPage:
        """Some series of a COMPLETED batch; raises as `download`."""
        return self._reader.series(self._store.batch(batch_id), query)

    def groups(self, batch_id: str, query: SeriesQuery, by: str) -> list[SeriesGroup]:
        """The series that match by their value in a column; raises as `download`, and InvalidSettings."""
        return self._reader.groups(self._store.batch(batch_id), query, by)

    def attribute_choices(self, batch_id: str) -> dict[str, list[str]]:
        """What is known of each part besides its demand, and the values to choose from; raises as `download`."""
        return self._reader.attribute_choices(self._store.batch(batch_id))

    def one_series(self, batch_id: str, site_code: str, partnumber: str) -> SeriesDetail:
        """Everything that is known of one series; raises as `download`, and UnknownSeries."""
        return self._reader.one_series(self._store.batch(batch_id), site_code, partnumber)

    def stock_at(self, batch_id: str, site_code: str, partnumber: str, service_level: float) -> Mapping[str, Any]:
        """Stock figures of one series at a service level, by column of the stock table; raises as `one_series`.

        Raises:
            InvalidSettings: if the level is under 0.5 or over 0.9999.
            ResultNotKept: if the batch was published by a version that kept nothing to tell them from.
        """
        return self._reader.stock_at(self._store.batch(batch_id), site_code, partnumber, service_level)

    def lead_time_demand(self, batch_id: str, site_code: str, partnumber: str) -> PublishedDemand:
        """The demand of one series over its lead time, as published; raises as `one_series`, and ResultNotKept."""
        return self._reader.lead_time_demand(self._store.batch(batch_id), site_code, partnumber)

    def sums_of(
        self, batch_id: str, key: tuple[str, str], windows: Windows = None, levels: Sequence[float] = DEFAULT_LEVELS
    ) -> SumRows:
        """The demand of one series summed over windows, a row each; raises as `stock_at`."""
        return self._reader.sums_of(self._store.batch(batch_id), key, windows, levels)

    def sums(
        self, batch_id: str, windows: Windows, levels: Sequence[float], offset: int, limit: int
    ) -> tuple[SumRows, int]:
        """The same of some series, and how many there are; raises as `stock_at`."""
        return self._reader.sums(self._store.batch(batch_id), windows, levels, offset, limit)

    def series_file(self, batch_id: str, query: SeriesQuery, names: Sequence[str], file_format: str) -> Download:
        """These columns of all series that match, as a file; raises as `download`."""
        return self._reader.series_file(self._store.batch(batch_id), query, names, file_format)

    def changes(self, earlier_id: str, batch_id: str) -> Changes:
        """How a result differs from an earlier one of the same horizon; raises as `download`."""
        return self._reader.changes(self._store.batch(earlier_id), self._store.batch(batch_id))

    def overview(self, batch_id: str) -> Overview:
        """The result of a COMPLETED batch in totals; raises as `download`, and ResultNotKept."""
        return self._reader.overview(self._store.batch(batch_id))

    def site_periods(self, batch_id: str, site_code: str) -> tuple[PeriodTotal, ...]:
        """The periods of the overview for one site; none where there is no such site. Raises as `overview`."""
        return self._reader.periods_of(self._store.batch(batch_id), site_code)

    def rejected(self, batch_id: str, offset: int = 0, limit: int = 100) -> RejectedPage:
        """Refused rows of a batch, as rejected.csv has them."""
        return self._files.rejected(self._store.batch(batch_id), offset, limit)

    def orders(self, batch_id: str, question: Question) -> Orders:
        """What to order of the parts of a stock file and to buy next, the first of both; raises as `order_table`."""
        return self._ordering.orders(self._store.batch(batch_id), question)

    def kept_orders(self, batch_id: str, question: Question, key: str = "history") -> Orders:
        """The same with all lines to order, kept in memory for a key of the stock; raises as `order_table`."""
        return self._ordering.kept(self._store.batch(batch_id), question, key)

    def order_table(self, batch_id: str, question: Question, kind: str, file_format: str) -> Download:
        """All orders, or the whole list; raises as `download`, ResultNotKept, and InvalidInput for the stock."""
        return self._ordering.table(self._store.batch(batch_id), question, kind, file_format)

    def forget(self, batch_id: str) -> None:
        """Remove what is kept here of a batch that was deleted."""
        self._reader.forget(batch_id)

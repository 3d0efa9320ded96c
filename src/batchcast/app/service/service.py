"""One server: a store, artifacts, workers, and a dispatcher that takes batches from the queue."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from batchcast.app.installation.configuration import MEGABYTE, ServiceConfig, provider_settings
from batchcast.app.installation.pools import widen
from batchcast.app.installation.timings import COUNTED, calibrate, pace_from
from batchcast.app.installation.tokens import UNRESTRICTED, NotAuthenticated, NotYourBatch, Person, Role, Tokens
from batchcast.app.installation.workspace import DiskRoom, open_work_folder
from batchcast.app.intake import Analysis
from batchcast.app.planner import PlannerDesk
from batchcast.app.provider import IdentityProvider
from batchcast.app.recipes import ALONE, NO_CHOICE, RecipeChoice, chosen_recipes, unknown_recipe
from batchcast.app.samples.writing import sample_lines
from batchcast.app.service.answers import (
    Accepted,
    BatchEnded,
    BatchStatus,
    Download,
    NoSuchFile,
    Readiness,
    ServerLoad,
    seconds_left,
)
from batchcast.app.service.chores import Chores
from batchcast.app.service.drafts import Drafts
from batchcast.app.service.ordering import Ordering
from batchcast.app.service.previews import preview_upload, read_events_upload
from batchcast.app.service.published import PublishedResults
from batchcast.app.service.results import ResultFiles, downloaded
from batchcast.app.service.retention import Usage, retire_batches, sweep_artifacts
from batchcast.app.service.scrub import Scrub
from batchcast.app.service.signins import SignIns
from batchcast.app.service.submission import Received, Sender, Submissions, analysis_of
from batchcast.app.upload import Upload, too_large
from batchcast.app.words.settings_text import Texts, events_settings
from batchcast.domain.audit import AuditEntry
from batchcast.domain.batch import (
    Batch,
    BatchPage,
    BatchQuery,
    BatchState,
    BatchSummary,
    Event,
    PartitionRecord,
    Timing,
)
from batchcast.domain.crash_points import CrashPoint, reach
from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.domain.plan import Pace
from batchcast.domain.recipe import FileKind, FilePreview, Recipe
from batchcast.domain.settings import BatchSettings
from batchcast.publish.certificate import engine_versions
from batchcast.publish.kinds import CSV, REJECTED
from batchcast.run.asking import CancelToken
from batchcast.run.dispatcher import Dispatcher
from batchcast.run.local_pool import LocalPool
from batchcast.run.process_tree import new_owner, sweep_orphans
from batchcast.run.steps import WARM_UP
from batchcast.store.artifacts.artifacts import Artifacts
from batchcast.store.artifacts.opening import open_artifacts
from batchcast.store.errors import StoreUnavailable
from batchcast.store.store import Store

_INTAKE_WORKERS = 3  # uploads that are read, or results that are converted, at once; one person has two at most

_log = logging.getLogger(__name__)


class Observer(Protocol):
    """Told of what has ended here, for figures; called from the thread of the batch."""

    def partition_ended(self, batch_id: str, record: PartitionRecord) -> None:
        """A partition of a batch that ran here stands at its final state."""

    def batch_ended(self, batch: Batch, timing: Timing | None) -> None:
        """A batch that ran here has ended; its timing where it is COMPLETED."""


class Service:
    """The use cases of a server; every method is synchronous and may be called from any thread.

    Those that take a batch_id raise UnknownBatch where there is no batch of that id. What is
    asked of results is at `results`, files that came in and are not submitted yet are at `drafts`, and what planners
    leave is at `planner`.

    service = Service.open(config)
    service.start()
    ...
    service.stop(grace_seconds=8)
    """

    def __init__(self, config: ServiceConfig, store: Store, artifacts: Artifacts, folder: Path, owner: str) -> None:
        self.config = config
        self.tokens = Tokens(config.tokens)
        identities = provider_settings(config)
        self.provider = None if identities is None else IdentityProvider(identities)
        basis = None if self.provider is None else self.provider.basis
        self.sign_ins = SignIns(store, lambda: self.tokens, provider=basis)
        self._store = store
        self._artifacts = artifacts
        self._folder = folder
        self._owner = owner
        self._version = engine_versions()["batchcast"]
        self._observers: list[Observer] = []
        here = LocalPool(config.workers, warm_up=WARM_UP, scratch=folder / "workers")
        self._pool = widen(config.pool_choice, here, artifacts, config.artifacts_folder)
        self._intake_pool = LocalPool(_INTAKE_WORKERS, scratch=folder / "workers")
        self._dispatcher = Dispatcher(
            store,
            self._pool,
            artifacts,
            owner=owner,
            folder=_made(folder / "batches"),
            lease_seconds=config.lease_seconds,
            on_ended=self._note_end,
        )
        self._submissions = Submissions(
            store=store,
            artifacts=artifacts,
            pool=self._intake_pool,
            folder=_made(folder / "intake"),
            owner=owner,
            lease_seconds=config.lease_seconds,
        )
        self.planner = PlannerDesk(store)
        self.drafts = Drafts(artifacts, _made(folder / "drafts"))
        self._files = ResultFiles(store, artifacts, self._intake_pool, _made(folder / "results"))
        ordering = Ordering(self._files, self._intake_pool, folder / "results", store)
        self.results = PublishedResults(store, self._files, ordering)
        self.room = DiskRoom(config.home, config.reserve_mb)
        self.usage = Usage(batches=0, size=0)  # of batches that have ended, as it was an hour ago at most
        most_bytes = config.check_mb_per_hour * MEGABYTE
        self.scrub = Scrub(store, artifacts, config.home, most_bytes, lambda: self._chores.is_stopping)
        self._cancel_token = CancelToken()  # of the calibration
        self._chores = Chores(
            first=(self.sign_ins.end_unfounded, self._calibrate),
            begin=self._dispatcher.start,
            hourly=(
                self.room.hold,
                self.sign_ins.sweep,
                self._submissions.drop_undecided_claims,
                partial(sweep_artifacts, store, artifacts),
                self._retire,
                self._files.prune,
                self.drafts.sweep,
                self.scrub.round,
            ),
        )

    @classmethod
    def open(cls, config: ServiceConfig) -> Service:
        """Open what is kept for good, and start workers; nothing is taken from the queue yet.

        Raises:
            InvalidSettings: if the tokens can't be read.
            StoreUnavailable, SchemaTooNew: if the database can't be used.
            ArtifactsUnavailable: if the folder or bucket can't be written.
        """
        owner = new_owner()
        sweep_orphans()
        folder = open_work_folder(config.home / "work")
        artifacts = open_artifacts(config.artifacts_url, config.artifacts_folder)
        artifacts.check()
        from batchcast.store.sql.sql_store import SqlStore

        store = SqlStore.open(config.database_address)
        return cls(config, store, artifacts, folder, owner)

    def start(self) -> None:
        """Take batches from the queue from now on; the first time on a machine, once its pace has been measured."""
        self._chores.start()

    def stop(self, grace_seconds: float = 8) -> None:
        """Take no more, give the batches at work back to the queue, and end every worker; nothing is lost."""
        self._chores.ask_to_stop()
        self._cancel_token.ask()
        self._dispatcher.stop(grace_seconds)
        self._intake_pool.close()
        self._pool.close()
        self._chores.join()
        self._store.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # The person of a request

    @property
    def asks_to_sign_in(self) -> bool:
        """Whether people must say who they are; else everybody may do everything."""
        return bool(self.tokens) or self.provider is not None

    def authenticate(self, token: str | None) -> Person:
        """The person whose bearer token the request carries.

        Raises:
            NotAuthenticated: if tokens are set and this is none of them, or people sign in by a provider alone.
        """
        if not self.tokens and self.provider is not None:
            raise NotAuthenticated(Message(N_("This server has no tokens: its administrator has to make one first.")))
        return self.tokens.authenticate(token)

    # Submitting

    def new_upload(self, file_name: str, announced_bytes: int | None = None) -> Upload:
        """A place for a file that comes in; the caller discards it at the end.

        Raises:
            UploadTooLarge: if it is announced to be larger than this server takes.
            DiskAlmostFull, UploadsUnavailable: if there is no room.
        """
        self.room.require(announced_bytes or 0)
        if announced_bytes is not None and announced_bytes > self.config.max_upload_bytes:
            raise too_large(self.config.max_upload_bytes)
        return Upload(self._folder / "uploads", file_name, most_bytes=self.config.max_upload_bytes)

    def submit(
        self,
        upload: Received,
        settings: BatchSettings,
        *,
        idempotency_key: str | None = None,
        by: str | None = None,
        recipes: RecipeChoice = NO_CHOICE,
    ) -> Accepted:
        """Check, plan and queue a file; what is returned will not be lost. A draft stays one, to be forecast again.

        Raises:
            InvalidInput: if it can't be a demand history, or rows were refused (RowsRefused, with all of them).
            InvalidSettings: if a setting does not fit it.
            IdempotencyKeyReused: if the key was sent before with something else.
        """
        self.room.require(0)
        sender = Sender(name=by, idempotency_key=idempotency_key)
        accepted = self._submissions.submit(upload, settings, self._pace(), sender, recipes)
        self._dispatcher.wake()
        return accepted

    def submit_sample(self, name: str, *, idempotency_key: str | None = None, by: str | None = None) -> Accepted:
        """Queue a synthetic history, to try the service without a file; raises as `submit`.

        Raises:
            InvalidSettings: if there is no such sample.
        """
        upload = self.new_upload(f"{name}.csv")
        try:
            for lines in sample_lines(name):
                upload.write(lines)
            upload.close()
            return self.submit(upload, BatchSettings(), idempotency_key=idempotency_key, by=by)
        finally:
            upload.discard()

    def analyze(self, upload: Received, settings: BatchSettings, recipes: RecipeChoice = NO_CHOICE) -> Analysis:
        """What a file holds and how it would be forecast; nothing is kept but a recipe. Raises as `submit`."""
        return self._submissions.analyze(upload, settings, self._pace(), recipes)

    def retry(
        self,
        batch_id: str,
        changes: Mapping[str, Sequence[str]] | BatchSettings,
        *,
        by: Person = UNRESTRICTED,
        idempotency_key: str | None = None,
    ) -> Accepted:
        """Queue the file of a batch that has ended again; `changes` has texts by setting, or is all settings anew.

        Raises:
            NotAllowed: if this person may not change the batch.
            BatchNotEnded: if it is in the queue or at work.
            As `submit`.
        """
        batch = self._changed_by(by, batch_id)
        self.room.require(0)
        sender = Sender(name=by.name, idempotency_key=idempotency_key)
        accepted = self._submissions.retry(batch, changes, self._pace(), sender)
        self._dispatcher.wake()
        return accepted

    def analyze_retry(self, batch_id: str, settings: BatchSettings) -> Analysis:
        """How the file of a batch would be forecast with these settings; nothing is kept. Raises as `retry`."""
        return self._submissions.analyze_again(self._store.batch(batch_id), settings, self._pace())

    def refused_rows(self, upload: Received, settings: BatchSettings, recipes: RecipeChoice = NO_CHOICE) -> Download:
        """The refused rows of a file, each with the reason, to be corrected and sent again.

        Raises:
            NoSuchFile: if no row is refused.
            As `analyze`.
        """
        folder = self._folder / "results"
        path = self._submissions.refused_rows(upload, settings, self._pace(), folder, recipes)
        if path is None:
            raise NoSuchFile(REJECTED, CSV)
        return downloaded(path, REJECTED, upload.name)

    # Mapping the columns of a file

    def preview(
        self,
        upload: Received,
        settings: BatchSettings,
        kind: FileKind = "history",
        recipes: RecipeChoice = NO_CHOICE,
    ) -> FilePreview:
        """Its columns and its first rows as they would be read; nothing is kept.

        Raises:
            InvalidInput: if there is no header in it to map the columns of; all else is told by the preview.
            InvalidSettings: if a setting can't be; UnknownRecipe if there is no recipe of the name that is chosen.
        """
        chosen = chosen_recipes(self._store, recipes, settings, kind)
        folder = self._folder / "intake"
        pool = self._intake_pool
        return preview_upload(upload, kind, chosen.settings, pool=pool, folder=folder, recipes=chosen.recipes)

    def read_events(self, name: str, content: bytes, texts: Texts) -> tuple[str, ...]:
        """The events of a small file, by its name and content, its dates read as the texts of settings say.

        Raises:
            InvalidInput: if it can't be read as an events file.
        """
        return read_events_upload(name, content, events_settings(texts), pool=self._intake_pool, folder=self._folder)

    def preview_retry(self, batch_id: str, settings: BatchSettings) -> FilePreview:
        """The same of the file of a batch, by its settings alone. Raises as `retry` and `preview`."""
        batch = self._store.batch(batch_id)
        with self._submissions.fetched(batch) as upload:
            return self.preview(upload, settings, recipes=ALONE)

    # How files were read

    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes that are kept, the newest first."""
        return self._store.recipes()

    def delete_recipe(self, name: str) -> None:
        """Forget a recipe.

        Raises:
            UnknownRecipe: if there is none of this name.
        """
        if not self._store.drop_recipe(name):
            raise unknown_recipe(name, self._store.recipes())

    # Following

    def status(self, batch_id: str) -> BatchStatus:
        """A batch as it stands."""
        batch = self._store.batch(batch_id)
        learned = self._learned(batch) if batch.state is BatchState.PROCESSING and not batch.progress else 0.0
        cold = self._pool.is_warming and not (batch.state.is_final or batch.progress or learned)
        left, damage = seconds_left(batch), self.scrub.damage_of(batch_id)
        return BatchStatus(
            batch=batch, analysis=analysis_of(batch), seconds_left=left, learned=learned, damage=damage, is_warming=cold
        )

    def _learned(self, batch: Batch) -> float:
        """How far the learning step of a batch is, by its latest event, 0 to 1."""
        latest = self._store.events_after(batch.batch_id, batch.last_event - 1)
        steps = [event.detail for event in latest if event.kind == "step" and event.detail.get("step") == "prepare"]
        if not steps:
            return 0.0
        return 1.0 if steps[-1]["state"] == "done" else float(str(steps[-1].get("progress", 0.0)))

    def status_version(self, batch_id: str) -> int:
        """The number of its latest event, which is another when anything of it has changed."""
        found = self._store.latest_events([batch_id]).get(batch_id)
        return self._store.batch(batch_id).last_event if found is None else found

    def latest_events(self, batch_ids: Collection[str]) -> Mapping[str, int]:
        """The number of the latest event of each batch that there is."""
        return self._store.latest_events(batch_ids)

    def events_after(self, batch_id: str, number: int) -> tuple[Event, ...]:
        """The events of a batch with a higher number, in order."""
        return self._store.events_after(batch_id, number)

    def history(self, query: BatchQuery) -> BatchPage:
        """Batches, the newest first."""
        return self._store.batches(query)

    # Changing

    def may_change(self, person: Person, batch: Batch | BatchSummary) -> bool:
        """Whether a person may stop a batch or run it again: an admin each, a planner their own, or each if shared."""
        is_theirs = self.config.share_batches or person.name == batch.submitted_by
        return person.role >= (Role.PLANNER if is_theirs else Role.ADMIN)

    def _changed_by(self, person: Person, batch_id: str) -> Batch:
        """A batch that this person may change."""
        batch = self._store.batch(batch_id)
        if not self.may_change(person, batch):
            raise NotYourBatch(batch_id, batch.submitted_by)
        return batch

    def cancel(self, batch_id: str, by: Person = UNRESTRICTED) -> Batch:
        """Stop a batch; its workers are gone within two seconds.

        Raises:
            NotAllowed: if this person may not change the batch.
            BatchEnded: if it has ended already.
        """
        self._changed_by(by, batch_id)
        if not self._dispatcher.cancel(batch_id):
            raise BatchEnded(self._store.batch(batch_id))
        return self._store.batch(batch_id)

    def delete(self, batch_id: str) -> None:
        """Forget a batch that has ended, with its files; also on a full disk, where it takes room before it makes any.

        Raises:
            BatchNotEnded: if it is in the queue or at work.
        """
        try:
            self._store.delete_batch(batch_id)
        except StoreUnavailable:
            if not self.room.give_back():
                raise
            self._store.delete_batch(batch_id)
        reach(CrashPoint.BATCH_DELETED)
        self.results.forget(batch_id)
        self._artifacts.remove(f"batches/{batch_id}")
        self.room.hold()

    # The audit log

    def note_action(self, entry: AuditEntry) -> None:
        """Keep an entry of the audit log; where the database can't be reached, the server's log tells it instead."""
        try:
            self._store.add_audit(entry)
        except StoreUnavailable as error:
            _log.error("an entry of the audit log was not kept: %s: %s", entry, error)

    def audit(self, limit: int, before: int | None = None) -> tuple[AuditEntry, ...]:
        """Entries of the audit log, the newest first; with `before`, those of lower numbers."""
        return self._store.audit(limit, before)

    # How it does

    def readiness(self) -> Readiness:
        """Whether this server can take work, and why not."""
        problems: list[Message] = []
        for check in (self._store.ping, self._artifacts.check, partial(self.room.require, 0)):
            try:
                check()
            except BatchcastError as error:
                problems.append(error.message)
        if self._chores.is_stopping or not (self._chores.is_starting or self._dispatcher.is_healthy()):
            problems.append(
                Message(
                    N_(
                        "This server takes no batches from the queue: it is stopping, or was never started, or lost "
                        "its database."
                    )
                )
            )
        return Readiness(problems=tuple(problems))

    def load(self) -> ServerLoad:
        """How much it has to do."""
        pending, processing = self._store.queue()
        return ServerLoad(
            pending=pending,
            processing=processing,
            at_work=len(self._dispatcher.at_work()),
            workers=self.config.workers,
            worker_memory_mb=self._dispatcher.worker_memory_mb(),
        )

    def add_observer(self, observer: Observer) -> None:
        """Tell this one, too, of what ends here."""
        self._observers.append(observer)

    def _pace(self) -> Pace:
        return pace_from(self._store.timings(self._version, limit=COUNTED))

    def _note_end(self, batch: Batch, timing: Timing | None) -> None:
        if timing is not None:
            self._store.add_timing(timing)
        for observer in self._observers:
            for record in batch.partitions:
                observer.partition_ended(batch.batch_id, record)
            observer.batch_ended(batch, timing)

    def _retire(self) -> None:
        """Delete what is not to be kept any longer, and note what the rest takes."""
        now = dt.datetime.now(dt.UTC)
        self.usage = retire_batches(self._store, self._artifacts, self.config, self.delete, now)

    def _calibrate(self) -> None:
        """Measure this machine, unless that was done, or a batch is waiting already."""
        if self._store.timings(self._version, limit=1) or self._store.queue() != (0, 0):
            return
        with self._cancel_token.listening():
            timing = calibrate(self._pool, self._folder, self._cancel_token)
        if timing is not None and not self._store.timings(self._version, limit=1):
            self._store.add_timing(timing)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

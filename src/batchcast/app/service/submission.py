"""From an upload to a queued batch that will not be lost; and from a batch that has ended to its repetition.

    upload on disk ─► read and checked in a limited child ─► planned ─► files kept ─► one row added: acknowledged

Until the row is there, the files belong to a claim of this server; what a dead server claimed is swept.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from batchcast.app.installation.workspace import new_batch_id
from batchcast.app.intake import (
    Analysis,
    Intake,
    keep_source,
    place_problems,
    plan_history,
    renamed_error,
    renamed_report,
    take_in,
)
from batchcast.app.planner import MarksInForce
from batchcast.app.recipes import NO_CHOICE, RecipeChoice, chosen_recipes, keep_reading
from batchcast.app.service.answers import Accepted, IdempotencyKeyReused
from batchcast.app.words.settings_text import settings_of_texts
from batchcast.domain.batch import Batch, Source
from batchcast.domain.crash_points import CrashPoint, reach
from batchcast.domain.errors import BatchcastError
from batchcast.domain.history import DemandHistory
from batchcast.domain.plan import Pace, RowsRefused
from batchcast.domain.recipe import Recipe
from batchcast.domain.settings import BatchSettings
from batchcast.run.asking import asker
from batchcast.run.job import WorkerPool
from batchcast.store.artifacts.artifacts import ArtifactMissing, Artifacts
from batchcast.store.errors import BatchNotEnded, KeyTaken, StoreUnavailable, UnknownBatch
from batchcast.store.records import NewBatch
from batchcast.store.store import CLAIM_GRACE_SECONDS, Store

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Who submits, and how they may send the same again."""

    name: str | None = None
    idempotency_key: str | None = None

    @property
    def own_key(self) -> str | None:
        """The key as it is kept, apart from those of others; a name has no line break."""
        if self.name is None or self.idempotency_key is None:
            return self.idempotency_key
        return f"{self.name}\n{self.idempotency_key}"


class Received(Protocol):
    """A file that has come whole: an upload or a draft."""

    @property
    def path(self) -> Path:
        """Where it is; it may only be read."""

    @property
    def name(self) -> str:
        """As its sender called it."""

    @property
    def sha256(self) -> str:
        """Of its bytes, in hexadecimal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fetched:
    """The file of a batch; implements `Received`."""

    path: Path
    name: str
    sha256: str


@dataclass(frozen=True)
class _Kept:
    """A file to be kept as a batch's upload."""

    path: Path
    name: str
    retry_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Submissions:
    """Takes submissions for one server."""

    store: Store
    artifacts: Artifacts
    pool: WorkerPool  # reads the uploads
    folder: Path  # for scratch, on this machine
    owner: str
    lease_seconds: float
    _undecided: dict[str, float] = field(default_factory=dict)  # ids that may have been added, and since when

    def submit(
        self,
        upload: Received,
        settings: BatchSettings,
        pace: Pace,
        sender: Sender,
        recipes: RecipeChoice = NO_CHOICE,
    ) -> Accepted:
        """Check, plan and queue a file.

        Raises:
            InvalidInput: if it can't be a demand history, or rows were refused (RowsRefused).
            InvalidSettings: if a setting does not fit it.
            IdempotencyKeyReused: if the key was sent with something else.
        """
        reach(CrashPoint.UPLOAD_RECEIVED)
        named = () if recipes == NO_CHOICE else (recipes.use, recipes.save_as)
        fingerprint = _fingerprint(upload.sha256, upload.name, settings.as_json(), sender.name, *named)
        known = self._known(sender, fingerprint)
        if known:
            return known
        with self._scratch() as folder:
            intake = self._take_in_by_recipe(upload, settings, pace, folder, recipes)
            reach(CrashPoint.UPLOAD_CHECKED)
            return self._keep(_Kept(upload.path, upload.name), intake, sender, fingerprint)

    def retry(
        self, batch: Batch, changes: Mapping[str, Sequence[str]] | BatchSettings, pace: Pace, sender: Sender
    ) -> Accepted:
        """Queue the file of a batch that has ended again, with some settings changed.

        Raises:
            BatchNotEnded: if it is in the queue or at work.
            As `submit`.
        """
        source = batch.source
        if not batch.state.is_final or source is None:
            raise BatchNotEnded(batch.batch_id, batch.state.value)
        settings = changes if isinstance(changes, BatchSettings) else settings_of_texts(changes, base=batch.settings)
        fingerprint = _fingerprint("retry", batch.batch_id, settings.as_json(), sender.name)
        known = self._known(sender, fingerprint)
        if known:
            return known
        with self._scratch() as folder, self._unless_deleted(batch):
            upload = self.artifacts.fetch(source.upload, folder)
            intake = self._take_in_again(batch, source, settings, pace, folder)
            kept = _Kept(upload, source.file_name, retry_of=batch.batch_id)
            return self._keep(kept, intake, sender, fingerprint)

    def analyze_again(self, batch: Batch, settings: BatchSettings, pace: Pace) -> Analysis:
        """How the file of a batch would be forecast with these settings; nothing is kept. Raises as `submit`."""
        if batch.source is None:
            raise BatchNotEnded(batch.batch_id, batch.state.value)
        with self._scratch() as folder, self._unless_deleted(batch):
            return self._take_in_again(batch, batch.source, settings, pace, folder).analysis

    def refused_rows(
        self,
        upload: Received,
        settings: BatchSettings,
        pace: Pace,
        into: Path,
        recipes: RecipeChoice = NO_CHOICE,
    ) -> Path | None:
        """The rows of a file that are refused, each with its reason, as a CSV file in a folder; None without any."""
        with self._scratch() as folder:
            try:
                report = self._take_in_by_recipe(upload, settings, pace, folder, recipes).analysis.report
            except RowsRefused as refused:
                report = refused.report
            if report.rejected_path is None:
                return None
            return Path(shutil.move(report.rejected_path, into / f"{secrets.token_hex(16)}.csv"))

    def analyze(
        self, upload: Received, settings: BatchSettings, pace: Pace, recipes: RecipeChoice = NO_CHOICE
    ) -> Analysis:
        """What a file holds and how it would be forecast; nothing is kept but a recipe. Raises as `submit`."""
        with self._scratch() as folder:
            return self._take_in_by_recipe(upload, settings, pace, folder, recipes).analysis

    @contextmanager
    def fetched(self, batch: Batch) -> Iterator[Received]:
        """The file of a batch on this machine, for as long as this is open.

        Raises:
            BatchNotEnded: if it is in the queue or at work.
        """
        source = batch.source
        if not batch.state.is_final or source is None:
            raise BatchNotEnded(batch.batch_id, batch.state.value)
        with self._scratch() as folder, self._unless_deleted(batch):
            path = self.artifacts.fetch(source.upload, folder)
            yield _Fetched(path=path, name=source.file_name, sha256=source.input_sha256)

    @contextmanager
    def _unless_deleted(self, batch: Batch) -> Iterator[None]:
        """Where a file of a batch is missing because it was deleted meanwhile, say that.

        Raises:
            UnknownBatch: if it was.
        """
        try:
            yield
        except ArtifactMissing:
            self.store.batch(batch.batch_id)
            raise

    def _take_in_by_recipe(
        self, upload: Received, settings: BatchSettings, pace: Pace, folder: Path, choice: RecipeChoice
    ) -> Intake:
        """Read a file by the recipe that is chosen or kept for its header; keep how, where that is asked for."""
        chosen = chosen_recipes(self.store, choice, settings)
        marks = MarksInForce.of(self.store)
        own = marks.own(chosen.settings)
        intake = self.take_in(upload.path, upload.name, own, pace, folder, recipes=chosen.recipes, marks=marks.texts)
        return keep_reading(self.store, intake, choice, upload.name)

    def take_in(
        self,
        path: Path,
        name: str,
        settings: BatchSettings,
        pace: Pace,
        folder: Path,
        *,
        recipes: Sequence[Recipe] = (),
        marks: Sequence[str] = (),
    ) -> Intake:
        """Read a file and plan its batch; sentences call it by its sender's name for it."""
        try:
            intake = take_in(
                path,
                settings,
                folder=folder,
                pool=self.pool,
                pace=pace,
                cancel_token=asker().gone,
                recipes=recipes,
                marks=marks,
            )
        except RowsRefused as refused:
            report = renamed_report(refused.report, path.name, name)
            raise type(refused)(report, refused.plan, refused.sites) from None
        except BatchcastError as error:
            raise renamed_error(error, path.name, name) from None
        report = renamed_report(intake.analysis.report, path.name, name)
        return replace(intake, analysis=replace(intake.analysis, report=report))

    def _take_in_again(self, batch: Batch, source: Source, settings: BatchSettings, pace: Pace, folder: Path) -> Intake:
        """The file of a batch, read again only where the settings read it otherwise."""
        settings = replace(settings, today=settings.today or batch.settings.today)
        marks = MarksInForce.of(self.store)
        settings, texts = marks.own(settings), marks.of_sites({site.site_code for site in source.facts.sites})
        now = settings
        if settings.use_marks == "on":
            now = replace(settings, history_marks=(*settings.history_marks, *texts))
        if _in_order(now).same(_in_order(batch.settings), decides="reading"):
            return self._plan_again(source, replace(settings, history_marks=batch.settings.history_marks), pace, folder)
        upload = self.artifacts.fetch(source.upload, folder)
        return self.take_in(upload, source.file_name, settings, pace, folder, marks=texts)

    def _plan_again(self, source: Source, settings: BatchSettings, pace: Pace, folder: Path) -> Intake:
        """The plan of a history that has been read before."""
        path = self.artifacts.fetch(source.history, folder)
        history = DemandHistory(path=path, facts=source.facts, input_sha256=source.input_sha256)
        plan = plan_history(history, settings, pace)
        rejected = self.artifacts.fetch(source.rejected, folder) if source.rejected else None
        report = place_problems(replace(source.report, rejected_path=rejected), plan)
        analysis = Analysis(report=report, plan=plan, sites=tuple(site.site_code for site in history.facts.sites))
        return Intake(settings=settings, history=history, plan=plan, analysis=analysis, seconds=source.ingest_seconds)

    def _keep(self, kept: _Kept, intake: Intake, sender: Sender, fingerprint: str) -> Accepted:
        batch_id = new_batch_id()
        try:
            self.store.claim_artifacts(batch_id, self.owner, self.lease_seconds)
            reach(CrashPoint.ARTIFACTS_CLAIMED)
            source = keep_source(intake, self.artifacts, batch_id, kept.name, kept.path)
            reach(CrashPoint.ARTIFACTS_KEPT)
            new = NewBatch(
                batch_id,
                intake.settings,
                intake.plan,
                source=source,
                idempotency_key=sender.own_key,
                fingerprint=fingerprint,
                submitted_by=sender.name,
                retry_of=kept.retry_of,
                claimed_by=self.owner,
            )
            batch = self.store.add_batch(new)
        except StoreUnavailable as error:
            batch = self._added_in_spite_of(error, batch_id)
        except BaseException as error:
            self._give_up(batch_id)
            if isinstance(error, KeyTaken):  # the same was sent at the same time, and was faster
                known = self._known(sender, fingerprint)
                if known:
                    return known
            raise
        reach(CrashPoint.BATCH_ADDED)
        return Accepted(batch=batch, analysis=intake.analysis, is_new=True)

    def drop_undecided_claims(self) -> None:
        """End the claims on files whose batch was not added after all; the sweep of artifacts takes them then.

        Where a late commit adds the batch nevertheless, it stands in the store by then, and the sweep spares its files.
        """
        for batch_id, since in list(self._undecided.items()):
            if time.monotonic() - since > CLAIM_GRACE_SECONDS:
                self.store.drop_artifacts_claim(batch_id)
                del self._undecided[batch_id]

    def _added_in_spite_of(self, error: StoreUnavailable, batch_id: str) -> Batch:
        """The batch where its commit succeeded and only the answer was lost; else its files stay until that is sure."""
        self._undecided[batch_id] = time.monotonic()
        try:
            batch = self.store.batch(batch_id)
        except (StoreUnavailable, UnknownBatch):
            raise error from None
        del self._undecided[batch_id]
        return batch

    def _give_up(self, batch_id: str) -> None:
        try:
            self.artifacts.remove(f"batches/{batch_id}")
            self.store.drop_artifacts_claim(batch_id)
        except BatchcastError as error:
            _log.warning("batch %s: files of a failed submission are left to the next sweep: %s", batch_id, error)

    def _known(self, sender: Sender, fingerprint: str) -> Accepted | None:
        """The batch that the same submission made before."""
        if sender.own_key is None:
            return None
        found = self.store.submission(sender.own_key)
        if found is None:
            return None
        if found.fingerprint != fingerprint:
            raise IdempotencyKeyReused(found.batch_id)
        batch = self.store.batch(found.batch_id)
        return Accepted(batch=batch, analysis=analysis_of(batch), is_new=False)

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _in_order(settings: BatchSettings) -> BatchSettings:
    """The settings with their marks in an order that depends on nothing else."""
    return replace(settings, history_marks=tuple(sorted(set(settings.history_marks))))


def analysis_of(batch: Batch) -> Analysis:
    """What was said of the file of a batch when it was submitted."""
    if batch.source is None:
        raise ValueError(f"batch {batch.batch_id} was not submitted to a server")
    sites = tuple(site.site_code for site in batch.source.facts.sites)
    return Analysis(report=batch.source.report, plan=batch.plan, sites=sites)


def _fingerprint(*parts: object) -> str:
    """What makes two submissions the same."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

"""Whether a history is cut into partitions at all, and which of its sites are forecast."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.history import HistoryFacts
from batchcast.domain.settings import BatchSettings

# `batch_mode: auto` switches on from here.
BATCH_ROWS = 5_000
BATCH_SITES = 5
BATCH_PARTS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a batch takes in."""

    batch_mode: bool
    sites: tuple[str, ...]  # forecast, in the order of the history
    notes: tuple[Message, ...]


def choose_scope(facts: HistoryFacts, settings: BatchSettings) -> Scope:
    """Batch mode or one partition, and the sites taken in.

    Raises:
        InvalidSettings: if `site_codes` names sites the history does not hold; all of them are named.
    """
    all_sites = tuple(site.site_code for site in facts.sites)
    batch_mode = settings.batch_mode == "on" or (settings.batch_mode == "auto" and _is_large(facts))
    if batch_mode:
        return Scope(batch_mode=True, sites=all_sites, notes=_ignored_filter_notes(settings, facts))
    if settings.site_codes:
        return Scope(batch_mode=False, sites=_filtered(all_sites, settings.site_codes), notes=())
    return Scope(batch_mode=False, sites=all_sites, notes=_one_partition_notes(settings, facts))


def _is_large(facts: HistoryFacts) -> bool:
    return facts.rows >= BATCH_ROWS or (len(facts.sites) >= BATCH_SITES and facts.parts >= BATCH_PARTS)


def _ignored_filter_notes(settings: BatchSettings, facts: HistoryFacts) -> tuple[Message, ...]:
    if not settings.site_codes:
        return ()
    template = N_(
        "Batch mode forecasts all {sites} sites: the site filter ({chosen}) is ignored. "
        "Set batch_mode to off to forecast these sites alone."
    )
    return (Message(template, {"sites": len(facts.sites), "chosen": ", ".join(settings.site_codes)}),)


def _one_partition_notes(settings: BatchSettings, facts: HistoryFacts) -> tuple[Message, ...]:
    if settings.batch_mode == "off" and _is_large(facts):
        template = N_(
            "batch_mode is off: all {rows:,} rows are forecast in one partition, on one core. "
            "Set batch_mode to auto to share the work."
        )
        return (Message(template, {"rows": facts.rows}),)
    return ()


def _filtered(all_sites: tuple[str, ...], chosen: tuple[str, ...]) -> tuple[str, ...]:
    known = set(all_sites)
    unknown = [_unknown_site(site, all_sites) for site in dict.fromkeys(chosen) if site not in known]
    if unknown:
        raise InvalidSettings(unknown)
    wanted = set(chosen)
    return tuple(site for site in all_sites if site in wanted)


def _unknown_site(site: str, all_sites: tuple[str, ...]) -> Message:
    by_folded = {known.casefold(): known for known in all_sites}
    near = difflib.get_close_matches(site.casefold(), by_folded, n=1)
    if near:
        template = N_("site_codes names {site!r}, which is not in the history; did you mean {near!r}?")
        return Message(template, {"site": site, "near": by_folded[near[0]]})
    shown = ", ".join(all_sites[:10]) + (", ..." if len(all_sites) > 10 else "")
    template = N_("site_codes names {site!r}, which is not in the history; it holds {known}.")
    return Message(template, {"site": site, "known": shown})

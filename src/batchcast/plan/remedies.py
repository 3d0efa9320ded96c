"""Which settings make a partition smaller: a remedy that can't help is not offered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batchcast.domain.errors import N_, Message
from batchcast.domain.plan import Partition
from batchcast.domain.settings import SETTINGS, BatchSettings

_HOW = {
    "batch_mode": Message(N_("set {@batch_mode=on}")),
    "partition_strategy": Message(N_("set {@partition_strategy=auto}")),
    "max_rows_per_partition": Message(N_("lower {@max_rows_per_partition}")),
    "max_partitions": Message(N_("raise {@max_partitions}")),
}
LIMITS = {
    "max_execution_time": (
        N_("Raise {@max_execution_time}."),
        N_("Raise {@max_execution_time}, or make partitions smaller: {how}."),
    ),
    "memory_limit_mb": (
        N_("Raise {@memory_limit_mb}."),
        N_("Raise {@memory_limit_mb}, or make partitions smaller: {how}."),
    ),
}  # a limit of partitions: what to say where nothing makes them smaller, and where something does


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """How the series of a plan were cut into partitions."""

    settings: BatchSettings
    batch_mode: bool
    partitions: Sequence[Partition]

    def smaller_with(self, partition: Partition) -> tuple[str, ...]:
        """The settings that, changed together, make a partition smaller; none where nothing does."""
        if partition.series == 1:
            return ()
        needed = () if self.batch_mode else ("batch_mode",)
        if self.settings.partition_strategy == "site":
            if len(partition.sites) > 1:
                enough = self.settings.max_partitions > len(self.partitions)
                return needed if enough else (*needed, *self._raised("max_partitions"))
            needed = (*needed, "partition_strategy")
        return self._with_more_partitions(needed, partition)

    def _with_more_partitions(self, needed: tuple[str, ...], partition: Partition) -> tuple[str, ...]:
        """What it takes, beside what is needed, to cut by size into partitions smaller than this one."""
        total, settings = sum(one.rows for one in self.partitions), self.settings
        wanted = total // max(partition.rows, 1) + 1
        if settings.partition_strategy == "auto":
            wanted = max(wanted, len(self.partitions) + 1)
        if -(-total // settings.max_rows_per_partition) < wanted:
            if -(-total // int(SETTINGS["max_rows_per_partition"].low or 1)) < wanted:
                return ()
            needed = (*needed, "max_rows_per_partition")
        return needed if settings.max_partitions >= wanted else (*needed, *self._raised("max_partitions"))

    def _raised(self, name: str) -> tuple[str, ...]:
        return (name,) if getattr(self.settings, name) < (SETTINGS[name].high or 0) else ()

    def way_out(self, limit: str, partitions: Iterable[Partition]) -> Message:
        """What to do about partitions over a limit, which is the name of a setting in `LIMITS`."""
        found = {name for one in partitions for name in self.smaller_with(one)}
        raised, smaller = LIMITS[limit]
        if not found:
            return Message(raised)
        steps = [_HOW[name] for name in _HOW if name in found]
        how = Message(
            ", ".join(f"{{step{i}}}" for i in range(len(steps))), {f"step{i}": s for i, s in enumerate(steps)}
        )
        return Message(smaller, {"how": how})

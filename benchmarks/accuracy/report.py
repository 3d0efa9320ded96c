"""What `docs/accuracy.md` and `docs/accuracy-tables.md` say of a measurement, and the plot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from accuracy.contestants import Cost
from accuracy.plot import draw
from accuracy.scores import LEVELS, Scores
from accuracy.sets import DataSet

AUTO = "batchcast auto"
OURS = "batchcast "
COVERED = (2, 3, 4)  # places of 0.9, 0.95 and 0.99
PACKAGES = ("batchcast", "statsforecast", "mlforecast", "lightgbm", "numpy", "numba")
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


@dataclass(frozen=True, kw_only=True)
class SetResult:
    """Every method on one data set."""

    chosen: DataSet
    cases: int  # series at an origin
    scores: Mapping[str, Scores]
    costs: Mapping[str, Cost]
    failed: Mapping[str, str]  # contestant -> why

    def best_peer(self) -> str:
        """The peer with the least pinball."""
        peers = [name for name in self.scores if not name.startswith(OURS)]
        return min(peers, key=lambda name: self.scores[name].pinball)

    def ranks(self) -> dict[str, int]:
        """Place of each method by pinball, 1 is best."""
        order = sorted(self.scores, key=lambda name: (self.scores[name].pinball, name))
        return {name: k + 1 for k, name in enumerate(order)}


def print_set(result: SetResult) -> None:
    """The table of one set, on standard output."""
    print("\n".join(_set_table(result)), flush=True)


def write_report(results: Sequence[SetResult], docs: Path) -> None:
    """Write a measurement of all sets into the two pages, and draw the plot."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    stamp = f"Measured {dt.datetime.now(tz=dt.UTC):%Y-%m-%d} with {versions}."
    replace_between(docs / "accuracy.md", BEGIN, END, [stamp, "", *_overview(results), "", _means(results)])
    tables = [line for result in results for line in ("", *_set_table(result))]
    every = [stamp, "", *_summary(results), "", _means(results), "", *_ranks(results), *tables]
    replace_between(docs / "accuracy-tables.md", BEGIN, END, every)
    draw(
        {r.chosen.name: {name: s.pinball for name, s in r.scores.items()} for r in results},
        docs / "images" / "accuracy.svg",
    )


def replace_between(page: Path, begin: str, end: str, lines: Sequence[str]) -> None:
    """Put lines between two marks of a page, instead of what is there."""
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{end}{after}", encoding="utf-8")


def _overview(results: Sequence[SetResult]) -> list[str]:
    """The columns of the summary that a reader needs first."""
    lines = [
        "| data set | periods ahead | cases | loss of `auto` / best peer | best peer | bias "
        "| coverage at 0.9, 0.95, 0.99 |",
        "|---" * 7 + "|",
    ]
    for result in results:
        ours, peer = result.scores[AUTO], result.best_peer()
        coverage = " ".join(f"{ours.coverage[k]:.3f}" for k in COVERED)
        lines.append(
            f"| {result.chosen.name} | {result.chosen.horizon} | {result.cases:,} | {_ratio(result):.3f} | {peer} "
            f"| {ours.bias:+.1%} | {coverage} |"
        )
    return lines


def _ratio(result: SetResult) -> float:
    """Loss of `auto` over that of the best peer."""
    return result.scores[AUTO].pinball / result.scores[result.best_peer()].pinball


def _means(results: Sequence[SetResult]) -> str:
    sparse = [result for result in results if result.chosen.intermittent]
    return (
        f"Geometric mean of auto / best peer: {_geometric([_ratio(r) for r in results]):.3f} over all sets, "
        f"{_geometric([_ratio(r) for r in sparse]):.3f} over the intermittent ones."
    )


def _summary(results: Sequence[SetResult]) -> list[str]:
    """`auto` against the best peer of each set."""
    lines = [
        "## `auto` against the best peer of each set",
        "",
        "| data set | h | cases | auto | best peer | its loss | auto / peer | bias | peer's bias "
        "| coverage at 0.9, 0.95, 0.99 | beyond what whole demand allows | CPU s | peer's CPU s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        ours, name = result.scores[AUTO], result.best_peer()
        peer, chosen = result.scores[name], result.chosen
        coverage = " ".join(f"{ours.coverage[k]:.3f}" for k in COVERED)
        gaps = " ".join(f"{100 * ours.gap(k):+.1f}" for k in COVERED)
        lines.append(
            f"| {chosen.name} | {chosen.horizon} | {result.cases:,} | {ours.pinball:.4f} | {name} | {peer.pinball:.4f} "
            f"| {_ratio(result):.3f} | {ours.bias:+.1%} | {peer.bias:+.1%} | {coverage} | {gaps} "
            f"| {result.costs[AUTO].cpu_seconds:.1f} | {result.costs[name].cpu_seconds:.1f} |"
        )
    return lines


def _ranks(results: Sequence[SetResult]) -> list[str]:
    """Rank of each method on each set, best mean rank first; a method that failed on a set is last there."""
    methods = sorted({name for result in results for name in result.scores})
    ranks = [result.ranks() for result in results]
    table = {name: [rank.get(name, len(methods)) for rank in ranks] for name in methods}
    order = sorted(methods, key=lambda name: (float(np.mean(table[name])), name))
    names = [result.chosen.name for result in results]
    lines = ["## Ranks", "", f"| method | mean rank | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    for name in order:
        places = " | ".join(str(r) if name in rank else "failed" for r, rank in zip(table[name], ranks, strict=True))
        lines.append(f"| {name} | {np.mean(table[name]):.1f} | {places} |")
    return lines


def _set_table(result: SetResult) -> list[str]:
    peer = result.scores[result.best_peer()].pinball
    chosen = result.chosen
    levels = " | ".join(f"at {level:g}" for level in LEVELS)
    lines = [
        f"## {chosen.name}: {chosen.horizon} periods ahead, {result.cases:,} cases",
        "",
        f"| method | pinball | / best peer | {levels} | coverage 0.9 | 0.95 | 0.99 | bias | RMSSE | fill rate | CPU s "
        "| peak MB |",
        "|---" * (10 + len(LEVELS)) + "---|---|",
    ]
    for name in sorted(result.scores, key=lambda name: (result.scores[name].pinball, name)):
        found, cost = result.scores[name], result.costs[name]
        by_level = " | ".join(f"{loss:.3f}" for loss in found.by_level)
        coverage = " | ".join(f"{found.coverage[k]:.3f}" for k in COVERED)
        lines.append(
            f"| {name} | {found.pinball:.4f} | {found.pinball / peer:.3f} | {by_level} | {coverage} "
            f"| {found.bias:+.1%} | {found.rmsse:.3f} | {found.fill_rate:.3f} "
            f"| {cost.cpu_seconds:.1f} | {cost.peak_mb:.0f} |"
        )
    lines += [f"\nFailed: {name}: {why}" for name, why in result.failed.items()]
    return lines


def _geometric(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))

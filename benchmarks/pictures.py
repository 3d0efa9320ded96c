"""The pictures of `docs/explanation/`, from real runs on the founding sample: `python benchmarks/pictures.py`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

import batchcast
from measure import BATCHCAST

INTO = Path(__file__).parents[1] / "docs" / "images" / "explanation"
ACCENT, PLAIN, BAND, GRID = "#c2410c", "#2563eb", "#bfdbfe", "#ddd"
SERVICE = 0.95
ENOUGH_MONTHS, NOT_THE_FIRST = 5, 5  # a part that is asked for often enough to look at, and not an extreme one


def main() -> None:
    """Run, and write every picture."""
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "alldemand_augjul.csv"
        _run("sample", "alldemand_augjul", sample)
        told = _run("backtest", sample, "--frequency", "M", "--horizon", "3", "--json")
        board = [row for row in json.loads(told)["leaderboard"] if row["lead_time_pinball"] is not None]
        INTO.mkdir(parents=True, exist_ok=True)
        _write("zero-wins.svg", zero_wins(board))
        _write("leaderboard.svg", leaderboard(board))
        _write("origins.svg", origins())
        _write("band.svg", band(sample))


def zero_wins(board: Sequence[dict[str, Any]]) -> str:
    """WAPE and MASE beside the loss that selects, for zero, naive and `auto`."""
    rows = {row["model"]: row for row in board}
    panels = (
        ("WAPE", "wape"),
        ("MASE", "mase"),
        ("lead-time pinball", "lead_time_pinball"),
        ("fill rate", "fill_rate"),
    )
    parts = []
    for k, (title, measure) in enumerate(panels):
        left, most = 20 + 185 * k, max(rows[model][measure] for model in ("auto", "naive", "zero")) or 1.0
        better = "more is better" if measure == "fill_rate" else "less is better"
        parts += [_text(left, 20, title, weight="bold"), _text(left, 36, better, colour="#555")]
        for j, model in enumerate(("auto", "naive", "zero")):
            value, y = rows[model][measure], 50 + 30 * j
            parts.append(_box(left, y, max(100 * value / most, 1), 18, ACCENT if model == "auto" else PLAIN))
            parts.append(_text(left + 104, y + 13, f"{value:.2f} {model}"))
    return _svg(770, 150, parts)


def leaderboard(board: Sequence[dict[str, Any]]) -> str:
    """Loss of every family beside that of `auto` on the cases that it answers, the best first."""
    most = max(row["beside_auto"] for row in board)
    title = "Lead-time pinball loss, three months ahead, beside that of auto on the same cases: less is better"
    parts = [_text(20, 18, title, weight="bold")]
    for k, row in enumerate(board):
        y, value = 30 + 20 * k, row["beside_auto"]
        parts.append(_text(190, y + 12, row["model"], anchor="end"))
        parts.append(_box(200, y, 400 * min(value / most, 1.0), 14, ACCENT if row["model"] == "auto" else PLAIN))
        parts.append(_text(206 + 400 * min(value / most, 1.0), y + 12, f"{value:.3f}"))
    return _svg(680, 40 + 20 * len(board), parts)


def origins() -> str:
    """Three rolling origins: what a model sees, what it is judged by, what it never sees."""
    parts = [_text(20, 18, "Time runs to the right; each square is a period", weight="bold")]
    for fold in range(4):
        y, held = 34 + 34 * fold, 3 * fold
        name = "final forecast" if fold == 0 else f"backtest {fold}"
        parts.append(_text(120, y + 15, name, anchor="end"))
        for period in range(21):
            seen, judged = period < 18 - held, period < 21 - held
            colour = PLAIN if seen else ACCENT if judged else "#f3f4f6"
            if fold == 0 and not seen:
                colour = "#fdba74"
            parts.append(_box(130 + 24 * period, y, 21, 20, colour))
        weight = "" if fold == 0 else f"counts {0.5 ** (fold - 1):g}"
        parts.append(_text(642, y + 15, weight))
    legend = (
        (PLAIN, "learned from"),
        (ACCENT, "judged by"),
        ("#f3f4f6", "kept from the models"),
        ("#fdba74", "to come"),
    )
    for k, (colour, text) in enumerate(legend):
        parts += [_box(60 + 165 * k, 176, 14, 14, colour), _text(80 + 165 * k, 188, text)]
    return _svg(720, 200, parts)


def band(sample: Path) -> str:
    """One part: its months, the band of each month to come, and the stock that its lead-time demand takes."""
    ran = batchcast.forecast(str(sample), horizon=3, frequency="M", service_level=SERVICE)
    stock = ran.stock.to_pylist() if hasattr(ran.stock, "to_pylist") else ran.stock.to_dict("records")
    largest = sorted(stock, key=lambda row: (-row["lead_time_mean"], row["site_code"], row["partnumber"]))
    keys = [(row["site_code"], row["partnumber"]) for row in largest]
    place = [k for k, key in enumerate(keys) if np.count_nonzero(_months(sample, key)) >= ENOUGH_MONTHS][NOT_THE_FIRST]
    chosen, key = largest[place], keys[place]
    table = ran.forecasts.to_pylist() if hasattr(ran.forecasts, "to_pylist") else ran.forecasts.to_dict("records")
    steps = [row for row in table if (row["site_code"], row["partnumber"]) == key]
    months = _months(sample, key)
    most = 1.25 * max(*months, *(row["p90"] for row in steps), 1.0)
    parts = [_text(20, 18, f"Part {key[1]} at {key[0]}: months, and the band of each to come", weight="bold")]
    bottom, width = 200, 26
    for k, value in enumerate(months):
        height = 150 * value / most
        parts.append(_box(30 + width * k, bottom - height, width - 6, max(height, 0.5), PLAIN))
        if value:
            parts.append(_text(40 + width * k, bottom - height - 4, f"{value:g}", anchor="middle"))
    for j, row in enumerate(steps):
        x = 40 + width * (len(months) + j)
        low, high, mid = (bottom - 150 * row[name] / most for name in ("p10", "p90", "p50"))
        parts += [_box(x - 10, high, width - 6, max(low - high, 1), BAND), _box(x - 10, mid - 1, width - 6, 2, ACCENT)]
        parts.append(_text(x, high - 4, f"{row['p90']:g}", anchor="middle"))
    right = 60 + width * (len(months) + len(steps))
    parts += _stock(chosen, right, bottom)
    return _svg(right + 330, 225, parts)


def _stock(row: dict[str, Any], left: float, bottom: float) -> list[str]:
    """The lead-time demand as a scale: mean, safety stock, reorder point."""
    unit = 250 / max(row["reorder_point"], 1)
    mean, point = row["lead_time_mean"], row["reorder_point"]
    y = bottom - 90
    return [
        _text(left, y - 34, "Demand of all three months together", weight="bold"),
        _box(left, y, unit * mean, 22, BAND),
        _box(left + unit * mean, y, unit * (point - mean), 22, "#fed7aa"),
        _text(left, y + 40, f"mean {mean:.1f}"),
        _text(left + unit * point, y - 8, f"reorder point {point:g}", anchor="end", colour=ACCENT),
        _text(left + unit * mean + 4, y + 40, f"safety stock {row['safety_stock']:.1f}"),
        _text(left, y + 62, f"It is enough in {SERVICE:.0%} of such spans.", colour="#555"),
    ]


def _months(sample: Path, key: tuple[str, str]) -> list[float]:
    """Demand of each month of one part, from its first to the last of the sample."""
    import polars as pl

    rows = pl.read_csv(sample, schema_overrides={"partnumber": pl.String})
    rows = rows.with_columns(pl.col("date").str.to_date("%d/%m/%Y").dt.truncate("1mo"))
    all_months = sorted(rows["date"].unique())
    mine = rows.filter((pl.col("site_code") == key[0]) & (pl.col("partnumber") == key[1]))
    sums = dict(mine.group_by("date").agg(pl.col("demand_qty").sum()).iter_rows())
    values = [float(sums.get(month, 0)) for month in all_months]
    return values[int(np.flatnonzero(values)[0]) :]


def _run(*words: str | Path) -> str:
    done = subprocess.run([*BATCHCAST, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", colour: str = "#111") -> str:
    style = f'text-anchor="{anchor}" font-weight="{weight}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
    head += 'font-family="sans-serif" font-size="12">'
    return "\n".join([head, _box(0, 0, width, height, "#fff"), *parts, "</svg>\n"])


def _write(name: str, picture: str) -> None:
    (INTO / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()

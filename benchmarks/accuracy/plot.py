"""The plot: each method's loss against that of the best peer, a row a data set, as an SVG of our own few elements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

AUTO, OURS = "batchcast auto", "batchcast "
LEFT, WIDTH, ROW, TOP = 130, 640, 30, 46
LEAST, MOST = 0.7, 1.6


def draw(losses: Mapping[str, Mapping[str, float]], into: Path) -> None:
    """Write the plot; losses by data set and method."""
    height = TOP + ROW * len(losses) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{LEFT + WIDTH + 20}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="16">Lead-time pinball loss divided by that of the best peer: left is better</text>',
        _legend(),
    ]
    for tick in (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6):
        x = _place(tick)
        colour = "#333" if tick == 1.0 else "#ddd"
        parts.append(f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{height - 24}" stroke="{colour}"/>')
        parts.append(f'<text x="{x}" y="{height - 8}" text-anchor="middle" fill="#555">{tick:g}</text>')
    for k, (name, found) in enumerate(losses.items()):
        y = TOP + ROW * k + ROW // 2
        peer = min(loss for method, loss in found.items() if not method.startswith(OURS))
        parts.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        for method, loss in sorted(found.items(), key=lambda pair: pair[0] == AUTO):
            ratio = loss / peer
            if LEAST <= ratio <= MOST:
                parts.append(_mark(method, _place(ratio), y))
    into.write_text("\n".join([*parts, "</svg>\n"]), encoding="utf-8")


def _place(ratio: float) -> float:
    return round(LEFT + WIDTH * (ratio - LEAST) / (MOST - LEAST), 1)


def _mark(method: str, x: float, y: float) -> str:
    title = f"<title>{escape(method)}</title>"
    if method == AUTO:
        return f'<circle cx="{x}" cy="{y}" r="6" fill="#c2410c">{title}</circle>'
    if method.startswith(OURS):
        return f'<circle cx="{x}" cy="{y}" r="3" fill="none" stroke="#c2410c">{title}</circle>'
    return f'<rect x="{x - 1}" y="{y - 7}" width="2.5" height="14" fill="#2563eb" opacity="0.7">{title}</rect>'


def _legend() -> str:
    entries = ((AUTO, "auto"), (OURS + "one", "a model of ours alone"), ("peer", "a peer"))
    marks = [_mark(method, LEFT + 6 + 170 * k, 34) for k, (method, _) in enumerate(entries)]
    texts = [f'<text x="{LEFT + 18 + 170 * k}" y="38">{text}</text>' for k, (_, text) in enumerate(entries)]
    return "".join(marks + texts)

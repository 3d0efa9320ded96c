"""The tokens are whole: both themes have the same, every sheet uses only them, and text stands out from its ground."""

from __future__ import annotations

import re

import pytest
from tests.plugins.sources import PACKAGE

from batchcast.web.help import COLOURS

SHEETS = sorted((PACKAGE / "web" / "static" / "css").glob("*.css"))
TOKENS = (PACKAGE / "web" / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{3,6});")


def themes() -> list[dict[str, str]]:
    """The colours of light, of dark by the system, and of dark by choice."""
    found = [dict(COLOUR.findall(block)) for block in re.findall(r"\{([^{}]*color-scheme[^{}]*)\}", TOKENS)]
    assert len(found) == 3
    return found


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_both_ways_to_dark_are_the_same_and_have_the_colours_of_light():
    light, by_system, by_choice = themes()

    assert by_system == by_choice
    assert light.keys() == by_choice.keys()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_sheet_uses_tokens_that_there_are_and_no_colours_of_its_own(sheet):
    text = sheet.read_text(encoding="utf-8")
    declared = set(re.findall(r"(--[\w-]+):", TOKENS))

    used = {name for name in re.findall(r"var\((--[\w-]+)", text) if not name.startswith("--pico-")}

    assert used <= declared
    if sheet.name != "tokens.css":
        assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;\s,)])", text) == []


GROUNDS = {
    "ink": ("bg", "card", "sunk", "brand-wash", "warn-wash", "bad-wash", "info-wash"),
    "ink-2": ("bg", "card", "sunk"),
    "ink-3": ("bg", "card", "sunk"),
    "brand": ("bg", "card", "brand-wash"),
    "on-brand": ("brand", "brand-2"),
    "warn": ("card", "warn-wash"),
    "bad": ("card", "bad-wash"),
    "info": ("card", "info-wash"),
}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", GROUNDS)
def test_text_stands_out_from_every_ground_it_is_on(theme, text):
    colours = themes()[theme]

    assert min(contrast(colours[text], colours[ground]) for ground in GROUNDS[text]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("edge", ["edge", "past", "brand", "info"])
def test_edges_of_controls_and_marks_of_charts_are_seen(theme, edge):
    colours = themes()[theme]

    assert contrast(colours[edge], colours["card"]) >= 3


def test_every_colour_on_the_page_of_the_look_is_a_token():
    assert {name for name, _ in COLOURS} <= themes()[0].keys()

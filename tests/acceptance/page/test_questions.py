"""Questions about a file are answered by clicking, in Indonesian, and the file is then read as the button says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.acceptance.page.reader import Reader
from tests.plugins.browser import PHONE, WIDE

PARTS = [f"P-{number}" for number in range(1, 8)]
MONTHS = [f"{year}-{month:02}-01" for year in (2023, 2024) for month in range(1, 13)]
ISSUES = [f"{day},{part},{3 + (7 * i + 5 * j) % 11}" for i, day in enumerate(MONTHS) for j, part in enumerate(PARTS)]


@dataclass(frozen=True)
class Asked:
    """A file, what is asked of it, the button that answers, and what is said once it is read."""

    lines: tuple[str, ...]
    question: str
    answer: str
    then: str


QUESTIONS = {
    "a stretch that stands there again": Asked(
        ("date,part,qty", *ISSUES, *ISSUES[30:80]),
        "50 baris yang sama sekali lagi",
        "Dihitung sekali",
        "50 baris dilewatkan",
    ),
    "receipts and issues": Asked(
        (
            "date,part,qty,Movement type",
            *(f"{row.rsplit(',', 1)[0]},-{row.rsplit(',', 1)[1]},261" for row in ISSUES),
            *(f"{day},{part},90,101" for day in MONTHS[::3] for part in PARTS),
        ),
        "Movement type",
        "261",
        "56 baris dikecualikan",
    ),
    "order of dates": Asked(
        ("tanggal;part;qty", *(f"0{d}/0{m}/2024;{p};{d + m}" for m in range(1, 6) for d in range(1, 8) for p in PARTS)),
        "dua cara",
        "Hari lebih dulu",
        "7 Mei 2024",
    ),
}


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_questions_are_answered_by_clicking(open_page, site, tmp_path: Path, size):
    reader = Reader(open_page(site.page, language="id", size=size), "id", site)
    for name, asked in QUESTIONS.items():
        file = tmp_path / f"{name}.csv"
        file.write_text("\n".join(asked.lines) + "\n", encoding="utf-8")
        reader.page.goto(site.page)
        reader.choose(file)
        checked = reader.page.locator("#checked")
        expect(checked).to_contain_text("Satu pertanyaan")
        expect(checked).to_contain_text(asked.question)
        assert reader.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        checked.get_by_role("button", name=re.compile(re.escape(asked.answer))).first.click()

        expect(checked).not_to_contain_text("Satu pertanyaan")
        expect(checked).to_contain_text(asked.then)
        expect(reader.page.get_by_role("button", name=reader.word("run"))).to_be_enabled()

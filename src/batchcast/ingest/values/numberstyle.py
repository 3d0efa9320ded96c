"""Decimal point or decimal comma: decided on the whole column, by the numbers that read only one way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batchcast.domain.errors import N_, Choice, Message, counted
from batchcast.domain.settings import NumberStyle
from batchcast.ingest.common.arrow import number_array, numbers_of, text_array
from batchcast.ingest.common.limits import LARGEST_QUANTITY
from batchcast.ingest.common.problems import AmbiguousNumbers, MixedNumberStyles, SeveralUnits, UnreadableColumn
from batchcast.ingest.common.source import Block, ColumnSource, LocatedValue, ReadAgain, Uncomputed
from batchcast.ingest.values.cells import distinct, locator, read_cells
from batchcast.ingest.values.keys import UNCOMPUTED, key_text
from batchcast.ingest.values.numbers import (
    DASHES,
    WrittenNumber,
    not_finite,
    read_number,
    too_large,
    unit_key,
    unit_of,
    without_word,
    word_of,
)

Quantities = NDArray[np.int64] | NDArray[np.float64]
_MOST_REMEMBERED = 500_000  # written numbers kept with their meaning
_LEAST_WORDS = 2  # cells with a word that may be a unit
_MOST_CHOICES = 8
_LONGEST_REMEMBERED = 64  # characters
_WHOLE = b"0123456789-"
_DECIMAL = b"0123456789-."


@dataclass
class NumberReader:
    """Reads the quantity column, block by block, in the one style that all of it allows."""

    asked: NumberStyle
    column: str = "demand_qty"  # its name in the file
    evidence: dict[str, LocatedValue] = field(default_factory=dict)  # style -> first value that allows only it
    style: str = "point"  # supposed until evidence is met
    ambiguous: LocatedValue | None = None  # first value that reads both ways, to different numbers
    other: LocatedValue | None = None  # first that does so with the other sign: 1,234 beside 1.234
    units: Sequence[str] | None = None  # those that count; empty: the one there is; None: any
    dash_is_zero: bool = False  # as spreadsheets show a zero; else a dash is no number
    found_units: Counter[str] = field(default_factory=Counter)  # cells that are written with each
    found_words: Counter[str] = field(default_factory=Counter)  # cells with a word that is no unit we know: 3 XYZ
    cells: int = 0  # that were looked at for them
    dashes: int = 0  # cells that hold one
    _known: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.asked != "auto":
            self.style = self.asked

    def second_pass(self) -> NumberReader:
        """A reader for a second pass over the rows, with the evidence found so far."""
        return NumberReader(
            self.asked, self.column, self.evidence, self.style, units=self.units, dash_is_zero=self.dash_is_zero
        )

    def quantities(self, column: Any, locate: Callable[[str], Message]) -> Quantities:
        """The quantity of each row, NaN where it is none; int64 where all are whole.

        Raises:
            MixedNumberStyles: if one value allows only one style and another only the other.
            ReadAgain: if earlier blocks were read in the wrong style.
            UnreadableColumn: if the column's type can't hold quantities.
        """
        if _is_text(column.type):
            plain = self._plain(column)
            return self._written(column, locate) if plain is None else plain
        return self._typed(column)

    def explain(self, cell: object) -> Message | None:
        """Why this cell is refused; None where it is a quantity."""
        if isinstance(cell, Uncomputed):
            return Message(UNCOMPUTED)
        if isinstance(cell, str):
            written = self._read(cell)
            if isinstance(written, Message):
                return written
            value = self._resolve(written)
            if value is None:
                return Message(N_("is not a number with a decimal {style}"), {"style": self.style})
        elif cell is None or cell != cell:  # noqa: PLR0124 NaN is a blank cell of a table
            return Message(N_("is empty"))
        else:
            value = float(cell)  # type: ignore[arg-type]  # every other type was refused with its column
        if not np.isfinite(value):
            return not_finite()
        return too_large() if abs(value) > LARGEST_QUANTITY else None

    @property
    def is_decided(self) -> bool:
        """Whether the style is known, of what was read so far, or does not matter."""
        return self.ambiguous is None or self.asked != "auto" or self.style in self.evidence

    @property
    def known_style(self) -> str | None:
        """The decimal sign that was asked for, or that some value shows; None: none shows it."""
        return self.style if self.asked != "auto" or self.style in self.evidence else None

    def notes(self) -> list[Message]:
        """What a person should know of the style, once the whole column has been read.

        Raises:
            AmbiguousNumbers: if nothing decides the style and it matters.
            SeveralUnits: if quantities are written in several units, and it was not said which count.
        """
        further = self._unit_notes()
        if self.dashes:
            template = N_("{count:,} cells hold only a dash and are zero, as spreadsheets show it.")
            further.append(Message(template, {"count": self.dashes}))
        return [*self._style_notes(), *further]

    def _style_notes(self) -> list[Message]:
        if self.ambiguous is None:
            return []
        if self.asked != "auto":
            return [Message(N_("Numbers are read with a decimal {style}, as asked for."), {"style": self.style})]
        if not self.is_decided and self.other is not None:
            raise self._two_signs(self.ambiguous, self.other)
        if not self.is_decided:
            raise self._question(self.ambiguous)
        evidence = self.evidence[self.style]
        template = N_("Numbers are read with a decimal {style}: {value!r} ({place}) allows nothing else.")
        return [Message(template, {"style": self.style, "value": evidence.value, "place": evidence.location})]

    def _plain(self, column: Any) -> Quantities | None:
        """The fast path: digits and a sign, or a decimal point where that is already certain."""
        if pa.types.is_dictionary(column.type):
            return None
        letters = _text_bytes(column)
        point_is_certain = self.style == "point" and (self.asked == "point" or "point" in self.evidence)
        kind: Any = pa.int64()
        if letters.translate(None, _WHOLE):
            if not point_is_certain or letters.translate(None, _DECIMAL):
                return None
            kind = pa.float64()
        try:
            values: Quantities = numbers_of(column.cast(kind))
        except pa.ArrowInvalid:
            return None
        return values if not len(values) or np.abs(values).max() <= LARGEST_QUANTITY else None

    def _written(self, column: Any, locate: Callable[[str], Message]) -> Quantities:
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        texts = ["" if text is None else text for text in encoded.dictionary.to_pylist()]
        known = self._known
        if len(known) > _MOST_REMEMBERED:
            known.clear()
        new = {text: self._read(text) for text in texts if text not in known}
        self._note_evidence(new, locate)
        for text, written in new.items():
            value = None if isinstance(written, Message) else self._resolve(written)
            known[text] = np.nan if value is None or abs(value) > LARGEST_QUANTITY else value
        self._count_words(texts, encoded)
        distinct = np.fromiter((known[text] for text in texts), dtype=np.float64, count=len(texts))
        for text in [text for text in new if len(text) > _LONGEST_REMEMBERED]:
            del known[text]
        return take_or(distinct, encoded, np.nan)

    def _read(self, text: str) -> WrittenNumber | Message:
        """What a text can mean as a quantity of this column, or the reason why it is none."""
        if self.dash_is_zero and text.strip() in DASHES:
            return WrittenNumber(0.0, 0.0)
        written = read_number(text)
        unit = unit_of(text) if self.units else ""
        if isinstance(written, Message) and self.units and word_of(text):
            written, unit = read_number(without_word(text)), word_of(text)
        if isinstance(written, Message) or not unit or unit in map(unit_key, self.units or ()):
            return written
        template = N_("is in {unit}, and only {units} is to be read")
        return Message(template, {"unit": unit, "units": ", ".join(self.units or ())})

    def _count_words(self, texts: Sequence[str], encoded: Any) -> None:
        """Count the cells with a unit, and those that are a dash."""
        telling = [i for i, text in enumerate(texts) if text and not text[-1].isdigit()]
        if not telling:
            return
        counts = np.bincount(numbers_of(encoded.indices.drop_null()), minlength=len(texts))
        self.cells += int(counts.sum())
        for i in telling:
            if isinstance(self._read(texts[i]), Message):
                if word := word_of(texts[i]):
                    self.found_words[word] += int(counts[i])
                continue
            unit = unit_of(texts[i]) or word_of(texts[i])
            if unit:
                self.found_units[unit] += int(counts[i])
            elif texts[i].strip() in DASHES:
                self.dashes += int(counts[i])

    def _unit_notes(self) -> list[Message]:
        found = self.found_units
        if self.units is not None and not self.units:
            every = found + self._likely_words()
            if len(every) > 1 or every != found:
                raise self._which_units(every)
        if not found:
            return []
        named = counted(found.most_common())
        template = N_("Quantities of {column} are written with a unit, which is left out: {units}.")
        return [Message(template, {"column": self.column, "units": named})]

    def _likely_words(self) -> Counter[str]:
        """Words behind numbers that are likely units: beside some that we know, or behind most numbers."""
        words = Counter({word: count for word, count in self.found_words.items() if count >= _LEAST_WORDS})
        return words if self.found_units or 2 * words.total() > self.cells else Counter()

    def _which_units(self, found: Counter[str]) -> SeveralUnits:
        named = counted(found.most_common())
        template = N_(
            "The quantities of column {column} are in several units: {units}. Set {@quantity_units} to the one "
            "that is to be read, or to all of them if they count alike."
        )
        only = N_("only the {count:,} quantities in {unit}; those in other units are refused")
        choices = [
            Choice(settings={"quantity_units": unit}, reading=Message(only, {"count": count, "unit": unit}))
            for unit, count in found.most_common(_MOST_CHOICES)
        ]
        every = Message(N_("all of them, as the units count alike"))
        if len(found) > 1:
            choices.append(Choice(settings={"quantity_units": ",".join(found)}, reading=every))
        else:
            template = N_(
                "The quantities of column {column} are written with a word that may be their unit: {units}. Set "
                "{@quantity_units} to it if it is."
            )
        message = Message(template, {"column": self.column, "units": named})
        return SeveralUnits(message, setting="quantity_units", choices=choices)

    def _typed(self, column: Any) -> Quantities:
        kind = column.type
        if pa.types.is_dictionary(kind):
            return self._typed(column.dictionary_decode())
        if pa.types.is_null(kind):
            return np.full(len(column), np.nan)
        if pa.types.is_integer(kind) and not column.null_count and kind != pa.uint64():
            whole: NDArray[np.int64] = numbers_of(column.cast(pa.int64()))
            if not len(whole) or (whole.max() <= LARGEST_QUANTITY and whole.min() >= -LARGEST_QUANTITY):
                return whole
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            template = N_("Column {column} is of type {type}, which can't hold quantities; send numbers or text.")
            raise UnreadableColumn(Message(template, {"column": self.column, "type": str(kind)}))
        values = numbers_of(column.cast(pa.float64(), safe=False).fill_null(np.nan))
        return np.where(np.abs(values) <= LARGEST_QUANTITY, values, np.nan)

    def _resolve(self, written: WrittenNumber) -> float | None:
        return written.point if self.style == "point" else written.comma

    def _note_evidence(self, new: dict[str, WrittenNumber | Message], locate: Callable[[str], Message]) -> None:
        had_ambiguous = self.ambiguous is not None
        for text, written in new.items():
            if isinstance(written, Message) or written.point == written.comma:
                continue
            if written.point is not None and written.comma is not None:
                if self.ambiguous is None:
                    self.ambiguous = LocatedValue(text, locate(text))
                elif self.other is None and ("," in text) != ("," in self.ambiguous.value):
                    self.other = LocatedValue(text, locate(text))
                continue
            style = "comma" if written.point is None else "point"
            if style not in self.evidence and self.asked == "auto":
                self.evidence[style] = LocatedValue(text, locate(text))
        if len(self.evidence) > 1:
            raise self._mixed()
        for style in self.evidence:
            if style != self.style:
                self.style = style
                if had_ambiguous:
                    raise ReadAgain

    def _mixed(self) -> MixedNumberStyles:
        point, comma = self.evidence["point"], self.evidence["comma"]
        template = N_(
            "The numbers of column {column} are in two styles: {point!r} ({point_place}) has a decimal point, "
            "{comma!r} ({comma_place}) a decimal comma. Write them all in one style, or set "
            "{@number_style=point} or {@number_style=comma} to have the others refused row by row."
        )
        values = {"column": self.column, "point": point.value, "point_place": point.location}
        return MixedNumberStyles(Message(template, {**values, "comma": comma.value, "comma_place": comma.location}))

    def _two_signs(self, one: LocatedValue, other: LocatedValue) -> MixedNumberStyles:
        template = N_(
            "The numbers of column {column} are in two styles: {first!r} ({first_place}) and {second!r} "
            "({second_place}), each with three digits behind its sign. Write them all in one style; or set "
            "{@number_style=point} or {@number_style=comma}, which makes one of the signs a decimal sign and "
            "the other one of thousands."
        )
        values = {"column": self.column, "first": one.value, "first_place": one.location}
        return MixedNumberStyles(Message(template, {**values, "second": other.value, "second_place": other.location}))

    def _question(self, example: LocatedValue) -> AmbiguousNumbers:
        written = read_number(example.value)
        point, comma = (None, None) if isinstance(written, Message) else written
        template = N_(
            "Every number of column {column} reads both ways: is {value!r} ({place}) {point:.15g} or "
            "{comma:.15g}? Set {@number_style=point} or {@number_style=comma}."
        )
        values = {"column": self.column, "value": example.value, "place": example.location}
        choices = [
            Choice(
                settings={"number_style": style},
                reading=Message(N_("{value} is {number:.15g}"), {"value": example.value, "number": number}),
            )
            for style, number in (("point", point), ("comma", comma))
        ]
        message = Message(template, values | {"point": point, "comma": comma})
        return AmbiguousNumbers(message, setting="number_style", choices=choices)


def take_or(distinct: NDArray[Any], encoded: Any, missing: object) -> NDArray[Any]:
    """Each row's value from those of the distinct texts of a dictionary array; `missing` where a row is null."""
    indices = encoded.indices
    if not indices.null_count:
        return np.take(distinct, numbers_of(indices))
    codes = numbers_of(indices.fill_null(len(distinct)))
    return np.take(np.append(distinct, np.array([missing], dtype=distinct.dtype)), codes)


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _text_bytes(column: Any) -> bytes:
    """All the letters of a text column, one after another."""
    if column.null_count or not pa.types.is_string(column.type):
        return b" "
    _, offsets, data = column.buffers()
    if data is None:
        return b""
    bounds = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return bytes(memoryview(data)[bounds[0] : bounds[-1]])


# Quantities as people write them: one written number to what it means with a decimal point, and with a comma.


# The quantities of a column, whatever it is made of: written numbers, number cells of a workbook, or a typed column.


def read_quantities(block: Block, source: ColumnSource, styles: NumberReader, sheet: str | None) -> Quantities:
    """The quantities of the rows of a block as they are written, NaN where a cell is none; shape (rows,)."""
    if len(source.indices) != 1:
        cells = read_cells(block, source)
        column = text_array([key_text(cells.cells[i]) for i in cells.index.tolist()])
    else:
        column = block.column(source.indices[0])
    if not isinstance(column, list):
        return styles.quantities(column, partial(_locate_in, block, column, sheet))
    values = np.array([cell if isinstance(cell, float) else np.nan for cell in column])
    texts = [i for i, cell in enumerate(column) if isinstance(cell, str)]
    written = text_array([column[i] for i in texts])
    values[texts] = styles.quantities(written, locator(block, distinct(column), sheet))
    return styles.quantities(number_array(values), Message)


def _locate_in(block: Block, column: Any, sheet: str | None, text: str) -> Message:
    return locator(block, distinct(column), sheet)(text)

"""Names and words of what is no demand: plans and forecasts, purchases, returns, corrections and transfers of stock."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from batchcast.domain import columns
from batchcast.domain.errors import N_, Choice, Message
from batchcast.ingest.common.demandnames import NAMES_OF_RETURNS, NAMES_OF_SUPPLIERS, are_purchases, names_customer
from batchcast.ingest.common.names import shortened, target_of
from batchcast.ingest.common.problems import AmbiguousColumn, ReceiptsAndIssues
from batchcast.ingest.common.source import Block
from batchcast.ingest.layout.balances import texts_holding
from batchcast.ingest.layout.movements import roles_of, tells_kinds_by_name
from batchcast.ingest.layout.rowfilter import counted_values, filter_text
from batchcast.ingest.layout.sample import Sample
from batchcast.ingest.values.cells import date_text, distinct

_OTHERS = re.compile(  # of a row that moves or corrects stock
    r"correc|koreksi|korrektur|korreksi|rettific|corrig|ajust|adjust|penyesuaian|inventur|inventaris|umlager|umbuch"
    r"|stock\W?(?:take|taking|count|transfer|transf|move)|(?:cycle|physical)\W?(?:count|inventory)|opname|opnam"
    r"|transfer|traspaso|trasferimento|transferencia|transfert|pindah\W?gudang|mutasi\W?antar|перемещ|инвентар|корректир"
    r"|调拨|盘点|调整|調撥|盤點|調整|棚卸|振替|移動|재고\W?이동|조정|실사|โอน|ปรับปรุง|ปรับยอด|ตรวจนับ",
    re.IGNORECASE,
)
_OF_PAYMENTS = re.compile(  # by transfer of money
    r"(?<![^\W\d_])(?:pay|paid|bayar|pembayaran|zahl|bezahl|pago|paiement|pagamento|betal|bank|оплат)|付款|支払|支付",
    re.IGNORECASE,
)
_MOST_SHOWN = 4
_MOST_ROWS = 0.5  # of the rows: with words in more of them it is asked which are demand
_MOST_SHARE = 0.95  # of the rows: words in more of them describe the file
_OF_ISSUES = re.compile(
    r"(?<![^\W\d_])(?:issued?|used|consumed|sold|shipped|delivered|dispensed|out|keluar|terjual|terpakai|pemakaian|abgang"
    r"|verbrauch|salida|sortie|uscita|uitgifte|расход)(?![^\W\d_])",
    re.IGNORECASE,
)
_OF_FLAGS = re.compile(r"(?<![^\W\d_])(?:is|flag|indicator|ind|yn|y/n)(?![^\W\d_])|\?", re.IGNORECASE)


def check_purchases(
    quantity: Sequence[int], keys: Sequence[int], names: Sequence[str], sample: Sample
) -> list[Message]:
    """Ask before what was bought is forecast as demand; else what to say of suppliers that differ within a part.

    Args:
        quantity: the column taken as the quantity.
        keys: those of the part and the site.
        names: of all columns.
        sample: the first rows.

    Raises:
        AmbiguousColumn: if columns are named for purchases, or for suppliers beside them, and none for who took it.
    """
    found = are_purchases(names) if sample else []
    if not found:
        named = [i for i, name in enumerate(names) if NAMES_OF_SUPPLIERS.search(name)] if sample else []
        suppliers = [names[i] for i in named if _differs_within(i, keys, sample)]
        if not suppliers or names_customer(names):
            return []
        template = N_(
            "Column {column!r} names suppliers: if the rows are purchases, they are what was bought, not the demand."
        )
        return [Message(template, {"column": suppliers[0]})]
    template = N_(
        "The file may be a list of purchases or receipts, by its columns {columns}: what was bought is not what was "
        "needed. Export goods issues or sales; or, if every row is demand, name its column with "
        "{@column_mapping=$example}."
    )
    chosen = quantity[0]
    mapping = f"{columns.DEMAND_QTY}={target_of(chosen, names)}"
    reading = Message(N_("every row is demand, in column {column}"), {"column": names[chosen]})
    choice = Choice(settings={"column_mapping": mapping}, reading=reading)
    raise AmbiguousColumn(
        Message(template, {"columns": ", ".join(map(repr, found)), "example": mapping}), choices=[choice]
    )


def _differs_within(index: int, keys: Sequence[int], sample: Sample) -> bool:
    """Whether a column is no attribute of the parts: some have several values."""
    of = zip(zip(*(sample.cells(i) for i in keys), strict=True), sample.cells(index), strict=True)
    pairs = {(key, cell) for key, cell in of if cell is not None}
    return len(pairs) > len({key for key, _ in pairs})


def is_second_quantity(index: int, quantity: str, names: Sequence[str], sample: Sample) -> bool:
    """Whether a column of returns holds quantities, not whether each row is one: `Returned` beside `Issued`."""
    name = names[index]
    if not NAMES_OF_RETURNS.search(name) or _OF_FLAGS.search(name):
        return False
    return sample.has_numbers(index) and _OF_ISSUES.search(quantity) is not None


def ask_about_kinds(names: Sequence[str], taken: Collection[int], sample: Sample) -> None:
    """Ask which rows of a wide table are demand, where a column names kinds of them, such as `Plan` and `Actual`.

    Raises:
        ReceiptsAndIssues: if one does.
    """
    for index, name in enumerate(names):
        if not name or index in taken or sample.has_numbers(index):
            continue
        counts = Counter(date_text(cell).strip() for cell in sample.filled(index))
        roles = roles_of(counts, name)
        issues = [kind for kind, role in roles.items() if role == "issue"]
        if not issues or "receipt" not in roles.values():
            continue
        template = N_(
            "Column {column!r} names kinds of rows, {kinds}: all of them would be summed. Set {@only_rows} to the rows "
            "that are demand, or leave the column out with {@ignore_columns=$name} if all are."
        )
        only = Message(N_("only the rows with {name} {values}"), {"name": name, "values": ", ".join(map(repr, issues))})
        every = Message(N_("all rows are demand, and are summed"))
        choices = [
            Choice(settings={"only_rows": filter_text(name, issues)}, reading=only),
            Choice(settings={"ignore_columns": target_of(index, names)}, reading=every),
        ]
        values = {"column": name, "kinds": counted_values(counts), "name": target_of(index, names)}
        raise ReceiptsAndIssues(Message(template, values), setting="only_rows", choices=choices)


class NoDemandWords:
    """Counts the rows in which a column of texts has words of corrections, transfers or counts of stock."""

    def __init__(self, columns_of_words: Sequence[int], names: Sequence[str]) -> None:
        self._names, self._rows = names, 0
        watched = [index for index in columns_of_words if not _OF_PAYMENTS.search(names[index])]
        self._found: dict[int, Counter[str]] = {index: Counter() for index in watched}

    def take(self, block: Block) -> None:
        """Look at the rows of a block."""
        self._rows += block.num_rows
        for index, counts in self._found.items() if block.num_rows else ():
            column = block.column(index)
            found = texts_holding(column, _OTHERS)
            if found:
                cells = distinct(column)
                of = np.bincount(cells.index, minlength=len(cells.cells)).tolist()
                counts.update({cell: n for cell, n in zip(cells.cells, of, strict=True) if cell in found})

    def doubtful(self, *, is_chosen: bool) -> str | None:
        """The column that may say which rows are demand: words in most rows, or in a column named for kinds of rows.

        Args:
            is_chosen: a person chose rows, and so the others are known to be demand.
        """
        for index, counts in self._found.items() if not is_chosen else ():
            name, share = self._names[index], sum(counts.values()) / max(self._rows, 1)
            if 0 < share <= _MOST_SHARE and (share > _MOST_ROWS or tells_kinds_by_name(name)):
                return name
        return None

    def question(self, name: str, values: Collection[str]) -> ReceiptsAndIssues | None:
        """Which rows of a doubtful column are demand; None where its values are no kinds of rows.

        Args:
            name: of the column.
            values: the different ones of the column; none where there are many.
        """
        index = next(i for i in self._found if self._names[i] == name)
        others, count = [value for value in values if not _OTHERS.search(value)], sum(self._found[index].values())
        if not others and count <= _MOST_ROWS * self._rows:
            return None
        template = N_(
            "{count:,} of {rows:,} rows may be no demand: column {column!r} says {values}, as corrections, transfers "
            "and counts of stock do. Set {@only_rows} to the rows that are demand, or leave the column out with "
            "{@ignore_columns=$name} if all are."
        )
        only = Message(N_("only the rows with {name} {values}"), {"name": name, "values": ", ".join(map(repr, others))})
        choices = [Choice(settings={"only_rows": filter_text(name, others)}, reading=only)] if others else []
        target = target_of(index, self._names)
        every = Message(N_("all rows are demand, and are summed"))
        choices.append(Choice(settings={"ignore_columns": target}, reading=every))
        said = {"count": count, "rows": self._rows, "column": name, "name": target}
        said["values"] = self._shown(self._found[index])
        return ReceiptsAndIssues(Message(template, said), setting="only_rows", choices=choices)

    def notes(self, kinds: Collection[str]) -> list[Message]:
        """What to say; nothing of the columns of kinds, by which rows are chosen or asked about."""
        notes = []
        for index, counts in self._found.items():
            count = sum(counts.values())
            if self._names[index] in kinds or not 0 < count <= _MOST_SHARE * self._rows:
                continue
            template = N_(
                "{count:,} rows may be no demand: column {column!r} says {values}, as corrections, transfers and "
                "counts of stock do. They are counted; take them out, or choose the others with {@only_rows}."
            )
            values = {"count": count, "column": self._names[index], "values": self._shown(counts)}
            notes.append(Message(template, values))
        return notes

    @staticmethod
    def _shown(counts: Counter[str]) -> str:
        shown = ", ".join(repr(shortened(text.strip(), 40)) for text, _ in counts.most_common(_MOST_SHOWN))
        return shown + (", …" if len(counts) > _MOST_SHOWN else "")

"""Lists of open purchase orders that are sent in place of a list of the stock: they say what comes, not what is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from batchcast.domain.errors import N_, Message
from batchcast.ingest.common.names import mapping_example, named_columns, target_of
from batchcast.ingest.common.problems import InvalidStockFile
from batchcast.ingest.common.source import ColumnSource
from batchcast.ingest.layout.sample import Sample

ON_HAND = "on_hand"  # may be below 0, where more is promised than held
ON_ORDER = "on_order"  # 0 or more
_DOCUMENT = re.compile(  # the number of a purchase order, in the languages of the files
    r"(?<![^\W\d_])(?:p\.?o\.?(?![^\W\d_])|purchas\w*|order (?:ref\w*|no|num\w*|id)(?![^\W\d_])|ebeln|einkaufsbeleg|"
    r"bestell(?:ung|nummer|nr)(?![^\W\d_])|pesanan pembelian|pedido|orden de compra|(?:bon de )?commande|ordine|"
    r"inkooporder|bestelling|sat[ıi]n ?alma|заказ|采购|発注)",
    re.IGNORECASE,
)
_OPEN = re.compile(  # what is still to come
    r"(?<![^\W\d_])(?:open|outstanding|remain|still to be|undeliver|to be (?:deliver|receiv)|pending|backlog|sisa|"
    r"belum|offen|restant|pendient|pendente|da consegnare|in arrivo|openstaand|kalan|остат|未)",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"(?<![^\W\d_])(?:order|qty|quant|jumlah|dipesan|menge|cantid|kuant|hoeveelheid|miktar|кол)", re.IGNORECASE
)
_RECEIVED = re.compile(r"receiv|diterima|masuk|geliefert|recib|reçu|ricevut|ontvangen|recebid|получ", re.IGNORECASE)
_STOCK = re.compile(
    r"sto[ck]|saldo|hand\b|akhir|bestand|exist|unrestr|inventory|estoque|giacenza|voorraad", re.IGNORECASE
)


def refuse_orders(
    name: str,
    names: Sequence[str],
    taken: Collection[int],
    stock: Mapping[str, ColumnSource],
    *,
    mapping: Mapping[str, str],
    sample: Sample,
) -> None:
    """Refuse a list of open orders, with what is known of it.

    Args:
        name: of the file.
        names: of its columns.
        taken: those of the part, the site and the date.
        stock: the columns of stock that are known; the units on hand are none of them.
        mapping: as it was asked for.
        sample: the first rows.

    Raises:
        InvalidStockFile: if it is one, and it was not said that there are no units on hand.
    """
    if ON_HAND in mapping or any(map(_STOCK.search, names)):
        return
    documents = [i for i, one in enumerate(names) if i not in taken and _DOCUMENT.search(one)]
    documents = [i for i in documents if not (_OPEN.search(names[i]) or _RECEIVED.search(names[i]))]
    known = stock.get(ON_ORDER)
    free = [i for i in range(len(names)) if i not in taken and i not in documents and names[i]]
    numbers = [i for i in free if sample.has_numbers(i) and not sample.has_dates(i)]
    coming = [i for i in numbers if _OPEN.search(names[i])] or (list(known.indices) if known else [])
    coming = coming or [i for i in numbers if _ORDERED.search(names[i]) and not _RECEIVED.search(names[i])]
    if not coming or not documents:
        return
    template = N_(
        "{name} lists what is ordered, in column {coming!r}, and says nothing of the units on hand; it has {found}. "
        "Send the list of the stock, with what is on order in a column on_order. Or have the units on order read "
        "alone with {@column_mapping=$example}: then nothing is ordered."
    )
    example = mapping_example({ON_HAND: "=", ON_ORDER: target_of(coming[0], names)})
    values = {"name": name, "coming": names[coming[0]], "found": named_columns(names), "example": example}
    raise InvalidStockFile(Message(template, values))

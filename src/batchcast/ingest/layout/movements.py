"""The kinds of rows of a stock ledger, by the column that names them: goods issues, what takes them back, others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

from batchcast.ingest.common.demandnames import is_named_for_money, plain_word, words_of_plans
from batchcast.ingest.common.names import normal
from batchcast.ingest.layout.sample import NOTHING, Sample
from batchcast.ingest.values.cells import date_text

# What rows of a stock ledger are, by the names of their kind: SAP's movement types, and the words of other systems.

MOVEMENT_NAMES = (
    "movement_type",
    "movement",
    "mvt",
    "mvmt",
    "mvt_type",
    "mov_type",
    "bwart",
    "bewegungsart",
    "clase_de_movimiento",
    "tipo_de_movimiento",
    "tipe_pergerakan",
    "jenis_pergerakan",
    "jenis_mutasi",
    "mutasi",
    "transaction_type",
    "trans_type",
    "trx_type",
    "txn_type",
    "jenis_transaksi",
    "tipe_transaksi",
    "voucher_type",
    "entry_type",
    "document_type",
    "operation_type",
    "picking_type",
    "issue_type",
    "in_out",
    "in/out",
    "masuk/keluar",
    "direction",
    "arah",
)
Role = Literal["issue", "reversal", "receipt", ""]
_PLAIN_NAMES = ("type", "tipe", "jenis")  # of a column that can hold other codes of three digits


def _texts(text: str) -> frozenset[str]:
    return frozenset(map(plain_word, text.split()))


_SAP_ISSUES = _texts(
    "201 221 231 233 241 251 253 261 281 291 331 333 335 543 545 551 553 555 601 641 643 645 647 933 961 963"
)
_SAP_REVERSALS = frozenset(str(int(code) + 1) for code in _SAP_ISSUES)
_SAP_OTHERS = _texts(  # receipts, transfers and differences of stock
    "101 102 103 104 105 106 107 109 121 122 123 131 132 161 162 301 302 303 305 306 309 310 311 312 313 315 316 321 "
    "322 323 325 341 343 349 351 411 413 451 501 502 503 505 511 521 523 525 531 561 562 563 565 571 573 575 581 631 "
    "651 653 655 657 661 671 673 675 677 701 702 703 704 707 711 712"
)
_RECEIPT_WORDS = _texts(
    "receipt receipts received rct purchase purchases purch purchased buy bought in inward inwards inbound incoming "
    "masuk penerimaan pembelian terima beli gr grn production output assembly replenishment "
    "wareneingang zugang einkauf bestellung entrada entradas compra compras entree entrees recepcion ricevimento "
    "carico acquisto ontvangst inkoop giris alis alıs przychod zakup приход поступление закупка покупка 入库 采购 收货 "
    "進貨 入庫 採購 收貨 收料 仕入 入荷 受入 입고 구매 매입 nhập وارد استلام مشتريات شراء รับ ซื้อ "
    "arrival arrivals oorec nrec"
)
_OTHER_WORDS = _texts(  # transfers, counts and corrections of stock, in or out
    "transfer transfers adjustment adjustments adjmt adj opname stocktake count inventory inventur umbuchung "
    "umlagerung traspaso trasferimento penyesuaian koreksi pindah opening initial перемещение инвентаризация 调拨 盘点 "
    "correction corrections korrektur korreksi correccion correzione rettifica correcao inventurdifferenz "
    "bestandskorrektur ajuste ajustement regularisation stocktaking "
    "saldo awal balance forward inicial anfangsbestand eröffnung beginning iniziale начальный 期初 "
    "调整 調撥 盤點 調整 移動 棚卸 이동 조정 실사 โอน ปรับปรุง ปรับยอด ตรวจนับ ยกมา"
)
_ISSUE_WORDS = _texts(
    "issue issues issued iss out outward outwards outbound outgoing keluar pengeluaran pemakaian pakai penjualan jual "
    "sale sales sold consumption consumed usage delivery delivered deliveries shipment gi warenausgang abgang verkauf "
    "fulfillment fulfilment dispatch dispatched picked woiss soiss niss shipod oeship bacflush "
    "verbrauch lieferung salida salidas venta ventas consumo sortie sorties vente saida saidas venda vendas uscita "
    "scarico vendita uitgifte verkoop verbruik cikis cıkıs satis satıs rozchod sprzedaz расход продажа "
    "реализация списание отгрузка выдача 出库 销售 领用 领料 发货 发料 銷貨 出庫 銷售 領用 領料 發貨 出荷 "
    "売上 販売 払出 출고 판매 매출 xuất صادر صرف مبيعات بيع จ่าย เบิก ขาย"
)
_REVERSAL_WORDS = _texts(
    "return returns returned reversal reversed retur pengembalian kembali batal pembatalan storno stornierung retoure "
    "ruckgabe rucklieferung devolucion devolucao reso iade zwrot возврат 退货 退库 退回 "
    "退料 退貨 退庫 返品 返却 반품 مرتجع คืน uniss suniss oeret refund refunds refunded chargeback"
)
_DOCUMENT_WORDS = _texts(  # of documents of customers and suppliers: an issue where no word says otherwise
    "inv invoice invoices faktur factura facture fattura rechnung fatura order orders payment payments"
)
_PURCHASE_WORDS = _texts(  # what goes back to a supplier is no demand taken back
    "purchase purchases purch purchased buy bought pembelian beli einkauf bestellung compra compras acquisto inkoop "
    "alis alıs zakup закупка покупка 采购 採購 仕入 구매 매입 مشتريات شراء ซื้อ"
)
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")  # words without spaces between
_UNSPACED_WORDS = tuple(
    word for word in _RECEIPT_WORDS | _OTHER_WORDS | _ISSUE_WORDS | _REVERSAL_WORDS if _UNSPACED.match(word)
)
_CREDITS = re.compile(
    r"\b(?:rtn|ret|crn|credit\s?(?:memo|note)|nota\s?kredit|gutschrift|avoir|rechnungskorrektur)\b", re.IGNORECASE
)
_OPPOSITES = (  # values of two letters and fewer, which of them is demand only a person can say
    _texts("d c"),
    _texts("d k"),
    _texts("dr cr"),
    _texts("s h"),
    _texts("k m"),
    _texts("i o"),
    _texts("i r"),
    _texts("e s"),
    _texts("+ -"),
    _texts("p s"),
)
_NAMES_OF_DIRECTION = re.compile(
    r"d/c|dr\W?/?\W?cr|cr/dr|debi|kredit|s/h|shkzg|in/?out|masuk|keluar|mov|mutasi|mouv|bew|trans|trx|txn|tipe|type|tipo|"
    r"jenis|kind|art$|sens|sentido|senso|direction|flow|arah|вид|类型|類型|sign|tanda",
    re.IGNORECASE,
)
_NAMES_OF_RETURNS = re.compile(r"retur|revers|storno|devol|r[uü]ckgabe|reso\b|cancel|void|batal|annul", re.IGNORECASE)
_YES_AND_NO = dict.fromkeys(("1", "y", "yes", "true", "ya", "x", "ja", "si", "sí", "oui"), True) | dict.fromkeys(
    ("0", "n", "no", "false", "tidak", "nein", "non", "-", ""), False
)
_NAMES_OF_STATES = re.compile(r"(?<![^\W\d_])(?:status|state|estado|statut|stato|keadaan)(?![^\W\d_])", re.IGNORECASE)
_CANCELLED = re.compile(
    r"(?<!non)(?<!not )(?:cancel|void\b|batal|storn|annul|anulad|rejected|ditolak|abgelehnt|отмен|取消"
    r"|\bdraft|quotation|konsep|entwurf|borrador|brouillon|bozza)",
    re.IGNORECASE,
)
_OF_QUANTITIES = re.compile(r"qty|quant|units|pcs|jumlah|menge|anzahl|kuant|cantid|amount|value|nilai", re.IGNORECASE)
# Where a move comes from and goes to, as Odoo lists them: `Partners/Vendors` and `WH/Stock`.
_NAMES_OF_SOURCES = re.compile(
    r"^(?:from|source|dari|asal|von|desde|origen|origin)\b|\b(?:from|source)$", re.IGNORECASE
)
_NAMES_OF_TARGETS = re.compile(r"^(?:to|dest\w*|ke|tujuan|nach|hacia|ziel)\b|\b(?:to|destination)$", re.IGNORECASE)
_OUTSIDE: tuple[tuple[re.Pattern[str], Role, Role], ...] = (  # a place, and what is a move from it, and to it
    (
        re.compile(r"vendor|supplier|pemasok|lieferant|proveedor|fournisseur|fornitor", re.IGNORECASE),
        "receipt",
        "receipt",
    ),
    (re.compile(r"customer|pelanggan|kunde|cliente?\b|production|produksi|scrap", re.IGNORECASE), "reversal", "issue"),
    (re.compile(r"adjust|virtual|loss|opname|inventur", re.IGNORECASE), "receipt", "receipt"),
    (re.compile(r"\bstock|\bstok|\bwh\b|gudang|warehouse|lager|intern|storage", re.IGNORECASE), "issue", "receipt"),
)
_EPICOR = re.compile(r"([A-Z]{3})-([A-Z]{3})$")  # STK-MTL: from stock to the material of a job
_NAMED_KINDS = re.compile(
    r"^tr(?:an|ans|ansaction|x|n)[ _.-]*(?:type|code|kind)?$|^txn|(?:tipe|jenis|type)[ _.-]*trans|\bmov|mvt|mvmt|bwart"
    r"|beweg|mutasi|pergerak|voucher|\bvch|entry[ _.-]*typ",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER, _CODE = re.compile(r"[-+]?\d[\d.,]*"), re.compile(r"\d{3}")
_MOST_SAMPLED_KINDS = 40  # of a column that can be one of movements
_LEAST_KNOWN = 0.5  # of the codes of a column of movement types: the others are of a company's own
_FEW_KINDS = 3  # in the first rows of a file that may be sorted by them
_MOST_CANDIDATES = 6  # columns
_MOST_LATER = 2  # of them that tell nothing in the first rows: each costs as much as another key of the row
_NEVER_KINDS = re.compile(
    r"compan|perusahaan|firma|bukrs|curr|mata.?uang|valuta|waers|country|negara|tahun|year", re.IGNORECASE
)


def movement_columns(
    names: Sequence[str], taken: frozenset[int] | set[int], sample: Sample = NOTHING
) -> tuple[int, ...]:
    """The columns that may name the kind of each row of a ledger, the likeliest first; none of ours.

    Which of them does is known once all rows are read: a file that is sorted by kind begins with one alone.
    """
    free = [i for i, name in enumerate(names) if i not in taken and name]
    telling = {i: _tells_kinds(names[i], sample.distinct(i)) for i in free}
    both = [i for i in free if telling[i] > 1]
    named = [i for name in (*MOVEMENT_NAMES, *_PLAIN_NAMES) for i in free if normal(names[i]) == normal(name)]
    later = [i for i in free if _may_tell_later(i, names[i], sample)]
    later.sort(key=lambda i: not _NAMES_OF_DIRECTION.search(names[i]))
    ranked = (*both, *named, *(i for i in free if telling[i]), *later[:_MOST_LATER])
    return tuple(dict.fromkeys(ranked))[:_MOST_CANDIDATES]


def tells_ledger(names: Sequence[str], movements: Sequence[int], sample: Sample) -> bool:
    """Whether one of some columns tells issues from others in the first rows."""
    return any(_tells_kinds(names[i], sample.distinct(i)) > 1 for i in movements)


def _may_tell_later(index: int, name: str, sample: Sample) -> bool:
    """Whether the first rows hold so few values that other kinds may follow."""
    kinds = sample.distinct(index)
    if not sample or len(kinds) > _FEW_KINDS or _NEVER_KINDS.search(name):
        return False
    return bool(_NAMES_OF_DIRECTION.search(name)) or not (sample.has_numbers(index) or sample.has_dates(index))


def _tells_kinds(name: str, values: Sequence[Any]) -> int:
    """How much the values of a column tell of movements: 2 where there are issues and others, 1 where one of them."""
    kinds = {date_text(value).strip() for value in values[: _MOST_SAMPLED_KINDS + 1]}
    if not kinds or len(kinds) > _MOST_SAMPLED_KINDS:
        return 0
    if are_opposites(name, kinds):
        return 2
    roles = set(roles_of(kinds, name).values())
    return 2 if "issue" in roles and len(roles - {""}) > 1 else int(bool(roles - {""}))


def are_opposites(name: str, kinds: Collection[str]) -> bool:
    """Whether the values are two letters that stand for receipts and issues, as in a column `D/C`, or `M/K`."""
    letters = {kind.lower() for kind in kinds}
    if len(letters) != 2:
        return False
    cuts = (set(re.split(cut, name.lower())) - {""} for cut in (r"[^\w+-]+", r"\W+"))
    return letters in cuts or (letters in _OPPOSITES and bool(_NAMES_OF_DIRECTION.search(name)))


def is_of_states(column: str) -> bool:
    """Whether a column is named for states, such as `Status`: of receipts and issues alike."""
    return _NAMES_OF_STATES.search(column) is not None


def names_kinds(column: str) -> bool:
    """Whether a column is named for the kinds of movements, whatever it holds."""
    return bool(_NAMED_KINDS.search(column)) or normal(column) in map(normal, MOVEMENT_NAMES)


def tells_kinds_by_name(column: str) -> bool:
    """Whether a column is named for kinds of rows or the direction of a move, as `Jenis` and `In/Out` are."""
    return names_kinds(column) or _NAMES_OF_DIRECTION.search(column) is not None


def roles_of(kinds: Iterable[str], column: str) -> dict[str, Role]:
    """What rows of each kind are; numbers tell it where all of them are codes of movements: amounts are none.

    Args:
        kinds: the values of the column.
        column: its name.
    """
    roles = {kind: role_of(kind, column) for kind in kinds}
    numbers = [kind for kind in roles if _NUMBER.fullmatch(kind)]
    codes = [kind for kind in numbers if _CODE.fullmatch(kind)]
    known = sum(bool(roles[kind]) for kind in codes)
    are_codes = len(codes) == len(numbers) <= _MOST_SAMPLED_KINDS and known >= _LEAST_KNOWN * len(codes)
    if not are_codes or is_named_for_money(column):
        roles |= dict.fromkeys(codes, "")
    return roles


def role_of(kind: str, column: str) -> Role:
    """What a row of this kind is: demand, demand that was taken back, or something else that moves stock.

    Args:
        kind: as it stands in the column, such as `261` or `Purchase Receipt`.
        column: its name.
    """
    flagged = _of_flag(kind, column) or _of_place(kind, column) or _of_epicor(kind)
    if flagged:
        return flagged
    code = kind.split(" ", maxsplit=1)[0]
    if normal(column) not in _PLAIN_NAMES and _CODE.fullmatch(code):
        return "issue" if code in _SAP_ISSUES else "reversal" if code in _SAP_REVERSALS else _other(code)
    words = _words_of(kind)
    is_plan, is_actual = words_of_plans(kind)
    if words & _OTHER_WORDS or is_plan or is_actual:
        return "issue" if is_actual else "receipt"
    is_receipt, is_issue = bool(words & _RECEIPT_WORDS), bool(words & _ISSUE_WORDS)
    is_reversal = bool(words & _REVERSAL_WORDS)
    if is_receipt and is_issue and not is_reversal:
        return ""
    if is_reversal or _CREDITS.search(kind):
        return "receipt" if words & _PURCHASE_WORDS or is_receipt > is_issue else "reversal"
    return "receipt" if is_receipt else "issue" if is_issue or words & _DOCUMENT_WORDS else ""


def _words_of(kind: str) -> set[str]:
    """The words of a kind; in scripts without spaces those that it holds anywhere: `销售出库`, `จ่ายออก`."""
    words = {plain_word(word) for word in _WORD.findall(kind)}
    return words | {word for word in _UNSPACED_WORDS if word in kind} if _UNSPACED.search(kind) else words


def _of_flag(kind: str, column: str) -> Role:
    """The same by yes or no in a column such as `Is Return`, or by a state such as `Cancelled`."""
    said = kind.casefold()
    if _NAMES_OF_RETURNS.search(column) and said in _YES_AND_NO and not _OF_QUANTITIES.search(column):
        return "reversal" if _YES_AND_NO[said] else "issue"
    if _NAMES_OF_STATES.search(column):
        return "reversal" if _CANCELLED.search(kind) else "issue" if said else ""
    return ""


def _of_place(kind: str, column: str) -> Role:
    """The same by where a move comes from, or goes to."""
    is_source = _NAMES_OF_SOURCES.search(column.strip())
    if not (is_source or _NAMES_OF_TARGETS.search(column.strip())):
        return ""
    found = next((of_place for of_place in _OUTSIDE if of_place[0].search(kind)), None)
    if found is None:
        return ""
    return found[1] if is_source else found[2]


def _of_epicor(kind: str) -> Role:
    """The same by a code such as `STK-MTL`, from stock to a job, or `PUR-STK`, from a purchase to stock."""
    found = _EPICOR.match(kind)
    if found is None or "STK" not in found.groups() or found[1] == found[2]:
        return ""
    if found[1] == "STK":
        return "issue" if found[2] in {"MTL", "CUS", "UKN", "ASM", "SHP", "PLT"} else "receipt"
    return "reversal" if found[1] in {"MTL", "CUS", "SHP", "ASM"} else "receipt"


def _other(code: str) -> Role:
    return "receipt" if code in _SAP_OTHERS else ""

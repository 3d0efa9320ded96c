"""Names of columns that are no demand, or may be none: plans and forecasts, purchases, returns, money."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence


def plain_word(word: str) -> str:
    """A word in small letters without accents."""
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFD", word.lower())
    return unicodedata.normalize("NFC", "".join(one for one in letters if not "\u0300" <= one <= "\u036f"))


def _words(text: str) -> frozenset[str]:
    return frozenset(map(plain_word, text.split()))


_PLAN_WORDS = _words(
    "plan plans planned budget budgeted forecast forecasts forecasted fcst target targets rencana anggaran proyeksi "
    "prakiraan ramalan prognose prognosen prognosis vorhersage soll geplant planung presupuesto presupuestado "
    "pronostico previsto prevista planificado prevision previsions previsao budgete prevu preventivo begroting begroot "
    "gepland prognoza orcado orcamento planejado план плановый бюджет прогноз 计划 预算 预测 計画 予算 予測"
)
_ACTUAL_WORDS = _words(
    "actual actuals aktual realisasi realized realised ist real reales realizado realise reel effectif consuntivo "
    "effettivo werkelijk werkelijke wirklich rzeczywiste факт фактический 实际 実績"
)
_BESIDE_PLANS = _words(  # words that stand beside them in the name of a column, or of a kind of rows
    "qty quantity quantities units unit pcs menge jumlah jml kuantitas cantidad quantite quantita quantidade aantal "
    "sales demand penjualan permintaan bedarf absatz verkauf ventas demanda ventes demande original revised initial "
    "rolling version ver year month total количество 数量"
)
_PURCHASE = re.compile(  # of the document of a purchase, or of the receipt of its goods
    r"(?<![^\W\d_])(?:p\W?o\W{0,2}(?:no|nr|num|number|date|qty|quantity|line|item|id)|(?:no|nomor|tgl|tanggal|qty|jumlah)[\W_]*p\W?o"
    r"|purch(?:ase|asing)?[\W_]*(?:order|doc|date|qty|quantity|no)|(?:tgl|tanggal|qty|jumlah|no)[\W_]*(?:pembelian|beli|terima)"
    r"|grn|gr[\W_]*(?:no|date|qty)|goods[\W_]*receipt|(?:receipt|received)[\W_]*(?:date|qty|quantity|no)|qty[\W_]*received"
    r"|bestell(?:datum|menge|nummer|nr)|einkaufsbeleg|wareneingang|ebeln|bedat"
    r"|pedido[\W_]*de[\W_]*compra|orden[\W_]*de[\W_]*compra|commande[\W_]*(?:d.)?achat|ordine[\W_]*(?:di[\W_]*)?acquisto"
    r"|inkooporder|заказ[\W_]*поставщик\w*|采购订单|采购单)",
    re.IGNORECASE,
)
NAMES_OF_SUPPLIERS = re.compile(
    r"(?<![^\W\d_])(?:vendor|supplier|pemasok|lieferant|kreditor|proveedor|fournisseur|fornitor|fornecedor|leverancier"
    r"|dostawc|поставщик|供应商|仕入先)",
    re.IGNORECASE,
)
_CUSTOMER = re.compile(
    r"customer|client|kunde|pelanggan|sold.?to|ship.?to|debitor|cliente|klant|покупатель|客户|得意先|sales|issue|keluar|"
    r"department|cost.?cent|work.?order|\bwo\b|job",
    re.IGNORECASE,
)
NAMES_OF_RETURNS = re.compile(
    r"(?<![^\W\d_])(?:retur|devol|r[uü]ckgabe|retour|reso(?![^\W\d_])|возврат|退)", re.IGNORECASE
)


def _any_of(text: str) -> str:
    return "|".join(re.escape(plain_word(one)).replace("_", r"\W?") for one in text.split())


def _worded(*, words: str, beginnings: str, anywhere: str) -> re.Pattern[str]:
    """Finds whole words, words that begin so (where a language adds endings), and parts of words."""
    start, end = r"(?<![^\W\d_])", r"(?![^\W\d_])"
    return re.compile(f"{start}(?:(?:{_any_of(words)}){end}|{_any_of(beginnings)})|{_any_of(anywhere)}")


_PRICE = _worded(  # prices, costs and currencies: money also beside a word of quantities, as in a price of a unit
    words="""price prices cost costs cogs rp idr rupiah usd eur euro gbp jpy cny inr thb vnd myr tl harga biaya nilai
        precio precios costo coste prix cout couts preço preços custo prezzo prezzi prijs pris hinta cena ceny
        cene egységár preț prețul koszt koszty بها""",
    beginnings="""fiyat maliyet költség kostnad omkostning kustannu náklad цен цін стоимост себестоимост вартіст
        стойност τιμη τιμες κοστο سعر السعر تكلفة التكلفة قیمت कीमत दाम מחיר עלות""",
    anywhere="""preis kosten ราคา ต้นทุน บาท đơn_giá don_gia 价格 價格 单价 單價 总价 成本 価格 単価 原価 가격 단가 원가
        $ € £ ¥ ₹ ₺ ฿""",
)
_MONEY = _worded(
    words="""amount amt sale sales revenue turnover value omset omzet importe valor monto montant valeur montante
        receita faturamento importo valore fatturato ricavo bedrag waarde belopp beløb beloep värde verdi
        omsättning omsetning omsætning kwota obrat hodnota összeg érték forgalom valoare arvo amaun wert ποσό""",
    beginnings="""tutar bedel ciro hasılat değer wartoś przych částk čiastk tržb árbevétel liikevaihto сумм сума сумат
        выручк оборот αξία τζίρο مبلغ المبلغ قيمة القيمة ارزش राशि मूल्य סכום ערך""",
    anywhere="""betrag umsatz erlös warenwert gesamtwert nettowert มูลค่า จำนวนเงิน ยอดขาย thành_tiền thanh_tien số_tiền
        so_tien giá_trị gia_tri doanh_thu 金额 金額 销售额 銷售額 营业额 价值 売上 금액 매출""",
)
_QUANTITY = _worded(
    words="kts pieces szt stk عدد العدد",
    beginnings="qty adet adedi кол",
    anywhere="""qty quant unit pcs piece menge anzahl jumlah jml kuant cantid cantit stück qtd qté qte miktar ilość
        množstv mennyiség antal määrä hoeveelheid количеств кільк ποσότητ τεμάχ كمية الكمية تعداد مقدار मात्रा
        כמות ปริมาณ จำนวน số_lượng so_luong 数量 數量 件数 個数 수량""",
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_NAME = 200  # characters of a name that are looked through


def words_of_plans(text: str) -> tuple[bool, bool]:
    """Whether a text says nothing but that it is of a plan, and nothing but that it is of what happened."""
    words = {plain_word(word) for word in _WORD.findall(_CAMEL.sub(" ", text.replace("_", " ")))} - _BESIDE_PLANS
    return bool(words) and words <= _PLAN_WORDS, bool(words) and words <= _ACTUAL_WORDS


def names_customer(names: Iterable[str]) -> bool:
    """Whether some column is named for who took the goods."""
    return any(map(_CUSTOMER.search, names))


def are_purchases(names: Sequence[str]) -> list[str]:
    """The columns by which a file is a list of purchases; empty where it is none."""
    if names_customer(names):
        return []
    bought = [name for name in names if _PURCHASE.search(name)]
    suppliers = [name for name in names if NAMES_OF_SUPPLIERS.search(name)]
    return list(dict.fromkeys([*bought, *suppliers])) if bought and (suppliers or len(bought) > 1) else []


def likeliest(indices: Sequence[int], names: Sequence[str]) -> list[int]:
    """The columns that may be the demand, without those of returns, plans and money where there are others."""
    ranked = by_likelihood(indices, names)
    return [i for i in ranked if _rank(names[i]) == _rank(names[ranked[0]])]


def by_likelihood(indices: Sequence[int], names: Sequence[str]) -> list[int]:
    """Columns that may be the demand, those of returns behind the others, then those of plans, and of money."""
    return sorted(indices, key=lambda index: _rank(names[index]))


def _rank(name: str) -> int:
    if is_named_for_money(name):
        return 3
    if words_of_plans(name)[0]:
        return 2
    return 1 if NAMES_OF_RETURNS.search(name) else 0


def is_named_for_money(name: str) -> bool:
    """Whether a name has a word of money, in any language, and none of quantities; a price of a unit is money."""
    plain = _plain_name(name)
    return _PRICE.search(plain) is not None or (
        _MONEY.search(plain) is not None and _QUANTITY.search(_MONEY.sub("", plain)) is None
    )


def is_named_for_quantities(name: str) -> bool:
    """Whether a name has a word of quantities, in any language, and none of money."""
    plain = _plain_name(name)
    return not (_PRICE.search(plain) or _MONEY.search(plain)) and _QUANTITY.search(plain) is not None


def _plain_name(name: str) -> str:
    return plain_word(_CAMEL.sub(" ", name[:_LONGEST_NAME]))


def is_of_measures(indices: Collection[int], names: Sequence[str]) -> bool:
    """Whether some columns are named for a plan, for what happened, or for returns: then they are no sites or parts."""
    return any(any(words_of_plans(names[i])) or NAMES_OF_RETURNS.search(names[i]) for i in indices)

"""What our columns are called in files, and how a name is compared, found again and said."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from batchcast.domain import columns

ENTRY_NAMES = (  # quantities in the unit of entry of a document: those in the unit of the part win over them
    "qty_in_une",
    "quantity_in_une",
    "qty_in_unit_of_entry",
    "quantity_in_unit_of_entry",
    "menge_in_erfassungseinheit",
    "menge_in_erfme",
    "menge_in_erfassme",
)
NUMBERED_NAMES = ("no", "nr", "n°", "nº", "№")  # of a part in Dynamics NAV, and of a row or a document elsewhere
MONEY_NAMES = ("sales", "value")  # they hold money as often as units: others that are accepted win over them


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FALLBACK_DATES = _names(  # of a date, where no column has another name of one: they stand beside it in many files
    """
    trandate tran_date trn_date trx_date txn_date date_mouvement data_movimento fecha_movimiento
    fecha_transaccion tgl_bukti tanggal_bukti период дата_документа week_start week_starting week_beginning
    week_commencing week_ending week_end month_start month_ending month_end period_start period_end calmonth
    fiscper spmon year_month month_year year/month month/year tahun_bulan bulan_tahun tahun/bulan bulan/tahun
    calendar_year/month cal.year/month calendar_month fiscal_year/period posting_period/year posting_period
    fiscal_period accounting_period buchungsperiode kalenderjahr/monat geschäftsjahr/periode jahr/monat
    monat/jahr
    """
)
FALLBACK_QUANTITIES = _names(  # the same of quantities
    """
    trn_qty tran_qty trx_qty trans_qty trqt outward_qty outwards_qty outward_quantity outwards_quantity
    quantity_out consumed_qty qty_consumed quantity_consumed quantity_used quantity_delivered delivered_quantity
    invoiced_qty qty_invoiced quantity_invoiced shipped_quantity sold_quantity расход
    """
)
ACCEPTED_NAMES: Mapping[str, Sequence[str]] = {
    columns.DATE: _names(
        """date tanggal tgl transaction_date posting_date order_date period month ds timestamp periode bulan week
        minggu day hari ship_date shipped_date delivery_date invoice_date document_date doc_date issue_date
        trans_date demand_date physical_date pstng_date pstg_date post_date budat bldat
        tanggal_transaksi tgl_transaksi tanggal_faktur tgl_faktur tanggal_kirim tgl_kirim
        tanggal_keluar tgl_keluar tanggal_posting tgl_posting tanggal_pengeluaran tgl_pengeluaran
        tanggal_pemakaian tgl_pemakaian tanggal_permintaan tgl_permintaan
        datum buchungsdatum belegdatum lieferdatum auftragsdatum bestelldatum fecha
        fecha_de_contabilizacion fecha_contabilización fecha_documento data data_lancamento data_registrazione
        date_comptable date_commande date_livraison boekingsdatum orderdatum 日期 日付 дата ngày tarih 날짜 일자 วันที่
        التاريخ buch.dat. buchungsdat."""
    )
    + FALLBACK_DATES,
    columns.PARTNUMBER: _names(
        """partnumber part_number part_no part pn item item_code item_number item_no item_id sku sku_code material
        material_number material_code product product_code product_id product_no kode_part kode_barang no_barang
        nomor_barang nomor_part no_part kode_item kode_produk kode_material unique_id materialnummer artikel
        artikelnummer artikel_nr teilenummer artículo articulo código_artículo codigo_articulo codigo_producto
        codigo_material código_material codigo_do_produto itemnum item_num
        article référence reference_article codice_articolo
        artikelcode stock_code part_code matnr артикул номенклатура 物料编码 物料 stock_item
        partnum part_num itno prtno kd_barang kd_part kode_sparepart kode_suku_cadang articolo artigo indeks
        indeks_towaru stok_kodu malzeme_kodu 品番 品目コード 商品コード 商品编码 料号 품번 품목코드 mã_hàng mã_vật_tư
        รหัสสินค้า رقم_الصنف"""
    ),
    columns.SITE_CODE: _names(
        """site_code site location lokasi gudang warehouse store plant plnt branch cabang depot depo werk lager lagerort
        storage_location warehouse_code warehouse_name nama_gudang kode_gudang kode_cabang nama_cabang
        kode_lokasi kode_site almacén almacen bodega planta centro sucursal entrepôt entrepot magasin magazijn
        magazzino deposito depósito armazém armazem filiale standort site_id location_code plant_code store_id
        store_code organization organization_code склад 仓库 倉庫 werks godown whse whs wh_code
        dépôt filial magazyn kho คลัง คลังสินค้า المستودع 창고"""
    ),
    columns.DEMAND_QTY: _names(
        """demand_qty demand qty quantity jumlah order_demand y kuantitas jml kts qty_out qty_issued issue_qty
        issued_qty quantity_issued qty_ordered ordered_qty order_qty quantity_ordered order_quantity qty_shipped
        shipped_qty quantity_shipped qty_sold sold_qty quantity_sold units_sold unit_sold units sales_qty
        sale_qty sales_quantity sales_units unit_sales actual_qty qty_delivered delivered_qty usage consumption
        total_usage tot_usage gesamtverbrauch verbrauch_gesamt issues total_issues goods_issues issue_quantity
        issue_quantities total_issue_qties total_issue_quantities
        usage_qty consumption_qty transaction_quantity
        transaction_qty out_qty qty_used qty_keluar jumlah_keluar jml_keluar keluar pemakaian jumlah_pemakaian
        kuantitas_keluar jumlah_barang jumlah_permintaan permintaan menge bestellmenge auftragsmenge liefermenge
        verbrauch absatz absatzmenge stückzahl stueckzahl anzahl cantidad cantidad_vendida unidades quantité
        quantite qté qte quantidade qtd qtde quantità quantita hoeveelheid aantal antal ilość ilosc miktar
        количество 数量 sold qta số_lượng จำนวน الكمية adet 수량 出库数量"""
    )
    + FALLBACK_QUANTITIES
    + ENTRY_NAMES
    + MONEY_NAMES,
}
FLAG_NAMES: Mapping[str, Sequence[str]] = {  # not needed: a history may have one of the first two, and the third
    columns.STOCK_OUT: ("stock_out", "stockout", "out_of_stock", "stok_habis", "stok_kosong"),
    columns.AVAILABLE: ("available", "in_stock", "tersedia"),
    columns.EXCLUDE: ("exclude", "excluded", "dikecualikan", "kecualikan"),
}
STOCK_NAMES: Mapping[str, Sequence[str]] = {  # of the stock of each part: a stock file has some, a history may
    "lead_time": ("lead_time", "leadtime", "waktu_tunggu", "lama_kirim"),
    "lead_time_days": ("lead_time_days", "plifz", "plandelivtime", "planned_deliv_time", "planlieferzeit"),
    "unit_cost": ("unit_cost", "cost", "price", "unit_price", "harga", "harga_satuan", "biaya"),
    "on_hand": (
        "on_hand",
        "stock",
        "stock_on_hand",
        "qty_on_hand",
        "quantity_on_hand",
        "soh",
        "stok",
        "persediaan",
        "closing_stock",
        "closing_balance",
        "closing_qty",
        "stok_akhir",
        "sisa_stok",
        "stok_saat_ini",
        "stok_fisik",
        "unrestricted",
        "unrestricted_stock",
        "on_hand_quantity",
        "onhand_qty",
        "curbal",
        "bestand",
        "lagerbestand",
        "existencias",
        "остаток",
        "库存数量",
        "库存",
    ),
    "on_order": (
        "on_order",
        "qty_on_order",
        "stock_on_order",
        "open_orders",
        "open_order_qty",
        "dipesan",
        "on_po",
        "open_po",
        "open_po_qty",
        "po_qty",
        "qty_on_po",
        "qty_on_purch_order",
        "quantity_on_order",
        "in_transit",
        "stock_in_transit",
        "en_commande",
        "pedido_pendiente",
        "bestellt",
        "sedang_dipesan",
        "offene_bestellungen",
        "pedidos_pendientes",
        "в_пути",
        "在途",
        "在途数量",
        "発注残",
        "outstanding_po",
        "po_outstanding",
        "po_terbuka",
        "sisa_po",
    ),
    "pack_size": ("pack_size", "pack", "lot_size", "isi_kemasan", "kemasan"),
}
SUPPLIER = "supplier"  # of a stock file, as a mapping names it
SUPPLIER_NAMES: Sequence[str] = _names(  # of an attribute of parts
    """supplier suppliername supplierno suppliercode vendor vendorname vendorno vendorcode preferredvendor mainsupplier
    preferredsupplier pemasok namapemasok kodepemasok namasupplier kodesupplier namavendor lieferant lieferantname
    kreditor proveedor fournisseur fornitore leverancier fornecedor manufacturer pabrikan поставщик 供应商"""
)
LEAD_TIME_WORDS = frozenset(  # of a name, without its unit and without the words that join it
    _names(
        """leadtime lt deliverytime deliveryleadtime supplierleadtime vendorleadtime purchaseleadtime
        purchasingleadtime procurementleadtime replenishmentleadtime totalleadtime averageleadtime avgleadtime
        planneddeliverytime planneddelivtime plandelivtime plannedleadtime lieferzeit planlieferzeit lieferfrist
        wiederbeschaffungszeit beschaffungszeit wbz délai delai délailivraison delailivraison délaiapprovisionnement
        plazoentrega tiempoentrega plazoaprovisionamiento prazoentrega tempoentrega levertijd tempoconsegna
        tempoapprovvigionamento waktutunggu lamakirim lamapengiriman waktukirim waktupengiriman lamapengadaan
        waktupengadaan masatunggu срокпоставки времяпоставки срокдоставки 提前期 交货期 采购周期 采购提前期 リードタイム
        納期 czasdostawy termindostawy teslimatsüresi tedariksüresi"""
    )
)
_JOINING = frozenset(_names("in en em di dalam de d del von zu of the w в и"))
_DAYS_OF_UNITS: Mapping[str, float] = {  # days in one of a unit, by its words
    word: days
    for days, words in (
        (
            1.0,
            """d day days calendardays hari harikalender tag tage tagen t jour jours j día días dia dias giorno giorni
            dag dagen дни дней день дн 天 日 dzień dni gün""",
        ),
        (
            1.4,
            """wd workday workdays workingday workingdays businessday businessdays harikerja arbeitstage arbeitstagen
            werktage werktagen joursouvrés joursouvres díashábiles diashabiles díaslaborables diasúteis diasuteis
            giornilavorativi werkdagen""",
        ),
        (
            7.0,
            """w wk wks week weeks minggu mgg woche wochen wo semaine semaines semana semanas settimana settimane
            weken недели недель неделя 周 週 tydzień tygodnie tygodni hafta""",
        ),
        (
            30.4375,
            """m mo mos mth mths month months bulan bln monat monate monaten mois mes meses mese mesi mês maand
            maanden месяц месяцы месяцев мес 月 個月 个月 miesiąc miesiące miesięcy ay""",
        ),
    )
    for word in _names(words)
}
_TIME = re.compile(r"\s*(\d[\d.,]*) *([^\W\d_]+(?: [^\W\d_]+)?)\.?\s*")
_WORD = re.compile(r"[^\W\d_]+")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
RECEIPT_NAMES = _names(  # of a column of what came in, beside that of what went out
    """masuk qty_masuk jumlah_masuk jml_masuk penerimaan in in_qty qty_in quantity_in inward inwards inward_qty
    inwards_qty inward_quantity inwards_quantity received received_qty qty_received quantity_received receipts
    receipt_qty receipt_quantity entrada entradas entrée entrées zugang zugänge eingang carico ontvangst
    приход 入库 入库数量"""
)
UNIT_NAMES = _names(  # of a column with the unit of each quantity
    """uom uom_code unit_of_measure unit_of_measurement unit_measure stock_uom transaction_uom sales_uom primary_uom
    issue_uom unit_of_issue unit_of_entry base_unit base_unit_of_measure meins erfme bun eun une buom satuan
    satuan_barang kode_satuan nama_satuan mengeneinheit basismengeneinheit einheit verkaufseinheit unidad
    unidad_de_medida unidade unidade_de_medida unité unite unité_de_mesure unità_di_misura eenheid единица"""
)
PLAIN_UNIT_NAMES = frozenset(_names("unit me um sat stn packing kemasan"))  # they hold other things as often
TOTAL_STEMS = _names(  # each word of a total has one of them
    """tot jumlah jml sum gesamt ergebnis som toplam razem ukupno celkem spolu összesen yhteensä keseluruhan итого всего
    計 计 รวม tổng average avg rata mean moyenne durchschnitt promedio gemiddeld média средн الإجمالي المجموع סך 합계
    result overall"""
)
_TOTAL = re.compile(
    r"(?<![^\W_])(?:(?:grand|sub|zwischen|gesamt)?[ -]?(?:totals?|totale|totaux|totaal|totalt|summe|summary)|jumlah"
    r"|jml|sum|gesamt|gesamtergebnis|ergebnis|suma|soma|somme|summa|toplam|razem|ukupno|celkem|spolu|összesen|yhteensä"
    r"|keseluruhan|итого|всего|合計|合计|总计|總計|総計|小計|小计|총?합계|รวม|ผลรวม|ผลรวมทั้งหมด|tổng|eindtotaal|totalsumma"
    r"|overall result|result|الإجمالي|المجموع|סך הכל)(?![^\W_])",
    re.IGNORECASE,
)
_AVERAGE = re.compile(
    r"(?<![^\W_])(?:average|avg|mean|rata[ -]?rata|moyenne|mittelwert|durchschnitt|promedio|média|gemiddelde?"
    r"|среднее)(?![^\W_])",
    re.IGNORECASE,
)
SHEET = "sheet"  # a mapping of this name chooses the sheet of a workbook
IN_HEADER = "(header)"  # a part or site that is mapped to it is the name of each further column
NAMES_OF_YEARS = _names("year tahun thn jahr année annee año ano anno jaar rok år год 年")
_PLACED = re.compile(r"(?P<name>.*?) ?\(column (?P<letter>[A-Z]{1,3})\)$", re.DOTALL | re.ASCII)
LONGEST_COMPARED = 200  # characters of a name that is compared with others: likeness costs the square of them
LONGEST_NAME = 1000  # characters of a name of a column that are read: many patterns look through each
_IGNORED = re.compile(r"[\s_\-.:]+")
_MOST_COMPARED = 1000  # names
_MOST_NAMED = 30  # columns that a sentence lists


def normal(name: str) -> str:
    """A column name as it is compared: case, spaces, underscores, dashes and dots make no difference in short ones."""
    return _short_normal(name) if len(name) <= LONGEST_COMPARED else name


@lru_cache(maxsize=1 << 15)
def _short_normal(name: str) -> str:
    return _IGNORED.sub("", name).casefold()


def days_of_unit(unit: str) -> float | None:
    """Days in one of a unit of time, as people name it: 7 of `weeks`; None where it is none."""
    return _DAYS_OF_UNITS.get(normal(unit))


def split_lead_time(text: str) -> tuple[str, float] | None:
    """The number and the days in one of the unit of a time, as in `6 weeks` or `2W`; None where it has no unit."""
    found = _TIME.fullmatch(text) if len(text) <= LONGEST_COMPARED else None
    days = None if found is None else days_of_unit(found[2])
    return None if found is None or days is None else (found[1], days)


def lead_time_of(name: str) -> float | None:
    """Days in one of the unit that a column of lead times is named with, `Lead Time (weeks)`; NaN where it names none.

    None where it is not called a lead time.
    """
    if len(name) > LONGEST_COMPARED:
        return None
    words = _WORD.findall(_CAPITAL.sub(" ", name).casefold())
    for count in (2, 1):  # words of the unit, behind the name or before it
        for rest, unit in ((words[:-count], words[-count:]), (words[count:], words[:count])):
            days = days_of_unit("".join(unit))
            if days is not None and _names_lead_time(rest):
                return days
    return math.nan if _names_lead_time(words) else None


def _names_lead_time(words: Sequence[str]) -> bool:
    return "".join(word for word in words if word not in _JOINING) in LEAD_TIME_WORDS


def known_names(mapped: Iterable[str]) -> set[str]:
    """All accepted names and those that are mapped to, as names are compared."""
    pieces = (piece.strip() for target in mapped for piece in (target, *target.split("+")))
    plain = (found["name"] if (found := _PLACED.match(piece)) else piece for piece in pieces)
    return accepted_names() | {normal(name) for name in (*NUMBERED_NAMES, *plain) if name}


def accepted_names() -> set[str]:
    """All accepted names of a history and of stock, as names are compared."""
    return {normal(name) for names in (*ACCEPTED_NAMES.values(), *STOCK_NAMES.values()) for name in names}


def without_total_word(text: str) -> str:
    """The site or part in the name of its total: `Kolaka Total` -> `Kolaka`."""
    return _TOTAL.sub("", text).strip(" :-*")


def is_total_word(text: str) -> bool:
    """Whether a key or a header names a sum of others, as reports do: `Grand Total`, `Jumlah`, `Summe`."""
    return _TOTAL.search(text) is not None


def is_average_word(text: str) -> bool:
    """Whether a key names an average of others, as reports do: `Average`, `Rata-rata`."""
    return _AVERAGE.search(text) is not None


def nearest(name: str, names: Sequence[str]) -> str | None:
    """The one of some names that is most like a name, as `normal` compares them; None where none is like it.

    Names of more than 200 characters are not compared, nor more than 1,000 of them.
    """
    by_normal = {normal(one): one for one in names[:_MOST_COMPARED] if one and len(one) <= LONGEST_COMPARED}
    if len(name) > LONGEST_COMPARED:
        return None
    near = difflib.get_close_matches(normal(name), list(by_normal), n=1)
    return by_normal[near[0]] if near else None


def named_columns(header: Sequence[str]) -> str:
    """The columns of a header that have a name, for a sentence; the first thirty where there are more."""
    names = [name for name in header if name]
    shown = ", ".join(repr(shortened(name)) for name in names[:_MOST_NAMED])
    return shown + (f", … ({len(header)} columns)" if len(names) > _MOST_NAMED else "")


def shortened(text: str, most: int = 80) -> str:
    """A value short enough for a sentence."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def mapping_example(mapping: Mapping[str, str]) -> str:
    """A column mapping for a sentence, as it can be pasted: in quotes where a command line needs them."""
    text = ", ".join(f"{ours}={name}" for ours, name in mapping.items())
    if re.fullmatch(r"[\w=.:/+-]+", text):
        return text
    return f"'{text}'" if re.search(r'["$`\\!]', text) and "'" not in text else f'"{text}"'


def letter_of(index: int) -> str:
    """The letter a spreadsheet gives a column: 0 -> A, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def index_of_letter(letter: str) -> int:
    """The number of a column by its letter: A -> 0, AA -> 26."""
    index = 0
    for one in letter:
        index = 26 * index + ord(one) - ord("A") + 1
    return index - 1


def target_of(index: int, names: Sequence[str]) -> str:
    """What a mapping calls a column: its name, with its letter where it has none or another has the same."""
    name = names[index]
    if name and sum(one == name for one in names) == 1:
        return name
    return f"{name} (column {letter_of(index)})".lstrip()


def placed_column(target: str, names: Sequence[str]) -> int | None:
    """The column that a target with a letter means, `Qty (column D)`; None where it has none, or D has another name."""
    found = _PLACED.match(target)
    index = index_of_letter(found["letter"]) if found else -1
    if found is None or index >= len(names) or normal(found["name"]) not in ("", normal(names[index])):
        return None
    return index

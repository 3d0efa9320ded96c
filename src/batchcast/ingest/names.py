"""What our columns are called in files, and how a name is compared, found again and said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from batchcast.domain import columns

ACCEPTED_NAMES: Mapping[str, Sequence[str]] = {
    columns.DATE: (
        "date",
        "tanggal",
        "tgl",
        "transaction_date",
        "posting_date",
        "order_date",
        "period",
        "month",
        "ds",
        "timestamp",
    ),
    columns.PARTNUMBER: (
        "partnumber",
        "part_number",
        "part_no",
        "part",
        "pn",
        "item",
        "item_code",
        "sku",
        "material",
        "product",
        "product_code",
        "kode_part",
        "kode_barang",
        "unique_id",
    ),
    columns.SITE_CODE: (
        "site_code",
        "site",
        "location",
        "lokasi",
        "gudang",
        "warehouse",
        "store",
        "plant",
        "branch",
        "cabang",
    ),
    columns.DEMAND_QTY: ("demand_qty", "demand", "qty", "quantity", "jumlah", "order_demand", "sales", "y", "value"),
}
AVAILABILITY_NAMES: Mapping[str, Sequence[str]] = {  # not needed: a history may have one of them
    columns.STOCK_OUT: ("stock_out", "stockout", "out_of_stock", "stok_habis", "stok_kosong"),
    columns.AVAILABLE: ("available", "in_stock", "tersedia"),
}
STOCK_NAMES: Mapping[str, Sequence[str]] = {  # of the stock of each part: a stock file has some, a history may
    "lead_time": ("lead_time", "leadtime", "waktu_tunggu", "lama_kirim"),
    "unit_cost": ("unit_cost", "cost", "price", "unit_price", "harga", "harga_satuan", "biaya"),
    "on_hand": ("on_hand", "stock", "stock_on_hand", "qty_on_hand", "soh", "stok", "persediaan"),
    "pack_size": ("pack_size", "pack", "lot_size", "isi_kemasan", "kemasan"),
}
SHEET = "sheet"  # a mapping of this name chooses the sheet of a workbook
_MOST_NAMED = 30  # columns that a sentence lists


def normal(name: str) -> str:
    """A column name as it is compared: case, spaces, underscores and dashes make no difference."""
    return re.sub(r"[\s_\-]+", "", name).casefold()


def named_columns(header: Sequence[str]) -> str:
    """The columns of a header, for a sentence; the first thirty where there are more."""
    shown = ", ".join(repr(shortened(name)) for name in header[:_MOST_NAMED])
    return shown + (f", … ({len(header)} columns)" if len(header) > _MOST_NAMED else "")


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

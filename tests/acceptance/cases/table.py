"""Every file of `files/`: its class in the issue, and each outcome that is right.

`files/NAME/expected.txt` says the outcome in words and the public report the file was made after; `files/cases.json`
has the arguments and the totals by `site|part`. An outcome is one of four: the file is read, a question is asked, the
file is refused, or all its rows are.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Read:
    """The file is read, with the totals of `cases.json` where it has some."""

    frequency: str | None = None
    says: tuple[str, ...] = ()  # words that the report has, whatever their case
    refused: int | None = 0  # rows; None: any number
    first: str | None = None  # prefix of the first date
    last: str | None = None  # prefix of the last date
    start: str | None = None  # first day of the forecast
    totals: bool = True  # False: those of `cases.json` are not asked for here


@dataclass(frozen=True)
class Asked:
    """A question that names a setting with each of its choices."""

    setting: str


@dataclass(frozen=True)
class Refused:
    """The file is refused, in a sentence that has all these words."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowsRefused:
    """No row is read, each for a reason that has all these words."""

    words: tuple[str, ...] = ()


Outcome = Read | Asked | Refused | RowsRefused


@dataclass(frozen=True)
class Case:
    """What is right for one file; any of the outcomes will do."""

    of: str  # class in the issue: A to T
    right: tuple[Outcome, ...]
    pending: bool = False  # not yet right: the test must fail, and the mark goes once it does not


def case(of: str, *right: Outcome, pending: bool = False) -> Case:
    """A row of the table."""
    return Case(of, right, pending)


MONTHS = Read(frequency="M", first="2023-01", last="2024-12", start="2025-01-01")
ANY = Read(totals=False, refused=None)

CASES = {
    # A: the frequency follows the bulk of the evidence
    "month_end_dates": case("A", MONTHS),
    "monthly_one_stray_day": case("A", Read(frequency="M", says=("2024-06-17",))),
    "mixed_monthly_and_daily_sites": case("A", Asked("frequency")),
    "utc_evening_shift": case("A", Read(frequency="M", first="2023-01", last="2024-12", says=("17:00",))),
    "quarterly_data": case("A", Refused(("quarter",)), Read(frequency="Q")),
    "yearly_data": case("A", RowsRefused(("is a year",)), Read(frequency="Y")),
    "week_ending_sunday": case("A", Read(frequency="W", start="2024-12-29"), Asked("week_start")),
    "dst_local_timestamps": case("A", Read(frequency="D")),
    "leap_day_and_53_weeks": case("A", Read(frequency="D")),
    "weekdays_only": case("A", Read(frequency="D")),
    "weekdays_only_60_parts": case("A", Read(frequency="D")),
    "fiscal_445_period_ends": case("A", Asked("frequency")),
    "month_last_friday": case("A", Read(frequency="M")),
    "half_months": case("A", Asked("frequency")),
    "two_weeks": case("A", Asked("frequency")),
    "months_then_days": case("A", Asked("frequency")),
    # B: a hole in a wide header is no zero
    "wide_german_months": case("B", MONTHS, Refused(("Mrz 23",))),
    "wide_yyyyww_weeks": case("B", Read(frequency="W"), Asked("date_order")),
    "wide_columns_out_of_order_gap": case("B", Read(totals=False, says=("2023-07",)), Refused(("2023-07",))),
    "wide_roman_months": case("B", Refused(("periods are no dates", "I/2023"))),
    "wide_statistics_months": case("B", MONTHS),
    "wide_header_line_break": case("B", MONTHS),
    # C: no value is no zero
    "xlsx_wide_error_cells": case("C", RowsRefused(("#N/A",)), Read(totals=False, refused=6, says=("#N/A",))),
    "xlsx_long_error_cells": case("C", Read(totals=False, refused=7, says=("#N/A",))),
    "xlsx_wide_na_text": case("C", Read(totals=False, refused=24, says=("is not a number",))),
    "error_values_german_site": case("C", Read(refused=4, says=("#BEZUG!",))),
    "nulls_of_dumps_part": case("C", Read(refused=4, says=("(null)",))),
    # D: a date is not guessed
    "date_yy_mm_dd": case("D", MONTHS, Asked("date_order")),
    "long_month_without_day_two_digit": case("D", MONTHS, Asked("date_order"), RowsRefused()),
    "long_yyyyww_short": case("D", Read(frequency="W"), Asked("date_order")),
    "oracle_timestamp": case("D", MONTHS),
    "wide_day_month_headers": case("D", Refused(("1-Jan",))),
    "thai_buddhist_year": case("D", RowsRefused(("2566",))),
    "date_iso_week": case("D", Read(frequency="W", first="2020-09-28", refused=1, start="2022-01-03")),
    "date_indonesian_names": case("D", MONTHS),
    "year_and_month_apart": case("D", Asked("column_mapping")),
    "thai_two_digit_year": case("D", Asked("era")),
    # E: the sign
    "mb51_trailing_minus_issues": case("E", MONTHS, Asked("demand_sign")),
    "stock_ledger_in_out": case("E", Asked("only_rows"), Asked("demand_sign")),
    "ledger_keterangan_masuk_keluar": case("E", Asked("only_rows")),
    "ledger_chinese": case("E", Asked("only_rows")),
    "ledger_debit_credit_mark": case("E", Asked("only_rows")),
    "maximo_issues_and_returns": case("E", Read(), Asked("only_rows")),
    # F: a column is not chosen by its name alone
    "revenue_named_sales": case("F", Read(), Asked("column_mapping")),
    "qty_ordered_vs_sales": case("F", Read(), Asked("column_mapping")),
    "german_sap_headers": case("F", Read(), Refused(("date=Buchungsdatum", "demand_qty=Menge", "site_code=Werk"))),
    # every date of it is the first day of a month, 01/02/2023, and reads in both orders: the question is right too
    "accurate_id_headers": case("F", Read(), Asked("date_order")),
    "site_column_unknown_name": case("F", Read(), Asked("column_mapping")),
    "location_is_bin": case("F", Asked("column_mapping")),
    "location_only_bin": case("F", Read(says=("location",)), Asked("column_mapping")),
    "two_date_columns": case("F", Asked("column_mapping")),
    "jumlah_is_money": case("F", Asked("column_mapping")),
    "price_under_quantity": case("F", Asked("column_mapping")),
    "quantity_since_new_year": case("F", Read(totals=False, says=("rise from date to date",))),
    # G: summary rows
    "wide_total_row": case("G", Read(says=("Grand Total",))),
    "csv_subtotal_rows": case("G", Read(refused=7)),
    "xlsx_preamble_total": case("G", Read(refused=1)),
    "wide_total_japanese": case("G", Read(says=("総計",))),
    "region_beside_its_sites": case("G", Read(says=("Sulawesi",))),
    "pivot_group_rows": case("G", Refused(("sums of the rows under them",))),
    "average_row": case("G", Read(says=("Rata-rata",))),
    # H: implausible dates
    "future_typo_date": case("H", Read(frequency="M", refused=1, says=("2042-01-15",), last="2024-12")),
    "old_typo_date": case("H", Read(frequency="M", refused=1, says=("1924-03-01",), first="2023-01")),
    # I: doubled and missing stretches
    "rows_again_sorted": case("I", Read(says=("60 rows have the date", "take them out"))),
    "duplicate_lines_whole_file": case("I", Read(totals=False, says=("twice",))),
    "long_month_missing_all": case("I", Read(says=("2024-03",))),
    "one_site_exported_twice": case("I", Read(totals=False, says=("site Kolaka is there 2 times",))),
    "one_site_misses_a_month": case("I", Read(totals=False, says=("Kolaka", "2024-03"))),
    # M: codes
    "part_number_wrapped_quotes_excel": case("M", Read()),
    "apostrophe_part": case("M", Read()),
    "case_and_space_variants": case("M", Read(says=("ab-100",))),
    "scientific_partnumbers": case("M", Read()),
    "xlsx_part_became_date": case("M", Read(refused=12, says=("date cell",))),
    "inch_quotes": case("M", Read()),
    "inch_quotes_leading": case("M", Read(), RowsRefused(("quote",))),
    "dashes_of_two_kinds": case("M", Read(totals=False, says=("letters that look alike",))),
    # N: header and advice
    "csv_preamble_report_title": case("N", Read(), Refused(("line 5",))),
    "wide_numbered_periods": case("N", Asked("first_year")),
    "wide_thirteen_periods": case("N", Refused(("thirteen", "ignore_columns"))),
    "wide_age_bands": case("N", Refused(("bands",))),
    "wide_months_without_year": case("N", Read(), Refused(("no year", "Tahun"))),
    "transposed_wide": case("N", Read(), Refused(("date", "down"))),
    "wide_fy_headers": case("N", Refused(("P01/2024", "periods are no dates"))),
    "wide_numeric_serial_headers": case("N", Read(), Refused(("serial",))),
    "xlsx_two_row_header": case("N", Read(), Refused(("two rows",))),
    "same_header_twice_qty_value": case("N", Read(), Refused(("Jan-23 Qty", "two columns for each period"))),
    "xlsx_sheet_per_month": case("N", Read(), Asked("column_mapping")),
    "xls_old": case("N", Read()),
    "ods": case("N", Read()),
    "xlsx_merged_part_cells": case("N", RowsRefused(("merged",)), Refused(("merged",)), Read()),
    "xlsx_wide_mixed_header_dates": case("N", Read(frequency="M")),
    "header_repeated": case("N", Read(refused=2)),
    "blank_and_footer_lines": case("N", Read(refused=1)),
    "sqlcmd_dashes": case("N", Read(refused=1)),
    "sep_line": case("N", Read()),
    "sep_line_quoted_bom": case("N", Read()),
    "trailing_delimiter": case("N", Read()),
    "trailing_delimiter_rows_only": case("N", Read()),
    "cr_only": case("N", Read()),
    "a_column_a_site": case("N", Refused(("If each is a site",))),
    # O: stock files (the history beside one)
    "stock_negative_on_hand": case("O", Read()),
    # Q: numbers and dates as people write them
    "apostrophe_negative": case("Q", Read(), Read(totals=False, refused=6, says=("is not a number",))),
    "negative_sign_unicode_and_cr": case("Q", Read(says=())),
    "thousands_indian": case("Q", Read(), RowsRefused()),
    "thousands_space_nbsp": case("Q", Read(), RowsRefused()),
    "brick_thousands": case("Q", Read()),
    "units_one_unknown": case("Q", Asked("quantity_units")),
    "units_in_numbers": case("Q", Read(), RowsRefused()),
    "sap_three_decimals": case("Q", Read(), Asked("number_style")),
    "wide_dash_zero": case("Q", Read(), Read(refused=26, says=("is not a number",))),
    "date_indonesian_weekday": case("Q", MONTHS, RowsRefused(("is not a date",))),
    "date_excel_serial_csv": case("Q", MONTHS, RowsRefused(("serial",))),
    "date_excel_serial_xlsx": case("Q", MONTHS, RowsRefused(("serial",))),
    "date_fiscal_period": case("Q", RowsRefused(("is not a date",)), Asked("date_order")),
    "dates_without_first_zero": case("Q", Read(frequency="D", says=("day_first",))),
    "date_unix_milliseconds": case("Q", Read(frequency="D", says=("since 1970",))),
    "sap_14_digits": case("Q", MONTHS, RowsRefused(("is not a date",))),
    "xlsx_text_numbers": case("Q", Read()),
    "thousands_in_two_styles": case("Q", Refused(("two styles",))),
    "comma_dash": case("Q", Read()),
    # R: encodings
    "utf16_tab": case("R", Read()),
    "utf16le_no_bom": case("R", Read(), Refused(("UTF-16",))),
    # S: where history ends
    "partial_last_month": case("S", Read(start="2024-12-01", says=("2024-12-09",))),
    "wide_future_blank_months": case("S", Read(last="2024-09", start="2024-10-01")),
    # what is forecast of these is judged elsewhere; here that they are read as they stand
    "all_zero_file": case("-", Read()),
    "zero_only_parts": case("-", Read()),
    "project_order_outlier": case("-", ANY),
    "exploding_trend": case("-", ANY),
    "short_history_long_horizon": case("-", ANY),
    "strong_season": case("-", ANY),
    "dead_and_new_parts": case("-", ANY),
    "one_huge_series": case("-", ANY),
    "fractional_units": case("-", ANY),
    "stockout_zero_period": case("-", ANY),
    "new_part_single_event_daily": case("-", ANY),
}

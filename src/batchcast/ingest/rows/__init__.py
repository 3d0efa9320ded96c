"""Rows accepted, ignored or refused, each with its reason.

Comes in: blocks of rows, the layout, and the settings.
Goes out: the accepted demand, and an account of all other rows: totals of reports, repeats, reversals, receipts.
Open first: `tally.py`; then `refusals.py`, why a row is refused, and `signs.py`, which sign is demand.
"""

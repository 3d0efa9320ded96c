"""Ingest: a file of any kind to a checked demand history, with an account of every row.

Comes in: a file, folder or table as an ERP exported it, and the settings.
Goes out: `history.parquet` (one row a series), `rejected.csv`, and a report of what was read, summed and refused.
Open first: `reader.py`; then `tally.py`, which accepts or refuses each row, and `source.py`, the form that every kind
of file takes.
"""

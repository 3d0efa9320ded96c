"""Finished partitions become one result: verified, streamed, and published whole or not at all.

Comes in: the plan's partitions with the folders of their results, the checked history, the certificate so far.
Goes out: one file (CSV, XLSX or Parquet) with stock.csv, accuracy.csv, figures.parquet,
rejected.csv and certificate.json beside it.
Nothing that was there before is lost before the new is whole.
Open first: `publisher.py`; `combined.py`: how partitions become one stream; `staging.py`: how files appear.
"""

"""Finished partitions become one result: verified, streamed, and published whole or not at all.

Comes in: the plan's partitions with the folders of their results, the checked history, the certificate so far.
Goes out: one file (CSV, XLSX or Parquet) with the other kinds of `kinds.py` beside it.
What was there before stays whole until the new result is.
Open first: `publisher.py`; `combined.py`: how partitions become one stream; `staging.py`: how files appear.
"""

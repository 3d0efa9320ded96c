"""The checked history: totals of series and day, their frequency, and the file that has them.

Comes in: accepted quantities by series and day.
Goes out: `history.parquet`, the facts that planning needs, and notes of what the history does not cover.
Open first: `writer.py`; then `accumulate.py`, the exact sums, and `frequency.py`, which decides by the patterns of
`patterns.py` and asks what they leave open; `stored.py` reads the file again.
"""

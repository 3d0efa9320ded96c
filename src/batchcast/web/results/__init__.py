"""What a batch has published, for people: totals, accuracy in words, all its series, each of them, its files.

Comes in: requests for the result of a batch.
Goes out: pages, fragments of the table of series and of stock figures, files.
Open first: `pages.py`; then `table.py`, the table of series, and `one.py`, the page of one.
"""

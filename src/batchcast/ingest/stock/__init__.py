"""The stock of today: what is on hand of each part, its cost, its pack size and its lead time.

Comes in: a file or table of stock, and the settings.
Goes out: the stock of each site and part on the last day that the file tells of.
Open first: `stockfile.py`; then `stockcolumns.py`, which columns tell the stock, and `stockrows.py`, what rows say.
"""

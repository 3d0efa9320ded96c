"""Every batch there was, until it is deleted.

Comes in: a filter, a search, a page.
Goes out: the history, and the way to forget a batch for good.
Open first: `pages.py`.
"""

"""What to order of a batch: a stock file is sent, and orders and the units to buy next are shown.

Comes in: a stock file for a batch that is COMPLETED.
Goes out: the page, the fragment with the orders, their tables as files. Nothing of the stock file is kept.
Open first: `pages.py`.
"""

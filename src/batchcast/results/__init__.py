"""What the result of a batch says: totals, backtests in units, its series, stock at other levels, what to order.

Comes in: the results of all partitions of a batch, or the files of a published result; a stock file for the orders.
Goes out: the folder of a result that a server keeps, and the answers to what is asked of it: `Overview`, `Hindsight`,
pages of series, stock figures, `Orders`.
Open first: `overview.py`; `series.py`: the index of series; `ordering.py`: orders for a stock file.
"""

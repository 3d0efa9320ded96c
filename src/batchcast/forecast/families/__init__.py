"""The families of distributions that compete: ways from evidence to quantiles of the demand to come.

Comes in: evidence of a chunk of series, what the sample of the batch taught.
Goes out: quantiles of the sum and of each step.
Open first: `registry.py`, who competes; `shares.py`, how much of every average is learned.
"""

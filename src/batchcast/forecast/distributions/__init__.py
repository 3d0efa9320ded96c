"""Distributions of demand: the mathematics of each, and the candidate that makes its quantiles from evidence.

Comes in: evidence of a chunk of series; what the sample of the batch taught; levels in (0, 1).
Goes out: quantiles of the sum and of each step, which are never negative, never cross, and are whole where demand is.
Open first: `candidate.py`, what all have in common; then `negbin.py`. `registry.py` makes the candidates of a request.
"""

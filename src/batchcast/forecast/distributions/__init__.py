"""Distributions of demand: what a mean and a history say of quantiles.

Comes in: means, dispersions, histories as plain arrays; levels in (0, 1).
Goes out: quantiles that are never negative, never cross, and are whole where the history is.
Open first: `negbin.py`.
"""

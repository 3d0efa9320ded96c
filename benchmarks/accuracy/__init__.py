"""Accuracy on real demand: batchcast's `auto`, each of its models and what else a person would use, side by side.

Comes in: the real data sets, each cut at two origins.
Goes out: `docs/accuracy.md` with its plot, and `docs/accuracy-tables.md`.
Open first: `__main__.py`; `contestants.py` lists who competes.
"""

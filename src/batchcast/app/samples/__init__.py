"""Synthetic demand histories with the shapes of the founding document: the same seed gives the same bytes.

Comes in: the name of a sample, a seed, and for the large one bounds.
Goes out: a CSV file, and the number of its rows.
Open first: `writing.py`; `histories.py` makes them.
"""

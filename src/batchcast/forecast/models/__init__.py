"""Models: one declaration each, and the forecasts of the point models, one series at a time.

Comes in: a Panel, names of models, cutoffs (periods held back at the end), steps.
Goes out: `PointForecasts`: mean of each step and validity of every model, cutoff and series.
Open first: `table.py`, which declares every model.
"""

"""Point models: recursions that forecast the mean of every step, one series at a time.

Comes in: a Panel, names of models, cutoffs (periods held back at the end), steps.
Goes out: `PointForecasts`: mean, mean squared error and validity of every model, cutoff and series.
Open first: `points.py`; `point_model.py` lists the models, `families.py` says which share a pass.
"""

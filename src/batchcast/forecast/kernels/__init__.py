"""The compiled recursions: loops over series, periods and lanes that numba turns into machine code.

Comes in: ragged arrays (values, offsets), training lengths at each cutoff, parameters.
Goes out: arrays filled in place: parameters (`choose_...`), forecasts (`run_...`); `forecast` runs both for its models.
Open first: `lanes.py`, how one pass over time carries a whole grid of parameters; then `ses.py`, the simplest of them.
"""

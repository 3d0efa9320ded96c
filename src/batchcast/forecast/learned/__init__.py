"""Models that learn across series: boosted trees for the mean and the quantiles of lead-time demand.

Comes in: the evidence of a sample of the batch at many past cutoffs, and the demand after each.
Goes out: `Learned`, a part of the shared knowledge; for a chunk of series, its predicted means and quantiles.
Open first: `features.py`, what the trees predict from; `learner.py`, what they are trained on and when.
"""

"""What is learned across series: boosted trees for the mean and the quantiles of lead-time demand.

Comes in: the evidence of a sample of the batch at many past cutoffs, and what came after each.
Goes out: a `Learned`, kept in the pool; for a chunk of series, its means and quantiles.
Open first: `features.py`, what the trees look at; `learner.py`, what they are taught and when.
"""

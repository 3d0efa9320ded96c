"""How much of every average of `auto` is learned; what is left, the other families compete for (decision 0011)."""

from __future__ import annotations

LEARNED_MEAN = "lightgbm_tweedie"
SHARES = {"lightgbm_quantile": 0.5, LEARNED_MEAN: 0.25}
SHARE_OF_MEANS = 0.5  # of the learned mean in the average of means, whatever else is a member


def share_of(name: str) -> float:
    """Share of a learned family, by its model; 0 of any other."""
    return SHARES.get(name, 0.0)

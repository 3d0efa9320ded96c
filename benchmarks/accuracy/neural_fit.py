"""TiDE with a negative binomial head on sums over a horizon: run by `accuracy.neural` in an environment of its own.

`python neural_fit.py HISTORY OUT HORIZON LEVEL ...` reads unique_id, ds (whole numbers) and y, the demand of
each period. What is learned are the sums of HORIZON periods, so that the last step ahead is the demand that is judged.
"""

from __future__ import annotations

import logging
import sys

import polars as pl
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import DistributionLoss
from neuralforecast.models import TiDE

STEPS = 1000  # of training
SEASONS = 2  # horizons more than one season of 12 that are looked at


def main() -> None:
    """Learn, and write the quantiles of the last step and its mean, a row a series."""
    source, out, horizon, *levels = sys.argv[1:]
    h, quantiles = int(horizon), [float(level) for level in levels]
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    demand = pl.read_parquet(source).sort("unique_id", "ds")
    totals = pl.col("y").rolling_sum(h, min_samples=1).over("unique_id").clip(0.0).round()
    sums = demand.with_columns(y=totals + 1.0)  # series that are all 0 for a while have no scale
    model = TiDE(
        h=h,
        input_size=12 + SEASONS * h,
        loss=DistributionLoss("NegativeBinomial", quantiles=quantiles, num_samples=500, return_params=False),
        scaler_type="standard",
        start_padding_enabled=True,
        max_steps=STEPS,
        batch_size=64,
        windows_batch_size=256,
        random_seed=0,
        accelerator="cpu",
        enable_progress_bar=False,
        logger=False,
        enable_checkpointing=False,
    )
    learner = NeuralForecast(models=[model], freq=1)
    learner.fit(sums, val_size=0)
    found = pl.DataFrame(learner.predict()).sort("unique_id", "ds").group_by("unique_id", maintain_order=True).last()
    found.write_parquet(out)


if __name__ == "__main__":
    main()

"""batchcast: demand forecasting for many sites and thousands of parts, in batches that cannot half-fail."""

"""The Python library: a history in, tables out, in this process.

In: files, or pandas, polars and pyarrow tables. Out: values that hold the tables of a result, of the kind that came in.
`batchcast.__init__` has its public names. Open first: `forecasting.py`, the way from a history to a result.
"""

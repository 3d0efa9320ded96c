"""One batch as it runs and as it ended: what it holds, how far it is, each partition, and what went wrong.

Comes in: the id of a batch, the filter and page of its partitions.
Goes out: a page, and a stream of the fragments of it that have changed.
Open first: `pages.py`; `live.py` renders each change once for all who watch.
"""

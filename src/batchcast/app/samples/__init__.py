"""Synthetic demand histories with the shapes of the founding document: the same seed gives the same bytes.

Comes in: the name of a sample, a seed, and for the large one bounds.
Goes out: a CSV file, and the number of its rows.
Open first: `writing.py`; `spare_parts.py` and `m5.py` make the histories.
"""

from batchcast.app.samples.writing import SAMPLE_NAMES, SMALL_SAMPLES, sample_lines, write_sample

__all__ = ["SAMPLE_NAMES", "SMALL_SAMPLES", "sample_lines", "write_sample"]

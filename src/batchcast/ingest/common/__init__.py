"""What all rooms of ingest use: the form that every file takes, our columns' names, the problems, the bounds.

Comes in: nothing; these modules read no file.
Goes out: `Block` and `RowSource`, accepted names, one class of error a reason, `IngestLimits`, Arrow arrays.
Open first: `source.py`, the form that every kind of file takes; then `problems.py`, why a file is refused.
"""

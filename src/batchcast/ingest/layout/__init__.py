"""Which column of a file is which of ours, in a long table or in a wide one of periods.

Comes in: the header and first rows of a file, and the settings; later the rows, for those that `only_rows` asks for.
Goes out: a `Layout`: the source of each of our columns; or a question, where two columns are as likely.
Open first: `header.py`, which finds the `Layout` of `layout.py`; then `sample.py`, what columns hold, and `wide.py`,
tables with a column a period.
"""

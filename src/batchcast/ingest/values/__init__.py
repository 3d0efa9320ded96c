"""Cells to values: part numbers and sites, days, quantities.

Comes in: the cells of one of our columns in a block; what a whole column says decides how each cell is read.
Goes out: codes of keys, days, numbers; or what a cell can't be read for.
Open first: `cells.py`; then `keys.py` for parts and sites. Days and quantities have two files each: `dates.py` and
`numbers.py` read one written value to all that it can mean, `dateorder.py` and `numberstyle.py` decide for a column.
"""

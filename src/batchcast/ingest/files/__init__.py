"""Files of each kind as one form: CSV, lists, archives, workbooks, markup, Parquet and tables of the library.

Comes in: a path or a table, and a function that finds our columns in a header.
Goes out: a `RowSource`, whose blocks have the cells of the columns, and the layout that was found.
Open first: `recognise.py`, which opens the right one by the first bytes; then `delimited.py` for CSV and lists,
`sheets.py` for workbooks and markup, whose cells without a value are found in `xlsxcells.py`, `xlsbcells.py`,
`xlscells.py` and `odscells.py`, before the workbook's own reader shows them as blank.
"""

"""Ingest: a file of any kind to a checked demand history, with an account of every row.

Comes in: a file, folder or table as an ERP exported it, and the settings.
Goes out: `history.parquet` (one row a series), `rejected.csv`, and a report of what was read, summed and refused.
Open first: `reader.py`, which calls the rooms in their order: `files` opens the file, `layout` finds our columns,
`values` reads their cells, `rows` accepts or refuses each row, `history` writes what was accepted. Then
`files/recognise.py`, `layout/header.py` and `rows/tally.py`.

The other files here: `stock/` reads the stock of today and `eventfile.py` a list of events, by the same rooms;
`recipes.py` reads a file as the last one with its header was read, and `preview.py` shows how a file would be read.
`text` turns bytes into lines, and `common` has what all rooms use. Imports point down:

    preview
    recipes
    reader | stock | eventfile
    files | rows
    layout | history
    values
    text
    common
"""

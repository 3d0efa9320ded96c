"""The store in a database: SQLite in a file, or PostgreSQL.

Comes in: the address of a database. Goes out: a `Store` whose every method is one transaction.
Open first: `sql_store.py`; the tables are in `schema.py`, how they came about in `migrations/`.
"""

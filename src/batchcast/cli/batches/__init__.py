"""`batchcast batches …`: the batches of a running server, asked for over its API.

Comes in: words typed by a person or a program; BATCHCAST_URL and BATCHCAST_TOKEN say which server, and who asks.
Goes out: tables and files, or JSON lines; the exit codes of the whole command, and 5 where the server can't be reached.
Open first: `commands.py`; `client.py` speaks HTTP, `views.py` shows what came back.
"""

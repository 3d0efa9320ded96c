"""Serves the API on one port and the page on another, in one process, until a signal ends it.

Comes in: an open service and where to listen.
Goes out: an exit code, when everything has ended.
Open first: `server.py`.
"""

"""The REST API: reads the request, calls `app`, renders the answer; no decision is taken here.

Comes in: HTTP requests.
Goes out: modelled answers, server-sent events, files; every error as problem details with a stable code.
Open first: `application.py`, then `batches.py` for the endpoints of a batch.
"""

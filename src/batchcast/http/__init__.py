"""What the two faces of a server share: how a request comes in, and what every answer has.

Comes in: HTTP requests, uploads, errors of the product.
Goes out: forms on the disk, settings as texts, the status of an error, streams and files.
Open first: `gate.py`, which every request passes; then `bodies.py` and `broadcast.py`.
"""

"""A server's use cases, one method each, over what is kept for good.

Comes in: uploads and questions of the faces, from any thread.
Goes out: batches as they stand, their events and published files; or one of the errors of `domain.errors`.
Open first: `service.py`; then `submission.py`, from an upload to a queued batch, and
`published.py`, what is asked of results.
"""

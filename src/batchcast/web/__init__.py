"""The page: reads a browser's request, calls `app`, renders the answer; no decision is taken here.

Comes in: requests of a browser.
Goes out: pages in English and Indonesian, fragments of them, streams of changes, files.
Open first: `application.py`.
"""

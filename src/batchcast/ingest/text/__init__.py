"""Bytes to text: packed files unpacked within bounds, any encoding to lines of UTF-8.

Comes in: a file, a gzipped file or a member of a zip.
Goes out: `Bytes` that can be opened again, and blocks of lines; a line with a byte out of place is marked as damaged.
Open first: `encoding.py`; then `charset.py`, which decides between the older encodings by their likely words.
"""

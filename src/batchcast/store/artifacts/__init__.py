"""Artifacts: the files that a batch is made of and gives, in a folder of this machine or in a bucket.

Comes in: files and flat folders of files, each under a key made of ids and names of ours.
Goes out: the same bytes, their SHA-256 checked, at a local path; a file or folder is there whole or not at all.
Open first: `artifacts.py`, the protocol; then `folder.py`, which says what durable takes.
"""

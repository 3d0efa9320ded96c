"""What a planner may want to know: what the file must look like, what each setting does, what each error means.

Comes in: nothing but the language.
Goes out: pages that need no token, example files, and a batch of sample data for one click.
Open first: `pages.py`.
"""

"""Where a forecast begins: a file, what it holds, the settings, one button.

Comes in: an upload, forms of settings.
Goes out: the dashboard as it stands with a file or without one, or the way to the batch that was made.
Open first: `pages.py`; `form.py` has every setting with its words.
"""

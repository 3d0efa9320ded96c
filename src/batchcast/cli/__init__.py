"""The command line: reads what was asked for, calls `app`, and shows the answer; it decides nothing.

Comes in: words typed by a person or a program.
Goes out: text in English or Indonesian, or JSON lines; an exit code (0 published, 2 input, 3 rolled back, 4 cancelled).
Open first: `main.py`, then the file of a command; `views.py` shows a batch at work, `render/` what came of it.
"""

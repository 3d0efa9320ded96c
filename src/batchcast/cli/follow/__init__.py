"""Shows a batch at work: `live.py` on a terminal, `plain.py` in a log, `events.py` for programs.

All are listeners of `app`: called at every change, from the thread that coordinates the batch.
"""

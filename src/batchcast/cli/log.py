"""The log is for those who look for a mistake: shown with `--debug`, silent without it."""

from __future__ import annotations

import logging


def set_up_log(*, shown: bool) -> None:
    """Show the log of the package on standard error, or keep it off the terminal."""
    logger = logging.getLogger("batchcast")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.DEBUG if shown else logging.WARNING)
    logger.addHandler(logging.StreamHandler() if shown else logging.NullHandler())

"""The log is for those who look for a mistake: shown with `--debug`, silent without it."""

from __future__ import annotations

import logging
from typing import Literal


def set_up_log(*, shown: bool) -> None:
    """Show the log of the package on standard error, or keep it off the terminal."""
    logger = logging.getLogger("batchcast")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.DEBUG if shown else logging.WARNING)
    logger.addHandler(logging.StreamHandler() if shown else logging.NullHandler())


def hand_over_log(form: Literal["auto", "text", "json"], *, debug: bool) -> None:
    """Let the log of a server go to standard error, as it is for people and programs that watch one."""
    from batchcast.app.log import set_up_service_log

    logger = logging.getLogger("batchcast")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(logging.DEBUG if debug else logging.NOTSET)
    set_up_service_log(form)

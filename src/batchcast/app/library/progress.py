"""How far the library has come: told to the caller, and shown in a terminal or notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnProgress = Callable[[float], None]
_LEARNED = 0.5  # share of the work that is done once all series have been learned from


@contextmanager
def followed(progress: bool | None, on_progress: OnProgress | None) -> Iterator[OnProgress]:
    """What to call with the share of the work that is done, 0 to 1.

    Args:
        progress: whether a bar is shown; None: where standard error is a terminal, and in a notebook.
        on_progress: called as well.
    """
    told = on_progress or _ignore
    if progress is False:
        yield told
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, force_terminal=True if progress else None)
    if not (console.is_terminal or console.is_jupyter):
        yield told
        return
    shown = (TextColumn("Forecasting"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*shown, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def tell(share: float) -> None:
            bar.update(task, completed=share)
            told(share)

        yield tell


def learning(told: OnProgress) -> OnProgress:
    """What the preparation tells its share of the work to."""
    return lambda share: told(_LEARNED * share)


def forecasting(told: OnProgress) -> OnProgress:
    """What the forecast of all series tells its share of the work to."""
    return lambda share: told(_LEARNED + (1.0 - _LEARNED) * share)


def _ignore(_share: float) -> None:
    return None

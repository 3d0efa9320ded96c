"""Where the process of `batchcast` begins and ends."""

from __future__ import annotations

import gc
import sys

from batchcast import __version__

# Objects that are made before garbage is looked for. With Python's own 700, a fifth of a server's start goes into
# looking through what has just been loaded.
_OBJECTS_BETWEEN_LOOKS = 100_000


def main() -> None:
    """Carry out the command of this process and end with its exit code."""
    if sys.argv[1:] == ["--version"]:  # asked by other programs, often: nothing else is loaded for it
        sys.stdout.write(f"batchcast {__version__}\n")
        return
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, 20, 20)
    from batchcast.run.worker import LeftOut

    sys.meta_path.insert(0, LeftOut)
    from batchcast.cli.command import call
    from batchcast.cli.session import Screen, let_go_of_broken_streams

    code = call(sys.argv[1:], Screen.of_process())
    let_go_of_broken_streams()
    sys.exit(code)

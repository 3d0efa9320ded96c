"""Where the process of `batchcast` begins and ends."""

from __future__ import annotations

import sys

from batchcast import __version__


def main() -> None:
    """Carry out the command of this process and end with its exit code."""
    if sys.argv[1:] == ["--version"]:  # asked by other programs, often: nothing else is loaded for it
        sys.stdout.write(f"batchcast {__version__}\n")
        return
    from batchcast.cli.command import call
    from batchcast.cli.screen import Screen, let_go_of_broken_streams

    code = call(sys.argv[1:], Screen.of_process())
    let_go_of_broken_streams()
    sys.exit(code)

"""`python -m batchcast` is the command `batchcast`."""

from batchcast.cli.main import main

main()

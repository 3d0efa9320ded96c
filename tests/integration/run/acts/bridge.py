"""Stands in for the process that speaks with Ray: plays what it is told, and answers as machines would.

    python bridge.py PLAY

A play is a list of lines to send at the start. A job with the argument `outcome` ends so; one without stays at work.
"""

from __future__ import annotations

import json
import sys


def tell(**fields) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def ended(number: int, node: str, **fields) -> None:
    outcome = {"ending": "done", "result": None, "error": None, "ended_by": None, "stderr_tail": "", "seconds": 1.0}
    tell(ended=number, node=node, outcome={**outcome, "peak_mb": 1.0, "worker_pid": 7, "kept": "there", **fields})


def main() -> None:
    tell(ready=True)
    for line in json.loads(sys.argv[1]):
        tell(**line)
    for text in sys.stdin:
        match json.loads(text):
            case {"submit": number, "node": node, "job": job}:
                for line in job["arguments"].get("says", []):
                    tell(**{**line, **({"node": node} if "ended" in line else {})})
                if "outcome" in job["arguments"]:
                    ended(number, node, **job["arguments"]["outcome"])
            case {"cancel": number, "node": node}:
                ended(number, node, ending="cancelled")
            case {"close": True}:
                return


if __name__ == "__main__":
    main()

"""A worker from the outside: a fresh process, its three pipes, and its end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, cast

from batchcast.domain.errors import N_, BatchcastError, Message
from batchcast.run.process_tree import descendants, kill_tree, tree_megabytes

LONGEST_REPORT = 256 * 2**20  # bytes of one line; a worker that sends more is taken for broken
STDERR_TAIL_BYTES = 4096  # bytes of stderr that are kept
SECONDS_TO_VANISH = 10  # for a killed process to be gone
_SECONDS_TO_GO_ALONE = 1  # for a process that closed its pipe to have ended
_WAKE_MARK = "wake"


class WorkerStartFailed(BatchcastError):
    """No worker process could be started; the message ends with what it last said."""

    slug = "worker-start-failed"


class WorkerProcess:
    """One worker process; all methods but `wake` are for the thread that made it, which it does not outlive."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], worker_mark: str, temporary: Path
    ) -> None:
        self._temporary = temporary  # its folder for temporary files, which goes with it
        self._mark = worker_mark
        self._command = command
        self._stderr_tail = b""
        self._reports: SimpleQueue[bytes | str | None] = SimpleQueue()
        self._unsent = b""
        self.jobs_done = 0
        self.is_ready = False
        try:
            self._popen = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise self._start_failure(str(error)) from error
        self._stdin, stdout, stderr = (
            cast(IO[bytes], pipe) for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        )
        if os.name == "posix":
            os.set_blocking(self._stdin.fileno(), False)  # a worker that does not listen must not hold us up
        self._readers = [
            threading.Thread(target=self._read_reports, args=(stdout,), daemon=True),
            threading.Thread(target=self._read_stderr_tail, args=(stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def stderr_tail(self) -> str:
        """The end of what it wrote to stderr."""
        return self._stderr_tail.decode(errors="replace").strip()

    def megabytes(self) -> float:
        """Resident memory of it and of all that it started, in MB of 2**20 bytes."""
        return tree_megabytes(self.pid)

    def has_children(self) -> bool:
        """Something that it started is still there."""
        return bool(descendants(self.pid))

    def has_ended(self) -> bool:
        """It has ended, or was killed. Does not wait for it, so its process id is not given to another process yet."""
        if not hasattr(os, "waitid"):
            return self._popen.poll() is not None
        if self._popen.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
        except ChildProcessError:  # other code of this process waits for every child
            return True

    def await_ready(self, timeout_seconds: float) -> None:
        """Wait until it takes jobs.

        Raises:
            WorkerStartFailed: if it ends first, or is not ready in time; it is gone then.
            InterruptedError: if it is woken meanwhile.
        """
        deadline = time.monotonic() + timeout_seconds
        while not self.is_ready:
            report = self.next_report(deadline - time.monotonic())
            if report is None or report.get("ended"):
                ended_by = self.end_of_itself() if report else f"no sign of life after {timeout_seconds:g} s"
                self.kill()
                raise self._start_failure(f"{ended_by}. {self.stderr_tail}")
            if report.get(_WAKE_MARK):
                raise InterruptedError
            self.is_ready = bool(report.get("ready"))

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand it a message; what its pipe does not take at once goes with the next `next_report`s."""
        self._unsent += json.dumps(message).encode() + b"\n"
        self._push()

    def next_report(self, timeout_seconds: float) -> dict[str, Any] | None:
        """The next line it sent; None if there is none in time; {"ended": True} where its pipe is closed.

        A line that is no report reads {"garbled": True}.
        """
        try:
            while self._unsent:
                with contextlib.suppress(Empty):
                    return _parsed(self._reports.get(timeout=min(0.01, max(timeout_seconds, 0))))
                self._push()
                timeout_seconds -= 0.01
                if timeout_seconds <= 0:
                    return None
            return _parsed(self._reports.get(timeout=max(timeout_seconds, 0)))
        except Empty:
            return None

    def wake(self) -> None:
        """Make `next_report` return at once with {"wake": True}; from any thread."""
        self._reports.put(_WAKE_MARK)

    def end_of_itself(self) -> str:
        """How a worker whose pipe has closed ended: "signal SIGKILL", "exit code 3"; kills it if it has not."""
        deadline = time.monotonic() + _SECONDS_TO_GO_ALONE
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.002)  # the pipe closes a moment before the process ends, and no call waits without reaping
        alone = self.has_ended()
        self.kill()
        return _name_of_end(self._popen.returncode) if alone else "closing its pipe"

    def kill(self) -> None:
        """End it, its group and all that it started, and wait until it is gone."""
        if self._popen.returncode is None:
            kill_tree(self.pid, self._mark)
        self._leave()

    def dismiss(self, patience_seconds: float) -> None:
        """Let an idle worker end of itself, with all that it started."""
        if not self.is_ready or self.has_children():
            self.kill()
            return
        self._close_stdin()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(patience_seconds)
        self.kill()

    def _leave(self) -> None:
        self._close_stdin()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a process the kernel can't end is left to the kernel
            self._popen.wait(SECONDS_TO_VANISH)
        for reader in self._readers:
            reader.join(1)
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _close_stdin(self) -> None:
        with contextlib.suppress(OSError):
            self._stdin.close()

    def _push(self) -> None:
        try:
            sent = self._stdin.write(self._unsent)
            self._unsent = self._unsent[sent or 0 :]
        except (OSError, ValueError):  # it is gone: its reports end, and say so
            self._unsent = b""

    def _read_reports(self, pipe: IO[bytes]) -> None:
        line = bytearray()
        with pipe:
            while (chunk := pipe.read(65536)) and len(line) < LONGEST_REPORT:
                *ends, rest = chunk.split(b"\n")
                for end in ends:
                    self._reports.put(bytes(line + end))
                    line.clear()
                line += rest
        self._reports.put(None)

    def _read_stderr_tail(self, pipe: IO[bytes]) -> None:
        with pipe:
            while chunk := pipe.read(65536):
                self._stderr_tail = (self._stderr_tail + chunk)[-STDERR_TAIL_BYTES:]

    def _start_failure(self, what: str) -> WorkerStartFailed:
        template = N_("A worker process could not be started with `{command}`: {what} Check the Python environment.")
        return WorkerStartFailed(Message(template, {"command": " ".join(self._command), "what": _sentence(what)}))


def _parsed(line: bytes | str | None) -> dict[str, Any]:
    if line is None:
        return {"ended": True}
    if isinstance(line, str):
        return {line: True}
    try:
        report = json.loads(line)
    except ValueError:
        return {"garbled": True}
    return report if isinstance(report, dict) else {"garbled": True}


def _name_of_end(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"signal {signal.Signals(-returncode).name}"
    except ValueError:
        return f"signal {-returncode}"


def _sentence(text: str) -> str:
    return text.strip().rstrip(".") + "."

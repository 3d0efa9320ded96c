"""Jobs for the tests: each does one thing that a job may do, most of them bad."""

import ctypes
import importlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from batchcast.domain.errors import N_, InvalidSettings, Message, PartitionFailed

MB = 2**20


def echo(arguments, on_progress):
    return arguments


def who(arguments, on_progress):
    """Process id, threads allowed, and what is loaded."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {"pid": os.getpid(), "session": os.getsid(0), "threads": [os.environ.get(n) for n in names]}


def load(arguments, on_progress):
    importlib.import_module(arguments["module"])


def steps_of_progress(arguments, on_progress):
    on_progress(0.25)
    on_progress(0.26)  # too soon to be told
    time.sleep(0.25)
    on_progress(0.75)
    return "there"


def late_thread(arguments, on_progress):
    """Leaves a thread behind that reports progress after the job has ended."""
    path = Path(arguments["tell"])

    def later():
        while not path.exists():
            time.sleep(0.01)
        on_progress(0.5)

    threading.Thread(target=later, daemon=True).start()


def say_now(arguments, on_progress):
    Path(arguments["tell"]).touch()
    time.sleep(0.1)
    return "mine"


def loop_in_c(arguments, on_progress):
    """A loop in C that never looks at signals nor gives the interpreter back."""
    _tell(arguments)
    sum(itertools.repeat(0))


def pause_in_c(arguments, on_progress):
    """Waits in C, again and again, whatever signal comes."""
    _tell(arguments)
    while True:
        ctypes.PyDLL(None).pause()


def wait_for_ever(arguments, on_progress):
    _tell(arguments)
    threading.Event().wait()


def take_memory(arguments, on_progress):
    """Takes memory and touches it, then holds it."""
    blocks = [bytearray(b"x") * (50 * MB) for _ in range(arguments["mb"] // 50)]
    threading.Event().wait(arguments.get("hold_seconds"))
    return len(blocks)


def grow(arguments, on_progress):
    """Keeps memory after it has ended."""
    globals()["kept"] = bytearray(b"x" * (arguments["mb"] * MB))
    return os.getpid()


def ask_for_too_much(arguments, on_progress):
    return len(bytearray(2**60))


def take_memory_in_a_child(arguments, on_progress):
    code = f"x = bytearray(b'x' * ({arguments['mb']} * 2**20)); import time; time.sleep(600)"
    subprocess.run([sys.executable, "-c", code], check=True)


def wait_with_a_child(arguments, on_progress):
    """Waits for a child that stays in its group."""
    child = subprocess.Popen(["sleep", "600"])
    _tell(arguments, str(child.pid))
    child.wait()


def leave_a_child(arguments, on_progress):
    """Starts a child that leaves the group and the session, in the way of a daemon, and ends well."""
    code = "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nprint(os.getpid(), flush=True)\ntime.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    grandchild = int(child.stdout.readline())
    child.stdout.close()
    child.wait()
    if arguments.get("hang"):
        _tell(arguments, str(grandchild))
        loop_in_c({}, on_progress)
    return grandchild


def fork_and_die(arguments, on_progress):
    """Dies while a forked child holds its pipes open."""
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
    os._exit(7)


def shout(arguments, on_progress):
    """Prints by every way there is."""
    sys.stdout.write('{"job": 1, "done": "forged"}\n')
    os.write(1, b"bytes to stdout\n")
    sys.__stdout__.write("more\n")
    sys.__stdout__.flush()
    os.system("echo from a shell")
    input_is_closed = sys.stdin.read() == ""
    return {"input_is_closed": input_is_closed}


def forge(arguments, on_progress):
    """Finds the pool's own pipe and writes rubbish to it."""
    for number in range(3, 20):
        try:
            os.write(number, b"rubbish\n")
        except OSError:
            continue
    threading.Event().wait()


def close_the_pipe(arguments, on_progress):
    os.closerange(3, 20)
    threading.Event().wait()


def kill_itself(arguments, on_progress):
    sys.stdout.write("my last words\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.Signals[arguments["signal"]])


def kill_itself_once(arguments, on_progress):
    path = Path(arguments["tell"])
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "second time"


def leave(arguments, on_progress):
    os._exit(arguments["code"])


def raise_plain(arguments, on_progress):
    raise ValueError("line 3: not a number")


def raise_exit(arguments, on_progress):
    raise SystemExit(3)


def raise_ours(arguments, on_progress):
    template = N_("Partition {n} holds {what!r}")
    raise PartitionFailed(Message(template, {"n": 4, "what": ("a", 1.5)}), partition=4, reason="error")


def raise_settings(arguments, on_progress):
    raise InvalidSettings([Message(N_("first {n}"), {"n": 1}), Message(N_("second"))])


def return_what_has_no_json(arguments, on_progress):
    return object()


# Steps of a batch.


def prepare(arguments, on_progress):
    Path(arguments["into"]["value"]).write_text("knowledge")
    on_progress(0.5)


def partition(arguments, on_progress):
    """Does what the file `<site>` beside the folder of the batch says, or forecasts."""
    into = Path(arguments["into"]["value"])
    site = arguments["partition"]["sites"]["value"][0]
    act = into.parents[3] / site
    into.mkdir(parents=True)
    (into / "forecast").write_text(site)
    with (into.parents[3] / "log").open("a") as log:
        log.write(f"{site} {os.getpid()}\n")
    if act.exists():
        name, *rest = act.read_text().split()
        result = globals()[name]({"tell": str(act.with_suffix(".told")), "mb": 3000, "signal": "SIGSEGV"}, on_progress)
        if rest != ["then-good"]:
            return result
    on_progress(0.5)
    return {"series": 1, "forecast": 1, "refused": 0}


def lose_a_series(arguments, on_progress):
    return {"series": 1, "forecast": 0, "refused": 0}


def publish(arguments, on_progress):
    """Joins the partitions' results."""
    on_progress(0.5)
    out = Path(arguments["out"]["value"])
    texts = [(Path(folder["value"]) / "forecast").read_text() for folder in arguments["folders"]]
    out.write_text(" ".join(texts))
    return {"counts": {"series": len(texts)}, "leaderboard": []}


def _tell(arguments, text=None):
    """Write a file that appears whole."""
    if "tell" in arguments:
        part = Path(arguments["tell"] + ".part")
        part.write_text(text or str(os.getpid()))
        part.rename(arguments["tell"])


def grow_warm(arguments, on_progress):
    globals()["is_warm"] = True
    with Path(arguments["tell"]).open("a") as file:
        file.write("warm\n")


def tell_once(arguments, on_progress):
    return {"warm": globals().get("is_warm", False)}


def raise_megabytes(arguments, on_progress):
    """Raises an error of three million characters and half of one more."""
    raise RuntimeError("x" * 3_000_000 + "\ud800")


def surroundings(arguments, on_progress):
    """Its environment, and where it puts temporary files; leaves one there."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    return {"names": sorted(os.environ), "temporary": path}

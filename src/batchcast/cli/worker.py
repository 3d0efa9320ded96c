"""`batchcast worker`: carries out batches of a queue that it shares with servers; listens nowhere."""

from __future__ import annotations

import signal
from queue import Empty, SimpleQueue
from types import FrameType

from rich.text import Text

from batchcast.cli.options import read_service_config, service_parameters
from batchcast.cli.parsing import Command, Values
from batchcast.cli.session import Session, hand_over_log
from batchcast.domain.errors import N_

_SECONDS_BETWEEN_LOOKS = 1.0

HELP = N_("Carry out batches of a queue that servers share, until it is stopped; listens nowhere.")
AT_WORK = N_("Taking batches from the queue, {workers} partitions at once. Stop it with Ctrl-C or SIGTERM.")


def command(session: Session) -> Command:
    """The command."""
    parameters = service_parameters(session.words, listens=False)
    return Command(session, "worker", HELP, parameters=parameters, carry_out=_carry_out)


def _carry_out(session: Session, values: Values) -> None:
    session.refuse_problems()
    config = read_service_config(values)
    from batchcast.app.service.service import Service
    from batchcast.app.surroundings import check_home, check_workers

    check_home(config.home)
    check_workers()
    hand_over_log(config.log_format, debug=session.debug)
    stop = _stop_asked_for()
    service = Service.open(config)
    try:
        service.start()
        if session.as_json:
            session.screen.write_json({"kind": "working", "home": str(config.home), "workers": config.workers})
        else:
            session.screen.out.print(Text(session.words.say(AT_WORK, workers=config.workers)), soft_wrap=True)
        _await(stop)
    finally:
        service.stop()


def _stop_asked_for() -> SimpleQueue[int]:
    """Filled by the first SIGINT or SIGTERM; a second SIGINT ends at once."""
    asked: SimpleQueue[int] = SimpleQueue()  # its put is safe in a signal handler, an event's set is not

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.put(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return asked


def _await(asked: SimpleQueue[int]) -> None:
    """Wait; and look up now and then, because a signal that comes just before the wait begins does not end it."""
    while True:
        try:
            asked.get(timeout=_SECONDS_BETWEEN_LOOKS)
        except Empty:
            continue
        return

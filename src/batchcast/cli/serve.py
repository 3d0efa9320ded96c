"""`batchcast serve`: the API, the page and the workers behind them; `batchcast worker`: workers of a shared queue."""

from __future__ import annotations

import signal
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING

from rich.text import Text

from batchcast.cli.options import read_service_config, service_parameters
from batchcast.cli.parsing import Command, Values
from batchcast.cli.session import Session, hand_over_log
from batchcast.domain.errors import N_

if TYPE_CHECKING:
    from batchcast.app.configuration import ServiceConfig
    from batchcast.server.server import Sockets

_SECONDS_BETWEEN_LOOKS = 1.0

HELP = N_("Start a server: the API, its page, and workers that carry batches out until it is stopped.")
ADDRESSES = N_("The API is at {api}, its description at {docs}, the page at {page}.")
HOW_TO_STOP = N_("Stop it with Ctrl-C or SIGTERM: batches at work go on when it, or another server, is there again.")
WORKER_HELP = N_("Carry out batches of a queue that servers share, until it is stopped; listens nowhere.")
AT_WORK = N_("Taking batches from the queue, {workers} partitions at once. Stop it with Ctrl-C or SIGTERM.")


def command(session: Session) -> Command:
    """`batchcast serve`."""
    parameters = service_parameters(session.words, listens=True)
    return Command(session, "serve", HELP, parameters=parameters, carry_out=_serve)


def worker_command(session: Session) -> Command:
    """`batchcast worker`."""
    parameters = service_parameters(session.words, listens=False)
    return Command(session, "worker", WORKER_HELP, parameters=parameters, carry_out=_work)


def _serve(session: Session, values: Values) -> int:
    config = _checked_config(session, values)
    from batchcast.app.service.service import Service
    from batchcast.server.server import open_sockets, run_servers

    sockets = open_sockets(config)
    hand_over_log(config.log_format, debug=session.debug)
    try:
        service = Service.open(config)
    except BaseException:
        sockets.close()
        raise
    return run_servers(service, config, sockets=sockets, on_listening=partial(_announce, session, config))


def _announce(session: Session, config: ServiceConfig, sockets: Sockets) -> None:
    """Say where everything is; called once requests are answered there."""
    api_url, page_url = sockets.api_url, sockets.page_url
    if session.as_json:
        session.screen.write_json(
            {"kind": "serving", "api": api_url, "docs": f"{api_url}/api/docs", "page": page_url}
            | {"home": str(config.home), "workers": config.workers}
        )
        return
    say, out = session.words.say, session.screen.out
    out.print(Text(say(ADDRESSES, api=api_url, docs=f"{api_url}/api/docs", page=page_url)), soft_wrap=True)
    out.print(Text(say(HOW_TO_STOP)), soft_wrap=True)


def _work(session: Session, values: Values) -> None:
    config = _checked_config(session, values)
    from batchcast.app.service.service import Service

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


def _checked_config(session: Session, values: Values) -> ServiceConfig:
    session.refuse_problems()
    config = read_service_config(values)
    from batchcast.app.surroundings import check_home, check_workers, keep_kernels

    check_home(config.home)
    keep_kernels(config.home)
    check_workers()
    return config

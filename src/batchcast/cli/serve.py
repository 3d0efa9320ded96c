"""`batchcast serve`: the API and the page of one server, and the workers behind them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text

from batchcast.cli.options import read_service_config, service_parameters
from batchcast.cli.parsing import Command, Values
from batchcast.cli.session import Session, hand_over_log
from batchcast.domain.errors import N_

if TYPE_CHECKING:
    from batchcast.app.configuration import ServiceConfig
    from batchcast.server.server import Sockets

HELP = N_("Start a server: the API, its page, and workers that carry batches out until it is stopped.")
ADDRESSES = N_("The API is at {api}, its description at {docs}, the page at {page}.")
HOW_TO_STOP = N_("Stop it with Ctrl-C or SIGTERM: batches at work go on when it, or another server, is there again.")


def command(session: Session) -> Command:
    """The command."""
    parameters = service_parameters(session.words, listens=True)
    return Command(session, "serve", HELP, parameters=parameters, carry_out=_carry_out)


def _carry_out(session: Session, values: Values) -> int:
    session.refuse_problems()
    config = read_service_config(values)
    from batchcast.app.service.service import Service
    from batchcast.app.surroundings import check_home, check_workers
    from batchcast.server.server import open_sockets, run_servers

    check_home(config.home)
    check_workers()
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

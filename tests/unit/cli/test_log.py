from __future__ import annotations

import logging

import pytest

from batchcast.cli.session import hand_over_log, set_up_log


@pytest.mark.parametrize("shown", [True, False])
def test_the_log_is_shown_to_those_who_ask_for_it(shown, logger, capsys):
    set_up_log(shown=shown)

    logging.getLogger("batchcast.run").error("Its worker's last words")

    assert ("last words" in capsys.readouterr().err) is shown


@pytest.mark.parametrize("debug", [True, False])
def test_the_log_of_a_server_goes_to_that_of_the_process(debug, logger, monkeypatch):
    forms = []
    monkeypatch.setattr("batchcast.app.installation.log.set_up_service_log", forms.append)
    set_up_log(shown=debug)

    hand_over_log("json", debug=debug)

    assert forms == ["json"]
    assert (logger.handlers, logger.propagate) == ([], True)
    assert logger.isEnabledFor(logging.DEBUG) is debug

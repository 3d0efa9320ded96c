"""The set-up of a server comes from options and the environment, and is safe by default."""

from __future__ import annotations

import pytest

from batchcast.app.configuration import read_config
from batchcast.domain.errors import InvalidSettings


def test_by_default_only_this_machine_can_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BATCHCAST_HOST", raising=False)

    config = read_config()

    assert config.is_local
    assert (config.host, config.api_port, config.page_port) == ("127.0.0.1", 9571, 9572)


def test_the_environment_sets_it_up_and_an_option_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHCAST_API_PORT", "9000")
    monkeypatch.setenv("BATCHCAST_LEASE_SECONDS", "2.5")

    assert read_config().api_port == 9000
    assert read_config(api_port=9001, host=None).api_port == 9001
    assert read_config().lease_seconds == 2.5


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "planner.example"])
def test_beyond_this_machine_it_takes_tokens_or_a_word(host: str) -> None:
    with pytest.raises(InvalidSettings, match="no tokens are set"):
        read_config(host=host)

    assert not read_config(host=host, insecure=True).is_local
    assert read_config(host=host, tokens="a:viewer:0123456789abcdef").tokens


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_addresses_of_this_machine_need_none(host: str) -> None:
    assert read_config(host=host).is_local


def test_every_value_that_cannot_be_read_is_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as raised:
        read_config(api_port="many", lease_seconds=-1)

    said = " ".join(str(problem) for problem in raised.value.problems)
    assert "BATCHCAST_API_PORT is 'many'" in said
    assert "BATCHCAST_LEASE_SECONDS is -1" in said

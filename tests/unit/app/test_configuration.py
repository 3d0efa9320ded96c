"""The set-up of a server comes from options and the environment, and is safe by default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batchcast.app.installation.configuration import provider_settings, read_config
from batchcast.app.installation.tokens import Role
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


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("BATCHCAST_TOKNES", "BATCHCAST_TOKENS"),
        ("BATCHCAST_ALLOWED_HOST", "BATCHCAST_ALLOWED_HOSTS"),
        ("BATCHCAST_MAX_UPLOADS_MB", "BATCHCAST_MAX_UPLOAD_MB"),
        ("BATCHCAST_QUITE_ANOTHER_THING", None),
        ("BATCHCAST_", None),
    ],
)
def test_a_variable_that_means_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, near: str | None
) -> None:
    monkeypatch.setenv(variable, "x")

    with pytest.raises(InvalidSettings, match=f"{variable} is not a setting of a server") as raised:
        read_config()

    assert ("did you mean" in str(raised.value)) == (near is not None)
    assert near is None or f"did you mean {near}?" in str(raised.value)


def test_variables_of_the_command_are_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BATCHCAST_URL", "BATCHCAST_TOKEN", "BATCHCAST_LANG"):
        monkeypatch.setenv(name, "x")

    assert read_config().is_local


def test_a_server_behind_a_public_name_takes_tokens_or_a_word() -> None:
    with pytest.raises(InvalidSettings, match=r"name plan\.example, .* no tokens are set"):
        read_config(allowed_hosts="plan.example")

    assert read_config(allowed_hosts="plan.example", insecure=True)
    assert read_config(allowed_hosts="plan.example", tokens="a:viewer:0123456789abcdef")


def test_a_public_address_takes_tokens_too_and_says_host_path_and_scheme() -> None:
    with pytest.raises(InvalidSettings, match=r"name https://plan\.example/f, .* no tokens are set"):
        read_config(public_url="https://plan.example/f")

    config = read_config(public_url="https://Plan.example:8443/a/b/", insecure=True)

    assert (config.public_host, config.prefix, config.has_tls) == ("plan.example:8443", "/a/b", True)
    assert (read_config().public_host, read_config().prefix, read_config().has_tls) == ("", "", False)


@pytest.mark.parametrize(
    "url", ["plan.example", "ftp://plan.example", "https://", "https://a b", 'https://a/"x', "https://a?b"]
)
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="BATCHCAST_PUBLIC_URL is"):
        read_config(public_url=url, insecure=True)


def test_a_proxy_that_is_no_address_is_named() -> None:
    with pytest.raises(InvalidSettings, match="BATCHCAST_TRUSTED_PROXIES has 'nginx'"):
        read_config(trusted_proxies="10.0.0.0/8, ::1, nginx")


PROVIDER = {"oidc_issuer": "https://id.example", "oidc_client_id": "b", "oidc_roles": "planning=planner, *=viewer"}


def test_a_provider_of_identities_is_enough_to_listen_beyond_this_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")

    config = read_config(host="0.0.0.0", **PROVIDER, oidc_client_secret_file=secret)
    settings = provider_settings(config)

    assert settings is not None
    assert settings.roles == {"planning": Role.PLANNER, "*": Role.VIEWER}
    assert settings.client_secret == "s3cret"
    assert "s3cret" not in repr(settings)
    assert provider_settings(read_config()) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_issuer": "http://id.example"}, "write https://"),
        ({"oidc_issuer": "id.example"}, "write https://"),
        ({"oidc_client_id": ""}, "BATCHCAST_OIDC_CLIENT_ID is missing"),
        ({"oidc_roles": ""}, "write group=role"),
        ({"oidc_roles": "planning"}, "write group=role"),
        ({"oidc_roles": "planning=owner"}, "write group=role"),
        ({"oidc_roles": "*=none"}, "write group=role"),
        ({"oidc_client_secret_file": "/nowhere/secret"}, "can't be read"),
    ],
)
def test_a_provider_that_is_set_up_wrongly_is_told(changes: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidSettings, match=re.escape(said)):
        read_config(**(PROVIDER | changes))

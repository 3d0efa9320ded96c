"""Buckets of a server that speaks S3, in a thread of this process."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of a server that speaks S3, in a thread of this process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def make_bucket(s3_server: str) -> Callable[[], str]:
    """Makes a bucket, and returns its name."""
    from s3fs import S3FileSystem

    files = S3FileSystem(skip_instance_cache=True, endpoint_url=s3_server, key="batchcast", secret="not a secret")

    def make() -> str:
        name = f"bucket-{secrets.token_hex(8)}"
        files.mkdir(name)
        return name

    return make


@pytest.fixture
def bucket_url(s3_server: str, make_bucket: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix in a new bucket, and the environment in which the AWS library finds it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "batchcast")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not a secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return f"s3://{make_bucket()}/of/batchcast"

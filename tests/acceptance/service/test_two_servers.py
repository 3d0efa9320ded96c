"""Two servers on one PostgreSQL: one is killed in the middle, one sleeps past its lease and wakes up too late."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.acceptance.service.sample import SETTINGS, demand
from tests.acceptance.service.server import until

pytestmark = pytest.mark.long

LEASE_SECONDS = 2


@pytest.fixture
def database_url(new_postgresql_database):
    return new_postgresql_database()


@pytest.fixture
def servers(make_server, database_url, tmp_path):
    """Two, each with a home of its own; queue and files are shared."""
    (tmp_path / "shared").mkdir()
    shared = {
        "database_url": database_url,
        "artifacts_url": (tmp_path / "shared").as_uri(),
        "lease_seconds": LEASE_SECONDS,
    }
    return [make_server(name, **shared).start() for name in ("a", "b")]


def test_twenty_batches_have_one_result_each_whatever_becomes_of_their_servers(servers, database_url):
    killed, sleeper = servers
    files = [demand(("S0", "S1"), seed=seed) for seed in range(20)]
    ids = [servers[k % 2].client.accepted(file, **SETTINGS) for k, file in enumerate(files[:6])]
    until(lambda: len(completed(sleeper, ids)) >= 3, 60)

    for server in servers:  # each has a partition at work that does not end
        server.set_fault("S1", "hold")
    ids += [servers[k % 2].client.accepted(file, **SETTINGS) for k, file in enumerate(files[6:])]
    for server in servers:
        server.await_job("S1-held")
    killed.kill()
    held = held_by(sleeper, database_url)
    sleeper.stop()
    sleeper.lift_fault("S1")  # its workers live, and hand in what it will read too late
    killed.lift_fault("S1")
    rescuer = killed.start()
    ends = {batch_id: rescuer.client.await_end(batch_id, 120)["status"] for batch_id in ids}
    digests = {batch_id: rescuer.client.sha256(batch_id) for batch_id in ids}
    rows = {batch_id: rows_of(database_url, batch_id) for batch_id in ids}
    sleeper.wake()
    until(lambda: all(sleeper.log.count(batch_id) for batch_id in held) and "lease" in sleeper.log.lower())
    later = sleeper.client.accepted(demand(("S0",), seed=99), **SETTINGS)

    assert held, "the server that slept held no batch"
    assert set(ends.values()) == {"COMPLETED"}
    assert rescuer.client.history()["total"] == 21
    assert sleeper.client.await_end(later)["status"] == "COMPLETED"  # it is awake and takes batches again
    assert {batch_id: rows_of(database_url, batch_id) for batch_id in ids} == rows  # what it wrote late was refused
    assert {batch_id: sleeper.client.sha256(batch_id) for batch_id in ids} == digests
    for server in servers:
        server.terminate()


def completed(server, ids):
    return [batch_id for batch_id in ids if server.client.status(batch_id)["status"] == "COMPLETED"]


def held_by(server, url):
    """The batches that this server has a lease of."""
    found = ask(url, "select batch_id, owner from batch where state = 'PROCESSING' and owner is not null")
    return [batch_id for batch_id, owner in found if f":{server.running.pid}:" in owner]


def rows_of(url, batch_id):
    """All that is remembered of a batch and of what became of it."""
    query = "select t.* from {} t join batch b on b.seq = t.seq where b.batch_id = :batch_id order by 1, 2, 3"
    return [ask(url, query.format(table), batch_id=batch_id) for table in ("batch", "partition", "attempt", "event")]


def ask(url, query, **values):
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values)]

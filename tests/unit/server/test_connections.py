"""Which connection gives way when there are too many."""

from __future__ import annotations

import errno
import socket

import pytest

from batchcast.server.connections import Connections, ListeningSocket


class Connection:
    """What `Connections` sees of one."""

    def __init__(self, *, is_waiting: bool) -> None:
        self.is_waiting = is_waiting
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


def opened(connections: Connections, *waiting: tuple[str, bool]) -> list[Connection]:
    made = []
    for address, is_waiting in waiting:
        made.append(Connection(is_waiting=is_waiting))
        assert connections.admit(made[-1], address)
    return made


def test_the_connection_that_has_waited_longest_gives_way() -> None:
    connections = Connections(4, 10, 60)
    at_work, oldest, newer, _ = opened(connections, ("a", False), ("a", True), ("b", True), ("c", False))

    assert connections.admit(Connection(is_waiting=True), "d")

    assert (at_work.is_aborted, oldest.is_aborted, newer.is_aborted) == (False, True, False)


def test_an_address_with_half_of_the_connections_pushes_out_its_own() -> None:
    connections = Connections(4, 10, 60)
    other, first, second = opened(connections, ("b", True), ("a", True), ("a", True))

    assert connections.admit(Connection(is_waiting=True), "a")

    assert (other.is_aborted, first.is_aborted, second.is_aborted) == (False, True, False)


def test_a_connection_is_refused_where_all_are_at_work() -> None:
    connections = Connections(2, 10, 60)
    first, _ = opened(connections, ("a", False), ("b", False))

    assert not connections.admit(Connection(is_waiting=True), "c")
    assert not connections.admit(Connection(is_waiting=True), "a")

    connections.release(first)
    assert connections.admit(Connection(is_waiting=True), "a")


def test_a_connection_that_was_never_admitted_can_be_released() -> None:
    connections = Connections(2, 10, 60)

    connections.release(Connection(is_waiting=True))

    opened(connections, ("a", False), ("b", False))


def test_a_lack_of_descriptors_is_passed_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def accept(_self: socket.socket) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with ListeningSocket() as listening:
        monkeypatch.setattr(socket.socket, "accept", accept)

        with pytest.raises(OSError, match="Too many open files"):
            listening.accept()
        for _ in range(3):
            with pytest.raises(BlockingIOError):
                listening.accept()

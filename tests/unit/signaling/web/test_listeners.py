"""The HTTP port, on IPv4 and IPv6, and Unix sockets."""

import errno
import socket
import stat
from pathlib import Path

import pytest

from signaling.base.config import Config
from signaling.web.listeners import bind_all, bind_unix

EVERYWHERE = Config().http_hosts


def hosts_of(hosts: tuple[str, ...], port: int = 0) -> tuple[list[str], set[int]]:
    """What is bound for hosts: addresses and ports."""
    bound = bind_all(hosts, port)
    names = [sock.getsockname() for sock in bound]
    for sock in bound:
        sock.close()
    return [name[0] for name in names], {name[1] for name in names}


def test_by_default_both_families_listen_on_one_port() -> None:
    addresses, ports = hosts_of(EVERYWHERE)
    assert addresses == ["0.0.0.0", "::"]
    assert len(ports) == 1


def test_without_ipv6_the_rest_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def only_v4(family: int, *more: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no IPv6")
        return real(family, *more)

    monkeypatch.setattr(socket, "socket", only_v4)
    assert hosts_of(EVERYWHERE)[0] == ["0.0.0.0"]


def test_an_address_that_the_machine_lacks_is_left_out_unless_it_is_all() -> None:
    assert hosts_of(("127.0.0.1", "192.0.2.1"))[0] == ["127.0.0.1"]
    with pytest.raises(OSError, match="assign"):
        bind_all(("192.0.2.1",), 0)


def test_a_taken_port_is_an_error_on_whichever_host() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match=r"127\.0\.0\.1 port \d+: .*in use"),
    ):
        bind_all(("127.0.0.2", "127.0.0.1"), taken.getsockname()[1])


@pytest.mark.parametrize(
    ("hosts", "bound"),
    [
        (("127.0.0.1", "127.0.0.1"), ["127.0.0.1"]),
        (("127.0.0.1", "0.0.0.0"), ["0.0.0.0"]),
        (("",), ["0.0.0.0", "::"]),
    ],
)
def test_hosts_that_overlap_are_bound_once(hosts: tuple[str, ...], bound: list[str]) -> None:
    assert sorted(hosts_of(hosts)[0]) == bound


def test_a_unix_socket_is_its_owners_alone(tmp_path: Path) -> None:
    (sock,) = bind_unix(tmp_path / "s")
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
    sock.close()


def test_a_socket_that_a_dead_process_left_is_replaced_and_a_live_one_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s"
    (left,) = bind_unix(path)
    left.close()  # the file stays, as after `kill -9`
    (sock,) = bind_unix(path)
    sock.listen()
    with pytest.raises(OSError, match="in use"):
        bind_unix(path)
    sock.close()
    path.unlink()
    path.write_text("something of somebody's")
    with pytest.raises(OSError, match="in use"):
        bind_unix(path)
    assert path.read_text() == "something of somebody's"

"""Sessions over real sockets: coming up, being refused, and ending for every reason."""

from __future__ import annotations

import asyncio
import socket

import pytest

from relay.api import (
    CloseReason,
    OfferError,
    Relay,
    RelayFull,
    SessionNotFound,
    SlotWish,
)
from relay.config import RelayConfig
from relay.core.wire.datagram import DatagramKind
from relay.node import RelayNode
from tests.integration.relay.client import (
    IDENTITY,
    Client,
    Listener,
    publish,
    until,
    watch,
)
from tests.integration.relay.conftest import PushedClock


async def test_the_node_is_a_relay(relay: RelayNode) -> None:
    checked: Relay = relay
    assert checked.sources("nowhere") == ()


class TestComingUp:
    @pytest.mark.parametrize("setup", ["actpass", "active", "passive"])
    async def test_ice_and_dtls_bring_a_session_up(
        self, relay: RelayNode, told: Listener, setup: str
    ) -> None:
        session_id, answer = publish(relay, setup=setup)
        client = Client(answer)
        assert not relay.stats(session_id).connected
        await client.connect()
        await until(lambda: told.up == [session_id])
        assert relay.stats(session_id).connected
        await client.close()
        await until(lambda: told.down == {session_id: CloseReason.PEER_CLOSED})
        with pytest.raises(SessionNotFound):
            relay.stats(session_id)

    async def test_ipv6(self, clock: PushedClock) -> None:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                pytest.skip("this machine has no IPv6")
        node = RelayNode(RelayConfig(hosts=("::1",)), clock=clock)
        await node.start()
        session_id, answer = publish(node)
        client = Client(answer)
        assert client.server[0] == "::1"
        await client.connect()
        await until(lambda: node.stats(session_id).connected)
        await client.close()
        await node.stop()

    async def test_a_host_that_cannot_be_bound_is_left_out(self) -> None:
        node = RelayNode(RelayConfig(hosts=("127.0.0.1", "203.0.113.1")))
        await node.start()
        _, answer = publish(node)
        assert answer.count("a=candidate") == 1
        await node.stop()
        lost = RelayNode(RelayConfig(hosts=("203.0.113.1",)))
        with pytest.raises(OSError):
            await lost.start()

    async def test_announced_addresses_and_port_replace_the_bound_ones(self) -> None:
        config = RelayConfig(
            hosts=("127.0.0.1",), announced_addresses=("198.51.100.9",), announced_port=4444
        )
        node = RelayNode(config)
        await node.start()
        _, answer = publish(node)
        assert "198.51.100.9 4444 typ host" in answer
        assert "127.0.0.1 " not in answer.split("a=candidate", 1)[1]
        await node.stop()


class TestRefused:
    async def test_dtls_and_srtp_need_a_checked_address(self, relay: RelayNode) -> None:
        _, answer = publish(relay)
        client = Client(answer)
        client.send_raw(b"\x16\xfe\xfd" + bytes(60))
        client.send_raw(b"\x80\x60" + bytes(60))
        client.send_raw(b"\x80\xc8" + bytes(60))
        client.send_raw(b"\xff" * 60)
        await until(lambda: relay.counters()["datagrams_in"] == 4)
        counters = relay.counters()
        assert counters["dtls_unchecked_address"] == 1
        assert counters["srtp_unchecked_address"] == 2
        assert counters["datagrams_unknown"] == 1
        assert client.received == []
        assert counters["addresses"] == 0
        client.close_socket()

    async def test_a_check_with_the_wrong_password_opens_nothing(self, relay: RelayNode) -> None:
        _, answer = publish(relay)
        client = Client(answer)
        client.send_raw(bytes(client.make_check(password="x" * 32)))
        client.send_raw(b"\x16\xfe\xfd" + bytes(60))
        await until(lambda: relay.counters()["dtls_unchecked_address"] == 1)
        assert relay.counters()["stun_unauthentic"] == 1
        assert client.received == []
        client.close_socket()

    async def test_a_wrong_fingerprint_fails(self, relay: RelayNode, told: Listener) -> None:
        wrong = IDENTITY.fingerprint[1][:-2] + (
            "00" if IDENTITY.fingerprint[1][-2:] != "00" else "11"
        )
        session_id, answer = publish(relay, fingerprint=wrong)
        client = Client(answer)
        await client.connect()  # our side is content: only the relay sees the mismatch
        await until(lambda: told.down == {session_id: CloseReason.DTLS_FAILED})
        assert told.up == []
        await client.close()

    async def test_a_mangled_handshake_fails_only_its_session(
        self, relay: RelayNode, told: Listener, clock: PushedClock
    ) -> None:
        good_id, good_answer = publish(relay, "good")
        good = Client(good_answer)
        await good.connect()
        bad_id, bad_answer = publish(relay, "bad")
        bad = Client(bad_answer)
        await bad.check()
        for size in range(13, 200):
            bad.send_raw(b"\x16\xfe\xfd" + bytes(range(size)))
        await good.check()
        clock.ahead_s += 25  # longer than a handshake may take
        await good.check()
        await until(lambda: bad_id in told.down)
        assert relay.stats(good_id).connected
        await bad.close()
        await good.close()

    async def test_bounds(self) -> None:
        node = RelayNode(RelayConfig(hosts=("127.0.0.1",), max_sessions=3, max_sources_per_room=1))
        await node.start()
        publish(node, "a")
        with pytest.raises(RelayFull):
            publish(node, "b")
        publish(node, "a")  # taking over one's own source needs no further place in the room
        watch(node)
        with pytest.raises(RelayFull):
            watch(node)
        assert node.counters()["sessions_refused"] == 2
        await node.stop()

    async def test_a_bad_offer_leaves_nothing_behind(self, relay: RelayNode) -> None:
        with pytest.raises(OfferError):
            relay.publish("v=0\r\n", room_id="r", source_id="s")
        assert (relay.counters()["sessions"], relay.counters()["rooms"]) == (0, 0)


class TestEnding:
    async def test_consent_expires(
        self, relay: RelayNode, told: Listener, clock: PushedClock
    ) -> None:
        session_id, answer = publish(relay)
        client = Client(answer)
        await client.connect()
        await until(lambda: told.up)
        clock.ahead_s += 20
        await client.check()  # consent renewed
        clock.ahead_s += 20
        await client.check()
        assert not told.down
        clock.ahead_s += 31
        await until(lambda: told.down == {session_id: CloseReason.CONSENT_EXPIRED})
        await client.close()

    async def test_a_session_that_never_connects_is_dropped(
        self, relay: RelayNode, told: Listener, clock: PushedClock
    ) -> None:
        session_id, _ = publish(relay)
        clock.ahead_s += 21
        await until(lambda: told.down == {session_id: CloseReason.CONNECT_TIMEOUT})
        assert relay.counters()["rooms"] == 0

    async def test_a_new_session_replaces_the_old_one_only_when_it_is_up(
        self, relay: RelayNode, told: Listener
    ) -> None:
        first_id, first_answer = publish(relay)
        first = Client(first_answer)
        await first.connect()
        await until(lambda: first_id in told.up)
        second_id, _ = publish(relay)
        third_id, third_answer = publish(relay)
        assert relay.stats(first_id).connected
        third = Client(third_answer)
        await third.connect()
        await until(lambda: third_id in told.up)
        await until(lambda: len(told.down) == 2)
        assert told.down == {first_id: CloseReason.REPLACED, second_id: CloseReason.REPLACED}
        await until(lambda: first.closed)
        assert [source.session_id for source in relay.sources("r")] == [third_id]
        await first.close()
        await third.close()

    async def test_viewers_replace_each_other_too(self, relay: RelayNode, told: Listener) -> None:
        clients = []
        for _ in range(2):
            _, answer = watch(relay)
            clients.append(Client(answer))
            await clients[-1].connect()
        await until(lambda: list(told.down.values()) == [CloseReason.REPLACED])
        for client in clients:
            await client.close()

    async def test_close_and_close_room(self, relay: RelayNode, told: Listener) -> None:
        first_id, answer = publish(relay)
        client = Client(answer)
        await client.connect()
        second_id, _ = watch(relay)
        relay.set_audible("r", {"s"})
        relay.close(second_id)
        with pytest.raises(SessionNotFound):
            relay.close(second_id)
        relay.close_room("r")
        relay.close_room("r")
        await until(lambda: client.closed)
        assert relay.counters()["rooms"] == 0
        await until(
            lambda: told.down == {first_id: CloseReason.REQUESTED, second_id: CloseReason.REQUESTED}
        )
        await client.close()

    async def test_stopping_tells_everyone(self, clock: PushedClock) -> None:
        node = RelayNode(RelayConfig(hosts=("127.0.0.1",)), clock=clock)
        await node.start()
        told = Listener()
        node.add_listener(told)
        session_id, answer = publish(node)
        client = Client(answer)
        await client.connect()
        await until(lambda: told.up)
        await node.stop()
        assert told.down == {session_id: CloseReason.SHUTDOWN}
        await until(lambda: client.closed)
        await client.close()


class TestConfiguration:
    async def test_a_configured_room_stays_until_it_is_cleared(self, relay: RelayNode) -> None:
        relay.set_audible("r", {"s"})
        relay.set_programme("r", ["s"])
        assert relay.counters()["rooms"] == 1
        relay.set_audible("r", ())
        assert relay.counters()["rooms"] == 1
        relay.set_programme("r", ())
        assert relay.counters()["rooms"] == 0

    async def test_wishes_are_checked_before_the_session_is_up(self, relay: RelayNode) -> None:
        session_id, _ = watch(relay)
        relay.set_view(session_id, [SlotWish(0, "s")])
        for wrong in (
            [SlotWish(1, "s")],
            [SlotWish(-1, "s")],
            [SlotWish(0, "s"), SlotWish(0, "t")],
        ):
            with pytest.raises(ValueError):
                relay.set_view(session_id, wrong)
        publisher_id, _ = publish(relay)
        with pytest.raises(SessionNotFound):
            relay.set_view(publisher_id, [])

    async def test_a_listener_may_call_the_relay_and_may_fail(self, relay: RelayNode) -> None:
        closed = asyncio.Event()

        class Meddler(Listener):
            def on_session_up(self, session_id: str) -> None:
                relay.close(session_id)
                raise RuntimeError("a listener's defect")

            def on_session_down(self, session_id: str, reason: CloseReason) -> None:
                closed.set()

        relay.add_listener(Meddler())
        _, answer = publish(relay)
        client = Client(answer)
        await client.connect()
        await asyncio.wait_for(closed.wait(), 60)
        assert relay.counters()["listener_failed"] == 1
        await client.close()


async def test_garbage_does_not_stop_the_relay(relay: RelayNode) -> None:
    session_id, answer = publish(relay)
    client = Client(answer)
    await client.connect()
    await until(lambda: relay.stats(session_id).connected)
    before = relay.counters()["datagrams_in"]
    for first in range(256):
        client.send_raw(bytes([first]) + b"\x60" * 40)
        client.send_raw(bytes([first]))
    client.send_raw(b"")
    await until(lambda: relay.counters()["datagrams_in"] >= before + 512)
    await client.check()
    counters = relay.counters()
    assert counters["datagrams_failed"] == 0
    assert counters["srtp_unauthentic"] == 64
    assert relay.stats(session_id).connected
    assert not any(kind is DatagramKind.RTP for kind, _ in client.received)
    await client.close()

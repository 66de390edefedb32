"""Sessions over real sockets: the addresses that they move to, or must not."""

from __future__ import annotations

import pytest

from relay.api import (
    CloseReason,
    OfferError,
    SessionNotFound,
    StaleSession,
)
from relay.node import RelayNode
from tests.integration.relay.client import (
    PASSWORD,
    Client,
    Listener,
    offer,
    publish,
    until,
)
from tests.integration.relay.conftest import PushedClock


def fragment(ufrag: str, pwd: str = PASSWORD) -> str:
    return f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"


class TestAddresses:
    async def test_sending_follows_nomination(self, relay: RelayNode) -> None:
        """The relay answers a mid-life DTLS record where the peer now is."""
        session_id, answer = publish(relay)
        client = Client(answer)
        await client.connect()
        await until(lambda: relay.stats(session_id).connected)
        client.open_socket()
        await client.check(nominate=False)
        await client.check(nominate=True)
        relay.close(session_id)
        await until(lambda: client.closed == [CloseReason.PEER_CLOSED])
        await client.close()

    async def test_a_spoofed_check_cannot_take_another_sessions_address(
        self, relay: RelayNode, clock: PushedClock
    ) -> None:
        victim_id, victim_answer = publish(relay, "victim")
        _, thief_answer = publish(relay, "thief")
        victim = Client(victim_answer)
        await victim.connect()
        await until(lambda: relay.stats(victim_id).connected)
        # The thief's valid check, with the victim's source address.
        thief = Client(thief_answer)
        victim.send_raw(bytes(thief.make_check()))
        await until(lambda: relay.counters()["stun_address_held"] == 1)
        assert (await victim.check()).message_class.name == "RESPONSE"
        # Once the victim has long been silent there, the address may be another's (NAT reuse).
        clock.ahead_s += 11
        victim.server_ufrag, victim.server_pwd = thief.server_ufrag, thief.server_pwd
        assert (await victim.check()).message_class.name == "RESPONSE"
        thief.close_socket()
        await victim.close()

    async def test_a_restarted_device_may_come_back_from_the_same_port(
        self, relay: RelayNode, told: Listener
    ) -> None:
        first_id, first_answer = publish(relay)
        client = Client(first_answer)
        await client.connect()
        await until(lambda: told.up == [first_id])
        second_id, second_answer = publish(relay)
        client.use(second_answer)
        client.dtls = client._make_dtls(second_answer)
        await client.connect()
        await until(lambda: told.up == [first_id, second_id])
        await until(lambda: told.down == {first_id: CloseReason.REPLACED})
        assert relay.stats(second_id).connected
        await client.close()

    async def test_ice_restart_moves_to_a_new_socket(
        self, relay: RelayNode, told: Listener
    ) -> None:
        answer = relay.publish(offer(), room_id="r", source_id="s")
        client = Client(answer.sdp)
        await client.connect()
        await until(lambda: told.up == [answer.session_id])
        patched = relay.patch(answer.session_id, fragment("nova"), etag=answer.etag)
        assert patched.sdp_fragment is not None
        assert patched.etag != answer.etag
        await client.check()  # the old credentials still work
        client.ufrag = "nova"
        old = client.server_ufrag, client.server_pwd
        client.use(patched.sdp_fragment)
        client.open_socket()
        await client.check()
        with_old = client.make_check()
        with_old.attributes["USERNAME"] = f"{old[0]}:clnt"
        with_old.add_message_integrity(old[1].encode())
        client.send_raw(bytes(with_old))
        await until(lambda: relay.counters()["stun_unknown_user"] == 1)
        assert relay.stats(answer.session_id).connected, "DTLS and media state survive"
        relay.close(answer.session_id)
        await until(lambda: client.closed == [CloseReason.PEER_CLOSED])
        await client.close()

    async def test_patch(self, relay: RelayNode) -> None:
        answer = relay.publish(offer(), room_id="r", source_id="s")
        trickle = relay.patch(answer.session_id, fragment("clnt"), etag=answer.etag)
        assert (trickle.sdp_fragment, trickle.etag) == (None, answer.etag)
        with pytest.raises(StaleSession):
            relay.patch(answer.session_id, fragment("clnt"), etag="other")
        restarted = relay.patch(answer.session_id, fragment("nova"), etag=None)
        with pytest.raises(StaleSession):
            relay.patch(answer.session_id, fragment("nova"), etag=answer.etag)
        assert (
            relay.patch(answer.session_id, fragment("nova"), etag=restarted.etag).sdp_fragment
            is None
        )
        with pytest.raises(OfferError):
            relay.patch(answer.session_id, "a=ice-ufrag:x\r\n", etag=None)
        with pytest.raises(SessionNotFound):
            relay.patch("nobody", fragment("nova"), etag=None)
        for number in range(50):
            relay.patch(answer.session_id, fragment(f"rest{number}"), etag=None)
        assert relay.counters()["user_fragments"] <= 2

"""The ICE-lite agent against hand-made checks."""

import pytest
from aioice import stun

from relay.ice import (
    MAX_ADDRESSES,
    SILENT_S,
    Address,
    CheckOutcome,
    IceAgent,
    is_response,
    new_credentials,
    peek_local_ufrag,
)

PEER_PASSWORD = "peerpasswordpeerpassword"
HERE = ("192.0.2.1", 1000)
THERE = ("192.0.2.2", 2000)
SIX = ("2001:db8::5", 3000, 0, 0)


def agent() -> IceAgent:
    return IceAgent(new_credentials("peer", PEER_PASSWORD))


def answer(probe: bytes | None, *, password: str = PEER_PASSWORD) -> bytes:
    """A full agent's answer to a check of the relay."""
    asked = stun.parse_message(probe or b"")
    message = stun.Message(
        stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=asked.transaction_id
    )
    message.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.100", 1)
    message.add_message_integrity(password.encode())
    return bytes(message)


def move(ice: IceAgent, address: Address, now: float, *, nominate: bool) -> bool:
    """A check from `address`, and an answer to ours if there is one; True if one was asked for."""
    probe = ice.on_request(request(ice, nominate=nominate), address, now).probe
    return probe is not None and ice.on_response(answer(probe), address)


def request(
    of: IceAgent,
    *,
    nominate: bool = False,
    password: str | None = None,
    user: str | None = None,
    integrity: bool = True,
    fingerprint: bool = True,
    role: str = "ICE-CONTROLLING",
) -> bytes:
    own = of.credentials
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{own.local_ufrag}:peer" if user is None else user
    message.attributes["PRIORITY"] = 1
    message.attributes[role] = 5
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    if integrity:
        message.add_message_integrity((password or own.local_pwd).encode())
    if not integrity and fingerprint:
        message.add_fingerprint()
    if integrity and not fingerprint:
        del message.attributes["FINGERPRINT"]
    return bytes(message)


def test_a_valid_check_is_answered_with_the_mapped_address() -> None:
    ice = agent()
    for address in (HERE, SIX):
        data = request(ice)
        check = ice.on_request(data, address, 1.0)
        assert check.outcome is CheckOutcome.VALID
        reply = stun.parse_message(check.reply or b"")
        assert reply.message_class is stun.Class.RESPONSE
        assert reply.transaction_id == data[8:20]
        assert reply.attributes["XOR-MAPPED-ADDRESS"] == address[:2]
        assert reply.check_message_integrity(ice.credentials.local_pwd.encode())


def test_the_first_check_selects_and_only_nomination_moves() -> None:
    ice = agent()
    assert not move(ice, HERE, 1.0, nominate=False)
    assert ice.selected == HERE
    assert not move(ice, THERE, 2.0, nominate=False)
    assert ice.selected == HERE
    assert move(ice, THERE, 3.0, nominate=True)
    assert ice.selected == THERE
    assert (ice.last_check, ice.checked_at(HERE)) == (3.0, 1.0)
    assert not move(ice, THERE, 4.0, nominate=True), "it is there already: nothing to ask"


def test_a_silent_selected_address_gives_way_to_one_that_is_heard() -> None:
    ice = agent()
    move(ice, HERE, 0.0, nominate=True)
    assert not move(ice, THERE, SILENT_S, nominate=False)
    assert ice.selected == HERE
    assert move(ice, THERE, SILENT_S + 1, nominate=False)
    assert ice.selected == THERE


def test_our_check_is_one_that_a_full_agent_accepts() -> None:
    ice = agent()
    ice.on_request(request(ice), HERE, 0.0)
    probe = ice.on_request(request(ice, nominate=True), THERE, 1.0).probe
    message = stun.parse_message(probe or b"")
    assert message.message_class is stun.Class.REQUEST
    assert message.attributes["USERNAME"] == f"peer:{ice.credentials.local_ufrag}"
    assert {"PRIORITY", "ICE-CONTROLLED", "FINGERPRINT"} <= set(message.attributes)
    assert message.check_message_integrity(PEER_PASSWORD.encode())


def test_media_moves_nowhere_from_where_no_answer_comes() -> None:
    ice = agent()
    ice.on_request(request(ice), HERE, 0.0)
    probe = ice.on_request(request(ice, nominate=True), THERE, 1.0).probe
    good = answer(probe)
    other = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    assert not ice.on_response(good, HERE), "from the wrong place"
    assert not ice.on_response(answer(probe, password="wrong" * 6), THERE)
    assert not ice.on_response(answer(bytes(other)), THERE), "of a check that was never sent"
    assert not ice.on_response(probe or b"", THERE), "the check itself, thrown back"
    for end in range(len(good)):
        assert not ice.on_response(good[:end], THERE)
    assert ice.selected == HERE
    again = ice.on_request(request(ice, nominate=True), THERE, 2.0).probe
    assert stun.parse_message(again or b"").transaction_id == good[8:20], "a late answer counts"
    assert ice.on_response(good, THERE)
    assert ice.selected == THERE
    assert not ice.on_response(good, THERE), "each answer counts once"


def test_what_looks_like_a_response() -> None:
    ice = agent()
    ice.on_request(request(ice), HERE, 0.0)
    probe = ice.on_request(request(ice, nominate=True), THERE, 1.0).probe
    good = answer(probe)
    assert is_response(good)
    assert not is_response(probe or b"")
    assert not is_response(good[:19])
    assert not is_response(good[:4] + bytes(4) + good[8:])
    assert not is_response(good + bytes(600))


@pytest.mark.parametrize(
    "fault",
    [
        {"password": "wrong" * 6},
        {"user": "other:peer"},
        {"integrity": False},
        {"fingerprint": False},
    ],
)
def test_what_is_not_authentic_changes_nothing(fault: dict[str, object]) -> None:
    ice = agent()
    if "user" in fault:
        fault = {"user": f"{ice.credentials.local_ufrag}:stranger"}
    check = ice.on_request(request(ice, **fault), HERE, 1.0)  # type: ignore[arg-type]
    assert check.outcome is CheckOutcome.REFUSED
    assert check.reply is None
    assert ice.selected is None
    assert ice.last_check is None


def test_every_flipped_bit_is_noticed() -> None:
    ice = agent()
    good = request(ice)
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 0x10
        if peek_local_ufrag(bytes(bad)) is not None:
            ice.on_request(bytes(bad), HERE, 1.0)
    assert ice.selected is None


def test_a_controlled_peer_is_told_its_role() -> None:
    ice = agent()
    check = ice.on_request(request(ice, role="ICE-CONTROLLED"), HERE, 1.0)
    assert check.outcome is CheckOutcome.ROLE_CONFLICT
    reply = stun.parse_message(check.reply or b"")
    assert reply.attributes["ERROR-CODE"][0] == 487
    assert ice.selected is None


def test_addresses_are_bounded_and_the_selected_one_stays() -> None:
    ice = agent()
    ice.on_request(request(ice, nominate=True), HERE, 0.0)
    for port in range(100):
        ice.on_request(request(ice), ("192.0.2.9", port), 1.0)
    assert len(ice.addresses) == MAX_ADDRESSES
    assert HERE in ice.addresses
    assert ice.selected == HERE


def test_restart_keeps_the_old_credentials_until_the_new_ones_are_used() -> None:
    ice = agent()
    old = request(ice, nominate=True)
    old_ufrag = ice.credentials.local_ufrag
    ice.restart("peer", PEER_PASSWORD)
    assert set(ice.local_ufrags) == {old_ufrag, ice.credentials.local_ufrag}
    assert ice.on_request(old, HERE, 1.0).outcome is CheckOutcome.VALID
    assert ice.on_request(request(ice), THERE, 2.0).outcome is CheckOutcome.VALID
    assert ice.selected == HERE, "moving takes a nomination"
    assert ice.on_request(old, HERE, 3.0).outcome is CheckOutcome.REFUSED
    assert ice.local_ufrags == (ice.credentials.local_ufrag,)


def test_unused_generations_do_not_pile_up() -> None:
    ice = agent()
    first = ice.credentials.local_ufrag
    for _ in range(10):
        ice.restart("peer", PEER_PASSWORD)
    assert ice.local_ufrags == (ice.credentials.local_ufrag, first)


def test_peeking_finds_the_ufrag_and_nothing_else() -> None:
    ice = agent()
    data = request(ice)
    assert peek_local_ufrag(data) == ice.credentials.local_ufrag
    assert peek_local_ufrag(data[:-4]) is None
    assert peek_local_ufrag(b"\x01\x01" + data[2:]) is None
    assert peek_local_ufrag(data[:4] + b"\x00\x00\x00\x00" + data[8:]) is None
    assert peek_local_ufrag(data + bytes(600)) is None
    assert peek_local_ufrag(b"") is None


def test_credentials_are_long_enough_and_in_the_alphabet() -> None:
    made = [new_credentials("x") for _ in range(50)]
    assert len({entry.local_ufrag for entry in made}) == 50
    for entry in made:
        assert len(entry.local_ufrag) == 12
        assert len(entry.local_pwd) == 32
        assert all(c.isalnum() or c in "+/" for c in entry.local_ufrag + entry.local_pwd)

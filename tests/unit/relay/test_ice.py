"""The ICE-lite agent against hand-made checks."""

import pytest
from aioice import stun

from relay.ice import (
    MAX_ADDRESSES,
    SILENT_S,
    CheckOutcome,
    IceAgent,
    new_credentials,
    peek_local_ufrag,
)

HERE = ("192.0.2.1", 1000)
THERE = ("192.0.2.2", 2000)
SIX = ("2001:db8::5", 3000, 0, 0)


def agent() -> IceAgent:
    return IceAgent(new_credentials("peer"))


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
    ice.on_request(request(ice), HERE, 1.0)
    assert ice.selected == HERE
    ice.on_request(request(ice), THERE, 2.0)
    assert ice.selected == HERE
    ice.on_request(request(ice, nominate=True), THERE, 3.0)
    assert ice.selected == THERE
    assert (ice.last_check, ice.checked_at(HERE)) == (3.0, 1.0)


def test_a_silent_selected_address_gives_way_to_one_that_is_heard() -> None:
    ice = agent()
    ice.on_request(request(ice, nominate=True), HERE, 0.0)
    ice.on_request(request(ice), THERE, SILENT_S)
    assert ice.selected == HERE
    ice.on_request(request(ice), THERE, SILENT_S + 1)
    assert ice.selected == THERE


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
    ice.restart("peer")
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
        ice.restart("peer")
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

"""Routing: from a datagram to its session.

A check finds its session by the user fragment that it names. Any other datagram finds its session
by the address that an authenticated check proved. `docs/transport.md` tells the rules.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Collection

from relay.core.wire.datagram import DatagramKind, classify
from relay.ice import Address, CheckOutcome, is_response, peek_local_ufrag
from relay.session import Session, SessionState
from relay.transport_counters import TransportCounters

ADDRESS_HOLD_S = 10.0  # a session heard of since keeps its address; 4 ping intervals of Chromium


class Router:
    """The sessions by user fragment and by address.

    Args:
        clock: monotonic seconds.
        counters: one per reason for which a datagram is dropped.
        on_reached: told of a new session's first valid check.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        counters: TransportCounters,
        on_reached: Callable[[Session], None],
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._on_reached = on_reached
        self._by_ufrag: dict[str, Session] = {}
        self._by_address: dict[Address, Session] = {}

    def gauges(self) -> dict[str, int]:
        """Sizes of the tables."""
        return {"addresses": len(self._by_address), "user_fragments": len(self._by_ufrag)}

    # --- sessions -------------------------------------------------------------------------------

    def update(self, session: Session) -> None:
        """Route a session's checks by its agent's present user fragments, and only by those."""
        current = session.ice.local_ufrags
        if session.ufrags == current:
            return
        for ufrag in session.ufrags:
            del self._by_ufrag[ufrag]
        for ufrag in current:
            self._by_ufrag[ufrag] = session
        session.ufrags = current

    def remove(self, session: Session) -> None:
        """Route nothing to this session any more."""
        for ufrag in session.ufrags:
            del self._by_ufrag[ufrag]
        session.ufrags = ()
        self._unroute(session, session.routed)

    def _unroute(self, session: Session, addresses: Collection[Address]) -> None:
        for address in list(addresses):
            session.routed.discard(address)
            if self._by_address.get(address) is session:
                del self._by_address[address]

    # --- datagrams ------------------------------------------------------------------------------

    def on_datagram(
        self, datagram: bytes, address: Address, sock: socket.socket, arrival: float
    ) -> None:
        """Hand one datagram to its session, or drop and count it."""
        kind = classify(datagram)
        if kind is DatagramKind.STUN:
            self._on_stun(datagram, address, sock, arrival)
            return
        session = self._by_address.get(address)
        if session is None:
            # No check has proved this address, so only STUN is accepted from it.
            if kind is DatagramKind.DTLS:
                self._counters.dtls_unchecked_address += 1
            elif kind is DatagramKind.UNKNOWN:
                self._counters.datagrams_unknown += 1
            else:
                self._counters.srtp_unchecked_address += 1
        elif kind is DatagramKind.RTP:
            session.on_srtp(datagram, arrival)
        elif kind is DatagramKind.RTCP:
            session.on_srtcp(datagram, arrival)
        elif kind is DatagramKind.DTLS:
            session.on_dtls(datagram, arrival)
        else:
            self._counters.datagrams_unknown += 1

    def _on_stun(
        self, datagram: bytes, address: Address, sock: socket.socket, arrival: float
    ) -> None:
        if is_response(datagram):
            self._on_response(datagram, address, sock, arrival)
            return
        ufrag = peek_local_ufrag(datagram)
        if ufrag is None:
            self._counters.stun_malformed += 1
            return
        session = self._by_ufrag.get(ufrag)
        if session is None:
            self._counters.stun_unknown_user += 1
            return
        if self._is_excess(session, address, datagram, arrival):
            return
        now = self._clock()
        if self._is_held(address, session, now):
            self._counters.stun_address_held += 1
            return
        check = session.ice.on_request(datagram, address, now)
        if check.outcome is CheckOutcome.REFUSED:
            self._counters.stun_unauthentic += 1
            return
        if check.outcome is CheckOutcome.ROLE_CONFLICT:
            self._counters.stun_role_conflict += 1
        else:
            self._on_valid_check(session, address, sock, now)
        assert check.reply is not None
        with contextlib.suppress(OSError):  # lost like any datagram: the peer checks again
            sock.sendto(check.reply, address)
            if check.probe is not None:
                sock.sendto(check.probe, address)

    def _is_excess(
        self, session: Session, address: Address, datagram: bytes, arrival: float
    ) -> bool:
        """True if too many checks come; each is counted. Judging a check costs much."""
        limits = session.limits
        known = self._by_address.get(address) is session
        checks = limits.checks if known else limits.strangers
        if checks.take(len(datagram), arrival):
            return False
        self._counters.stun_excess += 1
        return True

    def _on_response(
        self, datagram: bytes, address: Address, sock: socket.socket, arrival: float
    ) -> None:
        session = self._by_address.get(address)
        if session is not None and self._is_excess(session, address, datagram, arrival):
            return
        if session is None or not session.ice.on_response(datagram, address):
            self._counters.stun_unexpected_response += 1
            return
        self._counters.addresses_moved += 1
        session.on_valid_check(address, sock, self._clock())

    def _on_valid_check(
        self, session: Session, address: Address, sock: socket.socket, now: float
    ) -> None:
        session.on_valid_check(address, sock, now)
        self.update(session)
        holder = self._by_address.get(address)
        if holder is not session:
            if holder is not None:
                holder.routed.discard(address)
            self._by_address[address] = session
            session.routed.add(address)
            self._unroute(session, session.routed.difference(session.ice.addresses))
        if session.state is SessionState.NEW:
            self._on_reached(session)

    def _is_held(self, address: Address, claimant: Session, now: float) -> bool:
        """True if another session uses this address; spoofed checks must not take it over."""
        holder = self._by_address.get(address)
        if holder is None or holder.owner == claimant.owner:
            return False  # its own, or that of its predecessor: a device that restarted, same port
        checked_at = holder.ice.checked_at(address)
        return checked_at is not None and now - checked_at < ADDRESS_HOLD_S

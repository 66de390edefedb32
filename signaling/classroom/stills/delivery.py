"""The stills of one room: taken in from its courseware's page, handed to who cannot have video."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay.api import Importance, MediaKind, SlotState, SlotWish
from signaling.classroom import wire as m
from signaling.classroom.channel import Channel, encode
from signaling.classroom.stills.rules import StillPace, StillPicture, StillShelf, parts_of

MAX_BACKLOG_BYTES = 8 * 1024  # two parts; 0.65 s on a link of 100 kbit/s


class StillPost:
    """Keeps the newest still of each source and brings it to the viewers in need of it."""

    def __init__(self, on_sent: Callable[[int, bool], None]) -> None:
        """`on_sent` is told the size of each part in bytes, and whether a still begins with it."""
        self.shelf = StillShelf()
        self._on_sent = on_sent
        self._paces: dict[str, StillPace] = {}  # by participant, of those that were in need
        self._texts: tuple[StillPicture, tuple[str, ...]] | None = None  # of the one sent last

    @property
    def waiting(self) -> tuple[str, ...]:
        """The participants whose courseware is held back."""
        return tuple(who for who, pace in self._paces.items() if pace.source_id is not None)

    def takes_stills(self, participant_id: str) -> bool:
        """Return whether a participant's courseware comes as still pictures."""
        pace = self._paces.get(participant_id)
        held = None if pace is None else pace.source_id
        return held is not None and self.shelf.get(held) is not None

    def look(
        self,
        participant_id: str,
        slots: Sequence[SlotState],
        wishes: Sequence[SlotWish],
        now: float,
    ) -> None:
        """Note what flows in a participant's slots, by its view."""
        held = held_courseware(slots, wishes)
        if held is not None or participant_id in self._paces:
            self._paces.setdefault(participant_id, StillPace()).hold(held, now)

    def forget_viewer(self, participant_id: str) -> None:
        """A participant's session or channel is gone; a new one begins anew."""
        self._paces.pop(participant_id, None)

    def deliver(self, participant_id: str, channel: Channel, rate_bps: float, now: float) -> None:
        """Hand over what is due, but no more than the network takes: TCP is asked, too."""
        pace = self._paces.get(participant_id)
        if pace is None or pace.source_id is None:
            return
        newest = self.shelf.get(pace.source_id)
        while channel.backlog_bytes < MAX_BACKLOG_BYTES and (
            due := pace.take(newest, rate_bps, now)
        ):
            still, part = due
            text = self._encoded(still)[part]
            channel.post(text)
            self._on_sent(len(text), part == 0)

    def _encoded(self, still: StillPicture) -> tuple[str, ...]:
        if self._texts is None or self._texts[0] is not still:
            parts = parts_of(still)
            source_id, taken_at, mime, total = (
                still.source_id,
                still.taken_at,
                still.mime,
                len(parts),
            )
            self._texts = (
                still,
                tuple(
                    encode(m.Still(source_id, taken_at, mime, image, number, total))
                    for number, image in enumerate(parts)
                ),
            )
        return self._texts[1]


def held_courseware(slots: Sequence[SlotState], wishes: Sequence[SlotWish]) -> str | None:
    """The courseware that a viewer wants and its link does not carry, if any."""
    wanted = {
        wish.slot: wish.source_id for wish in wishes if wish.importance is Importance.COURSEWARE
    }
    for slot in slots:
        held = slot.layer is None and slot.ideal is not None
        if slot.kind is MediaKind.VIDEO and held and wanted.get(slot.slot) is not None:
            return wanted[slot.slot]
    return None

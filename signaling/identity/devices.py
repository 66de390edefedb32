"""Device tokens of classroom terminals: made, used, and replaced in time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog

from signaling.access.signing import fingerprint
from signaling.audit.log import Work
from signaling.base.clock import Clock
from signaling.base.errors import BadCredentials, TooManyDevices
from signaling.base.ids import new_secret
from signaling.base.problem_codes import ProblemCode
from signaling.identity.store import DeviceOrigin, DeviceRecord, SessionStore

log = structlog.get_logger(__name__)

# A terminal that comes back by its device cookie gets a new one this often, so that a copy of the
# old one does not stay good for years.
DEVICE_ROTATION = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Binding:
    """Binding of a terminal: who bound it, and from which address it came."""

    bound_by: str | None = None
    remote: str | None = None


class Devices:
    """The device tokens. Only their hashes are kept."""

    def __init__(self, store: SessionStore, clock: Clock, lifetime: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._lifetime = lifetime

    async def find(self, token: str) -> DeviceRecord | None:
        """Return a device token that is good."""
        return await self._store.device(fingerprint(token), self._clock.now() - self._lifetime)

    async def use(self, work: Work, token: str) -> DeviceRecord:
        """Note that a device token is used. Raises BadCredentials."""
        now = self._clock.now()
        oldest = now - self._lifetime
        device = await self._store.use_device(work, fingerprint(token), now, oldest)
        if device is None:
            raise bad_device_token()
        return device

    async def make(
        self,
        work: Work,
        room_id: str,
        origin: DeviceOrigin,
        in_use: Collection[str] | None,
        *,
        replaces: str | None = None,
        binding: Binding | None = None,
    ) -> str:
        """Make a device token of a room.

        Args:
            work: the action under way.
            room_id: the room.
            origin: the way in which the token comes to be.
            in_use: the sessions whose tokens must stay; None where any may be in use.
            replaces: the token that ends when the new one is first used.
            binding: how the terminal was bound.

        Raises:
            TooManyDevices: all that there may be are in use.
        """
        token = new_secret()
        await self._store.add_device(
            work,
            fingerprint(token),
            room_id,
            origin,
            self._clock.now(),
            in_use=in_use,
            replaces=None if replaces is None else fingerprint(replaces),
            bound_by=None if binding is None else binding.bound_by,
            remote=None if binding is None else binding.remote,
        )
        return token

    async def rotate(
        self, work: Work, token: str, device: DeviceRecord, in_use: Collection[str] | None
    ) -> str | None:
        """Make a token to take the place of one that is old; None: that one stays good."""
        if self._clock.now() - device.created_at < DEVICE_ROTATION:
            return None
        try:
            return await self.make(
                work,
                device.room_id,
                DeviceOrigin.ROTATED,
                in_use,
                replaces=token,
                binding=Binding(device.bound_by, device.remote),
            )
        except TooManyDevices:
            log.warning("device_token_not_rotated", room_id=device.room_id)
            return None

    async def drop(self, work: Work, token: str, room_id: str) -> None:
        """Forget a device token of a room."""
        await self._store.drop_device(work, fingerprint(token), room_id)

    async def drop_unused(self) -> None:
        """Forget the device tokens that nobody used for too long."""
        await self._store.drop_unused_devices(self._clock.now() - self._lifetime)


def bad_device_token() -> BadCredentials:
    """Return the error for a device token that is none."""
    return BadCredentials(code=ProblemCode.BAD_DEVICE_TOKEN, field="device_token")

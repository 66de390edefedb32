"""The keys between web processes and cells: several are known, one signs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import structlog

from signaling.access.signing import Keyring, Purpose

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 5.0  # between two looks at the secrets for a key that is not known
LEAST_SECRET_BYTES = 32
FOREVER = float("inf")


class InnerKeys:
    """Keys by id, read anew where one is not known, so that a rotation needs no restart."""

    def __init__(self, load: Callable[[], Keyring], steady: Callable[[], float]) -> None:
        """Make it.

        Args:
            load: reads the secrets.
            steady: the time in monotonic seconds.
        """
        self._load = load
        self._steady = steady
        self._looked_at = steady()
        self._signing, self._known = _read(load())

    @property
    def signing(self) -> tuple[str, bytes]:
        """The key that signs, behind its id."""
        return self._signing

    def find(self, key_id: str) -> bytes | None:
        """Return the key with an id. The secrets are looked at again, but not all the time."""
        if key_id not in self._known and self._steady() - self._looked_at >= LOOK_AGAIN_S:
            self.reload()
        return self._known.get(key_id)

    def reload(self) -> None:
        """Read the secrets anew; keys that are not among them are known no more."""
        self._looked_at = self._steady()
        try:
            self._signing, self._known = _read(self._load())
        except OSError as error:
            log.error("inner_keys_unreadable", error=str(error))


def read_secrets(file: Path) -> Keyring:
    """Read a file with one secret a line: the first one signs, and all are known.

    Machines share this file. A new secret is added below, on every machine, then moved to the top
    on every machine; then the old one is taken out.

    Raises:
        OSError: the file cannot be read, or a secret in it is too short.
    """
    secrets = [line.strip().encode() for line in file.read_text().splitlines() if line.strip()]
    if not secrets or any(len(secret) < LEAST_SECRET_BYTES for secret in secrets):
        raise OSError(f"{file}: each line is a secret of {LEAST_SECRET_BYTES} characters and more")
    return Keyring(secrets[0], [(secret, FOREVER) for secret in secrets[1:]])


def _read(ring: Keyring) -> tuple[tuple[str, bytes], dict[str, bytes]]:
    keys = list(ring.keys(Purpose.FORWARD))
    return (_id_of(keys[0]), keys[0]), {_id_of(key): key for key in keys}


def _id_of(key: bytes) -> str:
    """The name of a key, which tells nothing of it: 64 bits of its SHA-256."""
    return hashlib.sha256(b"tongke-inner-key\n" + key).hexdigest()[:16]

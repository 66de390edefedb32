"""The server's secret in the data folder, and the one before it for as long as it verifies."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from signaling.access.signing import Keyring

SECRET_FILE = "secret.key"  # noqa: S105 - the name of a file
SECRET_BYTES = 32
_OLD = re.compile(r"secret\.until-(?P<until>\d{1,12})\.key")
MAX_OLD = 4  # earlier secrets that verify beside the newest


def load_secret(data: Path) -> bytes:
    """The server's secret, made at first use, readable by its owner only."""
    path = data / SECRET_FILE
    data.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        # Written aside and linked into place: whoever comes second reads a whole secret.
        fresh = _fresh(data)
        try:
            if not path.exists():
                os.link(fresh, path)
        finally:
            fresh.unlink()
    return _read(path)


def load_keyring(data: Path, now: float) -> Keyring:
    """The secret that signs, and earlier ones whose time is not over. `now` in Unix seconds."""
    signing = load_secret(data)
    older = []
    for path in data.iterdir():
        found = _OLD.fullmatch(path.name)
        if found is not None and int(found["until"]) > now:
            older.append((_read(path), float(found["until"])))
    older.sort(key=lambda one: -one[1])
    return Keyring(signing, older[:MAX_OLD])


def rotate(data: Path, now: float, keep_s: float) -> None:
    """Make a new secret; the present one verifies for `keep_s` more, or none does for 0.

    It takes effect at the next start. A crash in between leaves the present one in both places,
    which does no harm.
    """
    load_secret(data)
    path = data / SECRET_FILE
    for old in data.iterdir():
        found = _OLD.fullmatch(old.name)
        if found is not None and (keep_s <= 0 or int(found["until"]) <= now):
            old.unlink()
    if keep_s > 0:
        os.link(path, data / f"secret.until-{int(now + keep_s)}.key")
    _fresh(data).replace(path)
    folder = os.open(data, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _fresh(data: Path) -> Path:
    fresh = data / f".{SECRET_FILE}.{secrets.token_hex(8)}"
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(secrets.token_bytes(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _read(path: Path) -> bytes:
    secret = path.read_bytes()
    if len(secret) < SECRET_BYTES:
        raise OSError(f"{path} is too short to be a secret; restore it from a backup or delete it")
    return secret

"""`Content-Disposition` of a download: its name in any language (RFC 6266, RFC 8187)."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%/]')  # some readers unescape %
# attr-char (RFC 8187 §3.2.1)
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")


def attachment(name: str) -> str:
    """Return the header for a file that is saved, never shown."""
    plain = _UNSAFE.sub("_", name)
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{_escaped(name)}"


def _escaped(name: str) -> str:
    return "".join(
        chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in name.encode("utf-8", "replace")
    )

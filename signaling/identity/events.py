"""Events of logins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountEnded:
    """An account was closed, or its person left: what is the person's own ends with it."""

    person_id: str


@dataclass(frozen=True, slots=True)
class LoginsEnded:
    """Logins have ended, by the hashes of their sessions: what was opened with them ends, too."""

    session_hashes: frozenset[str]

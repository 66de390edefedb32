"""Events of consent, told after the commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ConsentEnd(StrEnum):
    """Ways in which a consent counts no longer, or for less."""

    WITHDRAWN = "withdrawn"
    NARROWED = "narrowed"  # a purpose, days or a seat were taken back
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """A class may no longer be shown as before in the lessons of these days, both included.

    `ConsentGate.lessons` names the lessons; what of their recordings may be shown is asked anew.
    """

    consent_id: str
    class_id: str
    school_id: str
    covers_from: date
    covers_to: date
    cause: ConsentEnd

"""Events of people and places."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrantsEnded:
    """A person has lost roles: what the person does at the moment has to be judged anew."""

    person_id: str

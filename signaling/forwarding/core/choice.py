"""The cell of a lesson in a set-up whose cells are fixed: the same wherever it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def chosen(lesson_id: str, cell_ids: Sequence[str]) -> str | None:
    """The cell that a lesson belongs to, None where there is none.

    Rendezvous hashing (Thaler and Ravishankar 1998): a cell more or less moves only the lessons
    that it gets or had.
    """
    return max(cell_ids, key=lambda cell_id: _weight(lesson_id, cell_id), default=None)


def _weight(lesson_id: str, cell_id: str) -> bytes:
    return hashlib.sha256(f"{cell_id}\n{lesson_id}".encode()).digest()

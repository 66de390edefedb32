"""Rules of the log: which requests of one download it has a row of."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

ROW_EACH = timedelta(hours=1)  # of one person and one file
CAPACITY = 10_000  # downloads that are remembered; of a forgotten one a row too many is written

Download = tuple[str, str, str]  # the action, who, and which file


class NotedDownloads:
    """Downloads of which the log has a row.

    A player, and a download that was broken off, ask for one range after the other. The first
    request has a row, from whichever byte on it asks: who asks from byte 1 on has all but one. The
    following ones have none, until an hour is over.
    """

    def __init__(self) -> None:
        self._noted: OrderedDict[Download, datetime] = OrderedDict()

    def __len__(self) -> int:
        return len(self._noted)

    def wants_row(self, download: Download, now: datetime) -> bool:
        """Tell whether a request has a row of its own."""
        noted = self._noted.get(download)
        return noted is None or not noted <= now < noted + ROW_EACH

    def has_row(self, download: Download, now: datetime) -> None:
        """Remember a row that was written; of too many, the oldest one is forgotten."""
        self._noted.pop(download, None)
        self._noted[download] = now
        while len(self._noted) > CAPACITY:
            self._noted.popitem(last=False)

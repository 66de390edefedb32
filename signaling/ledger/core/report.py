"""Contents of a monthly report, as it is kept when a month is frozen."""

from __future__ import annotations

import msgspec

from signaling.ledger.core.measures import Measures, figures
from signaling.ledger.county_wire import ReasonCount
from signaling.ledger.wire import Completeness, LedgerRow


class ReportRow(msgspec.Struct, frozen=True):
    """The sums of one point or subject."""

    key: str
    label: str
    parent: str
    sums: Measures

    def shown(self) -> LedgerRow:
        """Return the row as the API shows it."""
        return LedgerRow(self.key, self.label, self.parent, None, figures(self.sums), (), ())


class ReportFacts(msgspec.Struct, frozen=True):
    """Everything that a month's report says."""

    total: Measures
    completeness: Completeness
    points: tuple[ReportRow, ...]
    subjects: tuple[ReportRow, ...]
    reasons: tuple[ReasonCount, ...]

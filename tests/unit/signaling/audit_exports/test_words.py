"""The workbook says what the page says."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.audit.wire import AuditFact
from signaling.audit_exports import words as w
from signaling.audit_exports.value_words import VALUES
from signaling.base.config import Config
from signaling.command.work import job_kinds
from signaling.directory.wire import OrgLevel, SchoolKind
from signaling.files.wire import FilePurpose
from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.lessons.reasons import MissedReason
from signaling.library.references.wire import ReferenceScope
from signaling.library.resource_routes import ROUTES
from signaling.library.versions.wire import ReviewLevel, ShareScope, WithdrawReason
from signaling.timetable.core.codes import DayKind

TEXTS = Path(__file__).parents[4] / "web_client/src/i18n/texts"
LINE = re.compile(r"^( +)(\w+): (?:\'(.*)\',|\{)$|^ +\},$")


def _texts(language: str) -> Mapping[str, str]:
    """Return the texts of a page by their keys."""

    def read() -> Iterator[tuple[str, str]]:
        above: list[str] = []
        for line in (TEXTS / f"audit.{language}.ts").read_text("utf-8").splitlines():
            found = LINE.match(line)
            if found is None:
                continue
            if found[2] is None:
                above.pop()
            elif found[3] is None:
                above.append(found[2])
            else:
                yield ".".join([*above, found[2]]), found[3]

    return dict(read())


@pytest.mark.parametrize(("place", "language"), [(0, "zh"), (1, "en")])
def test_the_workbook_has_the_words_of_the_page(place: int, language: str) -> None:
    own = {f"audit.{name}": pair[place] for name, pair in w.HEADS.items()}
    own |= {f"audit.action.{name}": pair[place] for name, pair in w.ACTIONS.items()}
    own |= {f"audit.fact.{name}": pair[place] for name, pair in w.FACTS.items()}
    for name, values in VALUES.items():
        own |= {f"audit.value.{name}.{one}": pair[place] for one, pair in values.items()}
    texts = _texts(language)
    kinds = ("audit.action.", "audit.fact.", "audit.value.")
    assert own == {key: texts[key] for key in texts if key in own or key.startswith(kinds)}


def test_every_code_has_words() -> None:
    assert set(w.ACTIONS) == set(AuditAction)
    assert set(VALUES["role"]) == set(Role)
    assert set(VALUES["reason"]) == {*MissedReason, *WithdrawReason}
    assert set(VALUES["day"]) == set(DayKind)
    assert set(VALUES["purpose"]) == set(FilePurpose)
    assert set(VALUES["level"]) == {*OrgLevel, *ReviewLevel}
    assert set(VALUES["scope"]) == set(ShareScope) | set(ReferenceScope)
    assert set(VALUES["kind"]) == set(SchoolKind)
    assert set(VALUES["job"]) == set(job_kinds(Config())._handlers)


def test_every_try_that_is_refused_has_words() -> None:
    deeds = {one.audited for one in ROUTES if one.audited and "{re" in one.path}
    assert deeds <= set(AuditAction)
    assert set(VALUES["deed"]) == {"download", "share_link_open", "share_password"}
    words = w.Words(WorkbookLanguage.ZH)
    tried = [AuditFact("deed", one) for one in ("resource_pass", "share_password")]
    assert words.detail(tuple(tried)) == "操作 审核通过; 操作 输入资源密码"


def test_a_detail_is_a_sentence_of_facts() -> None:
    words = w.Words(WorkbookLanguage.ZH)
    facts = (AuditFact("pupils", "12", "9"), AuditFact("reason", "other"), AuditFact("", "=1"))
    assert words.detail(facts) == "人数 9 → 12; 原因 其他; =1"
    assert words.action("of_an_earlier_version") == "of_an_earlier_version"

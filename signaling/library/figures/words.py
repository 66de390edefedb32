"""Words of the workbooks of coverage and use, which people open in an office program."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from signaling.files.workbooks.languages import WorkbookLanguage

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "coverage": ("一师一优课覆盖", "Nominated lessons"),
        "use": ("资源使用", "Use of resources"),
        "schools": ("按学校", "By school"),
        "teachers": ("按教师", "By teacher"),
        "resources": ("按资源", "By resource"),
        "county": ("县", "County"),
        "school": ("学校", "School"),
        "teacher": ("教师", "Teacher"),
        "title": ("资源", "Resource"),
        "active": ("在岗教师", "Active teachers"),
        "nominated": ("有优课的教师", "Teachers with a nominated lesson"),
        "rate": ("覆盖率(%)", "Coverage (%)"),
        "lessons": ("优课数", "Nominated lessons"),
        "number": ("资源数", "Resources"),
        "plays": ("播放次数", "Plays"),
        "minutes": ("观看分钟", "Viewers' minutes"),
        "downloads": ("下载次数", "Downloads"),
    }
)


class Words:
    """The words of one language."""

    def __init__(self, language: WorkbookLanguage) -> None:
        self._place = list(WorkbookLanguage).index(language)

    def of(self, name: str) -> str:
        """Return a word."""
        return _WORDS[name][self._place]

"""Rules that this checkout keeps."""

import re

import pytest

from house import mirror, pages, purity
from house.check import old_pictures
from house.sources import PRODUCT, read_modules
from signaling.base.config import REPOSITORY

_QUESTION = re.compile(r"^\| [^|]*\? \| \[[^\]]+\]\(\.\./[^)]+\) `[^`]+` \|$", re.MULTILINE)


def test_pure_modules_are_pure() -> None:
    assert list(purity.faults(read_modules(REPOSITORY, PRODUCT))) == []


def test_tests_stand_where_their_modules_are() -> None:
    assert list(mirror.faults(REPOSITORY)) == []


def test_pages_name_what_exists() -> None:
    assert list(pages.faults(REPOSITORY)) == []


def test_pictures_show_the_code() -> None:
    assert list(old_pictures(REPOSITORY)) == []


def test_architecture_answers_twenty_questions_in_one_hop() -> None:
    page = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    assert len(_QUESTION.findall(page)) >= 20


@pytest.mark.parametrize("package", PRODUCT)
def test_every_package_has_pure_modules(package: str) -> None:
    assert any(purity.is_pure(module) for module in read_modules(REPOSITORY, (package,)))

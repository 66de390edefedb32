"""The font of a film's card: what fontconfig says, and what it may lack."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.films.fonts import Font, parse_font


def test_a_font_with_chinese_is_taken_with_its_face() -> None:
    said = "/usr/share/fonts/noto.ttc\n2\nen|zh-cn|zh-tw"
    assert parse_font(said) == Font(Path("/usr/share/fonts/noto.ttc"), 2)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "/usr/share/fonts/dejavu.ttf\n0\nen|fr",  # the nearest of a machine without Chinese
        "/usr/share/fonts/hk.ttf\n0\nen|zh-hk|zh-tw",
        "/usr/share/fonts/odd.ttf\n-1\nzh-cn",
        "/usr/share/fonts/odd.ttf",
    ],
)
def test_any_other_one_is_not(said: str) -> None:
    assert parse_font(said) is None

"""docs/operations in two languages: the same parts, commands and settings, and true defaults."""

import re

import pytest

from signaling.base.config import REPOSITORY, Config

PAGES = {
    "en": (REPOSITORY / "docs" / "operations.md").read_text(),
    "zh": (REPOSITORY / "docs" / "operations.zh-CN.md").read_text(),
}
ROW = re.compile(r"^\| (`\w+`[^|]*) \| ([^|]*) \|", re.MULTILINE)
CODE = re.compile(r"`[^`]*`(?: (?:and|与) `[^`]*`)?")


def _levels(page: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", page, re.MULTILINE)]


def _settings(page: str) -> dict[str, str]:
    """The number in the default of each setting, or a dash for code."""
    rows = {}
    for names, default in ROW.findall(page):
        found = re.findall(r"`\w+`", names)
        values = re.findall(r"\d+(?:\.\d+)?|–", CODE.sub("–", default))
        if len(values) == len(found):
            rows |= dict(zip([one.strip("`") for one in found], values, strict=True))
        else:
            rows |= {one.strip("`"): " ".join(values) for one in found}
    return rows


def _commands(page: str) -> list[str]:
    """What stands in code blocks, without remarks and without words of either language."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    lines = [line.split("#")[0] for block in blocks for line in block.splitlines()]
    kept = [re.sub(r"<[^>]*>", "<>", " ".join(line.split())) for line in lines]
    return [line for line in kept if line]


@pytest.mark.parametrize("part", [_levels, _settings, _commands])
def test_both_pages_say_the_same(part):
    assert part(PAGES["zh"]) == part(PAGES["en"])
    assert part(PAGES["en"])


@pytest.mark.parametrize("language", PAGES)
def test_defaults_are_those_of_the_server(language):
    settings = _settings(PAGES[language])
    known = [name for name in settings if name in Config.__struct_fields__]
    assert len(known) >= 25
    defaults = Config()
    for name in known:
        value = getattr(defaults, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            assert float(settings[name]) == value, name


@pytest.mark.parametrize(("language", "other"), [("en", "zh-CN"), ("zh", "")])
def test_each_page_names_the_other(language, other):
    name = f"operations.{other}.md" if other else "operations.md"
    assert f"]({name})" in PAGES[language].splitlines()[1]

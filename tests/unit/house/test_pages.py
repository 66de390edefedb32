"""Places that the documentation names."""

from pathlib import Path

import pytest

from house.pages import Files, defines, faults, line_faults
from tests.unit.house.checkouts import write

_PYTHON = "LIMIT: int = 3\n\nclass Hands:\n    def lower(self) -> None: ...\n"
_HANDS = "../signaling/parts/hands.py"
_TWIN = "../web_client/src/core/hands.ts"
_SCRIPT = "export class Hands {\n  async lower(): Promise<void> {}\n}\nconst LIMIT = 3;\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    files = {
        "signaling/parts/hands.py": _PYTHON,
        "web_client/src/core/hands.ts": _SCRIPT,
        "signaling/parts/__init__.py": "from signaling.parts.hands import Hands\n",
        "docs/signaling.md": "# Signaling\n## Hands, and `mute`\n",
    }
    return write(tmp_path, files)


@pytest.mark.parametrize(
    "line",
    [
        "[signaling](signaling.md#hands-and-mute) and [elsewhere](https://example.org/x)",
        "`hands.py`, `parts/hands.py`, `signaling/parts`, `signaling/*/hands.py`, `han*.ts`",
        "`signaling.parts.Hands`, `signaling.parts.hands.Hands.lower`",
        "`relay: up`, `video/H264`, `config.toml`",
        "| ? | [hands](../signaling/parts/hands.py) `Hands.lower` |",
        "| ? | [hands](../signaling/parts/hands.py), `LIMIT` |",
        "| ? | [hands](../web_client/src/core/hands.ts) `lower` |",
        "`web_client/dist` is built",
    ],
)
def test_places_that_exist_are_taken(checkout: Path, line: str) -> None:
    assert list(line_faults(line, checkout / "docs", Files.of(checkout))) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("[page](gone.md)", "link to gone.md"),
        ("[page](signaling.md#gone)", "link to signaling.md#gone"),
        ("`core/hands.py`", "no file core/hands.py"),
        ("`signaling/gone`", "no file signaling/gone"),
        ("`signaling.parts.gone`", "no module signaling.parts.gone"),
        ("`signaling.parts.hands.Hands.gone`", "no module signaling.parts.hands.Hands.gone"),
        (f"[x]({_HANDS}) `Hands.up`", f"{_HANDS} defines no Hands.up"),
        (f"[x]({_TWIN}) `up`", f"{_TWIN} defines no up"),
    ],
)
def test_a_place_that_is_gone_is_named(checkout: Path, line: str, fault: str) -> None:
    assert list(line_faults(line, checkout / "docs", Files.of(checkout))) == [fault]


def test_a_fault_names_the_page_and_the_line(checkout: Path) -> None:
    write(checkout, {"docs/adr/0001.md": "Fine.\n\nSee `relay/gone.py`.\n"})
    assert list(faults(checkout)) == ["docs/adr/0001.md:3: no file relay/gone.py"]


def test_a_docstring_names_what_exists(checkout: Path) -> None:
    write(checkout, {"signaling/a.py": '"""Like `signaling.parts.hands`, not `core/gone.py`."""\n'})
    assert list(faults(checkout)) == ["signaling/a.py:1: no file core/gone.py"]


def test_a_local_name_is_no_definition(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("def f():\n    inner = 1\n")
    assert defines(file, "f")
    assert not defines(file, "inner")

"""The report over a small checkout."""

from pathlib import Path

from house.report import Checkout, report
from tests.unit.house.checkouts import write

_LONG = "def f():\n" + "    x = 1\n" * 45 + "\n" * 400
_WORDS = " ".join(["word"] * 31)


def test_the_report_holds_each_figure(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "relay/a.py": "from signaling import b\n",
            "relay/c.py": _LONG,
            "signaling/b.py": 'import relay.c\n\ndef f():\n    """It is."""\n    raise E("没有")\n',
            "recorder/a.py": "class A:\n    pass\n",
            "load_tests/a.py": "",
            "docs/page.md": f"{_WORDS}. Short.\n",
            "docs/page.zh-CN.md": f"{_WORDS}.\n",
            "web_client/src/a.ts": f"// {_WORDS}\n",
        },
    )
    lines = list(report(Checkout.read(tmp_path)))
    for line in (
        "    2  relay",
        "circles between packages 1, in a circle 2",
        "circles between modules 0, in a circle 0",
        "longest function 46 lines; over 40 lines: 1",
        "Python files over 400 lines: 1 of 9",
        "functions with a docstring: 1 of 2 (50%)",
        "classes with a docstring: 0 of 1 (0%)",
        "docstrings that open with a pronoun or relative: 1",
        "docs: 2, over 25 words: 1, over 30 words: 1, longest 31",
        "comments of the web client: 1, over 25 words: 1, over 30 words: 1, longest 31",
        "Chinese told: 1 (relay 0, signaling 1, recorder 0)",
    ):
        assert line in lines, "\n".join(lines)

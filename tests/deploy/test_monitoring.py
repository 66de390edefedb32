"""Alarms and the board of figures, by structure. Their figures are looked for on a real server in
test_installation.py."""

import json
import re
from collections.abc import Iterator

from tests.support.deployment import DEPLOY
from tests.support.yaml_files import document

ALERTS = document(DEPLOY / "monitoring" / "alerts.yml")
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
BOARD = json.loads((DEPLOY / "monitoring" / "dashboard.json").read_text())
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_each_alarm_speaks_chinese_and_english() -> None:
    for rule in RULES:
        texts = rule["annotations"]
        assert set(texts) == {"summary", "summary_zh", "description", "description_zh"}
        for name, text in texts.items():
            assert bool(HAN.search(text)) == name.endswith("_zh"), text
        assert rule["labels"]["severity"] in {"warning", "critical"}
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_every_trouble_that_operators_must_hear_of_has_an_alarm() -> None:
    wanted = {
        "TongkeCellGone",
        "TongkeRedisAway",
        "TongkeRecordingsFailing",
        "TongkeDiskFull",
        "TongkeFinishingQueueGrows",
        "TongkeRelayDelay",
        "TongkeLoginFailures",
    }
    assert wanted <= {rule["alert"] for rule in RULES}


def test_the_board_fits() -> None:
    panels = BOARD["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for one in panels:
        cells = set(_cells(one["gridPos"]))
        assert not cells & taken, one["title"]
        assert all(x < 24 for x, _ in cells)
        taken |= cells
        assert HAN.search(one["title"]) or one["title"] == "Redis"
        assert one["targets"]


def _cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y

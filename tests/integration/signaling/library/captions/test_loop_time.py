"""Captions of the longest recording hold the loop, which forwards media, for no long step."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from yarl import URL

from signaling.library.captions import checking, service
from signaling.library.captions.rules import changed, found_words
from signaling.library.captions.store import written
from signaling.library.captions.tables import CaptionRow
from signaling.library.captions.wire import MAX_CUES, CaptionCue
from tests.integration.signaling.library.resource_acts import OURS, Stage, stage
from tests.support.loop_time import Longest, LoopTime, watched_loop

STEP_MS = 5.0  # no longer step in a process that forwards media
TEXT = "同学们, 我们今天来学习一篇新的课文。"
CUES = [
    CaptionCue(number, number / 9, (number + 0.9) / 9, TEXT, "lead.camera")
    for number in range(1, MAX_CUES + 1)
]


async def _filled(at: Stage) -> None:
    """Give the first version as many captions as there may be."""
    first = {"cue_id": 1, "start_s": 1, "end_s": 2, "text": "好", "source_id": "lead.camera"}
    await at.teacher.call("PUT", f"{at.path}/captions", {"revision": 0, "put": [first]})
    async with at.world.services.database.write() as session:
        await session.execute(update(CaptionRow).values(cues=written(CUES)))


def _asked(url: str, headers: dict[str, str]) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        assert answer.read()


async def _longest(at: Stage, seen: LoopTime, path: str, who: Any) -> Longest:
    cookies = who.http.cookie_jar.filter_cookies(URL(who.base))
    sent = "; ".join(f"{one.key}={one.value}" for one in cookies.values())
    return await seen.longest(
        partial(_asked, who.base + path, {"Cookie": sent} if sent else {}), STEP_MS
    )


async def test_reading_them_holds_the_loop_for_no_long_step(tmp_path: Path) -> None:
    async with stage(tmp_path) as at:
        await _filled(at)
        with watched_loop() as seen:
            worked_on = await _longest(at, seen, f"{at.path}/versions/1/captions", at.teacher)
            await at.published()
            path = f"/media/resources/{at.resource_id}/1/captions.vtt"
            watched = await _longest(at, seen, path, at.world.client())
    assert max(worked_on, watched).ms < STEP_MS, (worked_on, watched)


async def test_a_thread_changes_them_and_looks_for_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_loop: list[bool] = []

    def noted(work: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any) -> Any:
            on_loop.append(threading.current_thread() is threading.main_thread())
            return work(*given)

        return called

    monkeypatch.setattr(checking, "found_words", noted(found_words))
    monkeypatch.setattr(service, "changed", noted(changed))
    async with stage(tmp_path) as at:
        await _filled(at)
        policy = {"node_id": OURS.mark, "version": 0, "words": ["课文"]}
        await at.operator.call("PUT", "/api/caption-policies", policy)
        await at.save()
        await at.submit()
        findings = (await at.detail(at.school_admin))["findings"]
    assert [one["name"] for one in findings if one["code"] == "caption_words"] == ["课文"]
    assert len(on_loop) >= 2 and not any(on_loop)

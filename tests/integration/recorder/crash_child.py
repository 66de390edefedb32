"""A recorder that is going to be killed: the last two seconds before the crash run in real time."""

import asyncio
import sys
import time
from pathlib import Path

from recorder.service import RecorderService
from tests.support.recording import FACTS, START, HandRelay, service
from tests.support.rtp_media import TrackFeed, encode_audio, encode_video

CRASH_AT_S = 30.0
REAL_TIME_S = 2.0


async def main(data: Path) -> None:
    """Record a lesson; says `crash me` at `CRASH_AT_S` of it and goes on."""
    await teach_in_real_time(service(data)[0])


async def teach_in_real_time(recorder: RecorderService) -> None:
    """See `main`."""
    await recorder.start()
    relay = HandRelay()
    await recorder.begin(relay, "room", FACTS)
    tap = relay.taps["room"]
    feeds = (
        TrackFeed(1, "lead.camera", "VP8", encode_video("VP8", 36.0), START, end_reason=None),
        TrackFeed(2, "lead.camera", "opus", encode_audio(36.0), START, end_reason=None),
    )
    happenings = sorted(happening for track in feeds for happening in track.happenings())
    began = time.monotonic()
    said = False
    for happening in happenings:
        since = happening.at - START - (CRASH_AT_S - REAL_TIME_S)
        if since > 0:
            await asyncio.sleep(max(0.0, began + since - time.monotonic()))
        if since > REAL_TIME_S and not said:
            said = True
            sys.stdout.write("crash me\n")
            sys.stdout.flush()
        happening.action(tap, happening.at)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

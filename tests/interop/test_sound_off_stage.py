"""What nobody may hear is not sent: the sound of a room of real Chromium, off and on the stage."""

from __future__ import annotations

from pathlib import Path

from tests.support.capture import room_capture, teacher_capture
from tests.support.live_class import live_class

TONE_HZ = 1500
SOUND_SENT = """async () => {
  for (const row of (await window.__tongke.publisherPc.getStats()).values()) {
    if (row.type === 'outbound-rtp' && row.kind === 'audio') return row.packetsSent
  }
  return null
}"""
# Two seconds without a packet: far longer than the pauses of discontinuous transmission.
IS_SILENT = f"""async () => {{
  const sent = {SOUND_SENT}
  if (window.__tongke?.publisherPc?.connectionState !== 'connected') return false
  const before = await sent()
  await new Promise((resolve) => setTimeout(resolve, 2000))
  return before !== null && (await sent()) === before
}}"""
# The microphone itself is neither muted nor stopped: the page's own level meters go on.
MICROPHONE_HEARS = """async () => {
  const senders = window.__tongke.publisherPc.getSenders()
  const { track } = senders.find((one) => one.track?.kind === 'audio')
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  for (let look = 0; look < 100; look++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    analyser.getFloatTimeDomainData(samples)
    if (Math.max(...samples) > 0.01) return track.enabled && track.readyState === 'live'
  }
  return false
}"""
HEARS_TONE = "() => window.__probe.heard(1500).some(([, level]) => level > -50)"
PAUSED_LATER = 5 * 50  # packets that a pause after five seconds would have let pass


async def test_a_room_off_stage_sends_no_sound_and_is_heard_when_called(
    tmp_path: Path, capture_folder: Path
) -> None:
    async with live_class(tmp_path, teacher_capture(capture_folder)) as school:
        teacher = school.teacher
        room = await school.enters(capture=room_capture(capture_folder, TONE_HZ))
        await room.until(IS_SILENT)
        assert await room.evaluate(SOUND_SENT) < PAUSED_LATER
        assert await room.evaluate(MICROPHONE_HEARS)
        await teacher.evaluate("() => window.__probe.listen(1500)")

        for _ in range(2):
            silent = await room.evaluate(SOUND_SENT)
            await teacher.click(f"stage-invite-{room.participant_id}")
            await teacher.until(HEARS_TONE)
            assert await room.evaluate(SOUND_SENT) > silent
            await teacher.click(f"stage-remove-{room.participant_id}")
            await room.until(IS_SILENT)
            await teacher.evaluate("() => { window.__probe.heard(1500).length = 0 }")

        await room.page.reload()
        await room.sees("live-room")
        await room.until(IS_SILENT)
        assert await room.evaluate(SOUND_SENT) < PAUSED_LATER

        await teacher.click(f"stage-invite-{room.participant_id}")
        await teacher.until(HEARS_TONE)
        await teacher.click("mute-all")
        await room.until(IS_SILENT)
        await teacher.evaluate("() => { window.__probe.heard(1500).length = 0 }")
        await teacher.click("mute-all")
        await teacher.until(HEARS_TONE)
        await room.page.reload()  # on stage: it must not wait to be called
        await room.sees("live-room")
        await teacher.evaluate("() => { window.__probe.heard(1500).length = 0 }")
        await teacher.until(HEARS_TONE)
        assert school.errors == []

"""The real model on speech and silence, with the worker's kinds of jobs (`make test-captions`).

Speech is espeak-ng's English. Its Mandarin means nothing to the model, and no Mandarin speech was
to be had. So no character error rate of Mandarin is measured here.
"""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import AsyncIterator
from difflib import SequenceMatcher
from pathlib import Path

import av
import numpy as np
import pytest

from signaling.base.config import Config
from signaling.command.work import job_kinds, recogniser
from signaling.library.captions.speech import Samples
from tests.integration.signaling.library.resource_acts import Stage, stage
from tests.support.jobs import carry_out_jobs

pytestmark = pytest.mark.captions

RATE = 16_000
SAID = "Good morning children. Today we learn about water and why a ship of iron can swim."


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    path = tmp_path_factory.mktemp("speech") / "said.wav"
    espeak = shutil.which("espeak-ng")
    assert espeak is not None, "espeak-ng is needed: .ci/install-speech"
    subprocess.run([espeak, "-v", "en-us", "-s", "150", "-w", str(path), SAID], check=True)
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        rate = file.getframerate()
    count = len(samples) * RATE // rate
    at = np.arange(count) * rate / RATE
    return np.interp(at, np.arange(len(samples)), samples).astype(np.int16)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config(data_dir=str(tmp_path_factory.mktemp("data")), captions_language="en")


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalpha())


def test_silence_and_noise_have_no_captions(config: Config) -> None:
    whisper = recogniser(config)
    assert list(whisper.hear(np.zeros(20 * RATE, np.int16))) == []
    noise = np.random.default_rng(1).normal(0, 300, 20 * RATE).astype(np.int16)
    assert list(whisper.hear(noise)) == []


def test_english_is_heard(config: Config, speech: Samples) -> None:
    heard = list(recogniser(config).hear(speech))
    assert _letters("".join(one.text for one in heard)) == _letters(SAID)
    assert all(0 <= one.start_s < one.end_s <= len(speech) / RATE + 1 for one in heard)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, captions_language="en") as made:
        yield made


def _write(path: Path, samples: Samples) -> None:
    """Write sound as the recorder keeps it: Opus in WebM."""
    with av.open(str(path), "w", format="webm") as output:
        stream = output.add_stream("libopus", rate=48_000)
        stream.codec_context.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.repeat(samples, 3)[None], format="s16", layout="mono")
        frame.sample_rate = 48_000
        for one in (frame, None):
            for packet in stream.encode(one):
                output.mux(packet)


async def test_a_recording_is_captioned(at: Stage, speech: Samples) -> None:
    """From the order to the cues, with the kinds of jobs that the worker process has."""
    services = at.world.services
    folder = services.config.data / "recordings" / "recording-1"
    _write(folder / "camera.webm", np.concatenate([np.zeros(5 * RATE, np.int16), speech]))
    assert services.resources.captions.installed
    await at.teacher.call("POST", f"{at.path}/captions", {"revision": 0})
    await carry_out_jobs(services, job_kinds(services.config))
    made = await at.teacher.call("GET", f"{at.path}/versions/1/captions")
    assert (made["state"], made["problem"]) == ("ready", None)
    heard = _letters("".join(one["text"] for one in made["cues"]))
    assert SequenceMatcher(None, heard, _letters(SAID)).ratio() > 0.95  # Opus costs a letter or two
    assert {one["source_id"] for one in made["cues"]} == {"lead.camera"}
    assert made["cues"][0]["start_s"] == pytest.approx(5, abs=1)

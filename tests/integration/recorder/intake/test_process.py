"""Videos through the real process: what comes out, and what is refused."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import av
import pytest

from recorder.finishing.sandbox import landlock_version
from recorder.intake.process import IntakeProcess
from recorder.intake_api import IntakeFailed, TakenVideo, VideoRefusal, VideoRefused
from tests.support.videos import box, claiming, reaching_out, video, with_free_box

FILM = video()


@dataclass
class Desk:
    """A video as it was brought, and what becomes of it."""

    folder: Path
    progress: list[float] = field(default_factory=list)

    async def take(self, data: bytes) -> TakenVideo:
        self.source.write_bytes(data)
        return await IntakeProcess().take(self.source, self.place, self.progress.append)

    async def refusal(self, data: bytes) -> VideoRefused:
        with pytest.raises(VideoRefused) as refused:
            await self.take(data)
        return refused.value

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def place(self) -> Path:
        return self.folder / "place"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _packets(path: Path) -> list[tuple[int, bytes]]:
    """All that players are shown, stream by stream."""
    with av.open(str(path)) as opened:
        found = [(one.stream.index, bytes(one)) for one in opened.demux() if one.size]
    return sorted(found, key=lambda one: one[0])


@pytest.mark.parametrize(
    ("data", "media_type", "codecs", "plays"),
    [
        (FILM, "video/mp4", ("h264", "aac"), True),
        (video(format="mov"), "video/mp4", ("h264", "aac"), True),
        (video(sound=None), "video/mp4", ("h264", None), True),
        (
            video(options=(("movflags", "frag_keyframe+empty_moov"),)),
            "video/mp4",
            ("h264", "aac"),
            True,
        ),
        (video("libvpx", "libopus", format="webm"), "video/webm", ("vp8", "opus"), True),
        (
            video("libvpx", "libopus", format="webm", options=(("live", "1"),)),
            "video/webm",
            ("vp8", "opus"),
            True,
        ),
        (video("libx264", "libopus", format="matroska"), "video/mp4", ("h264", "opus"), True),
        (video("libx265"), "video/mp4", ("hevc", "aac"), False),
        (video(sound="ac3"), "video/mp4", ("h264", "ac3"), False),
        (video(pixels="yuv444p"), "video/mp4", ("h264", "aac"), False),
    ],
    ids=["mp4", "mov", "mute", "fragments", "webm", "live", "matroska", "hevc", "ac3", "h264_444"],
)
async def test_a_video_becomes_a_clean_file(
    desk: Desk,
    data: bytes,
    media_type: str,
    codecs: tuple[str, str | None],
    plays: bool,
) -> None:
    taken = await desk.take(data)
    assert (taken.media_type, taken.plays) == (media_type, plays)
    assert (taken.video_codec, taken.audio_codec) == codecs
    assert (taken.width, taken.height, taken.rotation) == (64, 64, 0)
    assert taken.duration_s == pytest.approx(2.0, abs=0.25)
    clean = desk.place / taken.name
    assert clean.stat().st_size == taken.size
    assert hashlib.sha256(clean.read_bytes()).hexdigest() == taken.sha256
    assert hashlib.sha256(data).hexdigest() == taken.source_sha256
    assert _packets(clean) == _packets(desk.source)
    assert desk.progress == sorted(desk.progress)


async def test_the_clean_file_begins_with_its_index(desk: Desk) -> None:
    taken = await desk.take(FILM)
    clean = (desk.place / taken.name).read_bytes()
    assert clean.index(b"moov") < clean.index(b"mdat")


async def test_nothing_of_the_clean_file_tells_of_places_or_programs(desk: Desk) -> None:
    """A phone writes where it stood. What stands beside the media is left behind."""
    place = b"+31.2304+121.4737/"
    data = with_free_box(FILM, place) + box(b"uuid", bytes(16) + place)
    taken = await desk.take(data)
    assert place not in (desk.place / taken.name).read_bytes()


async def test_a_picture_that_stands_on_its_side_stays_turned(desk: Desk) -> None:
    matrix = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000]  # a quarter turn (§8.5.2)
    told = b"".join((value & 0xFFFFFFFF).to_bytes(4) for value in matrix)
    plain = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]
    old = b"".join(value.to_bytes(4) for value in plain)
    at = FILM.index(old, FILM.index(b"tkhd"))
    taken = await desk.take(FILM[:at] + told + FILM[at + 36 :])
    assert taken.rotation == 90


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n", VideoRefusal.REACHES_OUT),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", VideoRefusal.REACHES_OUT),
        (b"v=0\no=- 0 0 IN IP4 10.0.0.1\n", VideoRefusal.REACHES_OUT),
        (b"<?xml version='1.0'?><MPD/>", VideoRefusal.UNKNOWN),
        (reaching_out(FILM), VideoRefusal.REACHES_OUT),
        (b"RIFF\x00\x00\x00\x00AVI LIST", VideoRefusal.UNKNOWN),
        (b"<html><video src=x>", VideoRefusal.UNKNOWN),
        (FILM + b"<html><script>1</script>", VideoRefusal.DAMAGED),
        (FILM[: len(FILM) // 2], VideoRefusal.DAMAGED),
        (video("libvpx", "libopus", format="webm")[:-50], VideoRefusal.DAMAGED),
        (box(b"ftyp", b"isom\x00\x00\x00\x00") + box(b"moov", b""), VideoRefusal.NO_PICTURE),
        (b"", VideoRefusal.UNKNOWN),
    ],
    ids=[
        *("hls", "concat", "sdp", "dash", "dref", "avi", "html"),
        *("html_behind", "half", "webm_half", "empty_movie", "nothing"),
    ],
)
async def test_what_is_no_video_is_refused_with_a_code(
    desk: Desk, data: bytes, refusal: VideoRefusal
) -> None:
    assert (await desk.refusal(data)).refusal is refusal
    assert list(desk.place.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "refusal", "facts"),
    [
        (video("mpeg2video", "mp2", format="matroska"), VideoRefusal.CODEC, "mpeg2video"),
        (video("libvpx", "aac", format="matroska"), VideoRefusal.CODEC, "vp8+aac"),
    ],
)
async def test_a_codec_that_is_not_taken_is_named(
    desk: Desk, data: bytes, refusal: VideoRefusal, facts: str
) -> None:
    refused = await desk.refusal(data)
    assert (refused.refusal, refused.facts) == (refusal, {"codec": facts})


async def test_sound_alone_is_no_video(desk: Desk, tmp_path: Path) -> None:
    sound = tmp_path / "sound.mp4"
    with av.open(str(sound), "w") as target, av.open(str(_saved(tmp_path, FILM))) as opened:
        stream = target.add_stream_from_template(opened.streams.audio[0])
        for packet in opened.demux(opened.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert (await desk.refusal(sound.read_bytes())).refusal is VideoRefusal.NO_PICTURE


async def test_what_is_left_of_another_run_is_thrown_away(desk: Desk) -> None:
    desk.place.mkdir()
    (desk.place / "video.webm").write_bytes(b"half")
    taken = await desk.take(FILM)
    assert [path.name for path in desk.place.iterdir()] == [taken.name]


async def test_a_link_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    desk.source.symlink_to(_saved(tmp_path, FILM))
    with pytest.raises(IntakeFailed):
        await IntakeProcess().take(desk.source, desk.place, lambda _: None)


async def test_a_caller_that_wants_it_no_longer_ends_the_process(desk: Desk) -> None:
    class Unwanted(Exception):
        pass

    def refuse(_share: float) -> None:
        raise Unwanted

    desk.source.write_bytes(FILM)
    with pytest.raises(Unwanted):
        await IntakeProcess().take(desk.source, desk.place, refuse)


@pytest.mark.skipif(landlock_version() == 0, reason="the kernel has no Landlock")
def test_the_process_reaches_nothing_but_its_place(desk: Desk, tmp_path: Path) -> None:
    """Run in a child: whoever takes the process over finds no other file."""
    secret = tmp_path / "secret.key"
    secret.write_bytes(b"secret")
    desk.place.mkdir()
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        from recorder.intake.worker import _shut_off

        _shut_off(desk.place)
        try:
            secret.read_bytes()
        except PermissionError:
            os.write(write, b"shut")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        assert told.read() == b"shut"


def _saved(folder: Path, data: bytes) -> Path:
    path = folder / "film.mp4"
    path.write_bytes(data)
    return path


async def test_samples_that_are_only_claimed_take_no_memory(desk: Desk) -> None:
    """FFmpeg made an entry of each: 679 bytes took 2 GB and a minute."""
    error = await desk.refusal(claiming(60_000_000, 1))
    assert error.refusal is VideoRefusal.DAMAGED

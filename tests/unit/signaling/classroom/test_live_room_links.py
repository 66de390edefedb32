"""What a live room makes of the relay's figures: wishes, links, layers wanted."""

from relay.api import (
    Excess,
    Importance,
    Layer,
    LayerStats,
    Limit,
    MediaKind,
)
from signaling.classroom import wire as m
from signaling.classroom.parts.headcount import SetHeadcount
from signaling.classroom.parts.stage import StageInvite, StageRemove
from signaling.links.rules import Seen
from signaling.links.wire import LinkState
from tests.unit.signaling.classroom.hand_class import (
    CAMERA,
    COURSEWARE,
    UP,
    VIEWER,
    HandChannel,
    HandClass,
    session_stats,
)
from tests.unit.signaling.classroom.rooms import seat


def test_wishes_carry_what_gives_way_first_and_follow_the_stage(lesson: HandClass) -> None:
    lesson.watch(COURSEWARE, CAMERA, "room-a.camera", "room-b.camera")

    def importances() -> dict[str | None, Importance]:
        return {wish.source_id: wish.importance for wish in lesson.relay.views[VIEWER]}

    assert importances()[COURSEWARE] is Importance.COURSEWARE
    assert importances()[CAMERA] is Importance.STAGE
    assert importances()["room-a.camera"] is Importance.WALL
    lesson.room.command(lesson.lead, StageInvite(2, "room-a"))
    lesson.room.command(lesson.lead, StageInvite(3, "room-b"))
    assert importances()["room-a.camera"] is Importance.STAGE
    assert importances()["room-b.camera"] is Importance.STAGE
    lesson.room.command(lesson.lead, StageRemove(4, "room-a"))
    assert importances()["room-a.camera"] is Importance.WALL


def test_slots_say_what_an_unlimited_link_would_bring(lesson: HandClass) -> None:
    lesson.watch(COURSEWARE)
    lesson.flows((None, "h"))
    (slots,) = lesson.a.take("slots")
    assert slots["slots"] == [
        {
            "slot": 0,
            "kind": "video",
            "source_id": None,
            "layer": None,
            "ideal": "h",
            "thinned": False,
            "codec_missing": False,
            "hold": None,
        }
    ]


def test_a_browser_without_the_codec_is_told_to_the_lead_and_has_a_good_link(
    lesson: HandClass,
) -> None:
    lesson.watch(CAMERA)
    lesson.seconds(12)
    lesson.lead.take("participant_changed")
    lesson.lacks_codec()
    lesson.seconds(2)
    (slots,) = lesson.a.take("slots")
    assert slots["slots"][0]["codec_missing"] is True
    link = lesson.lead.take("participant_changed")[-1]["participant"]["link"]
    assert (link["codec_missing"], link["state"]) == (True, "good")


def test_who_publishes_is_asked_once_for_a_codec_that_everybody_decodes(lesson: HandClass) -> None:
    lesson.watch(CAMERA)
    lesson.lacks_codec()
    lesson.lacks_codec()
    assert lesson.lead.take("codec_lacking") == [{"type": "codec_lacking", "source_id": CAMERA}]
    assert not lesson.a.take("codec_lacking")


def test_a_narrow_link_is_told_to_the_lead_and_the_room_itself_only(lesson: HandClass) -> None:
    lesson.watch(COURSEWARE, CAMERA)
    lesson.seconds(12)
    for channel in (lesson.lead, lesson.a, lesson.b):
        channel.take("participant_changed")
    lesson.flows(("m", "h"), ("l", "h"), target_bps=449_000, limit=Limit.RATE)
    lesson.seconds(2)
    told = lesson.lead.take("participant_changed")[-1]["participant"]
    assert told["participant_id"] == "room-a"
    link = told["link"]
    assert (link["state"], link["limit"], link["seeing"]) == ("fair", "rate", "m")
    assert (link["carries_bps"], link["uplink"], link["stills"]) == (450_000, None, False)
    assert lesson.a.take("participant_changed")
    assert not lesson.b.take("participant_changed")


def test_figures_that_move_each_second_are_told_every_ten(lesson: HandClass) -> None:
    lesson.watch(CAMERA)
    lesson.flows(("h", "h"))
    lesson.seconds(10)
    lesson.lead.take("participant_changed")
    for second in range(40):
        lesson.flows(("h", "h"), target_bps=1_000_000 * (1 + second % 3))
        lesson.seconds(1)
    assert 3 <= len(lesson.lead.take("participant_changed")) <= 5


def test_an_outage_is_offline_within_two_seconds_and_good_not_before_five(
    lesson: HandClass,
) -> None:
    lesson.watch(CAMERA)
    lesson.flows(("h", "h"))
    lesson.seconds(3)

    def state() -> LinkState:
        person = lesson.room.state.person("room-a")
        assert person is not None
        return person.link.state

    lesson.flows(("h", "h"), limit=Limit.OUTAGE)
    lesson.seconds(2)
    assert state() is LinkState.OFFLINE
    assert lesson.room.readings["room-a"].seen is Seen.OFFLINE
    lesson.flows(("h", "h"), limit=Limit.NONE)
    lesson.seconds(5)
    assert state() is LinkState.OFFLINE
    lesson.seconds(1)
    assert state() is LinkState.GOOD


def _layers(*coming: str) -> tuple[LayerStats, ...]:
    return tuple(
        LayerStats(
            MediaKind.VIDEO,
            Layer(layer),
            100_000 if layer in coming else 0,
            10,
            30.0,
            640,
            360,
            0.0,
            0.0,
        )
        for layer in "hml"
    )


def test_an_uplink_is_judged_by_the_layers_that_are_wanted_and_do_not_come(
    lesson: HandClass,
) -> None:
    relay = lesson.relay
    relay.sessions[UP] = session_stats(UP, layers=_layers("h", "m", "l"))
    lesson.room.publisher_up(CAMERA, UP)
    lesson.room.layers_wanted(UP, (Layer.HIGH, Layer.MIDDLE, Layer.LOW), sound=True)
    lesson.seconds(8)

    def uplink() -> LinkState | None:
        person = lesson.room.state.person("lead")
        assert person is not None
        return person.link.uplink

    assert uplink() is LinkState.GOOD
    relay.sessions[UP] = session_stats(UP, layers=_layers("l"))
    lesson.seconds(3)
    assert uplink() is LinkState.POOR
    # Nobody wants the others any more: what does not come is rightly paused.
    lesson.room.layers_wanted(UP, (Layer.LOW,), sound=True)
    lesson.seconds(8)
    assert uplink() is LinkState.GOOD


def test_the_publisher_alone_learns_which_layers_are_wanted_and_again_after_a_reconnect(
    lesson: HandClass,
) -> None:
    lesson.relay.sessions[UP] = session_stats(UP)
    lesson.room.publisher_up(CAMERA, UP)
    lesson.room.layers_wanted(UP, (Layer.LOW,), sound=False)
    names = {"type": "layers_wanted", "source_id": CAMERA}
    wanted = {**names, "layers": ["l"], "sound": False}
    assert lesson.lead.take("layers_wanted") == [wanted]
    assert not lesson.a.take("layers_wanted")
    assert lesson.join("lead").take("layers_wanted") == [wanted]
    lesson.room.session_down(UP)
    assert not lesson.join("lead").take("layers_wanted")
    lesson.room.layers_wanted("of-an-older-session", (Layer.HIGH,), sound=True)
    assert not lesson.join("lead").take("layers_wanted")


def test_a_refused_source_is_told_to_its_owner_and_to_the_lead_teacher() -> None:
    lesson = HandClass()
    source_id = f"{seat('a').participant_id}.camera"
    told = {"type": "source_refused", "source_id": source_id, "reason": "b_frames"}
    lesson.room.source_refused(source_id, m.RefusalReason.B_FRAMES)
    assert lesson.a.take("source_refused") == [told]
    assert lesson.lead.take("source_refused") == [told]
    assert lesson.b.take("source_refused") == []
    lesson.room.source_refused("lead.camera", m.RefusalReason.B_FRAMES)
    assert len(lesson.lead.take("source_refused")) == 1


def _links(channel: HandChannel) -> dict[str, str]:
    """What was told of everybody's excess, the latest."""
    told = [event["participant"] for event in channel.take("participant_changed")]
    return {person["participant_id"]: person["link"]["excess"] for person in told}


def test_who_sends_too_much_is_told_and_so_is_the_lead_and_nobody_else(lesson: HandClass) -> None:
    lesson.room.publisher_up("room-a.camera", UP)
    lesson.relay.sessions[UP] = session_stats(UP)
    lesson.seconds(12)
    for channel in (lesson.lead, lesson.a, lesson.b):
        _links(channel)
    lesson.relay.sessions[UP] = session_stats(UP, excess=Excess.PACKETS)
    lesson.seconds(1)
    assert _links(lesson.lead) == _links(lesson.a) == {"room-a": "packets"}
    assert _links(lesson.b) == {}
    lesson.relay.sessions[UP] = session_stats(UP)
    lesson.seconds(1)
    assert _links(lesson.a) == {"room-a": "none"}


def test_what_is_not_recorded_and_what_was_refused_is_told_likewise(lesson: HandClass) -> None:
    for room in ("room-a", "room-b"):
        lesson.room.publisher_up(f"{room}.camera", f"{room}-session")
    lesson.seconds(12)
    _links(lesson.lead)
    excess = lesson.room.excess
    excess.note_recording("room-a.camera", True)
    excess.note_recording("room-b.camera", True)
    lesson.seconds(1)
    assert _links(lesson.lead) == {"room-a": "recording", "room-b": "recording"}
    excess.note_recording("room-a.camera", False)
    lesson.room.session_down("room-b-session")
    excess.note_refused("room-a", lesson.clock.monotonic())
    lesson.seconds(1)
    assert _links(lesson.lead) == {"room-a": "sessions", "room-b": "none"}
    lesson.seconds(10)
    assert _links(lesson.lead) == {"room-a": "none"}


def test_a_reading_says_whether_somebody_is_heard(lesson: HandClass) -> None:
    lesson.watch(COURSEWARE)
    lesson.flows(("h", "h"))
    heard = []
    for source in (None, CAMERA, None):
        lesson.sounds(source)
        lesson.seconds(1)
        reading = lesson.room.readings["room-a"]
        heard.append((reading.seen, reading.hears))
    assert heard == [(Seen.HIGH, False), (Seen.HIGH, True), (Seen.HIGH, False)]


def test_the_room_tells_who_comes_and_goes_while_the_lesson_is_live(lesson: HandClass) -> None:
    assert {"lead", "room-a", "room-b"} <= lesson.observer.here
    lesson.room.detach(lesson.a)
    assert lesson.observer.here >= {"lead", "room-b"} and "room-a" not in lesson.observer.here
    lesson.room.command(lesson.b, SetHeadcount(1, 12))
    lesson.room.command(lesson.b, SetHeadcount(2, 12))
    assert [(one.participant_id, one.pupils) for one in lesson.observer.counted] == [("room-b", 12)]

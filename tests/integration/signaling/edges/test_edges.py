"""Viewers of a lesson in other cells: opened, steered, changed and ended from its owner."""

import asyncio
from collections.abc import Sequence

import pytest

from relay.api import (
    CloseReason,
    Demand,
    Layer,
    MediaKind,
    OfferError,
    Patched,
    PipedSource,
    SessionNotFound,
    SlotState,
    SlotWish,
    StaleSession,
)
from signaling.edges import edge as edge_module
from signaling.edges import line as line_module
from signaling.edges import link as link_module
from signaling.edges.api import ViewerKind
from signaling.edges.edge import CarriedLesson
from signaling.edges.metrics import EdgeFigures
from signaling.edges.owner import AVOIDED_S
from tests.integration.signaling.edges.conftest import LESSON, EdgeCell, Lesson
from tests.support.fake_relays import BAD_OFFER, VIDEO_SLOTS
from tests.support.waiting import until

SLOTS = (SlotState(0, MediaKind.VIDEO, "lead.camera", Layer.HIGH),)


async def _at_edge(lesson: Lesson, viewer: str = "room-1") -> tuple[str, EdgeCell]:
    """A viewer whom the emptiest edge carries: the owner keeps the first."""
    if not lesson.relay.sessions:
        assert (await lesson.watch("first")).startswith("own")
    session_id = await lesson.watch(viewer, kind=ViewerKind.ROOM)
    return session_id, lesson.cells["edge-1"]


async def test_more_viewers_than_the_owner_carries_are_opened_at_an_edge(lesson: Lesson) -> None:
    session_id, edge = await _at_edge(lesson)
    session = edge.relay.sessions[session_id]
    assert session.viewer_id == "room-1"
    assert session.own_sources == ("room-1.camera",)
    assert not session.programme
    assert session.room_id.startswith(f"{LESSON}~")  # no room of the edge's own
    assert edge.desk.viewers == 1
    assert lesson.edges.viewers == {(LESSON, "edge-1"): 1}


async def test_both_ends_of_the_pipe_know_each_other(lesson: Lesson) -> None:
    _, edge = await _at_edge(lesson)
    (out,), (into,) = lesson.relay.pipes, edge.relay.pipes
    assert (out.far, into.far) == (into.end, out.end)
    assert out.room_id == LESSON
    source = PipedSource("lead.camera", "s1", ())
    out.listener.on_sources([source])  # type: ignore[union-attr]
    await until(lambda: tuple(into.sources) == (source,))
    demand = Demand("lead.camera", (Layer.LOW,), True)
    into.listener.on_demand([demand])  # type: ignore[union-attr]
    await until(lambda: tuple(out.wanted) == (demand,))


async def test_sessions_of_an_edge_are_told_of_as_own_ones_are(lesson: Lesson) -> None:
    session_id, edge = await _at_edge(lesson)
    edge.relay.up(session_id)
    edge.relay.slots(session_id, *SLOTS)
    await until(lambda: session_id in lesson.news.up)
    await until(lambda: lesson.news.slots.get(session_id) == SLOTS)
    edge.relay.close(session_id, CloseReason.CONSENT_EXPIRED)
    await until(lambda: lesson.news.down.get(session_id) is CloseReason.CONSENT_EXPIRED)
    with pytest.raises(SessionNotFound):
        lesson.spread.stats(session_id)


async def test_programme_and_sound_reach_edges_old_and_new(lesson: Lesson) -> None:
    lesson.spread.set_audible(LESSON, ["lead.camera"])
    session_id, edge = await _at_edge(lesson)
    room_id = edge.relay.sessions[session_id].room_id
    await until(lambda: edge.relay.audible.get(room_id) == ("lead.camera",))
    lesson.spread.set_programme(LESSON, ["room-1.camera", "lead.camera"])
    await until(lambda: edge.relay.programme.get(room_id) == ("room-1.camera", "lead.camera"))
    assert lesson.relay.programme[LESSON] == ("room-1.camera", "lead.camera")


async def test_a_view_is_applied_at_the_edge_and_a_bad_one_refused_at_once(lesson: Lesson) -> None:
    session_id, edge = await _at_edge(lesson)
    wishes = (SlotWish(0, "lead.camera", Layer.MIDDLE),)
    lesson.spread.set_view(session_id, wishes)
    await until(lambda: edge.relay.sessions[session_id].view == wishes)
    with pytest.raises(ValueError, match="slot"):
        lesson.spread.set_view(session_id, (SlotWish(VIDEO_SLOTS, "lead.camera"),))


async def test_figures_come_each_second(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_module, "FIGURES_S", 0.02)
    session_id, _ = await _at_edge(lesson)
    assert lesson.spread.stats(session_id).session_id == session_id  # known from the first moment
    await until(lambda: lesson.spread.stats(session_id).target_bps == 800_000)


async def test_ice_is_changed_at_the_edge(lesson: Lesson) -> None:
    session_id, _ = await _at_edge(lesson)
    assert await lesson.edges.patch(session_id, "ice", None) == Patched("ice at edge-1", "tag")
    with pytest.raises(StaleSession):
        await lesson.edges.patch(session_id, "ice", "old")
    lesson.spread.close(session_id)
    assert await lesson.edges.patch(session_id, "ice", None) is None  # no session of an edge
    own = next(iter(lesson.relay.sessions))
    assert await lesson.edges.patch(own, "ice", None) is None


async def test_a_session_is_ended_at_the_edge_and_told_at_once(lesson: Lesson) -> None:
    session_id, edge = await _at_edge(lesson)
    lesson.spread.close(session_id, CloseReason.REQUESTED)
    with pytest.raises(SessionNotFound):
        lesson.spread.close(session_id)
    await until(lambda: edge.relay.closed.get(session_id) is CloseReason.REQUESTED)
    assert lesson.news.down[session_id] is CloseReason.REQUESTED


async def test_a_newer_session_takes_over_across_relays(lesson: Lesson) -> None:
    far, edge = await _at_edge(lesson)
    lesson.loads.clear()  # nobody else is there any more
    near = await lesson.watch("room-1", kind=ViewerKind.ROOM)
    assert near.startswith("own")
    edge.relay.up(far)
    await until(lambda: far in lesson.news.up)
    assert far not in edge.relay.closed
    lesson.relay.up(near)
    await until(lambda: edge.relay.closed.get(far) is CloseReason.REPLACED)
    assert lesson.news.down[far] is CloseReason.REPLACED


async def test_a_bad_offer_is_the_clients_fault_and_the_edge_stays(lesson: Lesson) -> None:
    await lesson.watch("first")
    with pytest.raises(OfferError) as refused:
        await lesson.watch("room-1", kind=ViewerKind.ROOM, offer=BAD_OFFER)
    assert refused.value.field == "v="
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM)).startswith("edge-1")


async def test_a_full_edge_leaves_the_viewer_to_the_owner_and_is_asked_again_later(
    lesson: Lesson,
) -> None:
    await lesson.watch("first")
    lesson.cells["edge-1"].relay.full = True
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM)).startswith("own")
    assert (await lesson.watch("room-2", kind=ViewerKind.ROOM)).startswith("edge-2")
    lesson.cells["edge-1"].relay.full = False
    lesson.clock.advance(seconds=AVOIDED_S)
    assert (await lesson.watch("room-3", kind=ViewerKind.ROOM)).startswith("edge-1")


async def test_an_edge_refuses_a_lesson_of_its_own(lesson: Lesson) -> None:
    await lesson.watch("first")
    lesson.cells["edge-1"].owns.add(LESSON)
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM)).startswith("own")
    assert not lesson.cells["edge-1"].relay.pipes
    assert (await lesson.watch("room-2", kind=ViewerKind.ROOM)).startswith("edge-2")


@pytest.mark.parametrize("at_edge", [True, False])
async def test_without_a_pipe_the_owner_carries(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch, at_edge: bool
) -> None:
    monkeypatch.setattr(link_module, "OPEN_S", 60.0)  # nobody waits for that: the edge says so
    monkeypatch.setattr(link_module, "CALL_S", 60.0)
    await lesson.watch("first")
    (lesson.cells["edge-1"].relay if at_edge else lesson.relay).pipeless = True
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM)).startswith("own")
    assert lesson.cells["edge-1"].desk.lessons == 0


async def test_an_edge_that_cannot_be_reached_is_avoided(lesson: Lesson) -> None:
    await lesson.watch("first")
    await lesson.cells["edge-1"].stop()
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM)).startswith("own")
    assert (await lesson.watch("room-2", kind=ViewerKind.ROOM)).startswith("edge-2")
    await lesson.cells["edge-1"].start()


async def test_an_edge_that_does_not_answer_in_time_is_avoided(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, edge = await _at_edge(lesson)
    del lesson.loads["edge-2"]
    monkeypatch.setattr(link_module, "CALL_S", 0.05)
    with monkeypatch.context() as deaf:
        deaf.setattr(CarriedLesson, "_answer", lambda *_: None)
        assert (await lesson.watch("room-2", kind=ViewerKind.ROOM)).startswith("own")
    assert edge.desk.viewers == 1  # those who are there stay
    assert (await lesson.watch("room-3", kind=ViewerKind.ROOM)).startswith("own")
    lesson.clock.advance(seconds=AVOIDED_S)
    monkeypatch.undo()
    assert (await lesson.watch("room-4", kind=ViewerKind.ROOM)).startswith("edge-1")


async def test_a_lost_edge_is_told_as_down_and_viewers_go_elsewhere(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_module, "GRACE_S", 0.05)
    session_id, edge = await _at_edge(lesson)
    room_id = edge.relay.sessions[session_id].room_id
    edge.cut()
    await until(lambda: lesson.news.down.get(session_id) is CloseReason.SHUTDOWN)
    assert all(pipe.closed for pipe in lesson.relay.pipes)
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM)).startswith("edge-2")
    await until(lambda: room_id in edge.relay.rooms_closed)  # after a grace
    await until(lambda: edge.desk.lessons == 0)
    assert lesson.edges.failures == 1


async def test_an_edge_that_the_others_miss_is_given_up(lesson: Lesson) -> None:
    session_id, _ = await _at_edge(lesson)
    lesson.edges.node_gone("edge-2")
    lesson.edges.node_gone("edge-1")
    await until(lambda: lesson.news.down.get(session_id) is CloseReason.SHUTDOWN)


async def test_a_silent_edge_counts_as_gone(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, _ = await _at_edge(lesson)
    monkeypatch.setattr(line_module, "SILENCE_S", 0.1)  # shorter than between two signs of life
    await until(lambda: lesson.news.down.get(session_id) is CloseReason.SHUTDOWN)


async def test_a_pipe_that_leads_nowhere_ends_the_edge(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "PIPE_DEAF_S", 0.05)
    monkeypatch.setattr(link_module, "PIPE_LOOK_S", 0.05)
    session_id, _ = await _at_edge(lesson)
    lesson.relay.pipes[0].alive = False
    await until(lambda: lesson.news.down.get(session_id) is CloseReason.SHUTDOWN)


async def test_the_end_of_a_lesson_ends_its_edges_at_once(lesson: Lesson) -> None:
    session_id, edge = await _at_edge(lesson)
    room_id = edge.relay.sessions[session_id].room_id
    lesson.spread.close_room(LESSON)
    await until(lambda: room_id in edge.relay.rooms_closed)
    await until(lambda: session_id in lesson.news.down)
    assert lesson.edges.viewers == {}
    # It is not avoided: the lesson may be back.
    await lesson.watch("again")
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM)).startswith("edge-1")


async def test_viewers_leave_an_edge_that_drains_while_their_pictures_flow_on(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "HANDOVER_S", 0.2)
    session_id, edge = await _at_edge(lesson)
    edge.takes = False
    edge.desk.leave()
    await until(lambda: lesson.news.down.get(session_id) is CloseReason.SHUTDOWN)
    assert session_id in edge.relay.sessions
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM)).startswith("edge-2")
    await edge.desk.emptied()
    assert session_id not in edge.relay.sessions
    assert edge.desk.lessons == 0


async def test_an_edge_without_viewers_is_given_up_after_a_while(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "IDLE_S", 0.05)
    session_id, edge = await _at_edge(lesson)
    lesson.spread.close(session_id)
    await until(lambda: edge.desk.lessons == 0)
    assert all(pipe.closed for pipe in (*lesson.relay.pipes, *edge.relay.pipes))


async def test_who_asks_no_longer_leaves_no_session(lesson: Lesson) -> None:
    _, edge = await _at_edge(lesson)
    del lesson.loads["edge-2"]
    gone = asyncio.create_task(lesson.watch("room-2", kind=ViewerKind.ROOM))
    await asyncio.sleep(0)  # the question is on its way
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await until(lambda: any(one.startswith("edge-1") for one in edge.relay.closed))
    assert lesson.edges.viewers == {(LESSON, "edge-1"): 1}


async def test_many_at_once_share_one_line(lesson: Lesson) -> None:
    await lesson.watch("first")
    opened: Sequence[str] = await asyncio.gather(*(lesson.watch(f"player-{n}") for n in range(5)))
    assert {one.partition("-")[0] for one in opened} == {"edge"}
    assert [len(cell.relay.pipes) for cell in lesson.cells.values()] == [1, 1]


async def test_a_region_is_carried_by_its_edge(lesson: Lesson) -> None:
    lesson.regions["edge-2"] = ("cn/p/c/",)
    home = "cn/p/c/school/"
    assert (await lesson.watch("room-1", kind=ViewerKind.ROOM, home=home)).startswith("edge-2")
    assert (await lesson.watch("room-2", kind=ViewerKind.STAGE, home=home)).startswith("own")


async def test_figures_name_lesson_and_edge(lesson: Lesson) -> None:
    _, edge = await _at_edge(lesson)
    owner = EdgeFigures(lesson.edges, lesson.cells["edge-2"].desk)
    samples = {s.name: s for family in owner.collect() for s in family.samples}
    assert samples["tongke_edge_viewers"].labels == {"lesson": LESSON, "edge": "edge-1"}
    assert samples["tongke_edge_viewers"].value == 1
    carried = {
        s.name: s.value for f in EdgeFigures(lesson.edges, edge.desk).collect() for s in f.samples
    }
    assert carried["tongke_carried_viewers"] == 1
    assert carried["tongke_carried_lessons"] == 1

"""Keys in a real Redis: leases as the model has them, and nodes that come and go."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.base.clock import SystemClock
from signaling.cells.api import NodeIdTaken, Unreachable
from signaling.cells.boards import Incarnation, RedisLeases, RedisPresence
from signaling.cells.core.leasing import Lease, Refusal, Refused, Renewal
from signaling.cells.core.nodes import Health, Node, NodeBook, NodeRole
from signaling.cells.core.times import CellTimes
from signaling.cells.ports import PostedLease
from signaling.cells.redis_link import RedisLink
from signaling.cells.scripts import SETTLING_KEY, lesson_key, node_key
from tests.integration.signaling.cells.conftest import PATIENT, A, B
from tests.support.cells import SimulatedRedis, World
from tests.support.redis_server import RedisServer
from tests.support.waiting import until

STEPS = st.tuples(
    st.sampled_from(["claim", "claim", "renew", "release", "expire", "flush", "settle"]),
    st.sampled_from([A, B]),
    st.sampled_from(["x", "y"]),
    st.integers(1, 3),
    st.booleans(),
)


def _lease(own: Incarnation, lesson_id: str, epoch: int = 1) -> Lease:
    return Lease(lesson_id, epoch, own.node_id)


def _cell(own: Incarnation, name: str = "http://10.0.0.1") -> Node:
    return Node(own.node_id, NodeRole.CELL, name, capacity=60, load=5)


def _presence(link: RedisLink, own: Incarnation, times: CellTimes = PATIENT) -> RedisPresence:
    return RedisPresence(link, own, NodeBook(times), SystemClock(), times)


def test_the_scripts_do_what_the_model_does(redis: RedisServer) -> None:
    with asyncio.Runner() as runner:
        link = RedisLink(redis.url, PATIENT.beat_s)

        @settings(max_examples=settings.default.max_examples // 4)
        @given(st.lists(STEPS, min_size=5, max_size=25))
        def same(steps: list[tuple[str, Incarnation, str, int, bool]]) -> None:
            runner.run(_same_answers(redis, link, steps))

        same()
        runner.run(link.close())


async def _same_answers(
    redis: RedisServer, link: RedisLink, steps: list[tuple[str, Incarnation, str, int, bool]]
) -> None:
    redis.ask("FLUSHALL")
    model = SimulatedRedis(World(), PATIENT.ttl_s)
    for what, own, lesson_id, epoch, was_held in steps:
        board = RedisLeases(link, own, PATIENT)
        lease = _lease(own, lesson_id, epoch)
        if what == "claim":
            answer = await board.claim(lease, was_held=was_held)
            assert answer == model.claim(own.node_id, lesson_id, epoch, was_held)
        elif what == "renew":
            answers = await board.renew([lease, _lease(own, "z")])
            assert answers == model.renew(own.node_id, [(lesson_id, epoch), ("z", 1)])
        elif what == "release":
            await board.release([lease])
            model.release(own.node_id, [(lesson_id, epoch)])
        elif what == "expire":
            redis.ask("DEL", lesson_key(lesson_id))
            model.leases.pop(lesson_id, None)
        elif what == "settle":
            redis.ask("DEL", SETTLING_KEY)
            model.settling_until = 0.0
        else:
            redis.ask("FLUSHALL")
            model.flush()
        posted, _ = await board.posted(lesson_id)
        model.settling()
        found = model.lease(lesson_id)
        assert posted == (None if found is None else PostedLease(found[1], found[0]))


async def test_a_key_runs_out_by_itself_and_a_new_run_waits_for_that(link: RedisLink) -> None:
    short = CellTimes(beat_s=0.05, ttl_s=0.3)
    old, new = Incarnation("a", "old"), Incarnation("a", "new")
    assert await RedisLeases(link, old, short).claim(_lease(old, "x"), was_held=False) is None
    board = RedisLeases(link, new, short)
    refused = await board.claim(_lease(new, "x", 2), was_held=False)
    assert refused == Refused(Refusal.HELD, "a")

    async def free() -> bool:
        return await board.claim(_lease(new, "x", 2), was_held=False) is None

    await until(free)


async def test_many_leases_are_renewed_in_several_scripts(link: RedisLink) -> None:
    board = RedisLeases(link, A, PATIENT)
    leases = [_lease(A, f"lesson-{number}") for number in range(250)]
    assert set(await board.renew(leases)) == {Renewal.RESTORED}
    assert set(await board.renew(leases)) == {Renewal.RENEWED}
    await board.release(leases)
    assert await board.posted("lesson-249") == (None, True)


async def test_a_lease_that_nobody_can_read_gives_nothing(
    redis: RedisServer, link: RedisLink
) -> None:
    redis.ask("SET", lesson_key("x"), "rubbish")
    board = RedisLeases(link, A, PATIENT)
    with pytest.raises(Unreachable, match="nobody can read"):
        await board.posted("x")
    with pytest.raises(Unreachable, match="nobody can read"):
        await board.claim(_lease(A, "x"), was_held=False)


@pytest.mark.parametrize("how", ["flushed", "old dump"])
async def test_after_a_loss_of_memory_held_lessons_wait_for_their_holders(
    redis: RedisServer, link: RedisLink, how: str
) -> None:
    first, second = RedisLeases(link, A, PATIENT), RedisLeases(link, B, PATIENT)
    await second.posted("x")  # the memory begins, and settles
    redis.ask("DEL", SETTLING_KEY)
    assert redis.ask("SAVE") == b"+OK"
    assert await first.claim(_lease(A, "x"), was_held=True) is None
    if how == "flushed":
        redis.ask("FLUSHALL")
    else:
        redis.kill()
        redis.start()
        assert redis.ask("DBSIZE") == b":1"  # the memory of the former run, and no lease
        with pytest.raises(Unreachable):
            await second.posted("x")  # the old connection
    refused = await second.claim(_lease(B, "x", 2), was_held=True)
    assert refused == Refused(Refusal.SETTLING)
    assert await second.claim(_lease(B, "y"), was_held=False) is None  # nobody had it
    assert await first.renew([_lease(A, "x")]) == [Renewal.RESTORED]
    assert await second.claim(_lease(B, "x", 2), was_held=True) == Refused(Refusal.HELD, "a")


async def test_nodes_see_each_other_until_they_leave(redis: RedisServer, link: RedisLink) -> None:
    first, second = _presence(link, A), _presence(link, B)
    await first.beat(_cell(A))
    await second.beat(_cell(B))
    seen = await first.nodes()
    assert [(one.node, one.health) for one in seen] == [
        (_cell(A), Health.ALIVE),
        (_cell(B), Health.ALIVE),
    ]
    redis.ask("DEL", SETTLING_KEY)
    await second.leave()
    assert [one.health for one in await first.nodes()] == [Health.ALIVE, Health.GONE]


async def test_after_a_loss_of_memory_no_node_is_declared_gone(
    redis: RedisServer, link: RedisLink
) -> None:
    first, second = _presence(link, A), _presence(link, B)
    await second.beat(_cell(B))
    await first.nodes()
    redis.ask("FLUSHALL")
    assert [one.health for one in await first.nodes()] == [Health.SUSPECT]
    await second.beat(_cell(B))
    assert [one.health for one in await first.nodes()] == [Health.ALIVE]


async def test_a_node_that_beats_no_more_is_suspect_and_then_gone(
    redis: RedisServer, link: RedisLink
) -> None:
    times = CellTimes(beat_s=0.1, ttl_s=0.6)
    dead, watching = _presence(link, B, times), _presence(link, A, times)
    await watching.nodes()
    redis.ask("DEL", SETTLING_KEY)
    await dead.beat(_cell(B))
    seen = []

    async def gone() -> bool:
        (found,) = await watching.nodes()
        seen.append(found.health)
        return found.health is Health.GONE

    await until(gone)
    assert seen == sorted(seen, key=[Health.ALIVE, Health.SUSPECT, Health.GONE].index)
    assert Health.SUSPECT in seen


async def test_one_node_id_is_one_process(link: RedisLink) -> None:
    await _presence(link, A).beat(_cell(A))
    twin = _presence(link, Incarnation("a", "second"))
    with pytest.raises(NodeIdTaken):
        await twin.beat(_cell(A))
    await twin.leave()  # takes nothing away
    assert len(await twin.nodes()) == 1
    await _presence(link, A).leave()
    await twin.beat(_cell(A))


async def test_a_node_of_a_newer_version_is_left_out(redis: RedisServer, link: RedisLink) -> None:
    await _presence(link, A).beat(_cell(A))
    redis.ask("SET", node_key("new"), '"run {}"')
    redis.ask("SADD", "tongke:nodes", "new")
    assert [one.node.node_id for one in await _presence(link, B).nodes()] == ["a"]

"""What tests of resources do over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signaling.access.roles import Role
from tests.support.resources import EDITS, METADATA, shelve
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, THEIRS, World, two_counties

HERE, NEXT_DOOR, FAR = OURS.school(1), OURS.school(2), THEIRS.school(1)
PASSWORD = "打开-2026"


@dataclass
class Stage:
    """Two counties, a resource of the first school, and who works on it."""

    world: World
    clock: ManualClock
    teacher: Client
    school_admin: Client  # resource admin of the school
    county_admin: Client  # resource admin of the county
    operator: Client  # 县级管理员
    resource_id: str

    @property
    def path(self) -> str:
        return f"/api/resources/{self.resource_id}"

    async def detail(self, who: Client | None = None) -> Any:
        return await (who or self.teacher).call("GET", self.path)

    async def revision(self) -> int:
        return int((await self.detail())["working"]["revision"])

    async def save(self, edits: Any = None, **metadata: Any) -> Any:
        body = {
            "revision": await self.revision(),
            "metadata": METADATA | metadata,
            "edits": EDITS | (edits or {}),
        }
        return await self.teacher.call("PUT", f"{self.path}/draft", body)

    async def submit(self) -> Any:
        body = {"revision": await self.revision(), "pledged": True}
        return await self.teacher.call("POST", f"{self.path}/submit", body)

    async def pass_(self, who: Client | None = None, **more: Any) -> Any:
        body = {"revision": await self.revision()} | more
        return await (who or self.school_admin).call("POST", f"{self.path}/pass", body)

    async def reject(self, who: Client | None = None, **more: Any) -> Any:
        body = {"revision": await self.revision(), "reason": "声音太小"} | more
        return await (who or self.school_admin).call("POST", f"{self.path}/reject", body)

    async def publish(self, scope: str = "public", who: Client | None = None, **more: Any) -> Any:
        detail = await self.detail()
        version = detail["working"]["number"] if detail["working"] else 1
        body = {"version": version, "scope": scope} | more
        return await (who or self.school_admin).call("POST", f"{self.path}/publish", body)

    async def published(self, scope: str = "public", edits: Any = None, **more: Any) -> Any:
        """From the draft to the publication."""
        await self.save(edits)
        await self.submit()
        await self.pass_()
        return await self.publish(scope, **more)

    async def withdraw(self, who: Client | None = None, reason: str = "outdated") -> Any:
        body = {"reason": reason}
        return await (who or self.school_admin).call("POST", f"{self.path}/withdraw", body)

    async def levels(self, node_id: str, levels: int | None) -> Any:
        body = {"node_id": node_id, "levels": levels}
        return await self.operator.call("PUT", "/api/review-policies", body)

    async def seen_by(self, who: Client, query: str = "") -> list[str]:
        listed = await who.call("GET", f"/api/library{query}")
        return [one["resource_id"] for one in listed["resources"]]


@asynccontextmanager
async def stage(folder: Path, *, consented: bool = True, **more: Any) -> AsyncIterator[Stage]:
    """Two counties with one finished recording in the first school; `more` settings may be given.

    All classes in it may be shown to everybody, unless it is not `consented`.
    """
    clock = ManualClock()
    async with two_counties(folder, clock, **more) as world:
        resource_id = await shelve(
            world.services, "recording-1", teacher=HERE.teacher, room=HERE.room, consented=consented
        )
        yield Stage(
            world,
            clock,
            await world.sign_in(HERE.teacher),
            await world.sign_in(HERE.person(Role.RESOURCE_ADMIN)),
            await world.sign_in(OURS.person(Role.RESOURCE_ADMIN)),
            await world.sign_in(OURS.person(Role.COUNTY_ADMIN)),
            resource_id,
        )


async def problem(called: Any) -> tuple[int, str | None]:
    """The status and code with which a call is refused; 200 if it is not."""
    try:
        await called
    except ProblemError as error:
        return error.status, error.code
    return 200, None


async def status_of(client: Client, path: str) -> int:
    async with client.http.get(client.base + path) as answer:
        return answer.status

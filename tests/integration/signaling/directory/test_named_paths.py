"""Regions of a cell: org units by id or code, as paths of the tree."""

from pathlib import Path

from signaling.access.roles import ROOT_PATH
from signaling.directory.branches import paths_named
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from tests.support.services import running_services

CITY = f"{ROOT_PATH}p/city/"


def _node(path: str, level: OrgLevel, code: str | None) -> OrgNodeRow:
    node_id = path.rstrip("/").rpartition("/")[2]
    return OrgNodeRow(
        node_id=node_id, parent_id=None, level=level, name=node_id, path=path, code=code
    )


async def test_ids_and_beginnings_of_division_codes_name_paths(tmp_path: Path) -> None:
    async with running_services(tmp_path, seeded=False) as services:
        async with services.database.write() as session:
            session.add_all(
                [
                    _node(CITY, OrgLevel.CITY, "510100"),
                    _node(f"{CITY}x/", OrgLevel.COUNTY, "510104"),
                    _node(f"{CITY}x/s1/", OrgLevel.SCHOOL, "5101999999"),
                    _node(f"{ROOT_PATH}q/", OrgLevel.PROVINCE, "520000"),
                ]
            )

        async def named(*names: str) -> tuple[str, ...]:
            async with services.database.read() as session:
                return await paths_named(session, names)

        assert await named("5101") == (CITY,)  # the county lies in it
        assert await named("510104") == (f"{CITY}x/",)
        assert await named("x", "52") == (f"{CITY}x/", f"{ROOT_PATH}q/")
        assert await named("5101999999") == (f"{CITY}x/s1/",)
        assert await named("51019") == ()  # a school's code is no division's
        assert await named("5_0100") == ()

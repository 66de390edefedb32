"""Importing a county's file: what it makes of people."""

from pathlib import Path

from signaling.audit.log import COMMAND
from signaling.command.county_file import read
from signaling.command.county_import import CountyImport
from tests.support.services import running_services

FILE = b"""
[[people]]
login = "jiaoyan-li"
name = "\xe6\x9d\x8e\xe6\x95\x99\xe7\xa0\x94"
roles = ["researcher"]
password = "a-long-password"
"""


async def test_a_new_person_without_a_school_belongs_to_the_county(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        file, source = read(FILE, services.config.zone)
        county = CountyImport(
            services.database,
            services.audit,
            services.passwords,
            file,
            source,
            max_lesson_hours=services.config.max_lesson_hours,
        )
        done = await county.run(COMMAND, "county.toml")
        assert done.people == 1
        person = await services.people.person_by_login("jiaoyan-li")
        assert person is not None
        assert person.school_id is None

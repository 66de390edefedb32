"""County files for `tongke import`: the teachers who are recorded, and a large county."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

SCHOOLS, ROOMS_PER_SCHOOL = 200, 10
PEOPLE = 40  # without accounts: each costs some 100 ms of argon2 on two busy cores
PASSWORD = "tongke-load-test"


def recorded_teachers(logins: Sequence[str], starts_at: datetime) -> str:
    """Teachers with one lesson each, which may begin at once."""
    parts = []
    for login in logins:
        parts.append(
            f'[[people]]\nlogin = "{login}"\nname = "{login}"\nroles = ["lead_teacher"]\n'
            f'password = "{PASSWORD}"\n'
        )
        parts.append(
            f'[[lessons]]\ntitle = "录像 {login}"\nsubject = "数学"\ngrade = "四年级"\n'
            f'lead_teacher = "{login}"\nstarts_at = {starts_at.isoformat()}\n'
        )
    return "\n".join(parts)


def large_county() -> str:
    """Schools with their rooms, and people who have no account yet."""
    schools = []
    for school in range(SCHOOLS):
        rooms = ", ".join(
            f'{{ id = "big-{school}-{room}", name = "{school} 校 {room} 教室" }}'
            for room in range(ROOMS_PER_SCHOOL)
        )
        schools.append(
            f'[[schools]]\nid = "big-{school}"\nname = "第 {school} 小学"\n'
            f'kind = "teaching_point"\nrooms = [{rooms}]\n'
        )
    people = (
        f'[[people]]\nlogin = "big-{number}"\nname = "老师 {number}"\nroles = ["lead_teacher"]\n'
        for number in range(PEOPLE)
    )
    return "\n".join([*schools, *people])

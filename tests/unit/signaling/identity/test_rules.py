"""Passwords that may be chosen, and codes however they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.base.ids import CODE_ALPHABET
from signaling.base.problem_codes import ProblemCode
from signaling.identity.rules import grouped, password_problem, read_code

CODES = st.text(CODE_ALPHABET, min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("Xue-7 ok", None),
        ("青山中心小学Aa1", None),
        ("Xue-7ok", ProblemCode.PASSWORD_SHORT),
        ("xuexi2026", ProblemCode.PASSWORD_PLAIN),
        ("XUEXI---", ProblemCode.PASSWORD_PLAIN),
        ("WangLi-2026", ProblemCode.PASSWORD_LIKE_LOGIN),
        ("", ProblemCode.PASSWORD_SHORT),
    ],
)
def test_a_password_has_eight_characters_of_three_kinds_and_not_the_login(
    password: str, problem: ProblemCode | None
) -> None:
    assert password_problem(password, "wangli") is problem


def test_a_short_login_may_stand_in_a_password_by_chance() -> None:
    assert password_problem("Li-beihai-26", "li") is None


@given(code=CODES, noise=st.lists(st.sampled_from(" -—\t"), min_size=20, max_size=20))
def test_a_code_is_read_however_a_person_types_it(code: str, noise: list[str]) -> None:
    typed = "".join(one + gap for one, gap in zip(code.lower(), noise, strict=False))
    assert read_code(typed) == code
    assert read_code(grouped(code)) == code


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert read_code("oO1l-iIL0") == "00111110"

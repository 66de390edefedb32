"""Rules of passwords and of codes that people type."""

from __future__ import annotations

from signaling.base.problem_codes import ProblemCode

LEAST_PASSWORD_CHARS = 8  # assessors of 等保 2.0 ask for 8 of 3 classes
LEAST_CLASSES = 3  # of lower case, upper case, digits and others
_LEAST_LOGIN_CHARS = 3  # a shorter login stands in many a good password by chance
_GROUP = 4  # characters of a code between two dashes
_MISREAD = str.maketrans("ILO", "110")  # as Crockford's base32 reads them


def password_problem(password: str, login: str) -> ProblemCode | None:
    """Return what is wrong with a new password of a login; None: it can be taken."""
    if len(password) < LEAST_PASSWORD_CHARS:
        return ProblemCode.PASSWORD_SHORT
    name = login.casefold()
    if len(name) >= _LEAST_LOGIN_CHARS and name in password.casefold():
        return ProblemCode.PASSWORD_LIKE_LOGIN
    if len(set(map(_class_of, password))) < LEAST_CLASSES:
        return ProblemCode.PASSWORD_PLAIN
    return None


def _class_of(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.islower():
        return "lower"
    return "upper" if character.isupper() else "other"


def read_code(text: str) -> str:
    """Return a code as it was made, however a person typed it."""
    kept = "".join(character for character in text.upper() if character.isalnum())
    return kept.translate(_MISREAD)


def grouped(code: str) -> str:
    """Write a code in groups, as people read it aloud."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))

"""How the end of a child is told, and what the supervisor ends with."""

import pytest

from signaling.children.ending import Ending


@pytest.mark.parametrize(
    ("ending", "told", "exit_status"),
    [
        (Ending(3), "exit status 3", 3),
        (Ending(0), "exit status 0", 1),
        (Ending(-9), "SIGKILL", 1),
        (Ending(-63), "signal 63", 1),
        (Ending(None, "not ready within 60 s"), "not ready within 60 s", 1),
    ],
)
def test_an_end_is_told_and_becomes_an_exit_status(
    ending: Ending, told: str, exit_status: int
) -> None:
    assert (str(ending), ending.exit_status, ending.is_final) == (told, exit_status, False)


def test_a_useless_configuration_ends_all() -> None:
    assert Ending(78).is_final
    assert Ending(78).exit_status == 78

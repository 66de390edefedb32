"""How many connections a limit of open files leaves room for."""

import pytest

from signaling.base.open_files import connections_within


@pytest.mark.parametrize(
    ("limit", "connections"),
    [(64, 16), (256, 128), (1024, 512), (65_536, 4096), (1 << 20, 4096)],
)
def test_half_of_the_files_and_128_at_least_are_kept_for_all_else(
    limit: int, connections: int
) -> None:
    assert connections_within(limit, 4096) == connections

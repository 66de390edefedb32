"""A live lesson over a relay in the test's hand."""

import pytest

from tests.unit.signaling.classroom.hand_class import HandClass


@pytest.fixture
def lesson() -> HandClass:
    return HandClass()

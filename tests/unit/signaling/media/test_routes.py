"""Headers of WHIP and WHEP."""

import pytest

from signaling.base.errors import Malformed
from signaling.media.routes import if_match


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("*", None),
        (" * ", None),
        ('"a"', ("a",)),
        ('"a", "b" ,"c,d"', ("a", "b", "c,d")),
        ('W/"a"', ()),
        ('W/"a", "b"', ("b",)),
        (', "a",,', ("a",)),
        ('""', ("",)),
        (", ".join(f'"{n}"' for n in range(1000)), tuple(map(str, range(16)))),
    ],
)
def test_if_match_is_a_list_whose_weak_tags_match_nothing(
    header: str, tags: tuple[str, ...] | None
) -> None:
    assert if_match(header) == tags


@pytest.mark.parametrize(
    "header", ["a", '"a', 'w/"a"', '"a" "b"', '*, "a"', '"a b"', "W/", '"a";q=1']
)
def test_what_is_no_list_of_entity_tags_is_malformed(header: str) -> None:
    with pytest.raises(Malformed) as refused:
        if_match(header)
    assert refused.value.field == "If-Match"

"""Levels of the org tree."""

import itertools

from signaling.directory.nodes.rules import may_stand_below
from signaling.directory.wire import OrgLevel


def test_a_node_stands_below_a_higher_level_and_schools_have_a_way_of_their_own() -> None:
    allowed = {
        (level, above)
        for level, above in itertools.product(OrgLevel, OrgLevel)
        if may_stand_below(level, above)
    }
    country, province, city, county = list(OrgLevel)[:4]
    assert allowed == {
        (province, country),
        (city, country),
        (city, province),
        (county, country),
        (county, province),
        (county, city),
    }

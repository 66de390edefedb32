from signaling.base.ids import new_id, new_ids


def test_many_ids_are_made_as_one_is() -> None:
    ids = [new_id(), *new_ids(500)]
    assert len(set(ids)) == 501
    assert {len(one) for one in ids} == {16}
    assert set("".join(ids)) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert new_ids(0) == []

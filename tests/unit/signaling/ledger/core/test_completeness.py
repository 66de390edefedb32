from signaling.ledger.core.completeness import ClassVerdict, SubjectTally, verdicts


def test_subjects_that_are_required_must_be_held_and_often_enough() -> None:
    found = verdicts(
        [
            SubjectTally("a", "音乐", owed=4, held=4),
            SubjectTally("a", "美术", owed=2, held=3),
            SubjectTally("b", "音乐", owed=4, held=3),
            SubjectTally("b", "英语", owed=0, held=0),
            SubjectTally("c", "音乐", owed=4, held=4),
            SubjectTally("c", "美术", owed=2, held=0),
            SubjectTally("d", "音乐", owed=0, held=9),
        ]
    )
    assert found == {
        "a": ClassVerdict(),
        "b": ClassVerdict(short=("音乐",)),
        "c": ClassVerdict(lacking=("美术",)),
    }
    assert [(one.complete, one.sufficient) for one in found.values()] == [
        (True, True),
        (True, False),
        (False, False),
    ]

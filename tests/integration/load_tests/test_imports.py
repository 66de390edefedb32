"""The bench of imports takes all rows in, and changes nothing the second time."""

from load_tests.imports import imports


async def test_a_table_is_imported_and_the_same_file_changes_nothing() -> None:
    figures = await imports(rows=70)
    assert (figures["added"], figures["clashes"]) == (70, 0)
    again = figures["again"]
    assert isinstance(again, dict)
    names = ("added", "changed", "new_plans", "new_lessons")
    assert [again[name] for name in names] == [0, 0, 0, 0]

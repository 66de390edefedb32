import pytest

from signaling.audit.facts import detail_of, facts_of
from signaling.audit.wire import AuditFact


def test_facts_are_read_as_they_were_written() -> None:
    detail = detail_of(room="山泉教学点 一年级教室", pupils=(9, 12), note=None)
    assert facts_of("headcount_amend", detail) == (
        AuditFact("room", "山泉教学点 一年级教室"),
        AuditFact("pupils", "12", "9"),
    )


def test_fields_of_the_directory_are_facts_of_their_own() -> None:
    detail = detail_of(noun="rooms", fields={"name": (None, "新"), "active": (True, False)})
    assert facts_of("directory_change", detail) == (
        AuditFact("noun", "rooms"),
        AuditFact("name", "新"),
        AuditFact("active", "false", "true"),
    )


@pytest.mark.parametrize("detail", ["停电", "{broken", "{}x", "[1]"])
def test_free_text_is_one_fact_without_a_name(detail: str) -> None:
    assert facts_of("plan_create", detail) == (AuditFact("", detail),)


def test_a_detail_that_is_one_code_has_its_name() -> None:
    assert facts_of("observe", "media") == (AuditFact("way", "media"),)
    assert facts_of("observe", "") == ()

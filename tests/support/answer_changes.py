"""Deliberate differences between today's answers and those of a former version.

A change of the API's shape is written down here once, and the counties in
`tests/fixtures/databases` stay as they are. Whoever sees what must not change here: a viewer who
was answered 404 then is answered 404 today.
"""

from __future__ import annotations

import copy
from typing import Any

from tests.support.county_answers import Answer, Answers

# Fields that a former version did not tell: the question's beginning → dotted names in the body.
ADDED: dict[str, tuple[str, ...]] = {
    "GET /api/me": ("must_change_password", "counties"),
    "GET /api/directory": ("more",),
}
# Actions that a page offers today without an object, and did not then.
ADDED_ACTIONS = frozenset(
    {
        *("issue_device_token", "manage_accounts", "manage_grants", "read_audit"),
        *("manage_directory", "manage_timetable", "read_terms"),
        *("read_ledger", "explain_missed", "confirm_missed", "edit_requirements", "freeze_month"),
        *("read_consent", "keep_consent"),
        "upload_material",
        *("keep_series", "read_resource_figures"),
        *("choose_resources", "manage_harvests", "read_federated"),
        *("edit_resource", "review_resource", "publish_resource", "set_review_policy"),
        *("read_retention", "set_retention", "share_resource", "manage_nodes"),
    }
)

# Fields and actions that a lesson tells today, and did not then.
ADDED_LESSON_FIELDS = ("delivery_mode",)
ADDED_LESSON_ACTIONS = frozenset({"choose_resources"})

# Sentences about a recording that became codes.
FAILURE_CODES = {
    "": None,
    "没有收到任何画面和声音": "nothing_recorded",
    "磁盘空间不足,尚未整理,原始录像已保留": "disk_full",
    "整理失败,原始录像已保留": "finishing_failed",
}
# Fields of a recording's sources that a former version did not tell.
PREVIEWS = ("storyboard_url", "waveform_url")
TRIED_AGAIN = ",将自动重试"

# The 404 that tells of which noun there is none: the question's beginning → today's code.
NOT_FOUND_CODES = {
    "GET /api/lessons/": "lesson_not_found",
    "GET /api/recordings/": "recording_not_found",
    "GET /media/recordings/": "recording_not_found",
}


def in_todays_shape(question: str, former: Answer) -> Answer:
    """A former answer as today's version words it."""
    if former.get("code") == "not_found":
        for beginning, code in NOT_FOUND_CODES.items():
            if question.startswith(beginning):
                return {**former, "code": code}
    if question.startswith("GET /api/recordings/") and "body" in former:
        summary = former["body"]["summary"]
        failure = summary["failure"] or ""
        summary["retrying"] = failure.endswith(TRIED_AGAIN)
        summary["failure"] = FAILURE_CODES[failure.removesuffix(TRIED_AGAIN)]
    return former


def differences(former: Answers, now: Answers) -> list[str]:
    """List the changed answers to viewers who asked now, a line for each viewer and question."""
    found = []
    for question, by_viewer in now.items():
        for viewer, answer in by_viewer.items():
            wanted = in_todays_shape(question, copy.deepcopy(former[question][viewer]))
            told = _without_added(question, answer)
            if told != wanted:
                found.append(f"{question}, asked by {viewer}: was {wanted}, is {told}")
    return found


def _without_added(question: str, answer: Answer) -> Answer:
    answer = copy.deepcopy(answer)
    for beginning, names in ADDED.items():
        if question.startswith(beginning) and "body" in answer:
            for name in names:
                *outer, last = name.split(".")
                inside: Any = answer["body"]
                for step in outer:
                    inside = inside[step]
                del inside[last]
    if question.startswith("GET /api/recordings/") and "body" in answer:
        for source in answer["body"]["sources"]:
            for name in PREVIEWS:
                del source[name]
    if question.startswith("GET /api/lessons") and "body" in answer:
        body = answer["body"]
        if isinstance(body, dict) and "may" in body:  # a lesson, and not its links
            body["may"] = [one for one in body["may"] if one not in ADDED_LESSON_ACTIONS]
            for name in ADDED_LESSON_FIELDS:
                del body[name]
    if question.startswith("GET /api/me") and "body" in answer:
        may = answer["body"]["may"]
        answer["body"]["may"] = [action for action in may if action not in ADDED_ACTIONS]
    return answer

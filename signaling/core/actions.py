"""Everything that needs permission, as the table of grants, the API and the pages name it."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Everything that needs permission."""

    LIST_ALL_LESSONS = "list_all_lessons"
    READ_LESSON = "read_lesson"
    CREATE_LESSON = "create_lesson"  # for the teacher named as lead
    START_LESSON = "start_lesson"
    END_LESSON = "end_lesson"
    CANCEL_LESSON = "cancel_lesson"
    SEE_JOIN_CODE = "see_join_code"
    READ_DIRECTORY = "read_directory"
    ISSUE_DEVICE_TOKEN = "issue_device_token"  # noqa: S105 - the name of a deed, not a secret
    TAKE_PART = "take_part"  # listed in the room, on the control channel
    OBSERVE = "observe"  # 观摩: watches unseen, always audited
    PUBLISH_CAMERA = "publish_camera"
    PUBLISH_COURSEWARE = "publish_courseware"
    ISSUE_EXTERNAL_ACCESS = "issue_external_access"
    VIEW_OFF_STAGE = "view_off_stage"  # see rooms that are not on stage
    SET_DEVICES = "set_devices"
    RAISE_HAND = "raise_hand"
    LOWER_OTHERS_HAND = "lower_others_hand"
    COMMAND_STAGE = "command_stage"
    STAND_ON_STAGE = "stand_on_stage"
    MUTE_ALL = "mute_all"
    READ_ALL_RECORDINGS = "read_all_recordings"
    READ_RECORDING = "read_recording"
    READ_LINKS = "read_links"  # how good the links of a lesson were
    READ_ALL_LINKS = "read_all_links"  # of all rooms over all lessons

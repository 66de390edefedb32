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
    CHOOSE_RESOURCES = "choose_resources"  # that a lesson of 资源推送 carries
    REPORT_PLAYS = "report_plays"  # what the own room played of them
    SEE_JOIN_CODE = "see_join_code"
    READ_DIRECTORY = "read_directory"
    MANAGE_DIRECTORY = "manage_directory"  # schools, rooms, classes, teachers, subjects, pairings
    MANAGE_TIMETABLE = "manage_timetable"  # terms, bells, days off, plans, changes of lessons
    READ_TIMETABLE = "read_timetable"
    READ_TERMS = "read_terms"  # terms, bells and days off of the own county
    ISSUE_DEVICE_TOKEN = "issue_device_token"  # noqa: S105 - the name of a deed, not a secret
    MANAGE_ACCOUNTS = "manage_accounts"  # open, close, reset, new slips
    MANAGE_GRANTS = "manage_grants"  # 角色权限
    READ_AUDIT = "read_audit"  # 审计日志
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
    SET_HEADCOUNT = "set_headcount"  # 到课人数 of the own room
    CORRECT_HEADCOUNT = "correct_headcount"  # of any room
    SEND_NOTICE = "send_notice"  # a text on the screens of rooms
    DISMISS_NOTICE = "dismiss_notice"  # from the own screen
    READ_LEDGER = "read_ledger"  # 台账: sums of a branch, and 今日看板
    READ_LEDGER_UNIT = "read_ledger_unit"  # one class at one room in one lesson, with its evidence
    EXPLAIN_MISSED = "explain_missed"
    CONFIRM_MISSED = "confirm_missed"
    AMEND_HEADCOUNT = "amend_headcount"  # after the lesson
    EDIT_REQUIREMENTS = "edit_requirements"  # 应开
    FREEZE_MONTH = "freeze_month"  # 上报
    READ_ALL_RECORDINGS = "read_all_recordings"
    READ_RECORDING = "read_recording"
    READ_RESOURCE = "read_resource"  # at work: versions, reviews, all sources
    EDIT_RESOURCE = "edit_resource"  # metadata, cuts, chapters; a new version
    CAPTION_RESOURCE = "caption_resource"  # 生成字幕
    SUBMIT_RESOURCE = "submit_resource"  # 提交审核, and taking it back
    REVIEW_RESOURCE = "review_resource"  # 通过, 驳回, 转交
    PUBLISH_RESOURCE = "publish_resource"  # 发布, and who may see it
    WITHDRAW_RESOURCE = "withdraw_resource"  # 下架
    NOMINATE_RESOURCE = "nominate_resource"  # 优课 of a school year
    READ_RESOURCE_FIGURES = "read_resource_figures"  # coverage and use, by school and teacher
    KEEP_SERIES = "keep_series"  # 专题: made, changed, ordered
    RECOMMEND_RESOURCE = "recommend_resource"  # 推荐上级
    READ_REVIEW_POLICY = "read_review_policy"
    EXPORT_FILM = "export_film"  # one MP4 of a version
    SHARE_RESOURCE = "share_resource"  # by links
    READ_RETENTION = "read_retention"  # what is deleted when, and what was
    SET_RETENTION = "set_retention"
    HOLD_RESOURCE = "hold_resource"  # 法定保留
    DELETE_RESOURCE = "delete_resource"
    DELETE_WITHDRAWN = "delete_withdrawn"  # … once it had been published
    SET_REVIEW_POLICY = "set_review_policy"  # 初审, 复审, 终审
    READ_LINKS = "read_links"  # how good the links of a lesson were
    READ_ALL_LINKS = "read_all_links"  # of all rooms over all lessons
    READ_JOB = "read_job"
    CANCEL_JOB = "cancel_job"
    UPLOAD_WORKBOOK = "upload_workbook"  # for an import
    READ_CONSENT = "read_consent"  # 授权同意 of classes
    KEEP_CONSENT = "keep_consent"  # record, change, withdraw
    UPLOAD_MATERIAL = "upload_material"  # videos and attachments, for resources
    MANAGE_HARVESTS = "manage_harvests"  # other libraries that the county takes records from
    READ_FEDERATED = "read_federated"  # records of other libraries
    MANAGE_NODES = "manage_nodes"  # 节点: the processes of the installation
    MANAGE_CALENDAR_FEEDS = "manage_calendar_feeds"  # of others; everybody has the own one

"""The actions that the audit log records."""

from __future__ import annotations

from enum import StrEnum


class AuditAction(StrEnum):
    """One action, as the `action` column and the pages name it."""

    # logins
    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGOUT = "logout"
    TERMINAL_LOGIN = "terminal_login"
    TERMINAL_RESUME = "terminal_resume"
    DEVICE_TOKEN_ISSUE = "device_token_issue"  # noqa: S105 - the name of an action
    ROOM_SHUT_OUT = "room_shut_out"
    TERMINAL_CODE = "terminal_code"  # made for a room
    TERMINAL_CONFIRM = "terminal_confirm"  # a terminal that asks is of this room
    TERMINAL_BIND = "terminal_bind"
    TERMINAL_UNBIND = "terminal_unbind"
    # accounts
    ADMIN_CREATE = "admin_create"
    ACCOUNT_CREATE = "account_create"
    ACCOUNT_ACTIVATE = "account_activate"
    ACCOUNT_RESET = "account_reset"  # a new code; the former password is void
    PASSWORD_SET = "password_set"  # noqa: S105 - the name of an action
    PASSWORD_CHANGE = "password_change"  # noqa: S105 - by the person
    ACCOUNT_OPEN = "account_open"
    ACCOUNT_CLOSE = "account_close"
    ACCOUNT_LEAVE = "account_leave"  # 离职
    # roles
    GRANT_GIVE = "grant_give"
    GRANT_TAKE = "grant_take"
    GRANT_END = "grant_end"  # its time was over
    # the directory; the detail names the noun and the fields
    DIRECTORY_CREATE = "directory_create"
    DIRECTORY_CHANGE = "directory_change"
    DIRECTORY_DISABLE = "directory_disable"
    DIRECTORY_ENABLE = "directory_enable"
    DIRECTORY_IMPORT = "directory_import"
    # lessons
    LESSON_CREATE = "lesson_create"
    LESSON_START = "lesson_start"
    LESSON_END = "lesson_end"
    LESSON_CANCEL = "lesson_cancel"
    EXTERNAL_ACCESS = "external_access"
    OBSERVE = "observe"  # 观摩, 巡课: watching unseen, by whichever way
    NOTICE_SEND = "notice_send"
    # jobs and files
    JOB_SUBMIT = "job_submit"
    JOB_CANCEL = "job_cancel"
    FILE_UPLOAD = "file_upload"
    FILE_EXPORT = "file_export"
    FILE_DELETE = "file_delete"
    # timetable
    TERM_CREATE = "term_create"
    TERM_CHANGE = "term_change"
    TERM_REMOVE = "term_remove"
    BELLS_CREATE = "bells_create"
    BELLS_CHANGE = "bells_change"
    BELLS_REMOVE = "bells_remove"
    CALENDAR_DAY_SET = "calendar_day_set"
    CALENDAR_DAY_RESET = "calendar_day_reset"
    CALENDAR_IMPORT = "calendar_import"
    UNWANTED_ADD = "unwanted_add"
    UNWANTED_REMOVE = "unwanted_remove"
    UNWANTED_SET = "unwanted_set"
    PLAN_CREATE = "plan_create"
    PLAN_CHANGE = "plan_change"
    PLAN_END = "plan_end"
    PLANS_SETTLE = "plans_settle"
    TIMETABLE_IMPORT_CREATE = "timetable_import_create"
    TIMETABLE_IMPORT_CHANGE = "timetable_import_change"  # answers and options
    TIMETABLE_IMPORT_READ = "timetable_import_read"  # the dry run of a job
    TIMETABLE_IMPORT_AGREE = "timetable_import_agree"  # 采用
    TIMETABLE_IMPORT_APPLY = "timetable_import_apply"  # what the job did then
    LESSON_MOVE = "lesson_move"
    LESSON_SUBSTITUTE = "lesson_substitute"
    LESSON_STOP = "lesson_stop"
    LESSON_MAKE_UP = "lesson_make_up"
    # proposals and feeds of the timetable
    PROPOSAL_START = "proposal_start"
    PROPOSAL_FOUND = "proposal_found"
    PROPOSAL_ACCEPT = "proposal_accept"
    PROPOSAL_WRITE = "proposal_write"
    PROPOSAL_DISCARD = "proposal_discard"
    CALENDAR_FEED_MAKE = "calendar_feed_make"
    CALENDAR_FEED_REVOKE = "calendar_feed_revoke"
    # ledger
    MISSED_EXPLAIN = "missed_explain"
    MISSED_CONFIRM = "missed_confirm"
    MISSED_RETURN = "missed_return"
    HEADCOUNT_AMEND = "headcount_amend"
    REQUIREMENT_CREATE = "requirement_create"
    REQUIREMENT_CHANGE = "requirement_change"
    REQUIREMENT_REMOVE = "requirement_remove"
    REQUIREMENT_VERSION = "requirement_version"
    MONTH_FREEZE = "month_freeze"
    LEDGER_EXPORT = "ledger_export"
    # the audit log
    AUDIT_EXPORT = "audit_export"
    # the server itself
    IMPORT = "import"
    SECRET_ROTATE = "secret_rotate"  # noqa: S105 - the name of an action
    SEED_DEMO = "seed_demo"

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
    CATALOGUE_IMPORT = "catalogue_import"
    # lessons
    LESSON_CREATE = "lesson_create"
    LESSON_START = "lesson_start"
    LESSON_END = "lesson_end"
    LESSON_CANCEL = "lesson_cancel"
    LESSON_RESOURCES = "lesson_resources"  # chosen for 资源推送
    EXTERNAL_ACCESS = "external_access"
    OBSERVE = "observe"  # 观摩, 巡课: watching unseen, by whichever way
    NOTICE_SEND = "notice_send"
    # resources
    RESOURCE_VERSION = "resource_version"  # a new version of what is published or withdrawn
    RESOURCE_SAVE = "resource_save"
    RESOURCE_SUBMIT = "resource_submit"
    RESOURCE_RECALL = "resource_recall"
    RESOURCE_PASS = "resource_pass"  # noqa: S105 - the name of an action
    RESOURCE_REJECT = "resource_reject"
    RESOURCE_FORWARD = "resource_forward"
    RESOURCE_PUBLISH = "resource_publish"
    RESOURCE_SHARE = "resource_share"  # who may see what is published
    RESOURCE_WITHDRAW = "resource_withdraw"
    RESOURCE_UPLOAD = "resource_upload"  # a resource of an upload
    RESOURCE_ATTACH = "resource_attach"  # 教案, 课件, 习题
    RESOURCE_DETACH = "resource_detach"
    CAPTIONS_ORDER = "captions_order"  # 生成字幕
    CAPTIONS_MADE = "captions_made"  # by a job
    CAPTIONS_SAVE = "captions_save"  # corrected, typed, or taken from a file
    CAPTION_POLICY_SET = "caption_policy_set"
    RESOURCE_RECOMMEND = "resource_recommend"  # 推荐上级
    REFERENCE_RECALL = "reference_recall"  # by the level that recommended it
    REFERENCE_PASS = "reference_pass"  # noqa: S105 - the name of an action
    REFERENCE_REJECT = "reference_reject"
    REFERENCE_FORWARD = "reference_forward"  # 转交
    REFERENCE_PUBLISH = "reference_publish"  # also who may see it
    REFERENCE_WITHDRAW = "reference_withdraw"
    SERIES_CREATE = "series_create"
    SERIES_CHANGE = "series_change"  # also its entries and their order
    SERIES_REMOVE = "series_remove"
    RESOURCE_NOMINATE = "resource_nominate"  # 推荐为优课
    NOMINATION_REVOKE = "nomination_revoke"
    FIGURES_EXPORT = "figures_export"  # coverage, or use
    RESOURCE_EDITION = "resource_edition"  # an edition that failed is ordered again
    FILM_ORDER = "film_order"  # 导出 MP4
    FILM_DOWNLOAD = "film_download"
    FILM_REMOVE = "film_remove"  # cancelled, or deleted before its time
    RESOURCE_REFUSED = "resource_refused"  # one of these, by somebody who may not
    SHARE_LINK_MAKE = "share_link_make"
    SHARE_LINK_REVOKE = "share_link_revoke"
    RESOURCE_DELETE = "resource_delete"  # by hand or by a rule: a tombstone is left
    RESOURCE_ERASE = "resource_erase"  # its files are gone
    RETENTION_RULE_SET = "retention_rule_set"
    LEGAL_HOLD_PLACE = "legal_hold_place"
    LEGAL_HOLD_RELEASE = "legal_hold_release"
    DELETION_EXPORT = "deletion_export"
    REVIEW_POLICY_SET = "review_policy_set"
    # jobs and files
    JOB_SUBMIT = "job_submit"
    JOB_CANCEL = "job_cancel"
    FILE_UPLOAD = "file_upload"
    FILE_CHECK = "file_check"  # a job took it, or refused it
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
    # other libraries
    HARVEST_SOURCE_ADD = "harvest_source_add"
    HARVEST_SOURCE_CHANGE = "harvest_source_change"  # name, place, paused
    HARVEST_SOURCE_REMOVE = "harvest_source_remove"
    HARVEST_ASK = "harvest_ask"  # at once, not at its time
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
    # consent
    CONSENT_RECORD = "consent_record"
    CONSENT_CHANGE = "consent_change"
    CONSENT_WITHDRAW = "consent_withdraw"
    CONSENT_EXPIRE = "consent_expire"  # its last day is over
    CONSENT_EXPORT = "consent_export"
    CONSENT_PAGE_READ = "consent_page_read"  # a scanned page with the names of guardians
    # the audit log
    AUDIT_EXPORT = "audit_export"
    # the server itself
    IMPORT = "import"
    NODE_DRAIN = "node_drain"  # 排空
    NODE_DRAIN_END = "node_drain_end"
    SECRET_ROTATE = "secret_rotate"  # noqa: S105 - the name of an action
    SEED_DEMO = "seed_demo"

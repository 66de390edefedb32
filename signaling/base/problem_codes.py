"""The codes of everything that can go wrong in a request. Pages have the words for them."""

from __future__ import annotations

from enum import StrEnum


class ProblemCode(StrEnum):
    """The kind of a problem, for programs: `code` of problem+json."""

    # 400: the request
    MALFORMED = "malformed"
    BAD_OFFER = "bad_offer"
    BAD_CURSOR = "bad_cursor"
    # 401: who asks
    NOT_SIGNED_IN = "not_signed_in"
    BAD_CREDENTIALS = "bad_credentials"
    BAD_DEVICE_TOKEN = "bad_device_token"  # noqa: S105 - the name of a problem
    INVALID_TOKEN = "invalid_token"  # noqa: S105 - the name of a problem
    # 403: what is permitted
    FORBIDDEN = "forbidden"
    CSRF = "csrf"
    PASSWORD_CHANGE_DUE = "password_change_due"  # noqa: S105 - the name of a problem
    BEYOND_BRANCH = "beyond_branch"  # the person has roles outside the actor's branches
    OWN_ACCOUNT = "own_account"
    OWN_RESOURCE = "own_resource"  # nobody reviews the own work
    WRONG_LEVEL = "wrong_level"  # the level of review needs a role further up
    REVIEWED_BEFORE = "reviewed_before"  # one person, one level of a submission
    OWN_RECOMMENDATION = "own_recommendation"  # nobody reviews what he or she recommended
    RESOURCE_LOCKED = "resource_locked"  # its password was not given
    SHARE_PASSWORD_WRONG = "share_password_wrong"  # noqa: S105 - the name of a problem
    NOT_IN_LESSON = "not_in_lesson"
    OWN_LESSONS_ONLY = "own_lessons_only"
    # 404: what there is
    NOT_FOUND = "not_found"
    LESSON_NOT_FOUND = "lesson_not_found"
    RECORDING_NOT_FOUND = "recording_not_found"
    RESOURCE_NOT_FOUND = "resource_not_found"
    SERIES_NOT_FOUND = "series_not_found"
    UNIT_NOT_FOUND = "unit_not_found"
    REQUIREMENT_NOT_FOUND = "requirement_not_found"
    MONTH_NOT_FOUND = "month_not_found"
    JOB_NOT_FOUND = "job_not_found"
    FILE_NOT_FOUND = "file_not_found"
    SOURCE_NOT_FOUND = "source_not_found"  # of harvests
    SESSION_NOT_FOUND = "session_not_found"
    UNKNOWN_JOIN_CODE = "unknown_join_code"
    UNKNOWN_PERSON = "unknown_person"  # 422 where it is a field of a body
    UNKNOWN_GRANT = "unknown_grant"
    UNKNOWN_TERMINAL = "unknown_terminal"
    UNKNOWN_CODE = "unknown_code"  # of an account's first password, or of a terminal
    UNKNOWN_ROOM = "unknown_room"  # 422 where it is a field of a body
    # 405 to 428: HTTP
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    REQUEST_TIMEOUT = "request_timeout"
    STALE_SESSION = "stale_session"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UNKNOWN_HOST = "unknown_host"
    PRECONDITION_REQUIRED = "precondition_required"
    HTTP_ERROR = "http_error"
    # 409: what is now
    JOB_OVER = "job_over"
    TOO_MANY_JOBS = "too_many_jobs"
    TOO_MANY_FILES = "too_many_files"
    FILE_QUOTA = "file_quota"  # the bytes of one owner's files
    FILE_IN_USE = "file_in_use"  # a resource points at it
    WRONG_STATE = "wrong_state"
    PEOPLE_UNDECLARED = "people_undeclared"  # who is in the picture of an upload
    PEOPLE_WITHOUT_CONSENT = "people_without_consent"  # minors are, and nobody has agreed
    TOO_MANY_ATTACHMENTS = "too_many_attachments"  # of one version
    NOT_A_PUSH = "not_a_push"  # a lesson that carries no resources
    PUSH_HAS_NO_ROOM = "push_has_no_room"  # 资源推送 is not taught live
    PUSH_OVER = "push_over"
    RESOURCE_STATE = "resource_state"  # the state of a resource or version
    SERIES_FULL = "series_full"
    TOO_MANY_SERIES = "too_many_series"  # of one person
    NOMINATED_ALREADY = "nominated_already"  # for this school year
    NOTHING_ABOVE = "nothing_above"  # no node to which it could be recommended
    RECOMMENDED_ALREADY = "recommended_already"  # this version is there, or waits there
    CONSENT_MISSING = "consent_missing"  # for sources that are not hidden
    CLASH = "clash"
    TIMETABLE_CLASH = "timetable_clash"
    TERM_IN_USE = "term_in_use"
    NOT_MISSED = "not_missed"
    MADE_UP_ALREADY = "made_up_already"
    CHANGED_MEANWHILE = "changed_meanwhile"
    TAKEN = "taken"  # another entry has this name or number
    IN_USE = "in_use"  # others in use depend on it
    PAIRING_OVERLAPS = "pairing_overlaps"
    TEXTBOOK_DIFFERS = "textbook_differs"
    PROPOSAL_DECIDED = "proposal_decided"
    PROPOSAL_NOT_READY = "proposal_not_ready"
    TOO_MANY_PROPOSALS = "too_many_proposals"
    TOO_MANY_SOURCES = "too_many_sources"
    RECORDING_NOT_READY = "recording_not_ready"
    ACCOUNT_CLOSED = "account_closed"
    CODE_EXPIRED = "code_expired"
    LAST_ADMIN = "last_admin"
    LESSONS_AHEAD = "lessons_ahead"  # of a teacher whose account is to be closed
    TOO_MANY_GRANTS = "too_many_grants"
    NOT_HELD = "not_held"
    MONTH_FROZEN = "month_frozen"
    MONTH_NOT_OVER = "month_not_over"
    REASONS_AWAITED = "reasons_awaited"
    REQUIREMENT_OVERLAPS = "requirement_overlaps"
    CONSENT_STANDS = "consent_stands"  # the class has one in this term: change it instead
    CONSENT_OVERLAPS = "consent_overlaps"  # another one of the class covers one of the days
    CONSENT_WITHDRAWN = "consent_withdrawn"  # it stays as it is: record a new one
    TOO_MANY_LOGINS = "too_many_logins"
    TOO_MANY_DEVICES = "too_many_devices"
    # 410 to 460: uploads (tus 1.0)
    UPLOAD_EXPIRED = "upload_expired"
    UPLOAD_OFFSET = "upload_offset"
    UPLOAD_IN_USE = "upload_in_use"
    UPLOAD_VERSION = "upload_version"
    UPLOAD_DAMAGED = "upload_damaged"
    # 422: a field
    FILE_EMPTY = "file_empty"
    FILE_KIND_REFUSED = "file_kind_refused"
    FILE_TOO_LARGE = "file_too_large"
    # 422: a file, by its bytes
    FILE_MIXED = "file_mixed"  # two files in one
    FILE_CHECK_FAILED = "file_check_failed"  # nobody could tell what it is
    VIDEO_UNKNOWN = "video_unknown"  # neither MP4, MOV nor WebM
    VIDEO_DAMAGED = "video_damaged"
    VIDEO_REACHES_OUT = "video_reaches_out"  # a list, or a film whose media lie elsewhere
    VIDEO_NO_PICTURE = "video_no_picture"
    VIDEO_CODEC = "video_codec"
    VIDEO_TOO_MUCH = "video_too_much"  # hours, pixels, tracks
    INVALID = "invalid"
    PASSWORD_SHORT = "password_short"  # noqa: S105 - the name of a problem
    PASSWORD_PLAIN = "password_plain"  # noqa: S105 - the name of a problem
    PASSWORD_LIKE_LOGIN = "password_like_login"  # noqa: S105 - the name of a problem
    PASSWORD_SAME = "password_same"  # noqa: S105 - the name of a problem
    ROLE_OF_ROOMS = "role_of_rooms"  # only a classroom's terminal has it
    ROLE_NOT_YOURS = "role_not_yours"
    LONGER_THAN_YOURS = "longer_than_yours"
    PUSH_WITHDRAWN = "push_withdrawn"  # these five: why rooms cannot play what was chosen
    PUSH_EXPIRED = "push_expired"
    PUSH_ENDS_EARLY = "push_ends_early"
    PUSH_NEEDS_PASSWORD = "push_needs_password"  # noqa: S105 - the name of a problem
    PUSH_NOT_FOR_ROOM = "push_not_for_room"
    RESOURCE_TWICE = "resource_twice"
    RESOURCE_NOT_PUSHED = "resource_not_pushed"  # never on the lesson's list
    PLAY_OUT_OF_TIME = "play_out_of_time"
    CUE_IMPOSSIBLE = "cue_impossible"  # a caption ends before it begins, or is of no source
    TOO_MANY_CUES = "too_many_cues"
    CAPTIONS_NOT_INSTALLED = "captions_not_installed"
    EDIT_IMPOSSIBLE = "edit_impossible"  # parts overlap, or reach beyond the recording
    METADATA_MISSING = "metadata_missing"
    NOT_PLEDGED = "not_pledged"  # 原创承诺
    SHARE_PASSWORD_MISSING = "share_password_missing"  # noqa: S105 - the name of a problem
    SHARE_PASSWORD_UNUSED = "share_password_unused"  # noqa: S105 - the name of a problem
    SCOPE_TOO_WIDE = "scope_too_wide"  # of a series that is not of one's own branch
    OTHER_SCHOOL_YEAR = "other_school_year"  # neither this one nor one beside it
    UNKNOWN_REVIEWER = "unknown_reviewer"
    BAD_LENGTH = "bad_length"
    ENDS_BEFORE_START = "ends_before_start"
    NOTE_MISSING = "note_missing"
    UNKNOWN_NODE = "unknown_node"
    BELLS_OVERLAP = "bells_overlap"
    DAY_NOT_OFF = "day_not_off"
    DAY_OFF = "day_off"
    DAY_OUTSIDE_YEAR = "day_outside_year"
    DAY_TWICE = "day_twice"
    IN_THE_PAST = "in_the_past"
    MAKE_UP_DAY = "make_up_day"
    MISSING = "missing"
    NO_PERIOD = "no_period"
    NO_ROOM_OPEN = "no_room_open"
    NOTHING_PLANNED = "nothing_planned"
    OUTSIDE_TERM = "outside_term"
    PERIOD_ENDS_EARLY = "period_ends_early"
    PERIODS_NOT_IN_ORDER = "periods_not_in_order"
    PERIODS_OVERLAP = "periods_overlap"
    TERM_OVERLAP = "term_overlap"
    TOO_MUCH_TO_PLACE = "too_much_to_place"
    UNKNOWN_CLASS = "unknown_class"
    UNKNOWN_COUNTY = "unknown_county"
    UNKNOWN_SCHOOL = "unknown_school"
    UNKNOWN_SUBJECT = "unknown_subject"
    UNKNOWN_TERM = "unknown_term"
    WEEKS_BEYOND_TERM = "weeks_beyond_term"
    WEEKS_EMPTY = "weeks_empty"
    WEEKS_UNREADABLE = "weeks_unreadable"
    WRONG_CLASS = "wrong_class"
    YEAR_EMPTY = "year_empty"
    LEAD_ROOM_INVITED = "lead_room_invited"
    ROOM_NOT_INVITED = "room_not_invited"
    ROOM_TWICE = "room_twice"
    TEXT_CONTROL = "text_control"
    TEXT_INVISIBLE = "text_invisible"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_TOO_SHORT = "text_too_short"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    UNKNOWN_TEACHER = "unknown_teacher"
    SAME_SCHOOL = "same_school"  # a school paired with itself
    OTHER_COUNTY = "other_county"
    NOT_A_CENTER = "not_a_center"  # a teaching point gives no lessons
    LOGIN_MISSING = "login_missing"  # neither a login nor a staff number
    # of share links
    SHARE_LINK_WRONG = "share_link_wrong"
    SHARE_LINK_EXPIRED = "share_link_expired"
    SHARE_LINK_REVOKED = "share_link_revoked"
    SHARE_LINK_NOT_FOUND = "share_link_not_found"
    SCOPE_WITHOUT_LINKS = "scope_without_links"  # public needs none, private allows none
    TOO_MANY_LINKS = "too_many_links"
    # of retention and deletions
    RESOURCE_DELETED = "resource_deleted"  # 410
    RESOURCE_HELD = "resource_held"  # 法定保留
    RESOURCE_IS_PUBLISHED = "resource_is_published"  # to be withdrawn first
    RESOURCE_UNDER_REVIEW = "resource_under_review"
    LEGAL_HOLD_NOT_FOUND = "legal_hold_not_found"
    TOO_MANY_RULES = "too_many_rules"
    ERASURE_FAILED = "erasure_failed"
    # 429: how often
    TOO_MANY_REQUESTS = "too_many_requests"
    # of workbooks that are not read
    WORKBOOK_EMPTY = "workbook_empty"
    WORKBOOK_UNKNOWN_FORMAT = "workbook_unknown_format"
    WORKBOOK_HTML = "workbook_html"
    WORKBOOK_OLD_EXCEL = "workbook_old_excel"
    WORKBOOK_XML_2003 = "workbook_xml_2003"
    WORKBOOK_MACROS = "workbook_macros"
    WORKBOOK_ENCRYPTED = "workbook_encrypted"
    WORKBOOK_DAMAGED = "workbook_damaged"
    WORKBOOK_ZIP_BOMB = "workbook_zip_bomb"
    WORKBOOK_ENCODING = "workbook_encoding"
    WORKBOOK_TOO_LARGE = "workbook_too_large"
    WORKBOOK_TOO_MUCH_TEXT = "workbook_too_much_text"
    WORKBOOK_TOO_MANY_COLUMNS = "workbook_too_many_columns"
    WORKBOOK_TOO_MANY_ROWS = "workbook_too_many_rows"
    WORKBOOK_TOO_MANY_CELLS = "workbook_too_many_cells"
    WORKBOOK_TOO_MANY_MERGED = "workbook_too_many_merged"
    WORKBOOK_TOO_MANY_SHEETS = "workbook_too_many_sheets"
    # of timetable imports
    IMPORT_APPLIED_ALREADY = "import_applied_already"
    IMPORT_HAS_CLASHES = "import_has_clashes"
    IMPORT_HAS_QUESTIONS = "import_has_questions"
    IMPORT_HAS_UNREAD = "import_has_unread"
    IMPORT_NOT_TRIED = "import_not_tried"
    IMPORT_UNDER_WAY = "import_under_way"
    IMPORT_WRONG_COUNTY = "import_wrong_county"
    # of harvests
    HARVEST_BAD_URL = "harvest_bad_url"
    HARVEST_BUSY = "harvest_busy"
    HARVEST_ENDLESS = "harvest_endless"
    HARVEST_NO_OAI = "harvest_no_oai"
    HARVEST_OWN_NETWORK = "harvest_own_network"
    HARVEST_REDIRECTS = "harvest_redirects"
    HARVEST_REFUSED = "harvest_refused"
    HARVEST_STATUS = "harvest_status"
    HARVEST_TOO_LARGE = "harvest_too_large"
    HARVEST_UNREACHABLE = "harvest_unreachable"
    # of LOM packages
    PACKAGE_DAMAGED = "package_damaged"
    PACKAGE_FILE_NAMES = "package_file_names"
    PACKAGE_NO_METADATA = "package_no_metadata"
    PACKAGE_TOO_LARGE = "package_too_large"
    PACKAGE_XML = "package_xml"
    PACKAGE_ZIP_BOMB = "package_zip_bomb"
    # of jobs that failed
    FILM_FAILED = "film_failed"
    JOB_DIED = "job_died"
    JOB_OUT_OF_MEMORY = "job_out_of_memory"
    JOB_OWNER_GONE = "job_owner_gone"
    JOB_RESULT_TOO_LARGE = "job_result_too_large"
    JOB_TOO_LONG = "job_too_long"
    CAPTIONS_FAILED = "captions_failed"
    CAPTIONS_TOO_LATE = "captions_too_late"  # the version was decided about meanwhile
    NOTHING_LEFT = "nothing_left"
    RENDITIONS_FAILED = "renditions_failed"
    UNKNOWN_JOB_KIND = "unknown_job_kind"
    # 500 to 507: the server
    INTERNAL = "internal"
    RELAY_ERROR = "relay_error"
    RECORDER_ERROR = "recorder_error"
    BUSY = "busy"
    DATABASE_UNAVAILABLE = "database_unavailable"
    LIVE_STATE_UNKNOWN = "live_state_unknown"
    OUT_OF_MEMORY = "out_of_memory"
    READ_ONLY = "read_only"
    RELAY_FULL = "relay_full"
    SOLVER_MISSING = "solver_missing"
    STORAGE_FULL = "storage_full"
    STORAGE_UNAVAILABLE = "storage_unavailable"

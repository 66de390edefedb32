"""Words of the audit log's workbook, Chinese and English: those of the page.

A test compares them with `web_client/src/i18n/texts/audit.zh.ts` and `audit.en.ts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from signaling.audit.wire import AuditFact
from signaling.files.workbooks.languages import WorkbookLanguage

Pair = tuple[str, str]

HEADS: Mapping[str, Pair] = MappingProxyType(
    {
        "at": ("时间", "Time"),
        "actor": ("操作人", "Actor"),
        "what": ("操作", "Action"),
        "target": ("对象", "Target"),
        "detail": ("详情", "Detail"),
        "remote": ("来源地址", "Address"),
        "title": ("审计日志", "Audit log"),
        "nobody": ("未知", "unknown"),
    }
)
ACTIONS: Mapping[str, Pair] = MappingProxyType(
    {
        "audit_export": ("导出审计日志", "Audit log exported"),
        "ledger_export": ("导出台账", "Ledger exported"),
        "login": ("登录", "Signed in"),
        "login_failed": ("登录失败", "Failed login"),
        "logout": ("退出登录", "Signed out"),
        "terminal_login": ("终端登录", "Terminal signed in"),
        "terminal_resume": ("终端恢复登录", "Terminal came back"),
        "device_token_issue": ("签发设备令牌", "Device token issued"),
        "room_shut_out": ("作废教室全部终端", "Room shut out"),
        "terminal_code": ("生成终端绑定码", "Terminal code made"),
        "terminal_confirm": ("确认终端", "Terminal confirmed"),
        "terminal_bind": ("终端绑定", "Terminal bound"),
        "terminal_unbind": ("解除终端绑定", "Terminal unbound"),
        "admin_create": ("创建管理员", "Administrator made"),
        "account_create": ("新建账号", "Accounts made"),
        "account_activate": ("激活账号", "Account activated"),
        "account_reset": ("签发激活条", "New slips"),
        "password_set": ("设置密码", "Password set"),
        "password_change": ("修改密码", "Password changed"),
        "account_open": ("启用账号", "Account opened"),
        "account_close": ("停用账号", "Account closed"),
        "account_leave": ("离职", "Person left"),
        "grant_give": ("授予角色", "Role given"),
        "grant_take": ("收回角色", "Role taken back"),
        "grant_end": ("角色到期", "Role ended"),
        "directory_create": ("新建基础数据", "Directory entry made"),
        "directory_change": ("修改基础数据", "Directory entry changed"),
        "directory_disable": ("停用基础数据", "Directory entry disabled"),
        "directory_enable": ("启用基础数据", "Directory entry enabled"),
        "directory_import": ("导入基础数据", "Directory imported"),
        "lesson_create": ("排课", "Lesson planned"),
        "lesson_start": ("开始上课", "Lesson started"),
        "lesson_end": ("下课", "Lesson ended"),
        "lesson_cancel": ("取消课程", "Lesson cancelled"),
        "external_access": ("外接设备推流", "External devices"),
        "observe": ("巡课", "Watched unseen"),
        "notice_send": ("发送通知", "Notice sent"),
        "job_submit": ("提交后台任务", "Job submitted"),
        "job_cancel": ("取消后台任务", "Job cancelled"),
        "file_upload": ("上传文件", "File uploaded"),
        "file_export": ("导出文件", "File exported"),
        "file_delete": ("删除文件", "File deleted"),
        "term_create": ("新建学期", "Term made"),
        "term_change": ("修改学期", "Term changed"),
        "term_remove": ("删除学期", "Term removed"),
        "bells_create": ("新建作息", "Bells made"),
        "bells_change": ("修改作息", "Bells changed"),
        "bells_remove": ("删除作息", "Bells removed"),
        "calendar_day_set": ("设置节假日", "Day set"),
        "calendar_day_reset": ("恢复节假日", "Day reset"),
        "calendar_import": ("导入节假日", "Days off imported"),
        "unwanted_add": ("添加不宜排课节次", "Unwanted period added"),
        "unwanted_remove": ("删除不宜排课节次", "Unwanted period removed"),
        "unwanted_set": ("设置不宜排课节次", "Unwanted periods set"),
        "plan_create": ("新建排课", "Plan made"),
        "plan_change": ("修改排课", "Plan changed"),
        "plan_end": ("结束排课", "Plan ended"),
        "plans_settle": ("课表随作息更新", "Plans settled"),
        "timetable_import_create": ("上传课表", "Timetable uploaded"),
        "timetable_import_change": ("修改课表导入", "Timetable import changed"),
        "timetable_import_read": ("识别课表", "Timetable read"),
        "timetable_import_agree": ("确认课表对应", "Timetable names agreed"),
        "timetable_import_apply": ("导入课表", "Timetable imported"),
        "proposal_start": ("自动排课", "Proposal asked for"),
        "proposal_found": ("排出方案", "Proposal found"),
        "proposal_accept": ("采纳排课方案", "Proposal accepted"),
        "proposal_write": ("写入排课方案", "Proposal written"),
        "proposal_discard": ("放弃排课方案", "Proposal discarded"),
        "calendar_feed_make": ("生成日历订阅", "Calendar address made"),
        "calendar_feed_revoke": ("停止日历订阅", "Calendar address ended"),
        "lesson_move": ("调课", "Lesson moved"),
        "lesson_substitute": ("代课", "Lesson substituted"),
        "lesson_stop": ("停课", "Lesson stopped"),
        "lesson_make_up": ("补课", "Lesson made up"),
        "missed_explain": ("填写缺课原因", "Missed lesson explained"),
        "missed_confirm": ("确认缺课原因", "Reason confirmed"),
        "missed_return": ("退回缺课原因", "Reason given back"),
        "headcount_amend": ("更正到课人数", "Headcount amended"),
        "requirement_create": ("新增开课要求", "Requirement made"),
        "requirement_change": ("修改开课要求", "Requirement changed"),
        "requirement_remove": ("删除开课要求", "Requirement removed"),
        "requirement_version": ("新版开课要求", "New version of requirements"),
        "month_freeze": ("上报月报", "Month reported"),
        "import": ("导入", "Import"),
        "secret_rotate": ("更换密钥", "Secret changed"),
        "seed_demo": ("生成演示数据", "Demo data"),
    }
)
FACTS: Mapping[str, Pair] = MappingProxyType(
    {
        "noun": ("类别", "Kind"),
        "role": ("角色", "Role"),
        "node": ("区域", "Area"),
        "node_id": ("区域", "Area"),
        "until": ("到期", "Until"),
        "added": ("新增", "Added"),
        "changed": ("修改", "Changed"),
        "room": ("教室", "Room"),
        "reason": ("原因", "Reason"),
        "note": ("说明", "Note"),
        "text": ("内容", "Text"),
        "way": ("方式", "Way"),
        "join_code": ("课程码", "Join code"),
        "address": ("地址", "Address"),
        "login": ("登录名", "Login"),
        "job": ("任务", "Job"),
        "date": ("日期", "Date"),
        "period": ("节次", "Period"),
        "day": ("安排", "Day"),
        "year": ("年份", "Year"),
        "teacher": ("教师", "Teacher"),
        "purpose": ("用途", "Purpose"),
        "bytes": ("字节数", "Bytes"),
        "grade": ("年级", "Grade"),
        "subject": ("学科", "Subject"),
        "periods": ("周节数", "Periods a week"),
        "first": ("开始", "From"),
        "last": ("结束", "To"),
        "pupils": ("人数", "Pupils"),
        "name": ("名称", "Name"),
        "level": ("级别", "Level"),
        "parent_id": ("上级区域", "Above"),
        "code": ("代码", "Code"),
        "active": ("状态", "State"),
        "kind": ("类型", "Type"),
        "county_id": ("县区", "County"),
        "school_id": ("学校", "School"),
        "uplink_mbps": ("上行带宽", "Uplink"),
        "max_lessons": ("同时授课上限", "Lessons at once"),
        "seats": ("座位数", "Seats"),
        "position": ("顺序", "Place"),
        "center_school_id": ("中心校", "Centre school"),
        "point_school_id": ("教学点", "Point"),
        "subject_ids": ("学科", "Subjects"),
        "valid_from": ("开始日期", "Valid from"),
        "valid_to": ("结束日期", "Valid to"),
        "max_points": ("每课教学点上限", "Points per lesson"),
        "textbook": ("教材版本", "Textbook"),
        "staff_no": ("工号", "Staff number"),
    }
)
VALUES: Mapping[str, Mapping[str, Pair]] = MappingProxyType(
    {
        "noun": {
            "nodes": ("区域", "Areas"),
            "schools": ("学校", "Schools"),
            "rooms": ("教室", "Rooms"),
            "classes": ("班级", "Classes"),
            "subjects": ("学科", "Subjects"),
            "pairings": ("结对关系", "Pairings"),
            "teachers": ("教师", "Teachers"),
        },
        "role": {
            "county_admin": ("县级管理员", "County admin"),
            "lead_teacher": ("主讲教师", "Lead teacher"),
            "receive_room": ("听课教室", "Receive room"),
            "assistant": ("助教", "Assistant"),
            "resource_admin": ("资源管理员", "Resource admin"),
            "researcher": ("教研员", "Researcher"),
            "inspector": ("督导", "Inspector"),
        },
        "reason": {
            "system_fault": ("系统故障", "System fault"),
            "equipment_fault": ("设备故障", "Equipment fault"),
            "power_fault": ("电力故障", "Power cut"),
            "network_fault": ("网络故障", "Network fault"),
            "teacher_leave": ("教师请假", "Teacher on leave"),
            "lead_absent": ("主讲无故停课", "Teacher absent"),
            "room_closed": ("教室关闭", "Room closed"),
            "other": ("其他", "Other"),
        },
        "way": {
            "media": ("观看画面", "Pictures and sound"),
            "channel": ("进入课堂", "Classroom"),
            "recording": ("观看录像", "Recording"),
            "code": ("课程码", "Join code"),
            "token": ("设备令牌", "Device token"),
        },
        "day": {
            "off": ("放假", "Day off"),
            "make_up": ("调休上课", "Make-up day"),
            "plain": ("照常上课", "Plain day"),
        },
        "job": {
            "directory_import": ("导入基础数据", "Import of the directory"),
            "directory_export": ("导出基础数据", "Export of the directory"),
            "ledger_export": ("导出台账", "Export of the ledger"),
            "audit_export": ("导出审计日志", "Export of the audit log"),
            "timetable_import_read": ("识别课表", "Reading a timetable"),
            "timetable_import_apply": ("导入课表", "Import of a timetable"),
            "timetable_workbook": ("生成课表表格", "Workbook of a timetable"),
            "timetable_proposal": ("自动排课", "Search of a proposal"),
            "timetable_adoption": ("写入排课方案", "Writing a proposal"),
        },
        "purpose": {
            "import_workbook": ("导入表格", "Workbook to import"),
            "export": ("导出", "Export"),
        },
        "active": {
            "true": ("启用", "Open"),
            "false": ("停用", "Disabled"),
        },
        "kind": {
            "center_school": ("中心校", "Centre school"),
            "teaching_point": ("教学点", "Teaching point"),
            "school": ("其他学校", "Other school"),
        },
        "level": {
            "country": ("国家", "Country"),
            "province": ("省", "Province"),
            "city": ("市", "City"),
            "county": ("县", "County"),
            "school": ("学校", "School"),
        },
    }
)


class Words:
    """The words of one language."""

    def __init__(self, language: WorkbookLanguage) -> None:
        self._place = list(WorkbookLanguage).index(language)

    def head(self, name: str) -> str:
        """Return the heading of a column, or another word of the workbook."""
        return HEADS[name][self._place]

    def action(self, action: str) -> str:
        """Return the words for an action; one of an earlier version is its own."""
        return self._said(ACTIONS, action)

    def detail(self, facts: tuple[AuditFact, ...]) -> str:
        """Return the facts of a line in words."""
        return "; ".join(self._fact(fact) for fact in facts)

    def _fact(self, fact: AuditFact) -> str:
        value = self._value(fact.name, fact.value)
        if fact.former is not None:
            value = f"{self._value(fact.name, fact.former)} → {value}"
        return value if fact.name == "" else f"{self._said(FACTS, fact.name)} {value}"

    def _value(self, name: str, value: str) -> str:
        return self._said(VALUES.get(name, {}), value)

    def _said(self, words: Mapping[str, Pair], code: str) -> str:
        return words[code][self._place] if code in words else code

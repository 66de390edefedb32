"""Words of the audit log's workbook, Chinese and English: those of the page.

A test compares them with `web_client/src/i18n/texts/audit.zh.ts` and `audit.en.ts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from signaling.audit.wire import AuditFact
from signaling.audit_exports.value_words import VALUES, Pair
from signaling.files.workbooks.languages import WorkbookLanguage

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
        "catalogue_import": ("导入教材目录", "Textbook catalogue imported"),
        "lesson_create": ("排课", "Lesson planned"),
        "lesson_start": ("开始上课", "Lesson started"),
        "lesson_end": ("下课", "Lesson ended"),
        "lesson_resources": ("选择推送的资源", "Resources chosen for a lesson"),
        "lesson_cancel": ("取消课程", "Lesson cancelled"),
        "external_access": ("外接设备推流", "External devices"),
        "observe": ("巡课", "Watched unseen"),
        "notice_send": ("发送通知", "Notice sent"),
        "job_submit": ("提交后台任务", "Job submitted"),
        "job_cancel": ("取消后台任务", "Job cancelled"),
        "file_upload": ("上传文件", "File uploaded"),
        "file_check": ("检查上传的文件", "Upload checked"),
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
        "harvest_source_add": ("添加采集来源", "Source of harvests added"),
        "harvest_source_remove": ("移除采集来源", "Source of harvests removed"),
        "harvest_source_change": ("修改采集来源", "Source of harvests changed"),
        "harvest_ask": ("立即采集", "Harvest asked for"),
        "node_drain": ("排空节点", "Node drained"),
        "node_drain_end": ("停止排空节点", "Draining of a node ended"),
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
        "consent_record": ("登记授权同意", "Consent recorded"),
        "consent_change": ("修改授权同意", "Consent changed"),
        "consent_withdraw": ("撤回同意", "Consent withdrawn"),
        "consent_expire": ("授权同意到期", "Consent expired"),
        "consent_export": ("导出授权同意", "Consents exported"),
        "consent_page_read": ("查看同意书扫描件", "Scanned consent read"),
        "resource_version": ("新建资源版本", "New version of a resource"),
        "resource_save": ("保存资源草稿", "Draft of a resource saved"),
        "resource_submit": ("提交审核", "Resource submitted"),
        "resource_recall": ("撤回提交", "Submission taken back"),
        "resource_pass": ("审核通过", "Review passed"),
        "resource_reject": ("审核驳回", "Review rejected"),
        "resource_forward": ("转交审核", "Review forwarded"),
        "resource_publish": ("发布资源", "Resource published"),
        "resource_share": ("更改公开范围", "Who may see a resource changed"),
        "resource_withdraw": ("下架资源", "Resource withdrawn"),
        "resource_recommend": ("推荐上级", "Recommended to the level above"),
        "reference_recall": ("撤回推荐", "Recommendation taken back"),
        "reference_pass": ("通过下级推荐", "Recommendation passed"),
        "reference_reject": ("驳回下级推荐", "Recommendation rejected"),
        "reference_forward": ("转交下级推荐", "Recommendation forwarded"),
        "reference_publish": ("在本级发布", "Published at the upper level"),
        "reference_withdraw": ("在本级下架", "Taken off at the upper level"),
        "series_create": ("新建专题", "Series made"),
        "series_change": ("修改专题", "Series changed"),
        "series_remove": ("删除专题", "Series removed"),
        "resource_nominate": ("推荐为优课", "Nominated for the school year"),
        "nomination_revoke": ("撤销优课", "Nomination taken back"),
        "figures_export": ("导出覆盖或使用", "Coverage or use exported"),
        "resource_edition": ("重新生成播放版本", "Playable edition ordered again"),
        "film_order": ("导出 MP4", "MP4 ordered"),
        "film_download": ("下载 MP4", "MP4 downloaded"),
        "film_remove": ("取消或删除 MP4", "MP4 cancelled or deleted"),
        "resource_upload": ("上传视频建立资源", "Resource made of an upload"),
        "resource_attach": ("添加附件", "File added to a resource"),
        "resource_detach": ("移除附件", "File removed from a resource"),
        "resource_refused": ("资源操作被拒绝", "Action on a resource refused"),
        "share_link_make": ("生成分享链接", "Share link made"),
        "share_link_revoke": ("作废分享链接", "Share link revoked"),
        "resource_delete": ("删除资源", "Resource deleted"),
        "resource_erase": ("清除资源文件", "Files of a resource removed"),
        "retention_rule_set": ("设置保存期限", "Retention rule set"),
        "legal_hold_place": ("设置法定保留", "Legal hold placed"),
        "legal_hold_release": ("解除法定保留", "Legal hold released"),
        "deletion_export": ("导出将删除清单", "Due deletions exported"),
        "captions_order": ("生成字幕", "Captions ordered"),
        "captions_made": ("字幕已生成", "Captions made"),
        "captions_save": ("修改字幕", "Captions changed"),
        "caption_policy_set": ("设置字幕", "Captions of a branch set"),
        "review_policy_set": ("设置审核级数", "Levels of review set"),
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
        "sha256": ("校验值", "Checksum"),
        "problem": ("问题", "Problem"),
        "codec": ("编码", "Codec"),
        "grade": ("年级", "Grade"),
        "subject": ("学科", "Subject"),
        "periods": ("周节数", "Periods a week"),
        "first": ("开始", "From"),
        "last": ("结束", "To"),
        "pupils": ("人数", "Pupils"),
        "name": ("名称", "Name"),
        "place": ("顺序", "Order"),
        "paused": ("暂停", "Paused"),
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
        "widest": ("同意用于", "Consent to"),
        "refusals": ("未同意人数", "Refusals"),
        "remedy": ("座位安排", "Seats"),
        "withdrawal": ("撤回原因", "Withdrawal"),
        "version": ("版本", "Version"),
        "scope": ("公开范围", "Who may see it"),
        "entries": ("课数", "Lessons"),
        "copies": ("上级同时下架", "Copies above taken off"),
        "links": ("同时作废的分享链接", "Share links revoked"),
        "person": ("转交给", "Forwarded to"),
        "deed": ("操作", "Action"),
        "levels": ("审核级数", "Levels"),
        "automatic": ("自动生成字幕", "Automatic captions"),
        "words": ("核对词数", "Words to check"),
        "removed": ("删除", "Removed"),
        "cues": ("字幕条数", "Captions"),
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
        words = VALUES.get(name, {})
        if name == "deed" and value not in words:
            return self.action(value)
        return self._said(words, value)

    def _said(self, words: Mapping[str, Pair], code: str) -> str:
        return words[code][self._place] if code in words else code

"""The words of the terminal: one catalogue, Chinese first, English for `TONGKE_LANG=en`.

Pages have a catalogue of their own (`web_client/src/i18n`). The rest of the server sends codes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from signaling.base.errors import SignalingError
from signaling.base.problem_codes import ProblemCode

LANGUAGE = "TONGKE_LANG"  # environment: en for English, else Chinese


class Word(Enum):
    """One sentence for the person at the terminal, in Chinese and in English.

    Call a member with the facts that its sentence names.
    """

    # --- the commands and their options
    PROGRAM = ("同课 Tongke: 同步课堂服务器", "Tongke 同课: server for live shared classrooms")
    CONFIG = ("TOML 配置文件", "TOML configuration file")
    DATA = ("数据目录 (默认 ./data)", "data folder (default: ./data)")
    DATABASE_URL = (
        "数据库地址 (默认数据目录中的 SQLite)",
        "database URL (default: SQLite in the data folder)",
    )
    ROLES = (
        "本进程的角色: web、cell、worker 中的若干个, 用逗号隔开 (默认全部; 见 docs/cells.md)",
        "roles of this process: web, cell, worker, by commas (default: all; docs/cells.md)",
    )
    CELLS = (
        "在本机另起 N 个课堂进程, 用上全部 CPU 核 (需要 Redis)",
        "N lesson cells on this machine beside a web process, for all its cores (needs Redis)",
    )
    REDIS_URL = ("Redis 地址, 多进程时需要", "address of Redis, for more than one process")
    NODE_ID = ("本进程的名字 (默认主机名)", "name of this process (default: the machine's)")
    DOOR = (
        "课堂进程接受网页进程请求的地址",
        "address at which a cell takes the requests of web processes",
    )
    SERVE = ("启动服务器", "start the server")
    HTTP_HOST = ("网页监听地址,可重复", "address to listen on for pages; may be repeated")
    ANY_PORT = ("0: 任意空闲端口", "0: any free port")
    TLS_CERT = (
        "PEM 证书(链);浏览器只对 https 页面开放摄像头",
        "PEM certificate (chain); browsers give cameras to https pages only",
    )
    TLS_KEY = ("PEM 私钥", "PEM private key")
    UDP_HOST = ("媒体监听地址,可重复", "address to listen on for media; may be repeated")
    ANNOUNCE = ("写入应答的媒体地址,可重复", "media address in the answers; may be repeated")
    SEED_DEMO = (
        "放入演示县:county(默认)有学期、课表和四周的课,lessons 只有账号与今日课程",
        "put in a demo county: county (default) has a term, its timetable and four weeks of"
        " lessons; lessons has accounts and today's lessons",
    )
    READY_FD = (
        "就绪后向此描述符写一行 JSON",
        "write one line of JSON to this descriptor when ready",
    )
    LIFE_FD = (
        "此管道描述符的另一端关闭后停止(由上级进程使用)",
        "stop once the other end of this pipe is closed (used by a supervisor)",
    )
    LOCK_FD = (
        "上级进程已锁定的数据目录锁文件描述符",
        "descriptor of the data folder's lock, which a supervisor holds",
    )
    READY_FILE = ("就绪后把一行 JSON 写入此文件", "write one line of JSON to this file when ready")
    OPENAPI = ("输出 OpenAPI 文档", "print the OpenAPI document")
    DEMO = ("自动上一节完整的演示课", "hold a whole demo lesson by itself")
    MIGRATE = ("升级数据库", "bring the database up to date")
    CREATE_ADMIN = ("创建县级管理员", "create a county administrator")
    IMPORT = (
        "从 TOML 文件导入学校、教室、人员与课程",
        "import schools, rooms, people and lessons from a TOML file",
    )
    CHECK_ONLY = ("只检查,不写入", "only check, write nothing")
    CATALOGUE = ("教材目录", "the textbook catalogue")
    CATALOGUE_IMPORT = (
        "从自备的 JSON 或 Excel 导入教材章节",
        "import chapters from your own JSON or Excel file",
    )
    COUNTY_ID = ("县的编号(只有一个县时可不填)", "the county's id; not needed if there is one only")
    PERSON = (
        "账号:改密码、停用、启用、归属",
        "accounts: set a password, disable, enable, say where they belong",
    )
    PERSON_UNPLACED = (
        "列出不属于任何县的教师(升级后可能出现)",
        "list teachers who belong to no county, as there may be after an upgrade",
    )
    PERSON_PLACE = ("把教师归到学校或县", "let a teacher belong to a school or county")
    NODE = ("学校或县的 id", "id of a school or county")
    PERSON_PASSWORD = (
        "设置新密码,原有登录全部失效",
        "set a new password; all logins of the account end",
    )
    PERSON_DISABLE = ("停用账号,立即退出", "disable an account; its logins end at once")
    PERSON_ENABLE = ("重新启用账号", "enable an account again")
    SECRET = ("服务器密钥", "the server's secret")
    SECRET_ROTATE = ("换用新的密钥", "change to a new secret")
    KEEP_HOURS = (
        "旧密钥再有效的小时数(0: 所有登录立即失效)",
        "hours for which the old secret stays good (0: all logins end at once)",
    )
    ISSUE_DEVICE = ("为教室终端签发设备令牌", "make a device token for a room's terminal")
    REVOKE_DEVICES = (
        "作废教室的设备令牌与登录",
        "void the device tokens and logins of a room",
    )

    # --- accounts and rooms
    ACCOUNT_EXISTS = ("账号 {login} 已存在", "account {login} exists already")
    NO_ACCOUNT = ("没有账号 {login}", "no account {login}")
    NO_ROOM = ("没有教室 {room_id}", "no room {room_id}")
    NO_NODE = ("没有学校或县 {node}", "no school or county {node}")
    ALL_PLACED = ("每位教师都属于某个县", "every teacher belongs to a county")
    PLACED = ("{login} 现在属于 {node}", "{login} belongs to {node} now")
    PASSWORD = ("密码", "password")
    ASK_PASSWORD = ("密码: ", "Password: ")
    PASSWORD_SHORT = ("密码至少 {least} 个字符", "a password has at least {least} characters")
    SECRET_ROTATED = (
        "已生成新的密钥,重启服务器后生效;旧密钥再有效 {hours} 小时",
        "A new secret was made. It is used after a restart; the old one stays good for {hours} h",
    )

    # --- the county file
    CHECKED = (
        "检查通过: 学校 {schools},教室 {rooms},人员 {people},新课程 {lessons}{known}",
        "checked: schools {schools}, rooms {rooms}, people {people}, new lessons {lessons}{known}",
    )
    IMPORTED = (
        "已导入: 学校 {schools},教室 {rooms},人员 {people},新课程 {lessons}{known}",
        "imported: schools {schools}, rooms {rooms}, people {people}, new lessons {lessons}{known}",
    )
    CATALOGUE_CHECKED = (
        "检查通过: 教材 {books} 册,新增 {new},调整顺序 {moved},不再列出 {gone}"
        "(其中 {used} 个仍被资源引用),不变 {same}",
        "checked: {books} books, new {new}, moved {moved}, no longer listed {gone}"
        " ({used} named by resources), unchanged {same}",
    )
    CATALOGUE_IMPORTED = (
        "已导入: 教材 {books} 册,新增 {new},调整顺序 {moved},不再列出 {gone}"
        "(其中 {used} 个仍被资源引用),不变 {same}",
        "imported: {books} books, new {new}, moved {moved}, no longer listed {gone}"
        " ({used} named by resources), unchanged {same}",
    )
    CATALOGUE_NO_COUNTY = ("没有编号为 {county} 的县", "there is no county {county}")
    WHICH_COUNTY = ("请用 --county 指明是哪个县", "say which county: --county")
    # Why a file is no catalogue; named as the codes are.
    NOT_JSON = ("不是有效的目录 JSON", "no valid JSON of a catalogue")
    NO_BOOKS = ("没有找到任何教材", "no textbook was found in it")
    NO_COLUMNS = (
        "第一行缺少 学段、学科、版本、册 这些列",
        "the first row lacks 学段, 学科, 版本, 册",
    )
    TOO_DEEP = ("层级太多", "too many levels")
    TOO_MANY = ("内容太多", "too much in it")
    LESSONS_KNOWN = ("(另有 {count} 节早已存在)", " ({count} more existed already)")
    FIRST_PASSWORDS = ("初始密码(只显示这一次):", "first passwords (shown this once):")
    NOTHING_WRITTEN = ("{file}: {error}; 未写入任何内容", "{file}: {error}; nothing was written")
    FROM_LINE = ("第 {line} 行起,{path}", "from line {line}, {path}")
    FILE_TOO_LARGE = ("文件超过 {most} 字节", "the file is larger than {most} bytes")
    NOT_UTF8 = ("不是 UTF-8: 第 {at} 字节", "not UTF-8: byte {at}")
    NOT_TOML = ("不是 TOML: {error}", "not TOML: {error}")
    NESTED_TOO_DEEP = ("嵌套过深", "nested too deep")
    TERMINAL_ROLE = (
        "receive_room 是教室终端的角色,不能授予个人",
        "receive_room is the role of terminals, no person can have it",
    )
    TWICE = ("{value} 与 {other} 重复", "{value} is also in {other}")
    NO_COUNTY = ("缺少 [county]", "[county] is missing")
    OTHER_COUNTY = (
        "学校 {school} 属于另一个县",
        "school {school} belongs to another county",
    )
    NO_SCHOOL = ("没有学校 {school}", "no school {school}")
    CASE_ONLY = (
        "与已有账号 {other} 仅大小写不同",
        "differs from account {other} in upper and lower case only",
    )
    TOO_LONG_LESSON = ("最长 {hours} 小时", "at most {hours} hours")

    # --- starting
    DATA_IN_USE = (
        "数据目录 {data} 正由另一个同课服务器(进程 {owner})使用",
        "another server (process {owner}) uses the data folder {data}",
    )
    STOP_FIRST = (
        "{error}; 数据库需要升级,请先停止它",
        "{error}; the database must be brought up to date, stop that server first",
    )
    SCHEMA_TOO_NEW = (
        "数据库已由更新的版本改为 {revision},这个版本太旧: 需要包含 {floor} 的版本",
        "a newer version brought the database to {revision}; this version is too old for it: take"
        " one that has {floor}",
    )
    USELESS_CONFIG = ("配置无法使用: {error}", "the configuration cannot be used: {error}")
    CELLS_COUNT = ("--cells 应为 1 到 {most}", "--cells must be 1 to {most}")
    CELLS_WITH_ROLES = (
        "--cells 不能与 roles、door 同时使用: 它们由上级进程分配给各子进程",
        "--cells goes without roles and door: the children are given theirs",
    )
    CELLS_NEED_REDIS = (
        "--cells 需要 Redis: 请设置 redis_url(--redis-url redis://127.0.0.1:6379/0),"
        "或不用 --cells,以单个进程运行",
        "--cells needs Redis: set redis_url (--redis-url redis://127.0.0.1:6379/0),"
        " or leave out --cells and run one process",
    )
    CELLS_STARTING = (
        "正在启动 {cells} 个课堂进程,随后启动网页进程…",
        "starting {cells} cells, then the web process …",
    )
    CHILD_FAILED = (
        "子进程 {name} 无法运行,已停止全部进程: {how};原因见上面的日志",
        "the process {name} could not be kept running, all are stopped: {how}; its log is above",
    )
    REDIS_AWAY = (
        "  注意:Redis(redis_url)没有应答。网页可以打开,但在它恢复之前不能开始新课。",
        "  Redis (redis_url) does not answer. Pages open, but no lesson can begin until it does.",
    )
    THIS_MACHINE = ("本机", "here")
    ADDRESS = ("地址", "address")
    CAMERA_NOTICE = (
        """\
  注意:浏览器只在 https 页面或本机 localhost 上允许使用摄像头和麦克风。
  其他电脑要上课,请配置证书(--tls-cert、--tls-key)或反向代理:
  docs/operations.zh-CN.md“学校内网的 https”(TLS in a school's network)。
  Browsers give camera and microphone only to https pages and localhost.""",
        """\
  Browsers give camera and microphone only to https pages and localhost.
  Other computers need a certificate (--tls-cert, --tls-key) or a reverse proxy:
  docs/operations.md, "TLS in a school's network".""",
    )
    FIRST_STEP = (
        """\
  还没有任何账号,网页暂时无法登录。请先在服务器上创建县级管理员,
  --config、--data 等选项与本服务器相同:
    tongke create-admin <账号> --name <姓名>
  然后打开上面的网址登录,网页会提示下一步。详见 docs/operations.zh-CN.md。
  Nobody has an account yet: create the first administrator as above.
""",
        """\
  Nobody has an account yet. Create the first administrator on the server,
  with the same --config, --data and so on:
    tongke create-admin <login> --name <name>
  Then sign in at the address above. The page tells the next step.
""",
    )
    DEMO_STARTED = ("同课 Tongke 已启动   {url}", "Tongke has started   {url}")
    DEMO_PEOPLE = (
        "老师与管理员   {url}/login        密码均为 {password}",
        "teachers and admins   {url}/login   password of all: {password}",
    )
    DEMO_ACCOUNT = ("  {login:<10} {name}({role})", "  {login:<10} {name} ({role})")
    DEMO_ROOMS = (
        "教室大屏       {url}/classroom    凭课程码登录",
        "classroom screens   {url}/classroom   sign in by code",
    )
    DEMO_TODAY = ("今日课程", "today's lessons")
    DEMO_LESSON = (
        "  {at}  课程码 {join_code}  {title}{mark}",
        "  {at}  code {join_code}  {title}{mark}",
    )
    DEMO_OPEN_NOW = (" ← 现在可以开始", " <- can start now")
    LEAD_TEACHER = ("主讲教师", "lead teacher")
    COUNTY_ADMIN = ("县级管理员", "county admin")
    RESOURCE_ADMIN = ("资源管理员", "resource admin")
    RESEARCHER = ("教研员", "researcher")

    # --- what the server can say by a code
    TEXT_CONTROL = (
        "含有不可见的控制字符或不允许的空格",
        "has invisible control characters or spaces that are not allowed",
    )
    TEXT_INVISIBLE = ("没有任何可见的字符", "has no visible character")
    TEXT_TOO_LONG = ("过长", "is too long")
    TEXT_TOO_SHORT = ("过短", "is too short")
    CLASH = ("时间冲突: {who}:{lesson}", "taken at that time: {who}: {lesson}")
    LEAD_ROOM_INVITED = (
        "主讲教室不能同时是听课教室",
        "the lead room cannot be a receive room, too",
    )
    UNKNOWN_ROOM = ("没有这间教室", "no such room")
    UNKNOWN_TEACHER = ("没有这位主讲教师", "no such lead teacher")
    BUSY = ("服务器繁忙,请稍后再试", "the server is busy, try again")
    DATABASE_UNAVAILABLE = ("数据库暂时无法使用", "the database does not answer")
    READ_ONLY = ("存储处于只读状态,无法保存", "the storage is read-only")
    STORAGE_FULL = ("磁盘已满,无法保存", "the disk is full")

    def __call__(self, **facts: object) -> str:
        """Return the sentence in the language of the terminal."""
        chinese, english = self.value
        text: str = english if os.environ.get(LANGUAGE, "").startswith("en") else chinese
        return text.format(**facts)


# The problems that a command can meet. A page shows others, with words of its own.
PROBLEMS: Mapping[ProblemCode, Word] = MappingProxyType(
    {
        ProblemCode.TEXT_CONTROL: Word.TEXT_CONTROL,
        ProblemCode.TEXT_INVISIBLE: Word.TEXT_INVISIBLE,
        ProblemCode.TEXT_TOO_LONG: Word.TEXT_TOO_LONG,
        ProblemCode.TEXT_TOO_SHORT: Word.TEXT_TOO_SHORT,
        ProblemCode.CLASH: Word.CLASH,
        ProblemCode.LEAD_ROOM_INVITED: Word.LEAD_ROOM_INVITED,
        ProblemCode.UNKNOWN_ROOM: Word.UNKNOWN_ROOM,
        ProblemCode.UNKNOWN_TEACHER: Word.UNKNOWN_TEACHER,
        ProblemCode.BUSY: Word.BUSY,
        ProblemCode.DATABASE_UNAVAILABLE: Word.DATABASE_UNAVAILABLE,
        ProblemCode.READ_ONLY: Word.READ_ONLY,
        ProblemCode.STORAGE_FULL: Word.STORAGE_FULL,
    }
)


def problem_words(error: SignalingError) -> str:
    """Return the words for an error; its own English where the catalogue has none."""
    word = PROBLEMS.get(error.code)
    return str(error) if word is None else word(**error.facts)


def text_words(code: str) -> str:
    """Return the words for a text that cannot be taken (`base.text.BadText`)."""
    return PROBLEMS[ProblemCode(code)]()

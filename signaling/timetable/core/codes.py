"""Words of the timetable that the wire carries; pages have the names for people."""

from __future__ import annotations

from enum import StrEnum


class Parity(StrEnum):
    """单周 or 双周: the parity of the teaching week, never of the week of the year."""

    ODD = "odd"
    EVEN = "even"


class DayKind(StrEnum):
    """Kinds of days that differ from the plain week."""

    OFF = "off"  # 放假: nothing is taught
    MAKE_UP = "make_up"  # 调休: teaches what another day would have taught
    PLAIN = "plain"  # a school teaches although its county has the day off


class SkipReason(StrEnum):
    """Reasons why a day does not teach what its date says, or a planned lesson does not occur."""

    DAY_OFF = "day_off"
    MAKE_UP_DAY = "make_up_day"  # the day teaches another day's lessons
    OUTSIDE_TERM = "outside_term"
    NO_PERIOD = "no_period"  # the bell schedule of that day lacks the period
    PAST = "past"  # the day was over when the plan was made
    NO_ROOM = "no_room"  # every teaching point has the day off


class ClashRule(StrEnum):
    """Names of the rules; pages have the words for them."""

    TEACHER = "teacher"
    LEAD_ROOM = "lead_room"
    RECEIVE_ROOM = "receive_room"
    CLASS = "class"
    UPLINK = "uplink"
    RELAY = "relay"
    HOST = "host"
    FORBIDDEN_PERIOD = "forbidden_period"
    CONSECUTIVE = "consecutive"
    UNWANTED_PERIOD = "unwanted_period"


class UnwantedLevel(StrEnum):
    """Strength of a wish about a period: 不宜 is told, 不可 needs a waiver."""

    AVOID = "avoid"
    FORBID = "forbid"


class ClashLevel(StrEnum):
    """Weights of a rule: a hard clash needs a waiver with a reason, a soft one is told."""

    HARD = "hard"
    SOFT = "soft"


class WhoKind(StrEnum):
    """Kinds of what is wanted twice."""

    PERSON = "person"
    ROOM = "room"
    CLASS = "class"
    SCHOOL = "school"
    SERVER = "server"
    SUBJECT = "subject"


class ChangedPart(StrEnum):
    """Parts of an occurrence that an override sets."""

    SLOT = "slot"  # 调课
    TEACHER = "teacher"  # 代课
    ROOMS = "rooms"  # other rooms
    STOP = "stop"  # 停课

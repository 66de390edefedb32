"""Made-up records of a library: the same for the same number, whatever was made before."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

COUNTIES = 100  # a viewer sees what was published for one of them: 1 %
SCHOOLS = 20  # of a county
TEACHERS = 12  # of a school
_FIRST = datetime(2021, 9, 1, tzinfo=UTC)
_MINUTES = 5 * 365 * 24 * 60  # over which lessons are spread

STAGES = ("primary", "junior", "senior")
SUBJECTS = (
    "语文", "数学", "英语", "物理", "化学", "生物", "历史", "地理", "音乐", "美术",
    "科学", "道德与法治",
)  # fmt: skip
EDITIONS = ("统编版", "人教版", "北师大版", "苏教版", "外研版", "沪科版", "湘教版", "青岛版")
GRADES = tuple("一二三四五六七八九")
VOLUMES = ("上册", "下册")

# Characters of titles, the most frequent first; words are made of them by Zipf's law.
_CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子"
    "说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机"
    "当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心"
    "反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程"
    "展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期"
    "根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志"
    "世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每"
    "目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律"
    "叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感"
    "劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片"
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢"
_PARTS = ("", "", "", "(第一课时)", "(第二课时)", "复习课", "单元整理", "实验")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: what its publication has."""

    number: int
    title: str
    teacher: str
    teacher_id: str
    school: str
    school_id: str
    county_id: str
    subject: str
    stage: str
    grade: str
    edition: str
    volume: str
    section: str
    keywords: tuple[str, ...]
    started_at: datetime


def county_id(number: int) -> str:
    """Return a county's id."""
    return f"county{number:02}"


def school_id(county: int, number: int) -> str:
    """Return a school's id."""
    return f"school{county:02}n{number:02}"


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return 6,000 words of one to four characters, and how often they come (Zipf's law)."""
    chance = random.Random(1)
    weights = [1 / (rank + 8) for rank in range(len(_CHARACTERS))]
    words = dict.fromkeys(
        "".join(chance.choices(_CHARACTERS, weights, k=chance.choice((1, 2, 2, 2, 2, 3, 4))))
        for _ in range(9_000)
    )
    chosen = tuple(words)[:6_000]
    total, sums = 0.0, []
    for rank in range(len(chosen)):
        total += 1 / (rank + 20)
        sums.append(total)
    return chosen, tuple(sums)


def words_of(chance: random.Random, count: int) -> list[str]:
    """Return words of the language of titles."""
    words, sums = _words()
    return chance.choices(words, cum_weights=sums, k=count)


@cache
def _teacher(county: int, school: int, number: int) -> str:
    chance = random.Random(f"{county} {school} {number}")
    given = "".join(chance.choices(_CHARACTERS[50:], k=chance.choice((1, 2, 2))))
    return chance.choice(_SURNAMES) + given


@cache
def _school(county: int, number: int) -> str:
    chance = random.Random(f"{county} {number}")
    place = "".join(chance.choices(_CHARACTERS[80:], k=2))
    return f"{place}镇{chance.choice(('中心小学', '第二小学', '初级中学', '中学'))}"


def record(number: int) -> Record:
    """Return one record."""
    chance = random.Random(number)
    county, school = chance.randrange(COUNTIES), chance.randrange(SCHOOLS)
    teacher = chance.randrange(TEACHERS)
    title = "".join(words_of(chance, chance.choice((2, 3, 3, 4)))) + chance.choice(_PARTS)
    grade = chance.randrange(len(GRADES))
    return Record(
        number=number,
        title=title,
        teacher=_teacher(county, school, teacher),
        teacher_id=f"teacher{county:02}n{school:02}n{teacher:02}",
        school=_school(county, school),
        school_id=school_id(county, school),
        county_id=county_id(county),
        subject=chance.choice(SUBJECTS),
        stage=STAGES[min(grade // 3, 2)],
        grade=f"{GRADES[grade]}年级",
        edition=chance.choice(EDITIONS),
        volume=chance.choice(VOLUMES),
        section="".join(words_of(chance, 2)),
        keywords=tuple(words_of(chance, 3)),
        started_at=_FIRST + timedelta(minutes=chance.randrange(_MINUTES)),
    )

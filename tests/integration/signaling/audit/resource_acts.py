"""How each audited action on resources is done, and what has to be there."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from sqlalchemy import update

from signaling.access.roles import Role
from signaling.command import seed
from signaling.directory.tables import GrantRow
from signaling.files.tables import FileRow
from signaling.files.wire import FilePurpose, VideoFacts
from signaling.library.editions.tables import EditionRow
from signaling.library.nominations.rules import school_year
from signaling.library.references.tables import ReferenceRow
from signaling.library.wire import EditionState
from signaling.wiring import Services
from tests.support.resources import EDITS, METADATA, film_made, shelve
from tests.support.server import Client
from tests.support.uploads import upload

REVIEWER = "resource-zhao"
OTHER = "researcher-chen"  # decides for the county, too, once that is granted
UNAUDITED = {
    (
        "POST",
        "/api/library/{resource_id}/unlock",
    ): "gives a cookie, as reading does",
    ("POST", "/api/library/{resource_id}/link"): "gives a cookie, as reading does",
    ("POST", "/api/library/{resource_id}/uses"): "counts what a page plays, without anybody's name",
}


class County(Protocol):
    """Who acts; `kept` is what was prepared. The admin's client is the resource admin's here."""

    services: Services
    teacher: Client
    admin: Client
    kept: dict[str, Any]


async def _shelved(c: County) -> None:
    c.kept["path"] = "/api/resources/" + await shelve(
        c.services, "shelved", teacher=seed.LEAD_TEACHER, room=seed.RECEIVE_ROOMS[0]
    )
    await c.admin.login("ziyuan")


async def _deed(client: Client, c: County, deed: str, method: str = "POST", **body: Any) -> Any:
    return await client.call(method, f"{c.kept['path']}/{deed}", body or None)


async def _save(c: County) -> None:
    body = {"revision": 0, "metadata": METADATA, "edits": EDITS}
    await _deed(c.teacher, c, "draft", "PUT", **body)


async def _submit(c: County) -> None:
    await _deed(c.teacher, c, "submit", revision=1, pledged=True)


async def _pass(c: County) -> None:
    await _deed(c.admin, c, "pass", revision=2)


async def _publish(c: County) -> None:
    await _deed(c.admin, c, "publish", version=1, scope="public")


async def _withdraw(c: County) -> None:
    await _deed(c.admin, c, "withdraw", reason="outdated")


async def _fail_edition(c: County) -> None:
    await _published(c)
    async with c.services.database.write() as session:
        await session.execute(update(EditionRow).values(state=EditionState.FAILED))


async def _again(c: County) -> None:
    """The publication has an edition that failed."""
    await _deed(c.admin, c, "edition")


async def _film_ordered(c: County) -> None:
    await _saved(c)
    await _deed(c.teacher, c, "versions/1/film")


async def _filmed(c: County) -> None:
    """A film that is there, without the job."""
    await _film_ordered(c)
    await film_made(c.services, c.kept["path"].rpartition("/")[2])


async def _film_download(c: County) -> None:
    path = f"{c.teacher.base}{c.kept['path']}/versions/1/film/content"
    async with c.teacher.http.get(path) as answer:
        answer.raise_for_status()


async def _taken(c: County) -> None:
    """A video that was uploaded and checked, without the job."""
    c.kept["file"] = await upload(c.teacher, b"x", "浮力.mp4", "attachment")
    facts = VideoFacts(3.0, 64, 64, 0, "h264", None, True, "")
    async with c.services.database.write() as session:
        await session.execute(
            update(FileRow)
            .where(FileRow.file_id == c.kept["file"])
            .values(
                purpose=FilePurpose.VIDEO,
                media_type="video/mp4",
                video=msgspec.json.encode(facts).decode(),
            )
        )


async def _upload(c: County) -> None:
    wish = {"file_id": c.kept["file"], "title": "浮力"}
    await c.teacher.call("POST", "/api/resources/uploads", wish)


async def _uploaded(c: County) -> None:
    await _shelved(c)
    c.kept["file"] = await upload(c.teacher, b"%PDF-1.7\n%%EOF\n", "教案.pdf", "attachment")


async def _attach(c: County) -> None:
    await _deed(c.teacher, c, "attachments", file_id=c.kept["file"], kind="plan")


async def _attached(c: County) -> None:
    await _uploaded(c)
    await _attach(c)


async def _saved(c: County) -> None:
    await _shelved(c)
    await _save(c)


async def _submitted(c: County) -> None:
    await _saved(c)
    await _submit(c)


async def _passed(c: County) -> None:
    await _submitted(c)
    await _pass(c)


async def _published(c: County) -> None:
    await _passed(c)
    await _publish(c)


async def _for_the_school(c: County) -> None:
    await _passed(c)
    await _deed(c.admin, c, "publish", version=1, scope="school")


async def _share(c: County) -> None:
    made = await _deed(c.admin, c, "share-links", days=7)
    c.kept["link"] = made["link"]["link_id"]


async def _shared(c: County) -> None:
    await _for_the_school(c)
    await _share(c)


async def _grant_above(c: County) -> None:
    """Somebody of the whole county decides about what another one has recommended."""
    await _published(c)
    await _deed(c.admin, c, "recommendations", from_node_id=seed.CENTER_SCHOOL, version=1)
    chain = await c.admin.call("GET", f"{c.kept['path']}/recommendations")
    reference_id = next(one["reference_id"] for one in chain["steps"] if one["reference_id"])
    c.kept["reference"] = f"/api/recommendations/{reference_id}"
    async with c.services.database.write() as session:
        row = await session.get_one(ReferenceRow, reference_id)
        row.by_id = "somebody-of-the-school"


async def _reviewer_above(c: County) -> None:
    """Somebody else may decide there, too."""
    await _grant_above(c)
    async with c.services.database.write() as session:
        session.add(
            GrantRow(
                grant_id="above",
                person_id=OTHER,
                role=Role.RESOURCE_ADMIN,
                node_id=seed.COUNTY[0],
            )
        )


async def _above(c: County, deed: str, method: str = "POST", **body: Any) -> Any:
    return await c.admin.call(method, f"{c.kept['reference']}/{deed}", body)


async def _passed_above(c: County) -> None:
    await _grant_above(c)
    await _above(c, "pass", revision=1)


async def _shown_above(c: County) -> None:
    await _passed_above(c)
    await _above(c, "publication", "PUT", revision=2, scope="branch")


async def _with_series(c: County) -> None:
    made = await c.teacher.call("POST", "/api/series", {"title": "浮力专题"})
    c.kept["series"] = f"/api/series/{made['series']['series_id']}"


def _year(c: County) -> int:
    return school_year(c.services.clock.now().date())


async def _nominated(c: County) -> None:
    await _published(c)
    await _deed(c.admin, c, "nominations", school_year=_year(c), reason="县级公开课")


async def _ready_for_captions(c: County) -> None:
    await _shelved(c)
    c.services.resources.captions.installed = True


async def _order_captions(c: County) -> None:
    await _deed(c.teacher, c, "captions", revision=0)


async def _operated(c: County) -> None:
    await _shelved(c)
    await c.admin.login("xianguan")


async def _held(c: County) -> None:
    await _operated(c)
    await _deed(c.admin, c, "legal-hold", reason="投诉")


ACTS = {
    "resource_edition": _again,
    "film_order": lambda c: _deed(c.teacher, c, "versions/1/film"),
    "film_download": _film_download,
    "film_remove": lambda c: _deed(c.teacher, c, "versions/1/film", "DELETE"),
    "resource_upload": _upload,
    "resource_attach": _attach,
    "resource_detach": lambda c: _deed(c.teacher, c, f"attachments/{c.kept['file']}", "DELETE"),
    "resource_save": _save,
    "resource_submit": _submit,
    "resource_recall": lambda c: _deed(c.teacher, c, "recall"),
    "resource_pass": _pass,
    "resource_reject": lambda c: _deed(c.admin, c, "reject", revision=2, reason="太暗"),
    "resource_forward": lambda c: _deed(c.admin, c, "forward", revision=2, to_person_id=REVIEWER),
    "resource_publish": _publish,
    "resource_share": lambda c: _deed(c.admin, c, "publication", "PUT", scope="school"),
    "resource_withdraw": _withdraw,
    "resource_recommend": lambda c: _deed(
        c.admin, c, "recommendations", from_node_id=seed.CENTER_SCHOOL, version=1
    ),
    "reference_recall": lambda c: _above(c, "recall", revision=1),
    "reference_pass": lambda c: _above(c, "pass", revision=1),
    "reference_reject": lambda c: _above(c, "reject", revision=1, reason="重复"),
    "reference_forward": lambda c: _above(c, "forward", revision=1, to_person_id=OTHER),
    "reference_publish": lambda c: _above(c, "publication", "PUT", revision=2, scope="branch"),
    "reference_withdraw": lambda c: _above(c, "withdraw", revision=3, reason="outdated"),
    "resource_nominate": lambda c: _deed(
        c.admin, c, "nominations", school_year=_year(c), reason="县级公开课"
    ),
    "nomination_revoke": lambda c: _deed(
        c.admin, c, "nominations/revoke", school_year=_year(c), reason="重复"
    ),
    "series_create": lambda c: c.teacher.call("POST", "/api/series", {"title": "浮力专题"}),
    "series_change": lambda c: c.teacher.call(
        "PUT",
        c.kept["series"],
        {"version": 1, "title": "浮力", "introduction": "", "scope": "school"},
    ),
    "series_remove": lambda c: c.teacher.call("DELETE", f"{c.kept['series']}?version=1"),
    "resource_version": lambda c: _deed(c.teacher, c, "versions"),
    "share_link_make": _share,
    "share_link_revoke": lambda c: _deed(c.admin, c, f"share-links/{c.kept['link']}/revoke"),
    "resource_delete": lambda c: _deed(c.teacher, c, "delete", note="拍错了"),
    "legal_hold_place": lambda c: _deed(c.admin, c, "legal-hold", reason="投诉"),
    "legal_hold_release": lambda c: _deed(c.admin, c, "legal-hold/release", reason="已处理"),
    "retention_rule_set": lambda c: c.admin.call(
        "PUT",
        "/api/retention-rules",
        {"node_id": seed.COUNTY[0], "kind": "withdrawn", "choice": "delete", "days": 90},
    ),
    "captions_order": _order_captions,
    "captions_save": lambda c: _deed(c.teacher, c, "captions", "PUT", revision=0),
    "caption_policy_set": lambda c: c.admin.call(
        "PUT",
        "/api/caption-policies",
        {"node_id": seed.COUNTY[0], "version": 0, "words": ["微信"]},
    ),
    "review_policy_set": lambda c: c.admin.call(
        "PUT", "/api/review-policies", {"node_id": seed.COUNTY[0], "levels": 2}
    ),
}
PREPARED_BY = {
    "resource_edition": _fail_edition,
    "film_order": _saved,
    "film_download": _filmed,
    "film_remove": _film_ordered,
    "resource_upload": _taken,
    "resource_attach": _uploaded,
    "resource_detach": _attached,
    "captions_order": _ready_for_captions,
    "captions_save": _shelved,
    "resource_save": _shelved,
    "resource_submit": _saved,
    "resource_recall": _submitted,
    "resource_pass": _submitted,
    "resource_reject": _submitted,
    "resource_forward": _submitted,
    "resource_publish": _passed,
    "resource_share": _published,
    "resource_withdraw": _published,
    "resource_version": _published,
    "share_link_make": _for_the_school,
    "share_link_revoke": _shared,
    "resource_recommend": _published,
    "series_change": _with_series,
    "resource_nominate": _published,
    "nomination_revoke": _nominated,
    "series_remove": _with_series,
    "reference_recall": _grant_above,
    "reference_pass": _grant_above,
    "reference_reject": _grant_above,
    "reference_forward": _reviewer_above,
    "reference_publish": _passed_above,
    "reference_withdraw": _shown_above,
    "resource_delete": _shelved,
    "legal_hold_place": _operated,
    "legal_hold_release": _held,
}
_OF_COUNTY = (
    *("review_policy_set", "retention_rule_set", "caption_policy_set"),
    *(one for one in ACTS if one.startswith("reference_")),
)
BRANCHES = dict.fromkeys(ACTS, seed.CENTER_SCHOOL) | dict.fromkeys(_OF_COUNTY, seed.COUNTY[0])
TABLES = (
    "resources",
    "resource_versions",
    "resource_reviews",
    "resource_editions",
    "resource_films",
    "resource_uploads",
    "resource_attachments",
    "resource_captions",
    "caption_policies",
    "publications",
    "reference_copies",
    "reference_reviews",
    "series",
    "series_entries",
    "nominations",
    "resource_uses",
    "review_policies",
    "resource_tombstones",
    "retention_rules",
    "deletion_notices",
    "legal_holds",
    "share_links",
    "search_documents",
)

"""Routes: accounts, slips, activation, and the own password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from aiohttp import web

from signaling.audit.actions import AuditAction
from signaling.base.config import Config
from signaling.base.errors import Invalid
from signaling.identity.accounts import wire as w
from signaling.identity.accounts.activation import ActivationService
from signaling.identity.accounts.service import AccountService, branches_of
from signaling.identity.accounts.slips import SlipService
from signaling.identity.accounts.store import AccountSearch
from signaling.identity.logins import NewSession, SignedIn
from signaling.identity.session_cookies import caller
from signaling.identity.wire import Identity
from signaling.web.origin import site_of
from signaling.web.routes import Access, Call, Query, Route


@dataclass(frozen=True, slots=True)
class AccountHandlers:
    """Accounts."""

    accounts: AccountService
    slips: SlipService
    config: Config

    async def listed(self, call: Call) -> w.AccountList:
        """A page of the accounts of the caller's branches."""
        search = AccountSearch(call.query.get("q", ""), _state(call), after=call.query.get("after"))
        return w.AccountList(*await self.accounts.listed(call.actor, search))

    async def may_change(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the person belongs to the caller's branches."""
        await self.accounts.demand_person(call.actor, call.path("person_id"))

    async def may_manage(self, call: Call) -> None:
        """Raise Forbidden unless the caller manages the accounts of some branch."""
        branches_of(call.actor)

    async def create(self, call: Call) -> w.Slips:
        """Make accounts."""
        wishes = call.body.accounts
        return w.Slips(
            await self.slips.create(call.actor, wishes, site_of(call.request, self.config))
        )

    async def renew(self, call: Call) -> w.Slips:
        """Make new slips."""
        site = site_of(call.request, self.config)
        return w.Slips(await self.slips.renew(call.actor, call.body.person_ids, site))

    async def reset(self, call: Call) -> w.Slips:
        """Make a new slip for one account."""
        site = site_of(call.request, self.config)
        who = [call.path("person_id")]
        return w.Slips(await self.slips.renew(call.actor, who, site, call.body.version))

    async def lessons(self, call: Call) -> w.LessonsAhead:
        """Lessons that a person is still to lead."""
        found, total = await self.accounts.lessons_ahead(call.actor, call.path("person_id"))
        lessons = (w.LessonAhead(one.lesson_id, one.title, one.starts_at) for one in found)
        return w.LessonsAhead(tuple(lessons), total)

    async def close(self, call: Call) -> w.Account:
        """停用."""
        return await self.accounts.close(call.actor, call.path("person_id"), call.body)

    async def leave(self, call: Call) -> w.Account:
        """离职."""
        return await self.accounts.leave(call.actor, call.path("person_id"), call.body)

    async def reopen(self, call: Call) -> w.Account:
        """重新启用."""
        who = call.path("person_id")
        return await self.accounts.reopen(call.actor, who, call.body.version)


@dataclass(frozen=True, slots=True)
class PasswordHandlers:
    """First passwords and later ones."""

    activation: ActivationService
    sign_in: Callable[[Call, NewSession], Awaitable[web.Response]]

    async def lookup(self, call: Call) -> w.ActivationOffer:
        """激活账号, first step."""
        owner = await self.activation.owner(call.body.code, caller(call.request, call.remote))
        return w.ActivationOffer(owner.name, owner.login, owner.home)

    async def activate(self, call: Call) -> web.Response:
        """激活账号."""
        new = await self.activation.activate(call.body, caller(call.request, call.remote))
        return await self.sign_in(call, new)

    async def change(self, call: Call) -> web.Response:
        """Change the own password."""
        session = call.session
        assert isinstance(session, SignedIn)  # `SessionLogins` made it
        signed_in = replace(session, actor=call.actor)
        await self.activation.change(signed_in, call.body, caller(call.request, call.remote))
        return web.Response(status=204)


def _state(call: Call) -> w.AccountState | None:
    text = call.query.get("state")
    try:
        return None if text is None else w.AccountState(text)
    except ValueError:
        raise Invalid("no such state", field="state") from None


_ONE = "/api/accounts/{person_id}"

ROUTES = (
    Route(
        "GET",
        "/api/accounts",
        AccountHandlers.listed,
        "本区域的账号",
        w.AccountList,
        query=(
            Query("q", "words that must all occur in the name, the login or the staff number"),
            Query("state", "only accounts in this state"),
            Query("after", "the `next` of the page before"),
        ),
    ),
    Route(
        "POST",
        "/api/accounts",
        AccountHandlers.create,
        "新建账号,返回激活条",
        w.Slips,
        w.AccountsCreate,
        status=201,
        permit=AccountHandlers.may_manage,
        audited=AuditAction.ACCOUNT_CREATE,
    ),
    Route(
        "POST",
        "/api/accounts/slips",
        AccountHandlers.renew,
        "批量签发激活条",
        w.Slips,
        w.SlipsWish,
        permit=AccountHandlers.may_manage,
        audited=AuditAction.ACCOUNT_RESET,
    ),
    Route(
        "POST",
        f"{_ONE}/reset",
        AccountHandlers.reset,
        "重置密码,返回新的激活条",
        w.Slips,
        w.AccountVersion,
        permit=AccountHandlers.may_change,
        audited=AuditAction.ACCOUNT_RESET,
    ),
    Route("GET", f"{_ONE}/lessons", AccountHandlers.lessons, "此人之后的课", w.LessonsAhead),
    Route(
        "POST",
        f"{_ONE}/close",
        AccountHandlers.close,
        "停用账号",
        w.Account,
        w.AccountEnd,
        permit=AccountHandlers.may_change,
        audited=AuditAction.ACCOUNT_CLOSE,
    ),
    Route(
        "POST",
        f"{_ONE}/leave",
        AccountHandlers.leave,
        "离职:账号停用,角色收回",
        w.Account,
        w.AccountEnd,
        permit=AccountHandlers.may_change,
        audited=AuditAction.ACCOUNT_LEAVE,
    ),
    Route(
        "POST",
        f"{_ONE}/reopen",
        AccountHandlers.reopen,
        "重新启用账号",
        w.Account,
        w.AccountVersion,
        permit=AccountHandlers.may_change,
        audited=AuditAction.ACCOUNT_OPEN,
    ),
)

PASSWORD_ROUTES = (
    Route(
        "POST",
        "/api/activation/lookup",
        PasswordHandlers.lookup,
        "激活码对应的账号",
        w.ActivationOffer,
        w.ActivationLookup,
        access=Access.OPEN,
    ),
    Route(
        "POST",
        "/api/activation",
        PasswordHandlers.activate,
        "激活账号",
        Identity,
        w.ActivationRequest,
        access=Access.OPEN,
        audited=AuditAction.ACCOUNT_ACTIVATE,
    ),
    Route(
        "POST",
        "/api/password",
        PasswordHandlers.change,
        "修改自己的密码",
        None,
        w.PasswordChange,
        status=204,
        audited=AuditAction.PASSWORD_CHANGE,
        before_password=True,
    ),
)

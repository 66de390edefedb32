"""批量: one verdict on many resources, each for itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from recorder.api import RecorderError
from signaling.access.roles import Actor
from signaling.base.errors import Invalid, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.library.publishing.service import Publishing
from signaling.library.publishing.wire import ResourcePublish
from signaling.library.review import wire as w
from signaling.library.review.service import Reviewing
from signaling.library.review.wire import BatchVerdict
from signaling.library.versions.ground import WrongResourceState
from signaling.library.versions.reading import ResourceReader
from signaling.library.versions.wire import ResourceWithdraw, ShareScope

Deed = Callable[[Actor, w.BatchItem], Awaitable[None]]


class Batches:
    """Does a batch: what is refused for one resource keeps no other from it."""

    def __init__(
        self, reviewing: Reviewing, publishing: Publishing, reader: ResourceReader
    ) -> None:
        self._reviewing = reviewing
        self._publishing = publishing
        self._reader = reader

    async def do(self, actor: Actor, batch: w.ReviewBatch) -> w.BatchResult:
        """Do it, and tell what became of each resource.

        Raises:
            Invalid: the verdict needs a field that is missing.
        """
        deed = self._deed(batch)
        outcomes = []
        for item in batch.items:
            problem: ProblemCode | None = None
            try:
                await deed(actor, item)
            except (SignalingError, RecorderError) as error:
                problem = ProblemCode(error.code)
            outcomes.append(w.BatchOutcome(item.resource_id, problem))
        return w.BatchResult(tuple(outcomes))

    def _deed(self, batch: w.ReviewBatch) -> Deed:
        if batch.verdict is BatchVerdict.PASS:
            return lambda actor, item: self._reviewing.pass_(
                actor, item.resource_id, w.ReviewPass(item.revision, batch.reason)
            )
        if batch.verdict is BatchVerdict.REJECT:
            if not batch.reason:
                raise Invalid(code=ProblemCode.MISSING, field="reason")
            return lambda actor, item: self._reviewing.reject(
                actor, item.resource_id, w.ReviewReject(item.revision, batch.reason)
            )
        if batch.verdict is BatchVerdict.WITHDRAW:
            return self._withdrawal(batch)
        return self._publication(batch)

    def _withdrawal(self, batch: w.ReviewBatch) -> Deed:
        if batch.withdraw_reason is None:
            raise Invalid(code=ProblemCode.MISSING, field="withdraw_reason")
        wish = ResourceWithdraw(batch.withdraw_reason, batch.reason[:500])
        return lambda actor, item: self._publishing.withdraw(actor, item.resource_id, wish)

    def _publication(self, batch: w.ReviewBatch) -> Deed:
        scope = batch.scope
        if scope is None:
            raise Invalid(code=ProblemCode.MISSING, field="scope")
        if scope is ShareScope.PASSWORD:  # one password for many would be none
            raise Invalid(code=ProblemCode.SHARE_PASSWORD_MISSING, field="scope")

        async def publish(actor: Actor, item: w.BatchItem) -> None:
            number = await self._reader.working_number(actor, item.resource_id)
            if number is None:
                raise WrongResourceState()
            wish = ResourcePublish(number, scope, None, batch.expires_at)
            await self._publishing.publish(actor, item.resource_id, wish, item.revision)

        return publish

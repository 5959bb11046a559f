"""Proof, after each batch, that nobody came back (promise P6, product.md N2); else everything stops and says so loudly.

Before an `add` batch its addresses were held against the vendor's lists of unsubscribed and bounced people. The same lists
are read after it. Nobody of the batch who was seen to leave may be missing from them, and they may not have become shorter.
Whoever was brought back all the same is unsubscribed again at once: their wish needs nobody's decision.
"""

from cyberadmin.api import errors
from cyberadmin.sync.models import Batch, PlannedRow

from .work import Paused, Work


def watch(work: Work, batch: Batch) -> None:
    """Remember who of this batch is seen to have left while it runs: after it they must still be gone."""
    if work.seen is None:
        return
    left = sorted(work.seen.unsubscribed & _keys(work, batch))
    if left and left != batch.fence.get("watch"):
        batch.fence = {**batch.fence, "watch": left}
        Batch.objects.filter(pk=batch.pk).update(fence=batch.fence)


def prove(work: Work, batch: Batch) -> None:
    """Read the lists after an `add` batch. Raises Paused, after the alarm, when somebody came back or may have; Held."""
    if batch.verb != "add":
        return
    seen = work.look_who_left()
    fence = batch.fence
    back = sorted(set(fence.get("watch", [])) - seen.unsubscribed)
    if back:
        for address in back:
            _let_go_again(work, address)
        work.alarm("came_back", batch, count=len(back))
        raise Paused("came_back", {"count": len(back), "addresses": back[:20]})
    fewer = max(fence.get("unsubscribed", 0) - seen.unsubscribed_total, 0)
    fewer += max(fence.get("bounced", 0) - seen.bounced_total, 0)
    if fewer:
        work.alarm("fewer_departed", batch, count=fewer)
        raise Paused("fewer_departed", {"count": fewer})


def _let_go_again(work: Work, address: str) -> None:
    """Unsubscribe somebody whom the vendor brought back."""
    try:
        work.read(lambda: work.resource.let_go(work.client, address))
    except errors.ApiError as error:
        work.alarm("came_back_still", None, status=error.status or 0)


def _keys(work: Work, batch: Batch) -> set[str]:
    labels = PlannedRow.objects.filter(batch=batch).values_list("label", flat=True)
    return {work.resource.key(label) for label in labels}

"""Two mailings where one was wanted: found while the surplus one can still be deleted (docs/engine.md, fault 49)."""

from cyberadmin.sync.mirror import MirrorQuerySet

from .models import Mailing
from .wire import MARK


def link(mailing: Mailing) -> Mailing | None:
    """Note on a mailing that was not made here which of ours it doubles, and forget it when it no longer does.

    Works inside the engine's `writing()`. Returns ours.
    """
    if mailing.is_ours or mailing.stage != Mailing.Stage.SCHEDULED:
        return None
    ours = _of_mark(mailing) or _of_content(mailing)
    if mailing.twin_of_id != (ours.pk if ours else None):
        mailing.twin_of = ours
        mailing.save()
    return ours


def _of_mark(mailing: Mailing) -> Mailing | None:
    """Ours whose comment the body carries: no doubt possible."""
    found = MARK.search(mailing.body_html)
    ours: Mailing | None = _ours(mailing).filter(uid=found[1]).first() if found else None
    return ours


def _of_content(mailing: Mailing) -> Mailing | None:
    same = _ours(mailing).filter(
        subject=mailing.subject, language=mailing.language, send_at=mailing.send_at, stage=Mailing.Stage.SCHEDULED
    )
    return next((one for one in same if one.group_ids == mailing.group_ids), None)


def _ours(mailing: Mailing) -> MirrorQuerySet:
    ours: MirrorQuerySet = Mailing.objects.filter(account_id=mailing.account_id, gone_at=None).exclude(remote_id=None)
    others: MirrorQuerySet = ours.exclude(purpose=Mailing.Purpose.FOREIGN).exclude(pk=mailing.pk)
    return others

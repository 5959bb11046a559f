"""The state of a campaign, derived from its approval and its mailings each time one of them moves."""

from .models import Approval, Campaign, Mailing


def refresh(campaign_id: int) -> str:
    """Bring a campaign's state in line with what there is; returns it."""
    state = _state(campaign_id)
    Campaign.objects.filter(pk=campaign_id).exclude(state=state).update(state=state)
    return state


def _state(campaign_id: int) -> str:
    mailings = Mailing.objects.filter(
        edition__campaign_id=campaign_id, purpose=Mailing.Purpose.REAL, gone_at=None
    ).values_list("stage", flat=True)
    waiting = [stage for stage in mailings if stage in (Mailing.Stage.NEW, Mailing.Stage.SCHEDULED)]
    if waiting:
        return Campaign.State.SCHEDULED
    if mailings:
        return Campaign.State.SENT
    approval = Approval.objects.filter(campaign_id=campaign_id, state__in=("asked", "approved")).first()
    if approval is None:
        return Campaign.State.DRAFT
    return Campaign.State.APPROVED if approval.state == Approval.State.APPROVED else Campaign.State.ASKED

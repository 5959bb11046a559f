"""The steps of an off-boarding as the page shows them: where each stands, who took it and when, what to do next."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Mailing
from cyberadmin.accounts.models import Credential

from . import standing
from .models import OffBoarding, Step, Work


@dataclass
class Shown:
    """One step. `state`: done, todo (may be taken now) or wait (others come first, or a worker is at it)."""

    name: str
    label: str | Promise
    state: str
    said: str
    by: str = ""
    at: datetime | None = None
    why: str = ""
    obstacles: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def badge(self) -> tuple[str, str]:
        """(tone, word) of the state."""
        return {
            "done": ("good", _("done")),
            "todo": ("warn", _("to do")),
            "wait": ("quiet", _("later")),
            "doing": ("info", _("on its way")),
        }[self.state]


def steps(off_boarding: OffBoarding) -> list[Shown]:
    """All steps of an off-boarding that is going on, in their order."""
    decided = standing.steps(off_boarding)
    made = [_begun(off_boarding), _file(off_boarding, decided), _mailings(off_boarding, decided)]
    made += [_changes(off_boarding, decided), _token(off_boarding, decided), _purge(off_boarding, decided)]
    for shown in made:
        step = decided.get(shown.name)
        if step is not None:
            shown.by, shown.at, shown.why = step.by_name, step.at, step.why
    return made


def _begun(off_boarding: OffBoarding) -> Shown:
    said = _("Asked for by %(who)s.") % {"who": off_boarding.asked_by}
    return Shown(
        "begin", _("Begin"), "done", said, off_boarding.begun_by_name, off_boarding.begun_at, off_boarding.reason
    )


def _file(off_boarding: OffBoarding, decided: dict[str, Step]) -> Shown:
    newest, ready = standing.file_of(off_boarding), standing.ready_file(off_boarding)
    step, left = decided.get(Step.Name.EXPORT), standing.file_left(off_boarding, decided)
    said = _("Contacts, groups, consents with their proofs, mailings, templates and history, in one encrypted file.")
    state, work = "todo" if left else "done", ready or newest
    if newest is not None and newest.is_open:
        state, said, work = "doing", _("The file is being made. You may leave this page."), newest
    elif step is not None and step.detail.get("skipped"):
        said = _("The client gets no file.")
    elif newest is not None and newest.state == Work.State.FAILED:
        said = _("The file could not be made. Try again; if it lasts, tell your administrator.")
    elif step is not None and left:
        said = left
    rows = sorted(ready.counts.items()) if ready is not None and work == ready else []
    return Shown(Step.Name.EXPORT, Step.Name.EXPORT.label, state, said, more={"work": work, "rows": rows})


def _mailings(off_boarding: OffBoarding, decided: dict[str, Step]) -> Shown:
    rows = list(standing.scheduled(off_boarding.account)[:200])
    step = decided.get(Step.Name.SCHEDULES)
    kept = set(step.detail.get("kept", [])) if step is not None else set()
    going = [row for row in rows if row.deleted_at is not None]
    left = [row for row in rows if row.deleted_at is None and row.pk not in kept]
    state = "todo" if left else "doing" if going else "done"
    if left:
        said = ngettext("%(n)s mailing is scheduled.", "%(n)s mailings are scheduled.", len(left)) % {"n": len(left)}
    elif going:
        said = _("Cancellations are on their way to Cyberimpact.")
    elif kept:
        said = _("Kept: they leave as scheduled.")
    else:
        said = _("No mailing is scheduled.")
    cancelled = _cancelled(off_boarding, step)
    return Shown(
        Step.Name.SCHEDULES, Step.Name.SCHEDULES.label, state, said,
        more={"left": left, "going": going, "kept": [row for row in rows if row.pk in kept], "cancelled": cancelled},
    )  # fmt: skip


def _cancelled(off_boarding: OffBoarding, step: Step | None) -> list[Mailing]:
    ids = step.detail.get("cancelled", []) if step is not None else []
    gone = Mailing.objects.filter(account=off_boarding.account_id, pk__in=ids).exclude(gone_at=None)
    return list(gone.order_by("send_at"))


def _changes(off_boarding: OffBoarding, decided: dict[str, Step]) -> Shown:
    account = off_boarding.account
    waiting, obstacle = standing.waiting(account), standing.changes_left(account, decided)
    if not waiting.total:
        said = _("Nothing waits.")
    elif not obstacle:
        said = _("What waits was handed over to the client.")
    else:
        said = obstacle
    more = {"waiting": waiting, "may_hand_over": standing.may_hand_over(account)}
    return Shown(Step.Name.CHANGES, Step.Name.CHANGES.label, "todo" if obstacle else "done", said, more=more)


def _token(off_boarding: OffBoarding, decided: dict[str, Step]) -> Shown:
    watched = standing.watched(off_boarding.account)
    more: dict[str, Any] = {"watched": watched}
    label = Step.Name.REVOKE.label
    if Step.Name.REVOKE not in decided:
        active = off_boarding.account.credentials.filter(state=Credential.State.ACTIVE).first()
        obstacles = standing.before_revoking(off_boarding)
        said = _("Retire the token: from then on nothing is read or sent.")
        return Shown(
            "revoke", label, "wait" if obstacles else "todo", said, obstacles=obstacles, more={**more, "active": active}
        )
    if watched:
        said = _(
            "Nothing is read or sent any more. The token must now be deleted at Cyberimpact; it is looked at until it is dead."
        )
        return Shown("revoke", label, "todo", said, more=more)
    legacy = any(one.get("kind") == Credential.Kind.LEGACY for one in decided[Step.Name.REVOKE].detail["credentials"])
    said = (
        _("The password is forgotten here. Tell the client to change it.")
        if legacy
        else _("The token is dead or forgotten.")
    )
    return Shown("revoke", label, "done", said, more=more)


def _purge(off_boarding: OffBoarding, decided: dict[str, Step]) -> Shown:
    obstacles = standing.before_purging(off_boarding)
    said = _(
        "Everything of this client is destroyed here. An administrator does it, with the password. It cannot be taken back."
    )
    return Shown("purge", Step.Name.PURGE.label, "wait" if obstacles else "todo", said, obstacles=obstacles)

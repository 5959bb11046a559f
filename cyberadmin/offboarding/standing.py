"""What still keeps a client from being let go, read from what is there: mailings, changes, work, token, cases."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Mailing
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.cases.models import CasePart
from cyberadmin.exports.models import ExportJob
from cyberadmin.sync.models import Change, ChangeSet

from .models import OffBoarding, Step, Work

WAITING = (Change.State.QUEUED, Change.State.CONFLICT, Change.State.PARKED, Change.State.FAILED)


@dataclass(frozen=True)
class Waiting:
    """Changes that have not reached the vendor: those that can be discarded, unsubscriptions, and those in flight."""

    discardable: int
    unsubscriptions: int
    in_flight: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.discardable + self.unsubscriptions + self.in_flight


def steps(off_boarding: OffBoarding) -> dict[str, Step]:
    """What was decided, by the step's name."""
    return {step.name: step for step in off_boarding.steps.all()}


def file_of(off_boarding: OffBoarding) -> Work | None:
    """The newest file for the client."""
    return off_boarding.works.filter(kind=Work.Kind.FILE).first()


def ready_file(off_boarding: OffBoarding) -> Work | None:
    """The newest file that is there: an earlier one stays until another one has been made."""
    return off_boarding.works.filter(kind=Work.Kind.FILE, state=Work.State.DONE).first()


def purge_of(off_boarding: OffBoarding) -> Work | None:
    """The purge, once somebody began it."""
    return off_boarding.works.filter(kind=Work.Kind.PURGE).first()


def scheduled(account: Account) -> QuerySet[Mailing]:
    """Mailings that are to leave, or whose cancellation has not arrived yet."""
    stages = (Mailing.Stage.NEW, Mailing.Stage.SCHEDULED)
    rows: QuerySet[Mailing] = Mailing.objects.filter(account=account, gone_at=None, stage__in=stages)
    return rows.order_by("send_at", "pk")


def waiting(account: Account) -> Waiting:
    """What waits in the Outbox of this client."""
    rows = Change.objects.filter(account=account)
    still = rows.filter(state__in=WAITING)
    unsubscriptions = still.filter(verb=Change.Verb.UNSUBSCRIBE).exclude(reason="gone_there").count()
    return Waiting(still.count() - unsubscriptions, unsubscriptions, rows.filter(state__in=Change.IN_FLIGHT).count())


def may_hand_over(account: Account) -> bool:
    """Whether what waits can never be sent any more: nothing opens the account. Then it goes to the client as a list."""
    return account.is_leaving or account.needs_secret


def watched(account: Account) -> list[Credential]:
    """Retired tokens that nobody has seen dead yet."""
    rows = account.credentials.filter(state=Credential.State.RETIRED, dead_at=None).exclude(secret="")
    return list(rows.select_related("account"))


def before_revoking(off_boarding: OffBoarding) -> list[str]:
    """What must be settled while the token still works; empty when it may be retired."""
    account, decided = off_boarding.account, steps(off_boarding)
    found = [file_left(off_boarding, decided), _mailings(account, decided)]
    found += [changes_left(account, decided), _bulk(account)]
    return [sentence for sentence in found if sentence]


def before_purging(off_boarding: OffBoarding) -> list[str]:
    """What must be settled before anything is destroyed; empty when it may be."""
    account, decided = off_boarding.account, steps(off_boarding)
    found = [file_left(off_boarding, decided), changes_left(account, decided)]
    found += [_bulk(account), _exports(account), _cases(account)]
    if Step.Name.REVOKE not in decided:
        found.append(_("The token is still in use. Retire it first."))
    elif watched(account):
        found.append(
            _("The token still opens the account. Have it deleted at Cyberimpact, or forget it with a reason.")
        )
    return [sentence for sentence in found if sentence]


def file_left(off_boarding: OffBoarding, decided: dict[str, Step]) -> str:
    """What is still to be done about the file; "" = the client has it, can have it now, or wants none."""
    step = decided.get(Step.Name.EXPORT)
    if step is None:
        return _("The client has no file yet. Make it, or say why they need none.")
    if step.detail.get("skipped") or step.detail.get("downloaded") or ready_file(off_boarding) is not None:
        return ""
    return _("The file was deleted before anybody downloaded it. Make it anew, or say why the client needs none.")


def _mailings(account: Account, decided: dict[str, Step]) -> str:
    kept = set(decided[Step.Name.SCHEDULES].detail.get("kept", [])) if Step.Name.SCHEDULES in decided else set()
    left = scheduled(account).exclude(pk__in=kept).count()
    text = ngettext(
        "%(number)d mailing is still scheduled. Cancel it, or keep it with a reason.",
        "%(number)d mailings are still scheduled. Cancel them, or keep them with a reason.",
        left,
    )
    return text % {"number": left} if left else ""


def changes_left(account: Account, decided: dict[str, Step]) -> str:
    """What still waits in the Outbox and is not decided about; "" = nothing."""
    left = waiting(account).total
    if Step.Name.CHANGES in decided and may_hand_over(account):
        left = max(0, left - int(decided[Step.Name.CHANGES].detail.get("handed_over", 0)))
    text = ngettext(
        "%(number)d change waits or is in doubt. Have it sent, or discard it.",
        "%(number)d changes wait or are in doubt. Have them sent, or discard them.",
        left,
    )
    return text % {"number": left} if left else ""


def _bulk(account: Account) -> str:
    working = ChangeSet.objects.filter(account=account, state__in=ChangeSet.WORKING).exists()
    return _("A bulk change is being planned or applied. Wait for its end, or cancel it.") if working else ""


def _exports(account: Account) -> str:
    making = ExportJob.objects.filter(account=account, state__in=ExportJob.OPEN).exists()
    return _("An export is being made. Wait until it is ready.") if making else ""


def _cases(account: Account) -> str:
    pending = CasePart.objects.filter(account=account, state__in=CasePart.OPEN).exists()
    return _("A request under the law is not answered yet. Answer it first.") if pending else ""

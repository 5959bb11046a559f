"""A case, its part in each client, and what is done there for each address."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.models import ErasedAddress, ProofFile
from cyberadmin.accounts.models import Account
from cyberadmin.sync.models import Change


class Undeletable(models.QuerySet[Any]):
    """Reads, adds and changes; deleting raises."""

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Cases are never deleted.")


class Kept(models.Model):
    """A row that nobody deletes: what became of a request is evidence (product.md 3a, L5)."""

    objects = Undeletable.as_manager()

    class Meta:
        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Never."""
        raise TypeError("Cases are never deleted.")


class Case(Kept):
    """One request of one person. Who it is lies sealed in `sealed` (details.py) until every client has answered."""

    class Kind(models.TextChoices):
        UNSUBSCRIBE = "unsubscribe", _("unsubscribe request")
        ACCESS = "access", _("access (Law 25)")
        RECTIFICATION = "rectification", _("rectification (Law 25)")
        PORTABILITY = "portability", _("portability (Law 25)")
        ERASURE = "erasure", _("erasure (Law 25)")

    class Channel(models.TextChoices):
        PHONE = "phone", _("telephone")
        REPLY = "reply", _("reply to a mailing")
        EMAIL = "email", _("e-mail")
        LETTER = "letter", _("letter")
        PERSON = "person", _("in person")
        CLIENT = "client", _("passed on by the client")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("request"), max_length=14, choices=Kind.choices)
    channel = models.CharField(_("how it came"), max_length=8, choices=Channel.choices)
    received_on = models.DateField(_("received on"))
    #: The last day to answer (clocks.py).
    due_on = models.DateField(_("answer by"))
    #: Language of the person.
    language = models.CharField(_("language"), max_length=2, choices=Account.Language.choices)
    #: {"who", "addresses", "note", "identity"}, encrypted for this row; "" once `forgotten_at`.
    sealed = models.TextField(editable=False)
    forgotten_at = models.DateTimeField(null=True, editable=False)
    #: When somebody wrote down how they made sure that it is this person; an unsubscription needs no such proof.
    identity_at = models.DateTimeField(null=True, editable=False)
    identity_by = models.CharField(max_length=150, blank=True, editable=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    opened_by_name = models.CharField(max_length=150)
    opened_at = models.DateTimeField()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["due_on", "id"], name="case_by_deadline")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.pk}"

    @property
    def context(self) -> str:
        """What the details are sealed to."""
        return f"case:{self.uid}"

    @property
    def needs_identity(self) -> bool:
        """Whether nothing may be decided before somebody made sure who asks: data would go to, or be erased for, a stranger."""
        return self.kind != self.Kind.UNSUBSCRIBE and self.identity_at is None


class CasePart(Kept):
    """What one client decides and does about a case. Only who may see the client sees it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for a decision")
        DOING = "doing", _("being carried out")
        HELD = "held", _("held: decide again")
        DONE = "done", pgettext_lazy("case", "done")
        REFUSED = "refused", pgettext_lazy("case", "refused")

    #: Somebody or something still has to act.
    OPEN = ("waiting", "doing", "held")

    class Decision(models.TextChoices):
        UNSUBSCRIBE = "unsubscribe", _("unsubscribe")
        DELETE = "delete", _("delete at Cyberimpact")
        ERASE = "erase", _("erase here and at Cyberimpact")
        GIVE = "give", _("give the file")
        CORRECT = "correct", _("correct the data")
        NOTHING = "nothing", _("nothing to do")
        REFUSE = "refuse", _("refuse, with a legal reason")

    class Ground(models.TextChoices):
        IDENTITY = "identity", _("the identity could not be established")
        OTHERS = "others", _("it would reveal somebody else's personal information")
        PROCEEDINGS = "proceedings", _("it would affect judicial proceedings")
        DUTY = "duty", _("a law obliges the client to keep this information")
        ABUSIVE = "abusive", _("the request is clearly abusive by its number or repetition")
        NOT_OWED = "not_owed", _("the law gives no such right in this situation")

    case = models.ForeignKey(Case, models.PROTECT, related_name="parts")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    decision = models.CharField(_("decision"), max_length=12, choices=Decision.choices, blank=True)
    ground = models.CharField(_("legal reason"), max_length=12, choices=Ground.choices, blank=True)
    why = models.TextField(_("reason"), blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    #: What was noted of the letters, and when the file of this client was last made.
    acknowledged_on = models.DateField(null=True)
    answered_on = models.DateField(null=True)
    answered_by_name = models.CharField(max_length=150, blank=True)
    given_at = models.DateTimeField(null=True)
    #: A copy of the proof for each client, so that none lies in another one's folder. Of an erasure only the hash stays.
    proof_file = models.ForeignKey(ProofFile, models.SET_NULL, null=True, related_name="+")
    proof_sha256 = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("part of a case")
        verbose_name_plural = _("parts of a case")
        ordering = ["account__name"]
        constraints = [models.UniqueConstraint(fields=["case", "account"], name="one_part_per_case_and_account")]
        indexes = [
            models.Index(fields=["account", "state"], name="casepart_by_state"),
            models.Index(fields=["state"], condition=Q(state="doing"), name="casepart_work"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} · {self.account_id}"

    @property
    def is_open(self) -> bool:
        """Whether somebody or something still has to act."""
        return self.state in self.OPEN


class CaseStep(Kept):
    """What is done about one address of the case in one client. The address itself stays in the sealed details, by number."""

    class Outcome(models.TextChoices):
        WAITING = "", _("about to begin")
        SENT = "sent", _("on its way to Cyberimpact")
        IN_FLIGHT = "in_flight", _("another change of this person is on its way and is awaited first")
        STUCK = "stuck", _("stopped: the change in the Outbox needs somebody")
        BLOCKED = "blocked", _("cannot be done now; it is tried again every minute")
        BOUNCED = "bounced", _("bounced: delete it in Cyberimpact by hand; it goes on here after the next full pull")
        NOT_THERE = "not_there", _("this address is not in the list of this client")
        ALREADY = "already", _("was unsubscribed already")
        KEPT = "kept", _("unsubscribed: Cyberimpact keeps the proof that the person said no")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed at Cyberimpact")
        DELETED = "deleted", _("deleted at Cyberimpact")
        ERASED = "erased", _("erased")
        TO_CORRECT = "to_correct", _("to be corrected on the page of the contact")
        CORRECTED = "corrected", _("corrected at Cyberimpact")

    #: Nothing more happens.
    FINAL = ("not_there", "already", "kept", "unsubscribed", "deleted", "erased", "corrected")

    part = models.ForeignKey(CasePart, models.PROTECT, related_name="steps", db_index=False)
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, default=Outcome.WAITING)
    change = models.ForeignKey(Change, models.SET_NULL, null=True, related_name="+")
    #: The contact to be corrected: its address may be what is wrong.
    contact_id = models.BigIntegerField(null=True)
    #: Rows that were erased, by what they were.
    counts = models.JSONField(default=dict)
    #: State at the vendor before: subscribed, bounced, unsubscribed or "" when it was not there.
    was = models.CharField(max_length=14, blank=True)
    erased = models.ForeignKey(ErasedAddress, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["part", "number"], name="one_step_per_address")]

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens."""
        return self.outcome in self.FINAL

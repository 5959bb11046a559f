"""The mirror of mailings: ours on their way out, and everything that the vendor lists, with results and recipients."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cyberadmin.accounts.models import Account
from cyberadmin.sync.mirror import MirrorModel, MirrorQuerySet

from .writing import Approval, Edition, Language


class Mailing(MirrorModel):
    """One mailing in one language. Nothing edits a mailing at the vendor, so a row's content never changes either.

    A move is a second row: `moved_from` names the first, and both numbers stay in the history.
    """

    class Purpose(models.TextChoices):
        REAL = "real", _("mailing")
        TEST = "test", _("test")
        FOREIGN = "foreign", _("made elsewhere")

    class Stage(models.TextChoices):
        """Where it is at the vendor. `status` keeps the vendor's own word."""

        NEW = "new", _("not at Cyberimpact yet")
        SCHEDULED = "scheduled", _("scheduled")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        STOPPED = "stopped", pgettext_lazy("mailing", "stopped")
        ARCHIVED = "archived", _("archived")

    class Alarm(models.TextChoices):
        OTHER_TIME = "other_time", _("Cyberimpact stored another time than was asked for")

    #: Put into the HTML as a comment, by which our own mailing is recognised when the vendor gives bodies back.
    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    purpose = models.CharField(_("kind"), max_length=8, choices=Purpose.choices, default=Purpose.FOREIGN)
    edition = models.ForeignKey(Edition, models.SET_NULL, null=True, blank=True, related_name="mailings")
    approval = models.ForeignKey(Approval, models.SET_NULL, null=True, blank=True, related_name="mailings")
    moved_from = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="moved_to")
    moved_from_remote_id = models.BigIntegerField(null=True, blank=True)
    #: The one of ours whose natural mark this one has too: made twice by the vendor, or made there by somebody.
    twin_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="twins")

    subject = models.CharField(_("subject"), max_length=500)
    language = models.CharField(_("language"), max_length=8)
    mail_from = models.CharField(_("sender's address"), max_length=254, blank=True)
    from_name = models.CharField(_("sender's name"), max_length=250, blank=True)
    reply_to = models.CharField(_("reply to"), max_length=254, blank=True)
    send_at = models.DateTimeField(_("send at"), null=True)
    #: Numbers at the vendor of the groups it goes to, ascending; and the same with their titles: [{"id", "title"}].
    group_ids = models.JSONField(_("groups, by number"), default=list)
    groups = models.JSONField(default=list)
    body_html = models.TextField(blank=True)
    body_text = models.TextField(blank=True)
    body_available = models.BooleanField(default=False)

    stage = models.CharField(_("state"), max_length=10, choices=Stage.choices, default=Stage.NEW)
    status = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(_("started"), null=True)
    archived_at = models.DateTimeField(_("archived"), null=True)
    view_online_url = models.CharField(max_length=500, blank=True)
    is_anonymized = models.BooleanField(default=False)
    recipients_count = models.PositiveIntegerField(_("recipients"), null=True)
    emails_sent = models.PositiveIntegerField(_("e-mails sent"), null=True)
    emails_delivered = models.PositiveIntegerField(_("delivered"), null=True)
    emails_stopped = models.PositiveIntegerField(_("stopped"), null=True)
    views = models.PositiveIntegerField(_("opened"), null=True)
    clicks = models.PositiveIntegerField(_("clicked"), null=True)
    sent_to_friend = models.PositiveIntegerField(_("forwarded"), null=True)
    #: Hard and soft bounces, in the vendor's words (api/README.md 4.7).
    incorrect_addresses = models.PositiveIntegerField(_("hard bounces"), null=True)
    technical_problems = models.PositiveIntegerField(_("soft bounces"), null=True)
    #: Fractions of 1, as the vendor computes them.
    delivery_rate = models.FloatField(_("delivery rate"), null=True)
    view_rate = models.FloatField(_("open rate"), null=True)
    click_rate = models.FloatField(_("click rate"), null=True)
    #: [{"id", "url", "clicks_unique", "clicks_total"}]
    links = models.JSONField(default=list)
    alarm = models.CharField(max_length=12, choices=Alarm.choices, blank=True)
    #: When counters, links and groups were last read; they are not in the lists.
    details_at = models.DateTimeField(null=True)
    #: When the list of scheduled mailings was last searched for a second one like this.
    watched_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-send_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "remote_id"], condition=Q(remote_id__isnull=False), name="mailing_once_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "stage", "-send_at"], condition=Q(gone_at=None), name="mailing_by_stage"),
            models.Index(fields=["account", "-send_at"], condition=Q(gone_at=None), name="mailing_latest"),
            models.Index(fields=["account"], condition=Q(snapshot__isnull=False), name="mailing_differs"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_ours(self) -> bool:
        """Whether it was made here."""
        return self.purpose != self.Purpose.FOREIGN

    @property
    def is_test(self) -> bool:
        """Whether it is a test: shown as such and left out of every statistic (product.md 3d-12)."""
        return self.purpose == self.Purpose.TEST

    @property
    def is_live(self) -> bool:
        """Whether it is at the vendor or on its way there."""
        return self.gone_at is None and self.deleted_at is None

    @property
    def language_name(self) -> Any:
        """The language in words; the vendor's code when it is none that we know."""
        return dict(Language.choices).get(self.language, self.language)

    @property
    def mark(self) -> str:
        """The comment by which the body is recognised."""
        return f"<!-- ca:{self.uid} -->"

    @property
    def html_sent(self) -> str:
        """The HTML as it goes out, with the mark."""
        return f"{self.body_html}\n{self.mark}" if self.body_html else ""


class RecipientList(models.Model):
    """One of the eight lists of a mailing's recipients, read from the vendor when somebody wants to see it."""

    class Outcome(models.TextChoices):
        ALL = "all", _("everybody")
        DELIVERED = "delivered", _("delivered")
        STOPPED = "stopped", pgettext_lazy("people", "stopped")
        HARD_BOUNCED = "hard-bounced", _("hard bounces")
        SOFT_BOUNCED = "soft-bounced", _("soft bounces")
        UNSUBSCRIBED = "unsubscribed", pgettext_lazy("people", "unsubscribed")
        OPENED = "opened", _("opened")
        CLICKED = "clicked", _("clicked")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        READING = "reading", _("being read")
        READY = "ready", _("read")
        FAILED = "failed", _("could not be read")

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="recipient_lists")
    outcome = models.CharField(max_length=14, choices=Outcome.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    #: Which rows are shown: a new reading writes the next generation beside it and then takes its place.
    generation = models.PositiveIntegerField(default=0)
    #: Fingerprints of its pages: a reading that finds the same ones writes nothing.
    page_digests = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    progress = models.PositiveIntegerField(default=0)
    is_whole = models.BooleanField(default=False)
    error = models.CharField(max_length=200, blank=True)
    claim_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "outcome"], name="list_once_per_mailing")]


class MailingRecipient(models.Model):
    """One row of such a list. People are found by address: who left has no number at the vendor any more."""

    list = models.ForeignKey(RecipientList, models.CASCADE, related_name="rows", db_index=False)
    generation = models.PositiveIntegerField()
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    member_id = models.BigIntegerField(null=True)
    email = models.CharField(_("e-mail address"), max_length=254)
    email_key = models.CharField(max_length=254)
    name = models.CharField(_("name"), max_length=400, blank=True)
    happened_at = models.DateTimeField(_("when"), null=True)

    objects = MirrorQuerySet.as_manager()

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        constraints = [
            models.UniqueConstraint(fields=["list", "generation", "email_key"], name="recipient_once_per_list")
        ]
        indexes = [models.Index(fields=["account", "email_key"], name="recipient_person")]

    def __str__(self) -> str:
        return self.email

"""Changes on their way to the vendor, and the single edits and forms they came from."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account


class Change(models.Model):
    """One edit of one object on its way to the vendor. Staff see these rows as the *Outbox*. The id is the order."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        SENDING = "sending", _("sending")
        UNKNOWN = "unknown", _("checking whether it arrived")
        CONFLICT = "conflict", _("needs your decision")
        PARKED = "parked", _("stopped")
        FAILED = "failed", _("refused")
        DONE = "done", _("done")
        SUPERSEDED = "superseded", _("replaced by a later edit")
        CANCELLED = "cancelled", _("cancelled")

    #: Still between us and the vendor: while one exists, the mirror may differ from the vendor.
    OPEN = ("queued", "sending", "unknown", "conflict", "parked", "failed")
    #: On the wire or in doubt: at most one for each object.
    IN_FLIGHT = ("sending", "unknown")
    #: Holds back the later changes of the same object.
    BLOCKING = ("sending", "unknown", "conflict", "parked")

    class Verb(models.TextChoices):
        CREATE = "create", _("create")
        UPDATE = "update", _("edit")
        REGROUP = "regroup", _("change groups")
        UNSUBSCRIBE = "unsubscribe", _("unsubscribe")
        OPTIN = "optin", _("ask for consent")
        CONSENT = "consent", _("set the consent")
        EMPTY = "empty", _("empty")
        DELETE = "delete", _("delete")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="changes", verbose_name=_("client account"))
    kind = models.CharField(_("what"), max_length=20)
    object_id = models.BigIntegerField()
    object_label = models.CharField(_("object"), max_length=250)
    verb = models.CharField(_("action"), max_length=12, choices=Verb.choices)
    #: {name: {"base": value at the vendor when edited, "want": value to reach, "theirs": value found, in conflicts,
    #: "tried": values that may have been sent before a later edit replaced them}}
    fields = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    #: Why it is in this state, as a code of `reasons.py`, with the vendor's own words where there are any.
    reason = models.CharField(max_length=40, blank=True)
    reason_detail = models.JSONField(default=dict)
    priority = models.PositiveSmallIntegerField(default=10)
    keyless = models.BooleanField(default=False)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claims = models.PositiveSmallIntegerField(default=0)
    claim_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    #: What was at the vendor just before a keyless create: {"ids": [...], "newest": id}; null = never about to be sent.
    fence = models.JSONField(null=True, blank=True)
    payload_hash = models.CharField(max_length=32, blank=True)
    looks = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    waits_for = models.ManyToManyField("self", symmetrical=False, related_name="holds_back", blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    why = models.TextField(_("reason given"), blank=True)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("Outbox")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "object_id"],
                condition=Q(state__in=["sending", "unknown"]),
                name="one_change_in_flight_per_object",
            ),
            models.UniqueConstraint(
                fields=["account", "kind", "verb"],
                condition=Q(state__in=["sending", "unknown"], keyless=True),
                name="one_keyless_create_in_flight",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "priority", "id"], condition=Q(state="queued"), name="change_queue"),
            models.Index(fields=["account", "kind", "object_id", "state"], name="change_object"),
            models.Index(
                fields=["state", "lease_until"],
                condition=~Q(state__in=["done", "superseded", "cancelled"]),
                name="change_open",
            ),
            models.Index(fields=["account", "state", "-id"], name="change_outbox"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} · {self.object_label}"

    @property
    def is_open(self) -> bool:
        """Whether it may still reach the vendor or still needs somebody."""
        return self.state in self.OPEN

    @property
    def is_kept_no(self) -> bool:
        """Whether it is somebody's wish to leave: never given up, unless the vendor has the person no more."""
        return self.verb == self.Verb.UNSUBSCRIBE and self.reason != "gone_there"

    @property
    def object_key(self) -> tuple[str, int]:
        """The mirrored object this change is about, as (kind, primary key)."""
        return (self.kind, self.object_id)


class Edit(models.Model):
    """Each single edit that went into a change: coalescing merges the changes, never the history of who did what."""

    change = models.ForeignKey(Change, models.CASCADE, related_name="edits")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)
    #: {name: {"before": ..., "after": ...}}
    fields = models.JSONField(default=dict)
    why = models.TextField(blank=True)

    class Meta:
        verbose_name = _("edit")
        verbose_name_plural = _("edits")
        ordering = ["id"]


class Submission(models.Model):
    """A form that was submitted, by the one-time id it carried: the second submit of the same form is recognised."""

    token = models.UUIDField(primary_key=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True, db_index=True)

"""Changes made together: the set, its planned rows, and the vendor's batches that carry them (docs/engine.md, Many at once)."""

import uuid
from collections.abc import Collection
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.base import ModelState
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account

from .changes import Change


class ChangeSet(models.Model):
    """One import or bulk action: planned row by row, approved, applied exactly as planned (product.md N1).

    Nothing of it reaches the vendor before `state` is `applying`, and only rows that the plan shows as to be done.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being prepared")
        PLANNING = "planning", _("plan being made")
        PLANNED = "planned", _("plan ready, nothing sent")
        ASKED = "asked", _("waiting for a second person")
        APPLYING = "applying", _("being applied")
        PAUSED = "paused", _("paused")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")
        OUTDATED = "outdated", _("outdated, plan again")
        FAILED = "failed", _("could not be planned")

    #: A worker has something to do for it.
    WORKING = ("planning", "applying")
    #: Nothing more will happen to it.
    ENDED = ("done", "cancelled", "outdated", "failed")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="change_sets", verbose_name=_("client account"))
    #: Name of the `BulkKind` that plans and sends it (bulk/kinds.py).
    kind = models.CharField(_("what"), max_length=20)
    #: Kind of the mirrored objects it is about ("contact").
    object_kind = models.CharField(max_length=20)
    #: What was chosen on the form: numbers of groups, relation, dates, field and value, filter; JSON by kind.
    parameters = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    #: Why it is in this state, as a code of `bulk/reasons.py`.
    reason = models.CharField(max_length=40, blank=True)
    reason_detail = models.JSONField(default=dict)
    #: Rows by verdict: {"rows": n, "create": n, ...}; rows = sum of the verdicts, always.
    counts = models.JSONField(default=dict)
    #: What the plan foresees beside the rows: contacts gained (the bill), mails triggered, consents by type, overlap.
    forecast = models.JSONField(default=dict)
    #: What the engine remembers from one slice of work to the next: rows that fit in a batch, refusals in a row, waits.
    memory = models.JSONField(default=dict)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    #: Fingerprint of the plan's rows and parameters; an approval is of exactly this.
    fingerprint = models.CharField(max_length=32, blank=True)
    approved_fingerprint = models.CharField(max_length=32, blank=True)
    reverses = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reversals", verbose_name=_("takes back")
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    why = models.TextField(_("reason given"), blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    claim_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    planned_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    #: When values and addresses of its rows were erased by age; the counts stay.
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("bulk change")
        verbose_name_plural = _("bulk changes")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "-id"], name="changeset_latest"),
            models.Index(fields=["account", "state"], condition=Q(finished_at=None), name="changeset_work"),
        ]

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in self.ENDED

    @property
    def is_approved(self) -> bool:
        """Whether somebody approved exactly the plan as it stands."""
        return bool(self.fingerprint) and self.approved_fingerprint == self.fingerprint


class Batch(models.Model):
    """One asynchronous job of the vendor (api/README.md 4.9), written down before it is posted."""

    class State(models.TextChoices):
        COMPOSED = "composed", _("about to be sent")
        DOUBT = "doubt", _("checking whether it arrived")
        RUNNING = "running", _("being carried out")
        ANSWERED = "answered", _("carried out, result being written down")
        VERIFYING = "verifying", _("result being checked")
        SPLIT = "split", _("refused as a whole, sent in two halves")
        ENDED = "ended", _("ended")

    #: The vendor may still be at work on it: at most one for each account.
    OPEN = ("composed", "doubt", "running", "verifying")
    #: Something is left to do for it.
    UNSETTLED = (*OPEN, "answered")

    account = models.ForeignKey(Account, models.CASCADE, related_name="batches")
    change_set = models.ForeignKey(ChangeSet, models.CASCADE, related_name="batches")
    #: add, unsubscribe or delete.
    verb = models.CharField(max_length=12)
    #: The vendor's number, committed by itself as soon as it is known.
    remote_id = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.COMPOSED)
    reason = models.CharField(max_length=40, blank=True)
    status_there = models.CharField(max_length=40, blank=True)
    #: Fingerprint of the bytes that were posted: what is posted once more must be the very same.
    payload_hash = models.CharField(max_length=32, blank=True)
    #: The vendor's result, from its arrival until the rows know it: [[successes], [[entry or null, words], ...]].
    result = models.JSONField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    #: How many unsubscribed and bounced addresses the vendor listed just before (fewer afterwards is an alarm), and
    #: "watch": those of its rows who were seen to leave while it ran.
    fence = models.JSONField(default=dict)
    looks = models.PositiveSmallIntegerField(default=0)
    posts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    #: When a late run of a lost batch would have shown, and the contacts are read once more (docs/engine.md).
    recheck_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["composed", "doubt", "running", "verifying"]),
                name="one_open_batch_per_account",
            ),
        ]
        indexes = [
            models.Index(
                fields=["change_set"],
                condition=Q(state__in=["composed", "doubt", "running", "verifying", "answered"]),
                name="batch_unsettled",
            ),
            models.Index(fields=["recheck_at"], condition=Q(recheck_at__isnull=False), name="batch_recheck"),
        ]


class PlannedRow(models.Model):
    """One row of a plan: what would be done and why, then what became of it. The number is its line in the file."""

    class Verdict(models.TextChoices):
        CREATE = "create", _("new")
        UPDATE = "update", _("change")
        REMOVE = "remove", _("remove")
        SAME = "same", _("nothing to do")
        DUPLICATE = "duplicate", _("twice in the file")
        REFUSED = "refused", _("refused by rule")
        INVALID = "invalid", _("not valid")

    #: Verdicts that send something.
    TO_DO = ("create", "update", "remove")

    class State(models.TextChoices):
        NONE = "", _("nothing to do")
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        VERIFYING = "verifying", _("result being checked")
        DONE = "done", _("done")
        FAILED = "failed", _("refused")
        CANCELLED = "cancelled", _("not sent")

    change_set = models.ForeignKey(ChangeSet, models.CASCADE, related_name="rows", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    #: Primary key of the mirror row, when there is one.
    object_id = models.BigIntegerField(null=True, blank=True)
    #: What the row is about, as staff know it (an address); emptied when the plan is purged.
    label = models.CharField(max_length=254, blank=True)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    #: add, unsubscribe, delete (by batch); update, regroup, consent, optin (by a Change).
    verb = models.CharField(max_length=12, blank=True)
    #: Why this verdict, as a code of `bulk/reasons.py`, with what its sentence names.
    reason = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict)
    #: What is wanted, and what was there when the plan was made ({name: value}); the reverse is made of these.
    values = models.JSONField(default=dict, db_column="wanted")
    base = models.JSONField(default=dict)
    #: `edit_version` of the mirror row when the plan was made: another one at sending = the account changed underneath.
    base_version = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(_("result"), max_length=10, choices=State.choices, default=State.NONE, blank=True)
    batch = models.ForeignKey(Batch, models.SET_NULL, null=True, related_name="planned_rows", db_index=False)
    change = models.ForeignKey(Change, models.SET_NULL, null=True, related_name="planned_rows", db_index=False)
    #: Of a row that takes two changes, the one that goes out before `change`.
    first_change = models.ForeignKey(Change, models.SET_NULL, null=True, related_name="+", db_index=False)
    #: Rows of a refused batch that travel together next: half of it, then a quarter, until the bad one is alone.
    part = models.PositiveIntegerField(default=0)
    #: Batches it travelled in.
    tries = models.PositiveSmallIntegerField(default=0)
    result = models.CharField(max_length=40, blank=True)
    #: The vendor's own words about this row.
    result_words = models.TextField(blank=True)

    class Meta:
        verbose_name = _("row of a plan")
        verbose_name_plural = _("rows of a plan")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["change_set", "number"], name="one_row_per_line_of_a_plan")]
        indexes = [
            models.Index(fields=["change_set", "verdict", "number"], name="planned_by_verdict"),
            # Without a condition: SQLite could not prove one that it is given as a parameter, and would walk what is done.
            models.Index(fields=["change_set", "state", "number"], name="planned_by_state"),
            models.Index(
                fields=["account", "object_id"],
                condition=Q(state__in=["sending", "verifying"], batch__isnull=False),
                name="planned_on_the_wire",
            ),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="planned_by_batch"),
            models.Index(fields=["change"], condition=Q(change__isnull=False), name="planned_by_change"),
            models.Index(
                fields=["first_change"], condition=Q(first_change__isnull=False), name="planned_by_first_change"
            ),
            models.Index(
                fields=["change_set", "part"], condition=Q(state="waiting", part__gt=0), name="planned_in_parts"
            ),
        ]

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **_options: Any) -> Self:
        """A row as it is stored. A thousand are read for every batch: `Model.__init__` would take most of that time."""
        row = cls.__new__(cls)
        row._state = ModelState()
        row._state.adding, row._state.db = False, db
        row.__dict__.update(zip(field_names, values, strict=True))
        return row

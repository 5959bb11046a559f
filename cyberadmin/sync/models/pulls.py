"""Passes over what the vendor holds, and what they found missing."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account


class PullRun(models.Model):
    """One pass over what the vendor holds for an account."""

    class Scope(models.TextChoices):
        FULL = "full", _("everything")
        INCREMENTAL = "incremental", _("what changed lately")

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        COMPLETE = "complete", _("complete")
        INCOMPLETE = "incomplete", _("incomplete")
        FAILED = "failed", _("failed")
        ABANDONED = "abandoned", _("interrupted, started again")

    #: Nothing more is read; what an abandoned one left is read by the run that replaced it.
    ENDED = (State.COMPLETE, State.INCOMPLETE, State.FAILED)

    account = models.ForeignKey(Account, models.CASCADE, related_name="pull_runs")
    scope = models.CharField(max_length=12, choices=Scope.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(max_length=40, blank=True)
    reason_detail = models.JSONField(default=dict)
    step = models.CharField(max_length=40, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    #: {"created": n, "updated": n, "unchanged": n, "gone": n, "conflicts": n, "requests": n, ...}
    counts = models.JSONField(default=dict)
    #: What made it incomplete, or is worth a look: [{"code": ..., ...}]
    problems = models.JSONField(default=list)
    vendor_started_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pull")
        verbose_name_plural = _("pulls")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["queued", "running"]), name="one_open_pull_per_account"
            ),
        ]
        indexes = [models.Index(fields=["account", "state", "-id"], name="pull_latest")]


class PullPage(models.Model):
    """What one page of a running pull contained, by identity only: enough to judge completeness and to sweep."""

    run = models.ForeignKey(PullRun, models.CASCADE, related_name="pages")
    list_name = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    #: Local primary keys of the rows seen, as packed little-endian 64-bit integers.
    seen = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "list_name", "number"], name="one_row_per_pulled_page")]


class HeldSweep(models.Model):
    """Objects that vanished from the vendor's lists in such number that a person must say they may go."""

    class State(models.TextChoices):
        HELD = "held", _("waiting for a decision")
        APPROVED = "approved", _("approved")
        DISMISSED = "dismissed", _("dismissed")

    account = models.ForeignKey(Account, models.CASCADE, related_name="held_sweeps")
    run = models.ForeignKey(PullRun, models.CASCADE, related_name="held_sweeps")
    kind = models.CharField(max_length=20)
    object_ids = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("held removal")
        verbose_name_plural = _("held removals")
        ordering = ["-id"]

"""Every exchange with the vendor, each account's pace, and the workers' signs of life."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account

from .changes import Change
from .pulls import PullRun


class ApiCall(models.Model):
    """One HTTP exchange with the vendor. Never holds a token; addresses are masked; pruned by age."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="api_calls")
    change = models.ForeignKey(Change, models.SET_NULL, null=True, related_name="calls")
    pull_run = models.ForeignKey(PullRun, models.SET_NULL, null=True, related_name="calls")
    method = models.CharField(max_length=6)
    path = models.CharField(max_length=80)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True)
    duration_ms = models.PositiveIntegerField()
    request = models.TextField(blank=True)
    response = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls to Cyberimpact")
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "-id"], name="apicall_latest")]


class KeptExchange(models.Model):
    """The whole of a failed call, sealed: what the vendor's support asks for (product.md S24). Pruned sooner than the call."""

    call = models.OneToOneField(ApiCall, models.CASCADE, related_name="kept")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    sealed = models.TextField()
    at = models.DateTimeField(db_index=True)

    @property
    def context(self) -> str:
        """What the content is sealed to: this account and this row."""
        return f"account:{self.account_id}:exchange:{self.uid}"


class Pace(models.Model):
    """How fast an account may call now: token bucket, the vendor's 429, and the circuit breaker. One row each."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="pace", primary_key=True)
    rate = models.FloatField(default=0)
    allowance_at = models.DateTimeField(null=True)
    wait_until = models.DateTimeField(null=True, blank=True)
    wait_reason = models.CharField(max_length=20, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    successes = models.PositiveSmallIntegerField(default=0)
    window_started_at = models.DateTimeField(null=True, blank=True)
    open_until = models.DateTimeField(null=True, blank=True)
    cooldown_seconds = models.PositiveIntegerField(default=0)
    slowed_at = models.DateTimeField(null=True, blank=True)
    #: The full pull that is due, and where the incremental one goes on (Eastern date of the last applied start).
    pulled_through = models.DateTimeField(null=True, blank=True)
    full_pull_at = models.DateTimeField(null=True, blank=True)
    #: Something arrived there at this moment that a pull then under way may have read past: one must begin after it.
    pull_wanted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pace")
        verbose_name_plural = _("paces")


class Heartbeat(models.Model):
    """The last sign of life of a worker, so that a page can say that nothing is being sent."""

    name = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField()

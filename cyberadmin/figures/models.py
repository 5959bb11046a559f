"""One row for each client and day; and who gets the digest by e-mail, and got it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account


class DailyFigure(models.Model):
    """What one client had as a day of its time zone began. Counts alone: nobody can be found in it."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    on = models.DateField()
    subscribed = models.PositiveIntegerField()
    #: Not known of days that were estimated afterwards.
    unsubscribed = models.PositiveIntegerField(null=True)
    bounced = models.PositiveIntegerField(null=True)
    #: Changes on their way, and changes that needed somebody.
    waiting = models.PositiveIntegerField(null=True)
    attention = models.PositiveIntegerField(null=True)
    #: Whether `subscribed` was reckoned back from later days (counting.py says how) instead of counted that day.
    estimated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("daily figure")
        verbose_name_plural = _("daily figures")
        constraints = [models.UniqueConstraint(fields=["account", "on"], name="one_figure_per_day")]


class DigestChoice(models.Model):
    """How often one person wants the first page by e-mail. No row = never."""

    class Rhythm(models.TextChoices):
        NEVER = "never", _("never")
        WEEKLY = "weekly", _("every Monday morning")
        DAILY = "daily", _("every morning from Monday to Friday, when something needs you")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="digest_choice"
    )
    rhythm = models.CharField(_("rhythm"), max_length=6, choices=Rhythm.choices, default=Rhythm.NEVER)

    class Meta:
        verbose_name = _("digest by e-mail")
        verbose_name_plural = _("digests by e-mail")


class DigestSent(models.Model):
    """A digest of one person and day. Written before it is sent, so none is sent twice, whatever breaks in between."""

    class Outcome(models.TextChoices):
        BEGUN = "begun", _("begun")
        SENT = "sent", _("sent")
        NOTHING = "nothing", _("nothing to say")
        FAILED = "failed", _("not sent")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    on = models.DateField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.BEGUN)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        constraints = [models.UniqueConstraint(fields=["user", "on"], name="one_digest_per_day")]

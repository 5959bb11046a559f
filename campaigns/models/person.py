"""What one contact received, as the vendor tells it when somebody wants to know (api/README.md 4.1, `/members/{key}/mailings`)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact

from .mailing import Mailing


class PersonReading(models.Model):
    """When one contact's mailings were last asked for. Its rows are those of the last answer, and stay when one fails."""

    contact = models.OneToOneField(Contact, models.CASCADE, related_name="mailings_reading", primary_key=True)
    tried_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    #: The class of the failure, "" when the last try succeeded.
    error = models.CharField(max_length=80, blank=True)
    #: Whether the vendor gave as many rows as it announced.
    is_whole = models.BooleanField(default=True)


class PersonMailing(models.Model):
    """One mailing that one contact received. `mailing` is None where the mirror does not have it (yet, or any more)."""

    reading = models.ForeignKey(PersonReading, models.CASCADE, related_name="rows", db_index=False)
    remote_id = models.BigIntegerField()
    mailing = models.ForeignKey(Mailing, models.SET_NULL, null=True, related_name="+")
    subject = models.CharField(_("subject"), max_length=500)
    language = models.CharField(_("language"), max_length=8)
    sent_at = models.DateTimeField(_("sent"), null=True)
    opened = models.BooleanField(_("opened"))
    opened_at = models.DateTimeField(_("opened"), null=True)

    class Meta:
        verbose_name = _("mailing received")
        verbose_name_plural = _("mailings received")
        constraints = [models.UniqueConstraint(fields=["reading", "remote_id"], name="received_once_per_person")]

    def __str__(self) -> str:
        return self.subject

"""The ledger of consent: what each address agreed to, when, with which proof, and who wrote that down.

Consent belongs to the address, not to the person (product.md 3c), and its proof must outlive the mirror row: records are
keyed by account and address. They are added by `contacts.consent.ledger` and never changed or deleted; only the erasure
of a person (`contacts.consent.erasure`) takes away what says who it was.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account
from cyberadmin.sync.models import Change, ChangeSet

from .contact import Contact
from .erasure import ErasedAddress


class Relation(models.TextChoices):
    """What a consent rests on: the vendor's twelve relation types (api/README.md 4.4)."""

    EXPRESS = "express-consent", _("express consent")
    CONTEST = "contest-participants", _("contest participants")
    PURCHASED = "purchased-list", _("purchased list")
    CLIENTS = "active-clients", _("active clients")
    FORMER_CLIENTS = "inactive-clients", _("inactive clients")
    INFORMATION = "information-request", _("information request")
    MEMBERS = "association-members", _("association members")
    EMPLOYEES = "employees", _("employees")
    PARTNERS = "partners", _("partners")
    BUSINESS_CARD = "business-card", _("business card")
    WEB = "web-contacts", _("web contacts")
    MIXED = "mixed-list", _("mixed list")


class ProofFile(models.Model):
    """A scan or text that proves consent. Its bytes lie sealed in the store of uploads under `stored_name`."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    stored_name = models.CharField(max_length=80)
    original_name = models.CharField(_("file"), max_length=200)
    #: By content, never by the name or by what the browser said.
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("proof file")
        verbose_name_plural = _("proof files")

    def __str__(self) -> str:
        return self.original_name


class LedgerQuerySet(models.QuerySet["ConsentRecord"]):
    """Reads and adds; changing or deleting records raises."""

    def update(self, **kwargs: Any) -> int:
        raise TypeError("Records of consent are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Records of consent are never deleted.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise TypeError("Records of consent are never changed.")


class ConsentRecord(models.Model):
    """One thing that happened to the consent of one address. Append-only."""

    class Source(models.TextChoices):
        SET = "set", _("set here")
        IMPORT = "import", _("imported")
        SEEN = "seen", _("seen at Cyberimpact")
        ASKED = "asked", _("asked to confirm")
        REFUSED = "refused", _("refused by Cyberimpact")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        BOUNCED = "bounced", _("bounced")
        CAME_BACK = "came_back", _("subscribed again")
        DELETED = "deleted", _("deleted")

    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    #: "" once the person was erased; `erased` then holds what recognises them.
    email_key = models.CharField(_("e-mail address"), max_length=254)
    source = models.CharField(_("what happened"), max_length=12, choices=Source.choices)
    consent_type = models.CharField(_("type"), max_length=10, choices=Contact.Consent.choices, blank=True)
    #: One of `Relation`, or a word of the vendor's that we do not know.
    relation = models.CharField(_("relation"), max_length=30, blank=True)
    given_on = models.DateField(_("given on"), null=True)
    #: From relation and date alone (contacts/consent/terms.py), never from the day of writing it down.
    expires_on = models.DateField(_("expires on"), null=True)
    #: How and where an express consent was given (product.md 3a).
    how = models.CharField(_("how"), max_length=200, blank=True)
    place = models.CharField(_("where"), max_length=200, blank=True)
    proof = models.TextField(_("proof"), blank=True)
    proof_file = models.ForeignKey(ProofFile, models.RESTRICT, null=True, related_name="records", db_index=False)
    #: The reason somebody gave, or the vendor's own words.
    words = models.TextField(_("reason given"), blank=True)
    #: When it happened, where that is known and not the moment of writing it down (an unsubscription seen later).
    happened_at = models.DateTimeField(null=True)
    at = models.DateTimeField(_("written down"))
    # An import adds a million records: no index that only deletions would use, and those never happen in daily work.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor_name = models.CharField(_("by"), max_length=150)
    change = models.ForeignKey(Change, models.SET_NULL, null=True, related_name="+", db_index=False)
    change_set = models.ForeignKey(ChangeSet, models.SET_NULL, null=True, related_name="+", db_index=False)
    erased = models.ForeignKey(ErasedAddress, models.RESTRICT, null=True, related_name="records", db_index=False)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent ledger")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "email_key", "-id"], name="ledger_of_address"),
            models.Index(fields=["account", "-id"], name="ledger_latest"),
            models.Index(fields=["erased"], condition=Q(erased__isnull=False), name="ledger_of_erased"),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()} · {self.email_key}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        if self.pk is not None:
            raise TypeError("Records of consent are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Never."""
        raise TypeError("Records of consent are never deleted.")

    @property
    def relation_label(self) -> str:
        """The relation in words; the vendor's own word when it is not one of the twelve."""
        return str(dict(Relation.choices).get(self.relation, self.relation))


class ConsentReading(models.Model):
    """How far the background reading of consents is in one account (contacts/consent/reading.py). One row each."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="+", primary_key=True)
    lease_until = models.DateTimeField(null=True)
    #: When the last round ended, and how many were read by all rounds.
    round_at = models.DateTimeField(null=True)
    read = models.PositiveBigIntegerField(default=0)
    #: How many consents looked made up when they were last counted (contacts/consent/standing.py); too slow for a page.
    suspicious = models.PositiveIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)

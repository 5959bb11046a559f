"""The mirror of contacts, custom fields and memberships."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account
from cyberadmin.sync.mirror import MirrorModel, MirrorQuerySet
from groups.models import Group


def email_key(email: str) -> str:
    """How addresses are compared everywhere: trimmed, letter case ignored (product.md 2, "Same person twice")."""
    return email.strip().casefold()


class Contact(MirrorModel):
    """A person in one account. Unsubscribed and bounced people have no number at the vendor any more (api/README.md 4.1)."""

    class State(models.TextChoices):
        SUBSCRIBED = "subscribed", _("subscribed")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        BOUNCED = "bounced", _("bounced")

    class Language(models.TextChoices):
        FRENCH = "fr_ca", _("French")
        ENGLISH = "en_ca", _("English")

    class Gender(models.TextChoices):
        MALE = "m", _("male")
        FEMALE = "f", _("female")
        OTHER = "o", _("other")

    class Consent(models.TextChoices):
        IMPLIED = "implied", _("implied")
        EXPRESS = "express", _("express")

    email = models.EmailField(_("e-mail address"), max_length=254)
    email_key = models.CharField(max_length=254, editable=False)
    first_name = models.CharField(_("first name"), max_length=200, blank=True)
    last_name = models.CharField(_("last name"), max_length=200, blank=True)
    company = models.CharField(_("company"), max_length=250, blank=True)
    gender = models.CharField(_("gender"), max_length=8, choices=Gender.choices, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=Language.choices, blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=40, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    note = models.TextField(_("note"), blank=True)
    #: {custom field's number at the vendor, as a string: value}
    custom_values = models.JSONField(_("custom fields"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=14, choices=State.choices, default=State.SUBSCRIBED, editable=False)
    joined_at = models.DateTimeField(_("joined"), null=True, editable=False)
    remote_updated_at = models.DateTimeField(_("changed at Cyberimpact"), null=True, editable=False)
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True, editable=False)
    bounced_at = models.DateTimeField(_("bounced"), null=True, editable=False)
    mailings_received = models.PositiveIntegerField(_("mailings received"), default=0, editable=False)
    mailings_opened = models.PositiveIntegerField(_("opened"), default=0, editable=False)
    mailings_clicked = models.PositiveIntegerField(_("clicked"), default=0, editable=False)
    consent_type = models.CharField(_("consent"), max_length=10, choices=Consent.choices, blank=True, editable=False)
    consent_relation = models.CharField(_("relation"), max_length=30, blank=True, editable=False)
    consent_on = models.DateField(_("consent given on"), null=True, editable=False)
    consent_expires_on = models.DateField(_("consent expires on"), null=True, editable=False)
    consent_proof = models.TextField(_("proof of consent"), blank=True, editable=False)
    #: When relation, dates and proof were read; they are not in the lists, so null = never read.
    consent_read_at = models.DateTimeField(null=True, editable=False)
    #: What search looks in: words of name, company and address, lower case, without accents (see search.py).
    search_text = models.TextField(editable=False, default="")

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["email_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "remote_id"], condition=Q(remote_id__isnull=False), name="contact_once_per_account"
            ),
            models.UniqueConstraint(
                fields=["account", "email_key"], condition=Q(gone_at=None), name="address_once_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "state", "email_key"], condition=Q(gone_at=None), name="contact_by_state"),
            models.Index(
                fields=["account", "last_name", "first_name"], condition=Q(gone_at=None), name="contact_by_name"
            ),
            models.Index(fields=["account", "joined_at"], condition=Q(gone_at=None), name="contact_by_joined"),
            models.Index(fields=["account"], condition=Q(snapshot__isnull=False), name="contact_differs"),
            models.Index(fields=["account", "email_key"], condition=Q(gone_at__isnull=False), name="contact_gone"),
            # What the radar counts and lists, and which consent is read next (contacts/consent).
            models.Index(
                fields=["account", "consent_expires_on", "consent_type"],
                condition=Q(gone_at=None, state="subscribed", consent_read_at__isnull=False),
                name="contact_by_expiry",
            ),
            models.Index(
                fields=["account", "consent_read_at"],
                condition=Q(gone_at=None, state="subscribed"),
                name="contact_by_reading",
            ),
            models.Index(
                fields=["account", "-unsubscribed_at"],
                condition=Q(gone_at=None, state="unsubscribed"),
                name="contact_by_leaving",
            ),
            models.Index(
                fields=["account", "-bounced_at"], condition=Q(gone_at=None, state="bounced"), name="contact_by_bounce"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def full_name(self) -> str:
        """First and last name, or nothing."""
        return f"{self.first_name} {self.last_name}".strip()


class GroupMembership(models.Model):
    """A contact in a group. `pending` says how what staff see differs from what the vendor was last seen to hold."""

    class Pending(models.TextChoices):
        NONE = "", _("member")
        ADD = "add", _("being added")
        REMOVE = "remove", _("being removed")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="memberships")
    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships")
    pending = models.CharField(max_length=6, choices=Pending.choices, blank=True, default=Pending.NONE)

    objects = MirrorQuerySet.as_manager()

    class Meta:
        verbose_name = _("group membership")
        verbose_name_plural = _("group memberships")
        constraints = [models.UniqueConstraint(fields=["group", "contact"], name="contact_once_per_group")]
        indexes = [models.Index(fields=["group"], condition=~Q(pending=""), name="membership_differs")]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.group_id}"


class CustomField(models.Model):
    """A field that the client defined at the vendor; there is nothing to edit through the API (api/README.md 4.5)."""

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        DATE = "date", _("date")
        INTEGER = "integer", _("whole number")
        DECIMAL = "decimal number", _("decimal number")

    account = models.ForeignKey(Account, models.CASCADE, related_name="custom_fields")
    remote_id = models.PositiveIntegerField(_("number at Cyberimpact"))
    name = models.CharField(_("name"), max_length=200)
    type = models.CharField(_("type"), max_length=20, choices=Type.choices)
    gone_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["account", "remote_id"]
        constraints = [models.UniqueConstraint(fields=["account", "remote_id"], name="custom_field_once_per_account")]

    def __str__(self) -> str:
        return self.name

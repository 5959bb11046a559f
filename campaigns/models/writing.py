"""What staff write before anything is sent: one communication, its language editions, and who agreed to send it.

None of these rows is a mirror: the vendor knows nothing of them until an edition becomes a `Mailing`.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.models import Account
from groups.models import Group


class Language(models.TextChoices):
    """The languages of a mailing, as the vendor writes them (api/README.md 3)."""

    FRENCH = "fr_ca", _("French")
    ENGLISH = "en_ca", _("English")


class ClientIdentity(models.Model):
    """Who the client is in the law's eyes: what every mailing must say (product.md 3a, "Identify sender")."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="identity", primary_key=True)
    name = models.CharField(_("name in mailings"), max_length=200, blank=True)
    postal_address = models.CharField(_("postal address"), max_length=300, blank=True)
    contact = models.CharField(_("phone, e-mail address or web site"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("client's identification")
        verbose_name_plural = _("clients' identification")

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """One communication of a client, in French, English or both. `state` is derived by `states.refresh`."""

    class State(models.TextChoices):
        DRAFT = "draft", _("being written")
        ASKED = "asked", _("waiting for approval")
        APPROVED = "approved", _("approved")
        SCHEDULED = "scheduled", _("scheduled")
        SENT = "sent", _("sent")

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="campaigns", verbose_name=_("client account"), editable=False
    )
    name = models.CharField(_("name"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-updated_at"]
        indexes = [
            models.Index(fields=["account", "-updated_at"], name="campaign_latest"),
            models.Index(fields=["account", "state"], name="campaign_by_state"),
        ]

    def __str__(self) -> str:
        return self.name


class Edition(models.Model):
    """One language of a campaign, as it is being written. `version` grows with each edit and guards against stale forms."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="editions")
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    mail_from = models.EmailField(_("sender's address"), max_length=254, blank=True)
    from_name = models.CharField(_("sender's name"), max_length=200, blank=True)
    reply_to = models.EmailField(_("reply to"), max_length=254, blank=True)
    body_html = models.TextField(_("body"), blank=True)
    body_text = models.TextField(_("text version"), blank=True)
    #: The e-mail template that the body began with: its row here and its title then.
    template_pk = models.BigIntegerField(null=True, blank=True, editable=False)
    template_title = models.CharField(_("template"), max_length=250, blank=True, editable=False)
    send_at = models.DateTimeField(_("send at"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    edited_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("language version")
        verbose_name_plural = _("language versions")
        ordering = ["-language"]
        constraints = [models.UniqueConstraint(fields=["campaign", "language"], name="edition_once_per_language")]

    def __str__(self) -> str:
        return self.get_language_display()


class EditionGroup(models.Model):
    """A group that an edition is meant for. The title is kept, so that a group that is gone can still be named."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="groups")
    group = models.ForeignKey(Group, models.SET_NULL, null=True, related_name="+")
    title = models.CharField(max_length=250)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["edition", "group"], name="group_once_per_edition")]

    def __str__(self) -> str:
        return self.title


class Confirmation(models.Model):
    """What the vendor said about a campaign's groups when somebody was about to approve or send it (product.md, T26)."""

    class State(models.TextChoices):
        WAITING = "waiting", _("asking Cyberimpact")
        READY = "ready", _("read from Cyberimpact")
        FAILED = "failed", _("Cyberimpact could not be asked")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="confirmations")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    #: Fingerprint of each edition when it was read: {language: digest}.
    fingerprints = models.JSONField(default=dict)
    #: {language: [{"pk", "remote_id", "title", "found", "is_dynamic", "count", "mirrored_count", "rule_changed"}]}
    groups = models.JSONField(default=dict)
    #: People in all groups, as the vendor counts them; a person in two groups counts twice.
    recipients = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]


class Approval(models.Model):
    """Somebody's agreement to send exactly this: body, subject, sender, groups, recipient count and time (product.md N10)."""

    class State(models.TextChoices):
        ASKED = "asked", _("waiting for approval")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("taken back by a later edit")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="approvals")
    state = models.CharField(max_length=10, choices=State.choices)
    #: {language: digest of what was shown}
    fingerprints = models.JSONField(default=dict)
    #: People in all groups as the vendor counted them for the person who approved, by language.
    recipients = models.JSONField(default=dict)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(state__in=["asked", "approved"]), name="one_open_approval_per_campaign"
            ),
        ]

    @property
    def total(self) -> int:
        """People in all groups of all languages."""
        return sum(self.recipients.values())

    def covers(self, language: str, digest: str) -> bool:
        """Whether this is an approval of exactly that content."""
        return self.state == self.State.APPROVED and bool(self.fingerprints.get(language) == digest)

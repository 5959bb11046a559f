"""The list of contacts, and which pages there are about one."""

from typing import Any

from django.contrib.admin import display
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from contacts import narrowing
from contacts.models import Contact
from cyberadmin.accounts.localtime import day_text
from cyberadmin.accounts.scoping import account_of, rights
from cyberadmin.sync.listing import MirrorAdmin

from .bulk import BulkStartPage, bulk_context
from .consent import ConsentPage, CorrectPage, SetConsentPage
from .consent_filter import StandingFilter
from .filters import ConsentFilter, GroupFilter, LanguageFilter, PushFilter, StateFilter
from .pages import ContactAddPage, ContactPage, ContactStatus
from .verbs import DeletePage, JoinGroupsPage, LeaveGroupsPage, OptinPage, UnsubscribePage

#: Parameters of the list's address that narrow nothing.
LIST_VARS = (PAGE_VAR, ORDER_VAR)
STATE_TONES = {
    Contact.State.SUBSCRIBED: "good",
    Contact.State.UNSUBSCRIBED: "quiet",
    Contact.State.BOUNCED: "warn",
}


def state_badge(contact: Contact) -> str:
    """Where a person stands, as a badge."""
    if contact.deleted_at is not None:
        return format_html('<span class="ca-badge bad">{}</span>', _("being deleted"))
    tone = STATE_TONES[Contact.State(contact.state)]
    return format_html('<span class="ca-badge {}">{}</span>', tone, contact.get_state_display())


class ContactAdmin(MirrorAdmin):
    """Contacts of one client: searched, narrowed and sorted by indexed columns only."""

    kind = "contact"
    addable = True
    change_list_template = "contacts/contact_list.html"
    list_display = ("email", "name", "firm", "state_shown", "language_shown", "consent_shown", "joined", "push_state")
    list_filter = (StateFilter, LanguageFilter, ConsentFilter, StandingFilter, GroupFilter, PushFilter)
    search_fields = ("email_key",)
    search_help_text = _("Name, company or e-mail address")
    sortable_by = ("email", "name", "joined")
    ordering = ("email_key",)
    list_select_related = ("account",)
    empty_text = _("No contact fits. Take a filter away, search for less, or add the person.")
    pages = (
        ("add/", "add", ContactAddPage),
        ("bulk/", "bulk", BulkStartPage),
        ("<int:object_id>/", "change", ContactPage),
        ("<int:object_id>/status/", "status", ContactStatus),
        ("<int:object_id>/groups/add/", "join", JoinGroupsPage),
        ("<int:object_id>/groups/remove/", "leave", LeaveGroupsPage),
        ("<int:object_id>/unsubscribe/", "unsubscribe", UnsubscribePage),
        ("<int:object_id>/consent/", "consent", ConsentPage),
        ("<int:object_id>/consent/set/", "setconsent", SetConsentPage),
        ("<int:object_id>/correct/", "correct", CorrectPage),
        ("<int:object_id>/ask-for-consent/", "optin", OptinPage),
        ("<int:object_id>/delete/", "delete", DeletePage),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("search_text", "note", "consent_proof", "snapshot")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Who may edit can pick contacts."""
        return ("pick", *self.list_display) if rights(request).edit else self.list_display

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> tuple[str, ...]:
        return ("email",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        filters = {name: str(value) for name, value in request.GET.items() if name not in LIST_VARS}
        return super().changelist_view(request, {**bulk_context(request, filters), **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        account = account_of(request)
        return (queryset if account is None else narrowing.by_text(account, queryset, search_term)), False

    @display(description=_("Pick"))
    def pick(self, obj: Contact) -> str:
        label = _("Pick %(email)s") % {"email": obj.email}
        box = (
            '<label class="ca-pick"><input type="checkbox" name="pick" value="{}" form="bulk" aria-label="{}"></label>'
        )
        return format_html(box, obj.pk, label)

    @display(description=_("E-mail address"), ordering="email_key")
    def email(self, obj: Contact) -> str:
        return obj.email

    @display(description=_("Name"), ordering="last_name")
    def name(self, obj: Contact) -> str:
        return obj.full_name

    @display(description=_("Company"))
    def firm(self, obj: Contact) -> str:
        return obj.company

    @display(description=_("State"))
    def state_shown(self, obj: Contact) -> str:
        return state_badge(obj)

    @display(description=_("Language"))
    def language_shown(self, obj: Contact) -> str:
        return obj.get_language_display()

    @display(description=_("Consent"))
    def consent_shown(self, obj: Contact) -> str:
        return obj.get_consent_type_display()

    @display(description=_("Joined"), ordering="joined_at")
    def joined(self, obj: Contact) -> str:
        return day_text(obj.joined_at, obj.account)

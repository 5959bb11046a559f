"""The lists of campaigns and of mailings."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.scoping import ScopedAdmin, account_of
from cyberadmin.sync.listing import BoundedPaginator, MirrorAdmin

from . import due
from .models import Campaign, Mailing
from .pages.campaign import CampaignPage
from .pages.clicks import ClickBody, ClickMapPage
from .pages.common import STATE_TONES
from .pages.mailing import CancelPage, MailingBody, MailingPage, MovePage, RefreshPage
from .pages.overview import ComparePage
from .pages.received import ReceivedPage, ReceivedStatus
from .pages.recipients import RecipientsPage, RecipientsStatus
from .pages.send import ConfirmationStatus, IdentityPage, SendPage, TestPage
from .pages.times import TimePage
from .pages.write import BodyPage, CampaignAddPage, CopyPage, DeletePage, LanguagePage, RenamePage, WritePage
from .results import LEFT
from .templatetags.campaigns import amount, rate, stage_tone, stage_words


class StateFilter(SimpleListFilter):
    """How far a campaign is."""

    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Campaign.State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


class CampaignAdmin(ScopedAdmin):
    """Campaigns of one client, the last touched first."""

    addable = True
    paginator = BoundedPaginator
    list_select_related = ("account",)
    list_display = ("name_shown", "languages", "state_shown", "touched")
    list_filter = (StateFilter,)
    search_fields = ("name",)
    search_help_text = _("Name")
    sortable_by = ()
    ordering = ("-updated_at",)
    many = _("campaigns")
    change_list_template = "campaigns/campaign_list.html"
    empty_text = _("No campaign yet. A campaign is one communication, in French, in English or in both.")
    pages = (
        ("add/", "add", CampaignAddPage),
        ("identity/", "identity", IdentityPage),
        ("<int:object_id>/", "change", CampaignPage),
        ("<int:object_id>/body/", "body", BodyPage),
        ("<int:object_id>/write/", "write", WritePage),
        ("<int:object_id>/time/", "time", TimePage),
        ("<int:object_id>/send/", "send", SendPage),
        ("<int:object_id>/confirmation/", "confirmation", ConfirmationStatus),
        ("<int:object_id>/test/", "test", TestPage),
        ("<int:object_id>/languages/", "languages", LanguagePage),
        ("<int:object_id>/rename/", "rename", RenamePage),
        ("<int:object_id>/copy/", "copy", CopyPage),
        ("<int:object_id>/delete/", "delete", DeletePage),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("editions")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        wanted = search_term.strip()[:200]
        return (queryset.filter(name__icontains=wanted) if wanted else queryset), False

    @display(description=_("Name"))
    def name_shown(self, obj: Campaign) -> str:
        return obj.name

    @display(description=_("Languages"))
    def languages(self, obj: Campaign) -> str:
        return ", ".join(str(edition.get_language_display()) for edition in obj.editions.all())

    @display(description=_("State"))
    def state_shown(self, obj: Campaign) -> str:
        return format_html('<span class="ca-badge {}">{}</span>', STATE_TONES[obj.state], obj.get_state_display())

    @display(description=_("Changed"))
    def touched(self, obj: Campaign) -> str:
        return moment_text(obj.updated_at, obj.account)


class StageFilter(SimpleListFilter):
    """Where a mailing is."""

    title = _("State")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Mailing.Stage.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(stage=self.value()) if self.value() else queryset


class PurposeFilter(SimpleListFilter):
    """Made here, made elsewhere, or a test."""

    title = _("Kind")
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("real", _("made here")), ("foreign", _("made elsewhere")), ("test", _("test"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(purpose=self.value()) if self.value() else queryset


class MailingAdmin(MirrorAdmin):
    """Scheduled, sent and archived mailings of one client, those made elsewhere too."""

    kind = "mailing"
    list_display = (
        "subject_shown",
        "language_shown",
        "stage_shown",
        "leaves",
        "people",
        "opened",
        "clicked",
        "push_state",
    )
    list_filter = (StageFilter, PurposeFilter)
    list_select_related = ("account",)
    search_fields = ("subject",)
    search_help_text = _("Subject")
    sortable_by = ("leaves",)
    ordering = ("-send_at", "-pk")
    many = _("mailings")
    change_list_template = "campaigns/mailing_list.html"
    empty_text = _("No mailing fits. Mailings made here and at Cyberimpact show once they were read.")
    pages = (
        ("compare/", "compare", ComparePage),
        ("received/", "received", ReceivedPage),
        ("received/status/", "received_status", ReceivedStatus),
        ("<int:object_id>/", "change", MailingPage),
        ("<int:object_id>/body/", "body", MailingBody),
        ("<int:object_id>/clicks/", "clicks", ClickMapPage),
        ("<int:object_id>/clicks/body/", "clicks_body", ClickBody),
        ("<int:object_id>/refresh/", "refresh", RefreshPage),
        ("<int:object_id>/cancel/", "cancel", CancelPage),
        ("<int:object_id>/move/", "move", MovePage),
        ("<int:object_id>/recipients/", "recipients", RecipientsPage),
        ("<int:object_id>/recipients/status/", "recipients_status", RecipientsStatus),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("body_html", "body_text", "snapshot", "links")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        account = account_of(request)
        unread = due.never_read(account.pk).count() if account is not None else 0
        more = {"unread": unread, "per_run": due.PER_RUN, "minutes": settings.SYNC_PULL_MINUTES}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        wanted = search_term.strip()[:200]
        return (queryset.filter(subject__icontains=wanted) if wanted else queryset), False

    @display(description=_("Subject"))
    def subject_shown(self, obj: Mailing) -> str:
        kind = format_html(' <span class="ca-badge warn">{}</span>', _("test")) if obj.is_test else ""
        return format_html("{}{}", obj.subject or "–", kind)

    @display(description=_("Language"))
    def language_shown(self, obj: Mailing) -> Any:
        return obj.language_name

    @display(description=_("State"))
    def stage_shown(self, obj: Mailing) -> str:
        return format_html('<span class="ca-badge {}">{}</span>', stage_tone(obj), stage_words(obj))

    @display(description=_("Leaves or left"), ordering="send_at")
    def leaves(self, obj: Mailing) -> str:
        return moment_text(obj.send_at, obj.account)

    @display(description=_("Recipients"))
    def people(self, obj: Mailing) -> str:
        if obj.stage not in LEFT:
            return amount(obj.recipients_count or None)
        return amount(obj.recipients_count if obj.emails_sent is None else obj.emails_sent)

    @display(description=_("Opened"))
    def opened(self, obj: Mailing) -> str:
        return rate(obj.view_rate if obj.stage in LEFT else None)

    @display(description=_("Clicked"))
    def clicked(self, obj: Mailing) -> str:
        return rate(obj.click_rate if obj.stage in LEFT else None)


admin.site.register(Campaign, CampaignAdmin)
admin.site.register(Mailing, MailingAdmin)

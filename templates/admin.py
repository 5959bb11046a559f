"""The list of templates, with a picture of each."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.localtime import moment_text
from cyberadmin.sync.listing import MirrorAdmin

from .copy_page import CopyPage
from .models import EmailTemplate, kilobytes, title_key
from .pages import AddPage, BodyPage, DeletePage, ReplacePage, TemplatePage, VersionsPage, page_url


class EmailTemplateAdmin(MirrorAdmin):
    """Templates of one client."""

    kind = "template"
    list_select_related = ("account",)
    addable = True
    list_display = ("title_shown", "picture", "size", "changed", "push_state")
    list_display_links = ("title_shown",)
    search_fields = ("title_key",)
    search_help_text = gettext_lazy("Title")
    sortable_by = ("title_shown", "size", "changed")
    ordering = ("title_key", "pk")
    list_per_page = 25
    many = gettext_lazy("templates")
    change_list_template = "emailtemplates/change_list.html"
    empty_text = gettext_lazy("No template fits. Take the search away, or create the template.")
    pages = (
        ("add/", "add", AddPage),
        ("<int:object_id>/", "change", TemplatePage),
        ("<int:object_id>/body/", "body", BodyPage),
        ("<int:object_id>/versions/", "versions", VersionsPage),
        ("<int:object_id>/replace/", "replace", ReplacePage),
        ("<int:object_id>/copy/", "copy", CopyPage),
        ("<int:object_id>/delete/", "delete", DeletePage),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("body_html", "body_text", "snapshot")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        wanted = title_key(search_term[:200])
        return (queryset.filter(title_key__contains=wanted) if wanted else queryset), False

    @display(description=gettext_lazy("Picture"))
    def picture(self, obj: EmailTemplate) -> str:
        if not obj.html_bytes:
            return format_html('<span class="et-thumb none">{}</span>', _("text only"))
        return format_html(
            '<span class="et-thumb" aria-hidden="true"><iframe sandbox="" loading="lazy" tabindex="-1" title="" src="{}"></iframe></span>',
            page_url(obj, "body"),
        )

    @display(description=gettext_lazy("Title"), ordering="title_key")
    def title_shown(self, obj: EmailTemplate) -> str:
        going = format_html(' <span class="ca-badge bad">{}</span>', _("being deleted")) if obj.deleted_at else ""
        return format_html("{}{}", obj.title or _("(without title)"), going)

    @display(description=gettext_lazy("HTML"), ordering="html_bytes")
    def size(self, obj: EmailTemplate) -> str:
        if not obj.html_bytes:
            return "–"
        size = kilobytes(obj.html_bytes)
        if not obj.is_clipped:
            return size
        return format_html('<span class="ca-badge warn" title="{}">{}</span>', _("Gmail cuts off after 102 KB."), size)

    @display(description=gettext_lazy("Changed"), ordering="updated_on")
    def changed(self, obj: EmailTemplate) -> str:
        return moment_text(obj.updated_on, obj.account)


admin.site.register(EmailTemplate, EmailTemplateAdmin)

"""One template: to look at, to make, to replace after seeing what changes, and to delete. Copying is in copy_page.py."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.scoping import ScopedPage, rights
from cyberadmin.sync import reasons
from cyberadmin.sync.models import Change
from cyberadmin.sync.pages import FormPage, add_refusal

from . import differences, merge_fields, plain_text, preview, services, uses
from .forms import ReplaceForm, TemplateForm, WhyForm, replace_initial
from .models import CLIPPED_BYTES, EmailTemplate, TemplateVersion, kilobytes

HISTORY = 20
VERSIONS = 100
NAMES = {
    "title": gettext_lazy("Title"),
    "body_html": gettext_lazy("HTML version"),
    "body_text": gettext_lazy("Text version"),
}


def page_url(template: EmailTemplate, name: str = "change") -> str:
    """A page of a template."""
    return reverse(f"admin:emailtemplates_emailtemplate_{name}", args=[template.pk])


def list_url() -> str:
    """The list of templates."""
    return reverse("admin:emailtemplates_emailtemplate_changelist")


def version_of(template: EmailTemplate, number: str | None) -> TemplateVersion | None:
    """A version of this very template by its number as text; None without one. Raises Http404."""
    if not number:
        return None
    version = template.versions.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if version is None:
        raise Http404
    return version


def compared(before: dict[str, str], after: dict[str, str]) -> list[differences.Difference]:
    """What differs, field by field, named for people."""
    return [differences.compare(str(NAMES[name]), before[name], after[name]) for name in NAMES]


class BodyPage(preview.PreviewPage):
    """The HTML of a template, or of one of its versions, for a frame."""

    def html(self) -> str:
        version = version_of(self.obj, self.request.GET.get("version"))
        return str((version or self.obj).body_html)


class TemplatePage(ScopedPage):
    """A template as people will receive it, with its source, its versions and its changes."""

    template_name = "emailtemplates/template.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        template: EmailTemplate = self.obj
        self.title = template.title or _("(without title)")
        changes = Change.objects.filter(account=self.account, kind=services.KIND, object_id=template.pk).order_by("-id")
        recent = changes.select_related("actor").prefetch_related("edits")[:HISTORY]
        return self.render(
            editable=rights(request).edit and template.deleted_at is None,
            preview=preview.frame(
                request, page_url(template, "body"), html=template.body_html, text=template.body_text
            ),
            clipped=template.is_clipped,
            fields=merge_fields.used_in(template.body_html + "\n" + template.body_text),
            versions=template.versions.defer("body_html", "body_text").select_related("actor")[:5],
            history=[(change, reasons.explain(change)) for change in recent],
        )


class VersionsPage(ScopedPage):
    """The versions kept here: who wrote each and when, what it changed, and the way to bring it back."""

    template_name = "emailtemplates/versions.html"
    title = gettext_lazy("Versions")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (self.obj.title or _("(without title)"), page_url(self.obj))]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        template: EmailTemplate = self.obj
        versions = list(template.versions.defer("body_html", "body_text").select_related("actor")[:VERSIONS])
        chosen = version_of(template, request.GET.get("version")) or template.versions.first()
        if chosen is None:
            raise Http404
        before = version_of(template, request.GET.get("before")) or template.versions.filter(pk__lt=chosen.pk).first()
        address = f"{page_url(template, 'body')}?version={chosen.pk}"
        return self.render(
            versions=versions,
            chosen=chosen,
            before=before,
            differences=compared(before.values, chosen.values) if before else [],
            preview=preview.frame(request, address, html=chosen.body_html, text=chosen.body_text),
            is_current=chosen.values == TemplateVersion(**_values(template)).values,
            editable=rights(request).edit and template.deleted_at is None,
        )


class BodyFormPage(FormPage):
    """A form with bodies: a text version on request, the client's merge fields, the size as it will be."""

    form_class: ClassVar[type[TemplateForm]] = TemplateForm
    template_name = "emailtemplates/edit.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "make_text" not in request.POST:
            return super().post(request, *args, **kwargs)
        data = request.POST.copy()
        data["body_text"] = plain_text.from_html(data.get("body_html", "")[: services.MOST_BYTES])
        return self.show(self.make_form(data), made_text=True)

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, offer=merge_fields.offer(self.account), limit=CLIPPED_BYTES, **context)


class AddPage(BodyFormPage):
    """A new template."""

    title = gettext_lazy("Create a template")
    submit_label = gettext_lazy("Create the template")
    success_text = gettext_lazy("Created here; on its way to Cyberimpact.")

    def perform(self, form: Any) -> EmailTemplate:
        return services.create_template(self.user, self.account, form.values)

    def done_url(self, outcome: Any) -> str:
        return page_url(outcome)

    def repeat_url(self) -> str:
        return list_url()


class ReplacePage(BodyFormPage):
    """A whole replacement. The first submit shows what changes; the second, with the same form, does it."""

    form_class = ReplaceForm
    title = gettext_lazy("Replace the template")
    submit_label = gettext_lazy("See what changes")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (self.obj.title or _("(without title)"), page_url(self.obj))]

    def initial(self) -> dict[str, Any]:
        version = version_of(self.obj, self.request.GET.get("version"))
        return replace_initial(self.obj, version.values if version else _values(self.obj))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "make_text" in request.POST or "confirmed" in request.POST:
            return super().post(request, *args, **kwargs)
        form = self.make_form(None if "again" in request.POST else request.POST)
        if "again" in request.POST:
            return self.show(self._unchecked(request.POST))
        return self._review(form) if form.is_valid() else self.show(form)

    def _unchecked(self, data: QueryDict) -> Any:
        """The form with what was typed, to go on typing."""
        kept = {name: data.get(name, "") for name in self.form_class.base_fields}
        return self.form_class(initial=kept)

    def _review(self, form: Any) -> HttpResponse:
        try:
            values = services.clean(form.values)
        except ValidationError as refusal:
            add_refusal(form, refusal)
            return self.show(form)
        found = compared(_values(self.obj), values)
        size = len(values["body_html"].encode())
        return self.render(
            template="emailtemplates/review.html",
            form=form,
            values=values,
            differences=found,
            nothing=not any(difference.rows for difference in found),
            srcdoc=preview.unsaved(values["body_html"]),
            clipped=size > CLIPPED_BYTES,
            size=kilobytes(size),
            cancel_url=page_url(self.obj),
        )

    def show(self, form: Any, **context: Any) -> HttpResponse:
        context["not_offered"] = self.obj.deleted_at is not None
        return super().show(form, cancel_url=page_url(self.obj), **context)

    def perform(self, form: Any) -> Any:
        shown = self.obj.versions.filter(pk=form.cleaned_data["shown_version"]).first()
        return services.replace_template(
            self.user,
            self.obj,
            form.values,
            form.cleaned_data["edit_version"],
            shown=shown.values if shown else None,
        )

    def done_url(self, outcome: Any) -> str:
        return page_url(self.obj)


class DeletePage(FormPage):
    """The template goes; what was made from it is listed first."""

    form_class = WhyForm
    template_name = "emailtemplates/delete.html"
    title = gettext_lazy("Delete the template")
    submit_label = gettext_lazy("Delete the template")
    danger = True

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (self.obj.title or _("(without title)"), page_url(self.obj))]

    def show(self, form: Any, **context: Any) -> HttpResponse:
        context["not_offered"] = self.obj.deleted_at is not None
        return super().show(form, uses=uses.of(self.obj), cancel_url=page_url(self.obj), **context)

    def perform(self, form: Any) -> Any:
        return services.delete_template(self.user, self.obj, form.cleaned_data["why"])

    def done_url(self, outcome: Any) -> str:
        return list_url()


def _values(template: EmailTemplate) -> dict[str, str]:
    return {"title": template.title, "body_html": template.body_html, "body_text": template.body_text}

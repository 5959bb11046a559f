"""One contact: to read, to edit, and to add."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import panels, services
from contacts.forms import ContactAddForm, ContactEditForm, edit_initial
from contacts.models import Contact, GroupMembership
from cyberadmin.accounts.scoping import ScopedPage, rights
from cyberadmin.sync import reasons
from cyberadmin.sync.models import Change
from cyberadmin.sync.pages import FormPage
from groups.models import Group

#: Consent is read afresh when a contact is opened and the last reading is older than this.
DETAILS_AGE = timedelta(minutes=5)
HISTORY = 20


def contact_url(contact: Contact) -> str:
    """The page of a contact."""
    return reverse("admin:contacts_contact_change", args=[contact.pk])


def back_to(contact: Contact) -> list[tuple[Any, str]]:
    """The crumbs of a page about one contact."""
    return [(_("Contacts"), reverse("admin:contacts_contact_changelist")), (contact.email, contact_url(contact))]


def history(contact: Contact) -> list[tuple[Change, Any]]:
    """The contact's latest changes with what each says."""
    changes = Change.objects.filter(account_id=contact.account_id, kind="contact", object_id=contact.pk)
    recent = changes.select_related("actor").prefetch_related("edits").order_by("-id")[:HISTORY]
    return [(change, reasons.explain(change)) for change in recent]


class ContactPage(FormPage):
    """A contact with its fields, groups, consent, state and changes. Who may not edit reads the same page."""

    right = "view"
    form_class = ContactEditForm
    template_name = "contacts/contact.html"
    submit_label = gettext_lazy("Save")

    def initial(self) -> dict[str, Any]:
        return edit_initial(self.obj)

    def form_kwargs(self) -> dict[str, Any]:
        return {"account": self.account}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.read_consent()
        return super().get(request, *args, **kwargs)

    def read_consent(self) -> None:
        """Have the details read that the lists leave out, unless that was just done or cannot be done now."""
        read_at = self.obj.consent_read_at
        stale = read_at is None or read_at < timezone.now() - DETAILS_AGE
        if stale and self.account.is_working and self.obj.remote_id is not None:
            services.read_details(self.user, self.obj)

    @property
    def is_open(self) -> bool:
        """Whether the fields may be edited at all."""
        return self.obj.state == Contact.State.SUBSCRIBED and self.obj.deleted_at is None

    def show(self, form: Any, **context: Any) -> HttpResponse:
        self.title = self.obj.full_name or self.obj.email
        editable = self.is_open and rights(self.request).edit
        if not editable:
            for field in form.fields.values():
                field.disabled = True
        memberships = GroupMembership.objects.filter(contact=self.obj).select_related("group")
        return super().show(
            form,
            contact=self.obj,
            editable=editable,
            memberships=memberships.order_by("group__title_key"),
            history=history(self.obj),
            consent_url=reverse("admin:contacts_contact_status", args=[self.obj.pk]),
            panels=panels.of(self.request, self.user, self.obj),
            **context,
        )

    def perform(self, form: Any) -> Any:
        return services.edit_contact(
            self.user,
            self.obj,
            form.changed_values(),
            form.cleaned_data["edit_version"],
            shown=form.cleaned_data["shown"],
        )

    def done_url(self, outcome: Any) -> str:
        return contact_url(self.obj)


class ContactStatus(ScopedPage):
    """The consent of a contact as last read, for the page that waits for it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        html = render_to_string("contacts/consent.html", {"contact": self.obj}, request)
        read_at = self.obj.consent_read_at
        fresh = read_at is not None and read_at > timezone.now() - DETAILS_AGE
        return JsonResponse({"html": html, "final": fresh})


class ContactAddPage(FormPage):
    """Adding a person directly: subscribed at once, on implied consent, and no mail is sent."""

    form_class = ContactAddForm
    template_name = "contacts/add.html"
    title = gettext_lazy("Add a contact")
    submit_label = gettext_lazy("Add the contact")

    def form_kwargs(self) -> dict[str, Any]:
        return {"account": self.account}

    def initial(self) -> dict[str, Any]:
        wanted = self.request.GET.get("group", "")
        chosen = (
            Group.objects.filter(account=self.account, pk=int(wanted)) if wanted.isdecimal() else Group.objects.none()
        )
        return {"language": {"fr": "fr_ca", "en": "en_ca"}[self.account.language], "groups": list(chosen)}

    def perform(self, form: Any) -> Contact:
        values = {name: value for name, value in form.typed_values().items() if value}
        return services.create_contact(self.user, self.account, values, groups=form.cleaned_data["groups"])

    def done_url(self, outcome: Any) -> str:
        return contact_url(outcome)

    def repeat_url(self) -> str:
        return reverse("admin:contacts_contact_changelist")

    @property
    def success_text(self) -> str:
        return _("Added here, with implied consent; on its way to Cyberimpact.")

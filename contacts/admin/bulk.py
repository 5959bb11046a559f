"""From the list of contacts to the plan of a bulk change: whom it is about, what is to be done, and on to the plan.

Whom it is about stands in the address (numbers picked, or the filters of the list), so nothing is lost on a reload, and
what is planned is what the address says.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import narrowing
from contacts.bulk import forms, words
from contacts.bulk.consents import facts_of
from contacts.bulk.fields import SETTABLE
from contacts.bulk.selection import Selection
from contacts.consent import proofs, setting
from contacts.models import CustomField
from cyberadmin.accounts.forms import ConfirmForm, PageForm
from cyberadmin.accounts.scoping import rights
from cyberadmin.sync.bulk import services
from cyberadmin.sync.models import ChangeSet
from cyberadmin.sync.pages import FormPage
from groups import services as groups
from groups.models import Group

#: What can be done with many contacts, in the order in which it is offered: (name, label, form).
ACTIONS: tuple[tuple[str, Any, type[forms.ActionForm]], ...] = (
    ("join", gettext_lazy("Add to groups…"), forms.JoinForm),
    ("leave", gettext_lazy("Remove from groups…"), forms.LeaveForm),
    ("move", gettext_lazy("Move between groups…"), forms.MoveForm),
    ("set_field", gettext_lazy("Set a field…"), forms.FieldForm),
    ("consent", gettext_lazy("Set the consent…"), forms.ConsentForm),
    ("optin", gettext_lazy("Ask for express consent…"), forms.OptinForm),
    ("unsubscribe", gettext_lazy("Unsubscribe…"), forms.LeavingForm),
    ("delete", gettext_lazy("Delete…"), forms.LeavingForm),
)
FORMS = {name: form for name, _label, form in ACTIONS}
#: Parameters of the address that are the list's filters carry this before their name.
FILTER = "f-"
#: So many picks fit into the address of the next page, which servers cut at four thousand characters.
MOST_IN_ADDRESS = 250


def selection_of(query: QueryDict) -> Selection:
    """Whom an address means. Raises ValidationError when it cannot be what the person meant."""
    filters = {
        name.removeprefix(FILTER): str(value) for name, value in query.items() if name.startswith(FILTER) and value
    }
    picked = tuple(
        dict.fromkeys(int(value) for value in query.getlist("pick") if value.isdecimal() and len(value) < 18)
    )
    selection = Selection(filters=filters) if query.get("scope") == "all" else Selection(picked=picked)
    selection.check()
    if query.get("scope") != "all" and not picked:
        raise ValidationError(_("No contact is picked. Go back to the list and pick some, or take all that match."))
    return selection


def bulk_context(request: HttpRequest, filters: Mapping[str, str]) -> dict[str, Any]:
    """What the bar below the list of contacts needs."""
    offered = [(name, label) for name, label, _form in ACTIONS]
    return {
        "bulk_actions": offered if rights(request).edit else (),
        "bulk_filters": [(f"{FILTER}{name}", value) for name, value in filters.items() if value],
        "bulk_most": MOST_IN_ADDRESS,
        "bulk_known": not narrowing.unknown(name for name, value in filters.items() if value),
    }


class BulkStartPage(FormPage):
    """What one action needs to know; then its plan is made. Nothing is sent from here."""

    template_name = "contacts/bulk_start.html"
    submit_label = gettext_lazy("Make the plan")
    #: Shown before the form of an action.
    NOTES: ClassVar[dict[str, tuple[str, Any]]] = {
        "unsubscribe": (
            "bad",
            gettext_lazy(
                "This cannot be taken back: they leave every group and receive nothing more. Only they can come back."
            ),
        ),
        "delete": (
            "bad",
            gettext_lazy(
                "Deleting is not unsubscribing, and express consent is lost with it. It cannot be taken back."
            ),
        ),
        "optin": (
            "warn",
            gettext_lazy(
                "One e-mail goes out to each person. A request for consent is itself a commercial message, so each needs a basis."
            ),
        ),
        "consent": (
            "info",
            gettext_lazy(
                "Nothing is preset: state only what can be proved. Express consent for many takes a second person."
            ),
        ),
    }

    @property
    def action(self) -> str:
        """The action that the address names; "" = none that is known."""
        name = self.request.GET.get("action", "")
        return name if name in FORMS else ""

    @property
    def field(self) -> str:
        """The field to set that the address names."""
        return self.request.GET.get("field", "")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Contacts"), reverse("admin:contacts_contact_changelist"))]

    def settable(self) -> list[tuple[str, str]]:
        """(name, label) of the fields that can be set for many."""
        own = CustomField.objects.filter(account=self.account, gone_at=None)
        plain = [(name, words.field_name(self.account.pk, name)) for name in SETTABLE]
        return [*plain, *((f"custom:{field.remote_id}", field.name) for field in own)]

    def make_form(self, data: QueryDict | None = None) -> PageForm:
        files = self.request.FILES if data is not None else None
        if self.action == "set_field":
            if self.field not in dict(self.settable()):
                return ConfirmForm(data)
            return forms.FieldForm(data, files, account=self.account, name=self.field)
        if not self.action:
            return ConfirmForm(data)
        initial = {"new_group": self.request.GET.get("new_group", "")}
        return FORMS[self.action](data, files, initial=initial, account=self.account)

    def show(self, form: PageForm, **context: Any) -> HttpResponse:
        try:
            selection = selection_of(self.request.GET)
        except ValidationError as refusal:
            return self.nothing(form, " ".join(refusal.messages))
        if not self.action:
            return self.nothing(form, _("Choose in the list what is to be done."))
        if self.action == "optin" and not rights(self.request).can("send"):
            return self.nothing(
                form, _("Only a colleague who may send for this client can ask many people for consent.")
            )
        self.title = str(dict((name, label) for name, label, _form in ACTIONS)[self.action]).rstrip("…")
        number = selection.rows(self.account).order_by().count()
        choosing = self.action == "set_field" and not isinstance(form, forms.FieldForm)
        return super().show(
            form,
            number=number,
            whom=words.chosen(self.account.pk, selection),
            note=self.NOTES.get(self.action),
            settable=self.settable() if choosing else [],
            query=self.request.GET.urlencode(),
            not_offered=not number,
            problem=_("No contact fits the choice any more. Go back to the list and choose again."),
            cancel_url=reverse("admin:contacts_contact_changelist"),
            **context,
        )

    def nothing(self, form: PageForm, problem: str) -> HttpResponse:
        """The page when there is nothing to do."""
        self.title = _("Bulk change")
        listed = reverse("admin:contacts_contact_changelist")
        return super().show(form, not_offered=True, problem=problem, cancel_url=listed)

    def perform(self, form: Any) -> ChangeSet:
        selection = selection_of(self.request.GET)
        if not isinstance(form, forms.ActionForm):
            raise ValidationError(_("Choose in the list what is to be done."))
        parameters = {"selection": selection.as_json(), **form.parameters()}
        if self.action == "consent":
            parameters |= self.proved(form, parameters)
        with transaction.atomic():
            if self.action == "join" and form.cleaned_data["new_group"].strip():
                parameters["join"] = [*parameters["join"], self.new_group(form.cleaned_data["new_group"]).pk]
            return services.start(self.user, self.account, self.action, parameters, form.cleaned_data["why"])

    def new_group(self, title: str) -> Group:
        """Make the group that people are put in. Raises ValidationError by field."""
        try:
            return groups.create_group(self.user, self.account, title, is_public=False)
        except ValidationError as refusal:
            raise ValidationError({"new_group": refusal.messages}) from None

    def proved(self, form: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        """Keep the file that proves the consent. Raises ValidationError by field when something is missing."""
        upload = form.cleaned_data["proof_file"]
        proof = proofs.keep(self.account, upload.name, upload, self.user) if upload else None
        found = {"proof_file": proof.pk} if proof else {}
        wrong = setting.problems(self.user, self.account, facts_of({**parameters, **found}))
        if wrong:
            raise ValidationError(wrong)
        return found

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("The plan is being made. Nothing is sent before you apply it."))

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:sync_changeset_change", args=[outcome.pk])

    def repeat_url(self) -> str:
        return reverse("admin:sync_changeset_changelist")

"""Forms of the bulk actions: what each needs to know beside whom it is about. Rules are those of the kinds."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from contacts.cleaning import clean
from contacts.consent import asking, proofs
from contacts.forms import ContactForm, DayField, GroupChoiceField
from contacts.models import Relation
from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account

WHY_HELP = _("Kept in the history with your name.")


def _why(*, required: bool) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=_("Reason"), required=required, max_length=500, widget=widget, help_text=WHY_HELP)


class ActionForm(PageForm):
    """The base: which account, and the parameters that the plan will keep."""

    why_required = False

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.build()
        self.fields["why"] = _why(required=self.why_required)

    def build(self) -> None:
        """Add the fields that depend on the client."""

    def parameters(self) -> dict[str, Any]:
        """What the change set keeps."""
        return {}


class JoinForm(ActionForm):
    """Groups to put people in: some that are there, or a new one."""

    def build(self) -> None:
        self.fields["new_group"] = forms.CharField(
            label=_("Into a new group of this name"),
            required=False,
            strip=False,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
            help_text=_("A private group, made together with the plan."),
        )
        self.fields["groups"] = GroupChoiceField(
            account=self.account, label=_("Into which groups? The others stay as they are."), required=False
        )
        self.fields["groups"].needed = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """At least one group, new or not."""
        values = super().clean() or {}
        if not values.get("groups") and not (values.get("new_group") or "").strip():
            self.add_error("groups", _("Choose a group, or name a new one."))
        return values

    def parameters(self) -> dict[str, Any]:
        return {"join": [group.pk for group in self.cleaned_data["groups"]]}


class LeaveForm(ActionForm):
    """Groups to take people out of."""

    def build(self) -> None:
        self.fields["groups"] = GroupChoiceField(
            account=self.account, label=_("Out of which groups? The others stay as they are.")
        )

    def parameters(self) -> dict[str, Any]:
        return {"leave": [group.pk for group in self.cleaned_data["groups"]]}


class MoveForm(ActionForm):
    """The group that people leave, and those they join instead."""

    def build(self) -> None:
        groups = GroupChoiceField(account=self.account, label=_("Into which groups?"))
        self.fields["source"] = forms.ModelChoiceField(
            label=_("Out of which group? Who is not in it is left alone."), queryset=groups.queryset, empty_label="—"
        )
        self.fields["groups"] = groups

    def clean(self) -> dict[str, Any]:
        """Two different groups."""
        values = super().clean() or {}
        if values.get("source") and values["source"] in (values.get("groups") or ()):
            self.add_error("groups", _("Choose another group than the one they leave."))
        return values

    def parameters(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {"leave": [values["source"].pk], "join": [group.pk for group in values["groups"]]}


class FieldForm(ActionForm):
    """One value for one field; empty takes away what is there."""

    def __init__(self, *args: Any, account: Account, name: str, **kwargs: Any) -> None:
        self.name = name
        super().__init__(*args, account=account, **kwargs)

    def build(self) -> None:
        self.fields["value"] = ContactForm(account=self.account).fields[self.name]
        self.fields["value"].help_text = _("Empty: what stands there is taken away.")

    def clean_value(self) -> Any:
        """The value, as the contact's own page would take it."""
        try:
            clean(self.account, {self.name: self.cleaned_data["value"]})
        except ValidationError as error:
            raise forms.ValidationError(error.messages[0]) from None
        return self.cleaned_data["value"]

    def parameters(self) -> dict[str, Any]:
        return {"field": self.name, "value": self.cleaned_data["value"]}


class LeavingForm(ActionForm):
    """Unsubscribing and deleting take a reason."""

    why_required = True


class OptinForm(ActionForm):
    """On what basis people may be asked."""

    why_required = True
    basis = forms.ChoiceField(
        label=_("Why may these people be written to?"), choices=asking.Basis.choices, widget=forms.RadioSelect
    )

    def parameters(self) -> dict[str, Any]:
        return {"basis": self.cleaned_data["basis"]}


class ConsentForm(ActionForm):
    """A statement of consent, with nothing preset (product.md 3d-4)."""

    relation = forms.ChoiceField(label=_("Relation with these people"), choices=[("", "—"), *Relation.choices])
    given_on = DayField(
        label=_("Given on"),
        help_text=_("The day of the last purchase, inquiry or signature; never today's by habit."),
    )
    how = forms.CharField(label=_("How it was given"), required=False, max_length=200)
    place = forms.CharField(label=_("Where it was given"), required=False, max_length=200)
    proof = forms.CharField(label=_("Proof of consent"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    proof_file = forms.FileField(
        label=_("Proof as a file"), required=False, widget=forms.FileInput(attrs={"accept": proofs.ACCEPTED})
    )

    def parameters(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "relation": values["relation"],
            "given_on": values["given_on"].isoformat() if values["given_on"] else "",
            "how": values["how"],
            "place": values["place"],
            "proof": values["proof"],
        }

"""Forms about campaigns and mailings. What a value may be is decided in the services alone."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.forms import PageForm
from cyberadmin.accounts.models import Account
from groups.models import Group
from templates.models import EmailTemplate

from .models import Edition
from .models.writing import Language

#: What is written for each language, in the order of the page.
TEXTS = ("subject", "from_name", "mail_from", "reply_to", "body_html", "body_text")
BODIES = ("body_html", "body_text")


class NeededField(forms.CharField):
    """Not called optional on the page, although the service and not the form refuses an empty one."""

    needed = True


class CampaignForm(PageForm):
    """The name of a campaign."""

    name = NeededField(
        label=gettext_lazy("Name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("For your team; people who receive the mailing never see it."),
    )


class CampaignAddForm(CampaignForm):
    """A new campaign: its name and its languages."""

    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        required=False,
        choices=Language.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Each language has its own subject, text and groups, and becomes a mailing of its own."),
    )


class GroupsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Groups of one client that a mailing may go to, dynamic ones too, with their size."""

    def __init__(self, account: Account) -> None:
        rows = Group.objects.filter(account=account, gone_at=None, deleted_at=None)
        super().__init__(
            queryset=rows, required=False, label=gettext_lazy("Groups"), widget=forms.CheckboxSelectMultiple
        )

    def label_from_instance(self, obj: Any) -> str:
        """The title with what helps to choose."""
        kind = _("dynamic") + ", " if obj.is_dynamic else ""
        return f"{obj.title} ({kind}{max(obj.members_count, 0)})"


def digest(text: str) -> str:
    """A body as a stale form remembers it: too long to be sent along twice."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")).hexdigest()


def shown_values(edition: Edition) -> dict[str, Any]:
    """What the page showed of an edition, small enough to travel in the form."""
    values: dict[str, Any] = {name: getattr(edition, name) for name in TEXTS if name not in BODIES}
    values |= {name: digest(getattr(edition, name)) for name in BODIES}
    return values | {"groups": group_pks(edition)}


def group_pks(edition: Edition) -> list[int]:
    """The groups of an edition that still exist, by their row."""
    return sorted(chosen.group_id for chosen in edition.groups.all() if chosen.group_id is not None)


@dataclass(frozen=True)
class Side:
    """One language on the page: its edition, and its fields by their plain names."""

    edition: Edition
    fields: dict[str, forms.BoundField]


class WriteForm(PageForm):
    """Every language of a campaign, side by side. A field is named "<language>:<name>"."""

    def __init__(self, *args: Any, account: Account, editions: Iterable[Edition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.editions = list(editions)
        self.templates = {
            str(pk): title
            for pk, title in EmailTemplate.objects.filter(account=account, gone_at=None, deleted_at=None)
            .order_by("title_key", "pk")
            .values_list("pk", "title")
        }
        choices = [("", "—"), *((pk, title or _("(without title)")) for pk, title in self.templates.items())]
        for edition in self.editions:
            for name, field in _edition_fields(account, choices).items():
                self.fields[f"{edition.language}:{name}"] = field

    @property
    def sides(self) -> list[Side]:
        """The languages in their order."""
        return [
            Side(one, {name: self[f"{one.language}:{name}"] for name in (*TEXTS, "groups", "template")})
            for one in self.editions
        ]

    def changed_values(self, edition: Edition) -> dict[str, Any]:
        """What the person really changed in this language, for the service."""
        shown = self.shown(edition)
        values = {}
        for name in TEXTS:
            text = self.cleaned_data[f"{edition.language}:{name}"].replace("\r\n", "\n")
            if (digest(text) if name in BODIES else text) != shown.get(name):
                values[name] = text
        groups = list(self.cleaned_data[f"{edition.language}:groups"])
        if sorted(group.pk for group in groups) != shown.get("groups"):
            values["groups"] = groups
        template = self.cleaned_data[f"{edition.language}:template"]
        if template and "body_html" in values and template != str(edition.template_pk or ""):
            values |= {"template_pk": int(template), "template_title": self.templates[template]}
        return values

    def shown(self, edition: Edition) -> dict[str, Any]:
        """The values that the page showed of this language."""
        shown: dict[str, Any] = self.cleaned_data[f"{edition.language}:shown"]
        return shown

    def clean(self) -> dict[str, Any]:
        """Read back what the page showed."""
        cleaned = super().clean() or self.cleaned_data
        for edition in self.editions:
            name = f"{edition.language}:shown"
            try:
                shown = json.loads(cleaned.get(name) or "")
            except ValueError:
                shown = None
            if not isinstance(shown, dict):
                raise forms.ValidationError(_("Reload the page: this form is damaged."))
            cleaned[name] = shown
        return cleaned


def _edition_fields(account: Account, templates: list[Any]) -> dict[str, forms.Field]:
    code = {"spellcheck": "false", "class": "et-code", "data-body": "html", "rows": 16}
    return {
        "subject": _line(_("Subject"), needed=True),
        "from_name": _line(_("Sender's name")),
        "mail_from": _line(_("Sender's address"), needed=True, type="email"),
        "reply_to": _line(_("Reply to"), type="email"),
        "template": forms.ChoiceField(label=_("Start from a template"), required=False, choices=templates),
        "body_html": forms.CharField(
            label=_("Body (HTML)"), required=False, strip=False, widget=forms.Textarea(attrs=code)
        ),
        "body_text": forms.CharField(
            label=_("Text version"),
            required=False,
            strip=False,
            widget=forms.Textarea(attrs={"rows": 8, "class": "et-code", "data-body": "text"}),
        ),
        "groups": GroupsField(account),
        "version": forms.IntegerField(widget=forms.HiddenInput),
        "shown": forms.CharField(widget=forms.HiddenInput),
    }


def _line(label: str, *, needed: bool = False, **attrs: str) -> forms.CharField:
    made = NeededField if needed else forms.CharField
    return made(
        label=label, required=False, strip=False, widget=forms.TextInput(attrs={"autocomplete": "off", **attrs})
    )


def write_initial(editions: Iterable[Edition]) -> dict[str, Any]:
    """The first values of a `WriteForm`."""
    values: dict[str, Any] = {}
    for edition in editions:
        prefix = edition.language
        values |= {f"{prefix}:{name}": getattr(edition, name) for name in TEXTS}
        values[f"{prefix}:template"] = str(edition.template_pk or "")
        values[f"{prefix}:groups"] = group_pks(edition)
        values[f"{prefix}:version"] = edition.version
        values[f"{prefix}:shown"] = json.dumps(shown_values(edition))
    return values


class ConfirmForm(PageForm):
    """A button, with nothing to fill in."""


class WhyForm(PageForm):
    """A reason that may be left out."""

    why = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

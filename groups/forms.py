"""Forms about groups. What a title may be is decided in services.py alone."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.forms import PageForm, SeenForm

from .models import Group


class TitleField(forms.CharField):
    """A title. Not called optional on the page, although the service and not the form refuses an empty one."""

    needed = True


class GroupForm(PageForm):
    """A title, and whether people outside see the group."""

    title = TitleField(
        label=_("Title"), required=False, strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    is_public = forms.BooleanField(
        label=_("Public"),
        required=False,
        help_text=_(
            "People see a public group by its title on subscription forms and can leave it alone. A private one is internal."
        ),
    )


class GroupEditForm(GroupForm, SeenForm):
    """An existing group."""

    def changed_values(self) -> dict[str, Any]:
        """What the person really changed."""
        shown = self.cleaned_data["shown"]
        return {
            name: self.cleaned_data[name]
            for name in ("title", "is_public")
            if self.cleaned_data[name] != shown.get(name)
        }


def edit_initial(group: Group) -> dict[str, Any]:
    """The first values of a `GroupEditForm`."""
    values = {"title": group.title, "is_public": group.is_public}
    return {**values, "edit_version": group.edit_version, "shown": json.dumps(values)}


class WhyForm(PageForm):
    """A reason that may be left out."""

    why = forms.CharField(label=_("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class DeleteGroupForm(WhyForm):
    """Deleting takes the title, typed again."""

    typed_title = forms.CharField(
        label=_("Type the title to confirm"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order = ("form_token", "typed_title", "why")

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group

    def clean_typed_title(self) -> str:
        """The very title, capital letters aside."""
        value = " ".join(str(self.cleaned_data["typed_title"]).split())
        if value.casefold() != " ".join(self.group.title.split()).casefold():
            raise forms.ValidationError(_("This is not this group's title, so nothing was deleted."))
        return value

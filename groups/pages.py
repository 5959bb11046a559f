"""One group: to read, to rename, to make public or private, to empty and to delete."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.scoping import rights
from cyberadmin.sync import reasons
from cyberadmin.sync.models import Change
from cyberadmin.sync.pages import FormPage

from . import services
from .forms import DeleteGroupForm, GroupEditForm, GroupForm, WhyForm, edit_initial
from .models import Group

HISTORY = 20


def group_url(group: Group) -> str:
    """The page of a group."""
    return reverse("admin:groups_group_change", args=[group.pk])


def members_url(group: Group) -> str:
    """The list of contacts, narrowed to this group. By name only: this app knows nothing of contacts."""
    return f"{reverse('admin:contacts_contact_changelist')}?group={group.pk}"


class GroupAddPage(FormPage):
    """A new static group."""

    form_class = GroupForm
    template_name = "groups/add.html"
    title = gettext_lazy("Create a group")
    submit_label = gettext_lazy("Create the group")

    def perform(self, form: Any) -> Group:
        values = form.cleaned_data
        return services.create_group(self.user, self.account, values["title"], values["is_public"])

    def done_url(self, outcome: Any) -> str:
        return group_url(outcome)

    def repeat_url(self) -> str:
        return reverse("admin:groups_group_changelist")

    @property
    def success_text(self) -> str:
        return _("Created here; on its way to Cyberimpact.")


class GroupPage(FormPage):
    """A group with its fields, size and changes. A dynamic one is read-only, and says why."""

    right = "view"
    form_class = GroupEditForm
    template_name = "groups/group.html"
    submit_label = gettext_lazy("Save")

    def initial(self) -> dict[str, Any]:
        return edit_initial(self.obj)

    def show(self, form: Any, **context: Any) -> HttpResponse:
        group: Group = self.obj
        self.title = group.title
        editable = rights(self.request).edit and not group.is_dynamic and group.deleted_at is None
        if not editable:
            for field in form.fields.values():
                field.disabled = True
        changes = Change.objects.filter(account=self.account, kind="group", object_id=group.pk).order_by("-id")
        recent = changes.select_related("actor").prefetch_related("edits")[:HISTORY]
        return super().show(
            form,
            group=group,
            editable=editable,
            members_url=members_url(group),
            history=[(change, reasons.explain(change)) for change in recent],
            **context,
        )

    def perform(self, form: Any) -> Any:
        values = form.cleaned_data
        return services.edit_group(
            self.user, self.obj, form.changed_values(), values["edit_version"], shown=values["shown"]
        )

    def done_url(self, outcome: Any) -> str:
        return group_url(self.obj)


class GroupVerbPage(FormPage):
    """A page that does one thing to one group, after listing what refers to it."""

    danger = True

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (self.obj.title, group_url(self.obj))]

    def done_url(self, outcome: Any) -> str:
        return group_url(self.obj)

    def show(self, form: Any, **context: Any) -> HttpResponse:
        context["references"] = services.references(self.obj)
        context["not_offered"] = self.obj.deleted_at is not None
        return super().show(form, group=self.obj, cancel_url=group_url(self.obj), **context)


class EmptyPage(GroupVerbPage):
    """Everybody out of the group; the contacts stay."""

    form_class = WhyForm
    template_name = "groups/empty.html"
    title = gettext_lazy("Empty the group")
    submit_label = gettext_lazy("Empty the group")

    def perform(self, form: Any) -> Any:
        return services.empty_group(self.user, self.obj, form.cleaned_data["why"])


class DeletePage(GroupVerbPage):
    """The group goes; what refers to it is listed first."""

    form_class = DeleteGroupForm
    template_name = "groups/delete.html"
    title = gettext_lazy("Delete the group")
    submit_label = gettext_lazy("Delete the group")

    def form_kwargs(self) -> dict[str, Any]:
        return {"group": self.obj}

    def perform(self, form: Any) -> Any:
        return services.delete_group(self.user, self.obj, form.cleaned_data["why"])

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:groups_group_changelist")

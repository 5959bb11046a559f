"""What can be done to one contact besides editing it. Each verb has its own page that says what it does."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts import services
from contacts.consent.forms import OptinForm
from contacts.forms import DeleteContactForm, GroupPickForm
from contacts.models import Contact, GroupMembership
from cyberadmin.accounts.forms import PageForm, ReasonForm
from cyberadmin.sync.pages import FormPage
from groups.models import Group

from .pages import back_to, contact_url


class VerbPage(FormPage):
    """A page about one contact that does one thing and goes back to it."""

    #: States of the person in which the verb is offered.
    offered_to: tuple[str, ...] = (Contact.State.SUBSCRIBED,)

    def crumbs(self) -> list[tuple[Any, str]]:
        return back_to(self.obj)

    def done_url(self, outcome: Any) -> str:
        return contact_url(self.obj)

    def show(self, form: PageForm, **context: Any) -> HttpResponse:
        refused = self.obj.state not in self.offered_to or self.obj.deleted_at is not None
        return super().show(form, contact=self.obj, not_offered=refused, cancel_url=contact_url(self.obj), **context)


class UnsubscribePage(VerbPage):
    """For good: only the person can come back."""

    form_class = ReasonForm
    template_name = "contacts/unsubscribe.html"
    title = _("Unsubscribe")
    submit_label = _("Unsubscribe for good")
    danger = True
    offered_to = (Contact.State.SUBSCRIBED, Contact.State.BOUNCED)

    def perform(self, form: Any) -> Any:
        return services.unsubscribe(self.user, self.obj, form.cleaned_data["why"])


class OptinPage(VerbPage):
    """Cyberimpact writes to the person and asks for express consent."""

    form_class = OptinForm
    template_name = "contacts/optin.html"
    title = _("Ask for express consent")
    submit_label = _("Send the request")

    def perform(self, form: Any) -> Any:
        return services.request_optin(self.user, self.obj, form.cleaned_data["why"], form.cleaned_data["basis"])


class DeletePage(VerbPage):
    """Deleting, behind the address typed again. Not for who unsubscribed or bounced."""

    form_class = DeleteContactForm
    template_name = "contacts/delete.html"
    title = _("Delete the contact")
    submit_label = _("Delete the contact")
    danger = True

    def show(self, form: PageForm, **context: Any) -> HttpResponse:
        return super().show(form, bounced_stays=services.BOUNCED_STAYS, **context)

    def form_kwargs(self) -> dict[str, Any]:
        return {"contact": self.obj}

    def perform(self, form: Any) -> Any:
        return services.delete_contact(self.user, self.obj, form.cleaned_data["why"])

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:contacts_contact_changelist")


class GroupsPage(VerbPage):
    """Choose groups, see what the contact's groups will be, confirm. Adding and removing are two different pages."""

    form_class = GroupPickForm
    template_name = "contacts/groups.html"
    adding = True

    def current(self) -> list[Group]:
        """The groups the contact is in, as staff see it."""
        rows = GroupMembership.objects.filter(contact=self.obj).exclude(pending=GroupMembership.Pending.REMOVE)
        return [row.group for row in rows.select_related("group").order_by("group__title_key")]

    def allowed(self) -> list[int]:
        """The groups that may be chosen."""
        held = [group.pk for group in self.current()]
        if not self.adding:
            return held
        return list(Group.objects.filter(account=self.account).exclude(pk__in=held).values_list("pk", flat=True))

    def initial(self) -> dict[str, Any]:
        return {"groups": [value for value in self.request.GET.getlist("groups") if value.isdecimal()]}

    def form_kwargs(self) -> dict[str, Any]:
        return {"account": self.account, "allowed": self.allowed()}

    def show(self, form: PageForm, **context: Any) -> HttpResponse:
        field: Any = form.fields["groups"]
        chosen = list(field.queryset.filter(pk__in=self.initial()["groups"]))
        current = self.current()
        return super().show(
            form,
            adding=self.adding,
            chosen=chosen,
            before=current,
            kept=[group for group in current if self.adding or group not in chosen],
            **context,
        )

    def perform(self, form: Any) -> Any:
        chosen = list(form.cleaned_data["groups"])
        add, remove = (chosen, []) if self.adding else ([], chosen)
        return services.change_groups(self.user, self.obj, add, remove)


class JoinGroupsPage(GroupsPage):
    """Add to groups; the others stay."""

    title = _("Add to groups")
    submit_label = _("Add to these groups")


class LeaveGroupsPage(GroupsPage):
    """Take out of groups; the others stay."""

    title = _("Remove from groups")
    submit_label = _("Remove from these groups")
    adding = False

"""What the list of contacts can be narrowed by. Each filter speaks of the client in the address and of indexed columns."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, GroupMembership
from cyberadmin.accounts.scoping import account_of
from cyberadmin.sync.models import Change
from groups.models import Group


class _ChoiceFilter(SimpleListFilter):
    """A filter with fixed choices on one column."""

    column = ""
    options: Any = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return self.options

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(**{self.column: "" if value == "none" else value})


class StateFilter(_ChoiceFilter):
    """Subscribed, unsubscribed or bounced."""

    title = _("State")
    parameter_name = "state"
    column = "state"
    options = Contact.State.choices


class LanguageFilter(_ChoiceFilter):
    """The person's language."""

    title = _("Language")
    parameter_name = "language"
    column = "language"
    options = (*Contact.Language.choices, ("none", _("not known")))


class ConsentFilter(_ChoiceFilter):
    """Implied or express consent."""

    title = _("Consent")
    parameter_name = "consent"
    column = "consent_type"
    options = (*Contact.Consent.choices, ("none", _("not known")))


class GroupFilter(SimpleListFilter):
    """Members of one group of this client; any other number gives an empty list, whoever it belongs to."""

    title = _("Group")
    parameter_name = "group"
    autocomplete = True

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        account = account_of(request)
        self.account_id = account.pk if account else 0
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("", "")]

    def has_output(self) -> bool:
        return True

    @property
    def chosen(self) -> Group | None:
        """The group that the list is narrowed to."""
        value = self.value()
        if not value or not value.isdecimal() or len(value) > 18:
            return None
        return Group.objects.filter(account=self.account_id, pk=int(value)).first()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        chosen = self.chosen
        if chosen is None:
            return queryset.none()
        members = GroupMembership.objects.filter(group=chosen).exclude(pending=GroupMembership.Pending.REMOVE)
        return queryset.filter(pk__in=members.values("contact"))


class PushFilter(SimpleListFilter):
    """How far the contact's own changes are."""

    title = _("Changes")
    parameter_name = "push"
    STATES = {
        "waiting": ("queued", "sending", "unknown"),
        "attention": ("conflict", "failed", "parked"),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("waiting", _("on their way")), ("attention", _("need attention"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        states = self.STATES.get(self.value() or "")
        account = account_of(request)
        if states is None or account is None:
            return queryset
        changes = Change.objects.filter(account=account, kind="contact", state__in=states)
        return queryset.filter(pk__in=changes.values("object_id"))

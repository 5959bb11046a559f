"""What the list of contacts can be narrowed by. What each filter means is decided in `contacts/narrowing.py`."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contacts import narrowing
from contacts.models import Contact
from cyberadmin.accounts.scoping import account_of
from groups.models import Group


class Narrowing(SimpleListFilter):
    """A filter whose meaning is that of its parameter in `narrowing.BY`."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        account, value = account_of(request), self.value()
        if not value or account is None:
            return queryset
        return narrowing.BY[str(self.parameter_name)](account, queryset, value)


class _ChoiceFilter(Narrowing):
    """A filter with fixed choices on one column."""

    options: Any = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return self.options


class StateFilter(_ChoiceFilter):
    """Subscribed, unsubscribed or bounced."""

    title = _("State")
    parameter_name = "state"
    options = Contact.State.choices


class LanguageFilter(_ChoiceFilter):
    """The person's language."""

    title = _("Language")
    parameter_name = "language"
    options = (*Contact.Language.choices, ("none", _("not known")))


class ConsentFilter(_ChoiceFilter):
    """Implied or express consent."""

    title = _("Consent")
    parameter_name = "consent"
    options = (*Contact.Consent.choices, ("none", _("not known")))


class GroupFilter(Narrowing):
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
        return narrowing.group_of(self.account_id, self.value() or "")


class PushFilter(Narrowing):
    """How far the contact's own changes are."""

    title = _("Changes")
    parameter_name = "push"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("waiting", _("on their way")), ("attention", _("need attention"))]

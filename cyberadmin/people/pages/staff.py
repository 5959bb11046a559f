"""The staff, for agency administrators: who they are, what they may do, and what is done about their log-ins."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.forms import ConfirmForm, ReasonForm
from cyberadmin.accounts.models import AccountAccess
from cyberadmin.accounts.scoping import AgencyPage
from cyberadmin.people import demand, factors, links, sessions, staff
from cyberadmin.people.forms import PersonForm, PolicyForm, RolesForm
from cyberadmin.people.models import Profile, SecondFactor

from .base import PeopleFormPage, PersonFormPage, name_of
from .invitations import ShowsLink


def people() -> QuerySet[User]:
    """Every log-in with its roles and its second factor, in three queries: those that are open come first."""
    accesses = AccountAccess.objects.select_related("account").order_by("account__name")
    rows = User.objects.filter(is_staff=True).select_related("profile")
    return (
        rows.annotate(has_factor=Exists(SecondFactor.objects.filter(user=OuterRef("pk"))))
        .prefetch_related(Prefetch("account_accesses", accesses))
        .order_by("-is_active", "-is_superuser", "first_name", "last_name", "username")
    )


class StaffListPage(AgencyPage):
    """Everybody who has a log-in, and who is invited."""

    template_name = "people/staff.html"
    title = gettext_lazy("Staff")

    def get(self, request: HttpRequest) -> HttpResponse:
        who = demand.current()
        rows = [{"user": user, "must": demand.is_demanded(who, user.is_superuser) or _flag(user)} for user in people()]
        return self.render(rows=rows, invitations=links.open_invitations(), demand=who)


class PersonPage(AgencyPage):
    """One colleague."""

    template_name = "people/person.html"

    @cached_property
    def person(self) -> User:
        """The colleague in the address. Raises Http404."""
        found: User = get_object_or_404(people(), pk=self.kwargs["object_id"])
        return found

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        person = self.person
        self.title = name_of(person)
        return self.render(
            person=person,
            must=demand.must_have(person),
            open_sessions=sessions.open_sessions(person),
            tokens=staff.tokens_of(person),
            is_me=person == self.user,
        )

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Staff"), reverse("admin:people"))]


class EditPersonPage(PersonFormPage):
    """Names, e-mail, administrator or not, second factor or not."""

    form_class = PersonForm
    title = gettext_lazy("Edit this colleague")
    submit_label = gettext_lazy("Save")
    FIELDS = ("first_name", "last_name", "email", "is_superuser")

    def initial(self) -> dict[str, Any]:
        known = {name: getattr(self.person, name) for name in self.FIELDS}
        return known | {"second_factor_required": _flag(self.person)}

    def perform(self, form: Any) -> str | None:
        values = form.cleaned_data
        changed = staff.edit(self.user, self.person, {name: values[name] for name in self.FIELDS})
        if values["second_factor_required"] != _flag(self.person):
            factors.demand_from(self.user, self.person, values["second_factor_required"])
            changed.append("second_factor_required")
        return "edited" if changed else None

    def announce(self, outcome: Any) -> None:
        said = _("Saved.") if outcome else _("Nothing had changed.")
        messages.success(self.request, said)


class RolesPage(PersonFormPage):
    """The role on each client."""

    template_name = "people/roles.html"
    title = gettext_lazy("Roles")
    submit_label = gettext_lazy("Save the roles")

    def make_form(self, data: Any = None) -> RolesForm:
        held = dict(AccountAccess.objects.filter(user=self.person).values_list("account", "role"))
        initial = {f"role-{pk}": role for pk, role in held.items()}
        return RolesForm(data, initial=initial, accounts=policy.living())

    def perform(self, form: Any) -> str | None:
        return "set" if staff.set_roles(self.user, self.person, form.roles()) else None

    def announce(self, outcome: Any) -> None:
        said = _("The roles are saved; they count at once.") if outcome else _("Nothing had changed.")
        messages.success(self.request, said)


class PasswordLinkPage(ShowsLink, PersonFormPage):
    """A link with which a colleague chooses a new password."""

    form_class = ConfirmForm
    template_name = "people/password_link.html"
    title = gettext_lazy("Link to a new password")
    submit_label = gettext_lazy("Make the link")

    def perform(self, form: Any) -> links.Made:
        return links.password_link(self.user, self.person)

    def made_title(self) -> str:
        return _("The link is ready")


class ResetFactorPage(PersonFormPage):
    """Take a colleague's second factor away."""

    form_class = ReasonForm
    template_name = "people/reset_factor.html"
    title = gettext_lazy("Reset the second factor")
    submit_label = gettext_lazy("Reset it")
    danger = True
    success_text = gettext_lazy("The second factor is gone and every session has ended.")

    def perform(self, form: Any) -> str:
        factors.reset(self.user, self.person, form.cleaned_data["why"])
        return "reset"


class EndPersonSessionsPage(PersonFormPage):
    """Log a colleague out everywhere."""

    form_class = ConfirmForm
    title = gettext_lazy("Log out everywhere")
    submit_label = gettext_lazy("Log this person out")
    success_text = gettext_lazy("Every session has ended.")

    def perform(self, form: Any) -> str:
        staff.end_sessions(self.user, self.person)
        return "ended"


class DisablePage(PersonFormPage):
    """Close a log-in for a while."""

    form_class = ReasonForm
    template_name = "people/disable.html"
    title = gettext_lazy("Disable this log-in")
    submit_label = gettext_lazy("Disable")
    danger = True
    success_text = gettext_lazy("The log-in is disabled and every session has ended.")

    def perform(self, form: Any) -> str:
        staff.disable(self.user, self.person, form.cleaned_data["why"])
        return "disabled"


class EnablePage(PersonFormPage):
    """Open a log-in again."""

    form_class = ConfirmForm
    title = gettext_lazy("Enable this log-in")
    submit_label = gettext_lazy("Enable")
    success_text = gettext_lazy("The log-in is open again.")

    def perform(self, form: Any) -> str:
        staff.enable(self.user, self.person)
        return "enabled"


class LeavePage(PersonFormPage):
    """A colleague leaves: what hangs on them, and one button."""

    form_class = ReasonForm
    template_name = "people/leave.html"
    title = gettext_lazy("A colleague leaves")
    submit_label = gettext_lazy("Close everything")
    danger = True
    success_text = gettext_lazy("Closed: no log-in, no session, no role. Rotate the tokens below, if there are any.")

    def perform(self, form: Any) -> str:
        staff.close_out(self.user, self.person, form.cleaned_data["why"])
        return "left"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        found = staff.remains(self.person)
        return super().show(form, remains=found, is_me=self.person == self.user, **context)


class FactorPolicyPage(PeopleFormPage):
    """Who must have a second factor."""

    form_class = PolicyForm
    template_name = "people/policy.html"
    title = gettext_lazy("Who must have a second factor")
    submit_label = gettext_lazy("Save")

    def initial(self) -> dict[str, Any]:
        return {"who": demand.current()}

    def perform(self, form: Any) -> str:
        factors.demand_of(self.user, form.cleaned_data["who"])
        return "saved"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, least=demand.floor(""), **context)


def _flag(user: User) -> bool:
    """Whether this very person was told to have a second factor."""
    profile: Profile | None = getattr(user, "profile", None)
    return profile is not None and profile.second_factor_required

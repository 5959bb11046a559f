"""The addresses of the pages about people."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path

from .pages import door, factor, invitations, own, staff

#: Open to who is not, or only half, logged in.
DOOR = (
    ("login/", "login", door.LogInPage),
    ("logout/", "logout", door.LogOutPage),
    ("forgotten/", "forgotten", door.ForgottenPage),
    ("link/", "link", door.LinkPage),
    ("link/<str:token>/", "open_link", door.OpenLinkPage),
    ("second-factor/", "second_factor", factor.FactorPage),
    ("second-factor/set-up/", "factor_setup", factor.SetUpPage),
)
#: About oneself.
OWN = (
    ("me/", "me", own.MyPage),
    ("me/confirm-password/", "confirm_password", own.ConfirmPasswordPage),
    ("me/password/", "password_change", own.PasswordPage),
    ("me/codes/", "factor_codes", own.NewCodesPage),
    ("me/second-factor/off/", "factor_off", own.RemoveFactorPage),
    ("me/sessions/end/", "end_sessions", own.EndSessionsPage),
    ("me/sessions/<int:object_id>/end/", "end_session", own.EndSessionPage),
)
#: About everybody, for agency administrators.
AGENCY = (
    ("people/", "people", staff.StaffListPage),
    ("people/invite/", "people_invite", invitations.AgencyInvitePage),
    ("people/invitations/<int:object_id>/revoke/", "people_revoke", invitations.AgencyRevokePage),
    ("people/second-factor/", "people_policy", staff.FactorPolicyPage),
    ("people/<int:object_id>/", "person", staff.PersonPage),
    ("people/<int:object_id>/edit/", "person_edit", staff.EditPersonPage),
    ("people/<int:object_id>/roles/", "person_roles", staff.RolesPage),
    ("people/<int:object_id>/password/", "person_password", staff.PasswordLinkPage),
    ("people/<int:object_id>/second-factor/", "person_factor", staff.ResetFactorPage),
    ("people/<int:object_id>/sessions/", "person_sessions", staff.EndPersonSessionsPage),
    ("people/<int:object_id>/disable/", "person_disable", staff.DisablePage),
    ("people/<int:object_id>/enable/", "person_enable", staff.EnablePage),
    ("people/<int:object_id>/leave/", "person_leave", staff.LeavePage),
)
#: About who works on the client in the address.
CLIENT = (
    ("access/", "account_access", invitations.AccessPage),
    ("access/invite/", "account_invite", invitations.ClientInvitePage),
    ("access/invitations/<int:object_id>/revoke/", "account_revoke", invitations.ClientRevokePage),
)


def people_urls(site: Any) -> list[URLPattern]:
    """Every page about people; those of the door stand outside the site's own check of who is there."""
    open_pages = [path(route, login_not_required(page.as_view()), name=name) for route, name, page in DOOR]
    pages: tuple[tuple[str, str, Any], ...] = (*OWN, *AGENCY, *CLIENT)
    return [
        *open_pages,
        *(path(route, site.admin_view(page.as_view(site=site)), name=name) for route, name, page in pages),
    ]

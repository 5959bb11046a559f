"""The list of contacts narrowed by where their consent stands."""

from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from contacts.consent import radar, terms
from contacts.consent.standing import Standing
from cyberadmin.accounts.scoping import account_of

from .filters import Narrowing


class StandingFilter(Narrowing):
    """A standing, or the month in which a consent ends."""

    title = _("Consent today")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        account = account_of(request)
        months = radar.months(terms.today(account)) if account else []
        ends = [
            (month.strftime("%Y-%m"), _("ends in %(month)s") % {"month": date_format(month, "F Y")}) for month in months
        ]
        return [*Standing.choices, *ends]

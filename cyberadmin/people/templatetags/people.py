"""What templates about people share: moments of the agency, names, and addresses inside a client."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.template.context import Context

# The module, not its functions: the theme loads template libraries while `scoping` is still being imported.
from cyberadmin.accounts import scoping
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.models import Account

register = template.Library()


@register.simple_tag
def at(moment: datetime | None, short: bool = False) -> str:
    """Day and time in the agency's zone; with `short` the time alone for today; a dash for none."""
    return moment_text(moment, None, short=short)


@register.filter
def person_name(user: User) -> str:
    """What colleagues call somebody."""
    return user.get_full_name() or user.get_username()


@register.simple_tag(takes_context=True)
def client_url(context: Context, name: str, account: Account, *args: Any) -> str:
    """The address of a page inside a client."""
    return scoping.address(context["request"], name, *args, account=account)

"""Words and colours of credentials in templates."""

from datetime import datetime

from django import template

from cyberadmin.accounts import standing as words
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.sync import draining
from cyberadmin.sync.clock import now

register = template.Library()


@register.filter
def standing(credential: Credential) -> words.Standing:
    """Where a credential stands, with its `tone` and `text`."""
    return words.standing(credential, now())


@register.filter
def expiry(credential: Credential) -> words.Standing:
    """When a credential ends by itself, with its `tone` and `text`."""
    return words.expiry(credential, now())


@register.filter
def still_moving(credential: Credential) -> int:
    """How many changes made before a replacement are still on their way."""
    return draining.still_moving(credential)


@register.simple_tag
def client_when(moment: datetime | None, account: Account) -> str:
    """A moment in that client's time zone, on a page about many; "–" for none."""
    return moment_text(moment, account)

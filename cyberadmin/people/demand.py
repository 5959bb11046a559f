"""Who has to have a second factor: the installation's least, what an administrator decided, and each person's own flag."""

from django.conf import settings
from django.contrib.auth.models import User

from .models import Demand, FactorPolicy, Profile

_ORDER = [Demand.NOBODY, Demand.ADMINISTRATORS, Demand.EVERYBODY]


def floor(decided: str) -> Demand:
    """The stricter of what was decided here and CYBERADMIN_SECOND_FACTOR; an unknown word counts as everybody."""
    return max(_known(decided or Demand.NOBODY), _known(settings.CYBERADMIN_SECOND_FACTOR), key=_ORDER.index)


def is_demanded(who: Demand, is_administrator: bool) -> bool:
    """Whether `who` covers somebody."""
    return who == Demand.EVERYBODY or (who == Demand.ADMINISTRATORS and is_administrator)


def current() -> Demand:
    """Who must have one now."""
    return floor(FactorPolicy.objects.values_list("who", flat=True).first() or "")


def must_have(user: User) -> bool:
    """Whether this person may not be without one."""
    if is_demanded(current(), user.is_superuser):
        return True
    return Profile.objects.filter(user=user, second_factor_required=True).exists()


def _known(word: str) -> Demand:
    return Demand(word) if word in Demand.values else Demand.EVERYBODY

"""Checks of when it leaves, and whether the account can send then."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from campaigns.gate import LEAD
from campaigns.times import is_sayable

from .facts import EditionFacts, Facts, Problem
from .holidays import holiday, is_bridge

#: Hours of the day, in the account's zone, between which mail is welcome.
MORNING, EVENING = 7, 21
EXPIRES_SOON = timedelta(days=30)


def time_given(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.send_at is None:
        yield "block", _("No time of sending is chosen.")


def time_ahead(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.send_at is None:
        return
    if one.send_at <= facts.now:
        yield "block", _("The time of sending has passed.")
    elif one.send_at - facts.now < LEAD:
        yield "block", _("The time of sending is less than half an hour away: it could not be stopped in time.")


def time_sayable(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.send_at is not None and not is_sayable(one.send_at):
        yield (
            "block",
            _("The clocks are put back over this hour, and Cyberimpact cannot be told which of the two is meant."),
        )


def time_of_day(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.send_at is None:
        return
    local = one.send_at.astimezone(facts.zone)
    if not MORNING <= local.hour < EVENING:
        yield "warn", _("It leaves at %(time)s, when most people sleep.") % {"time": f"{local:%H:%M}"}


def working_day(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.send_at is None:
        return
    day = one.send_at.astimezone(facts.zone).date()
    name = holiday(day)
    if name is not None:
        yield "warn", _("It leaves on a holiday in Quebec: %(holiday)s.") % {"holiday": name}
    elif is_bridge(day):
        yield "warn", _("It leaves on a day between a holiday and a weekend, when many people are away.")


def account(facts: Facts) -> Iterator[Problem]:
    if not facts.account_works:
        yield "block", _("Nothing can be sent for this client now: %(problem)s.") % {"problem": facts.account_problem}


def token(facts: Facts) -> Iterator[Problem]:
    expires = facts.token_expires_at
    if expires is None:
        return
    last = max((one.send_at for one in facts.editions if one.send_at is not None), default=facts.now)
    if expires <= last:
        yield "block", _("The token of this client expires before the mailing leaves.")
    elif expires - facts.now < EXPIRES_SOON:
        yield "warn", _("The token of this client expires soon: replace it.")

"""Checks of who receives it: groups, languages, people who should get nothing, other mailings."""

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .facts import MOST_WAITING, EditionFacts, Facts, Level, Problem

#: People of the other language, as a share, from which on it is worth a look. Where nobody has the language it blocks.
SOME = 0.02
DRIFT_PEOPLE, DRIFT_SHARE = 10, 0.05


def groups_chosen(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if not one.groups:
        yield "block", _("No group is chosen.")


def groups_there(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    gone = [group.title for group in one.groups if not group.found]
    if gone:
        yield "block", _("Cyberimpact has no such group (any more): %(groups)s.") % {"groups": ", ".join(gone)}


def groups_filled(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    empty = [group.title for group in one.groups if group.found and group.count == 0]
    if empty:
        level: Level = "block" if len(empty) == len(one.groups) else "warn"
        yield level, _("Nobody is in: %(groups)s.") % {"groups": ", ".join(empty)}


def groups_steady(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    for group in one.groups:
        if not group.found or group.known_count is None:
            continue
        if abs(group.count - group.known_count) > max(DRIFT_PEOPLE, DRIFT_SHARE * group.known_count):
            yield (
                "warn",
                _("“%(group)s” has %(count)s contacts at Cyberimpact now; the last reading had %(known)s.")
                % {
                    "group": group.title,
                    "count": group.count,
                    "known": group.known_count,
                },
            )


def outbox(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.waiting:
        yield (
            "warn",
            ngettext(
                "%(count)s change to these groups still waits in the Outbox or in a bulk change.",
                "%(count)s changes to these groups still wait in the Outbox or in a bulk change.",
                one.waiting,
            )
            % {"count": one.waiting if one.waiting <= MOST_WAITING else f"{MOST_WAITING}+"},
        )


def contact_languages(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    total = sum(one.languages.values())
    other = sum(count for language, count in one.languages.items() if language not in ("", one.language))
    if total and other / total >= SOME:
        level: Level = "block" if other == total else "warn"
        yield (
            level,
            _("%(count)s of %(total)s contacts in these groups have another language than %(language)s.")
            % {
                "count": other,
                "total": total,
                "language": one.language_name,
            },
        )


def in_both(facts: Facts) -> Iterator[Problem]:
    if facts.in_both:
        yield (
            "warn",
            ngettext(
                "%(count)s person is in the groups of two languages and gets both mailings.",
                "%(count)s people are in the groups of two languages and get both mailings.",
                facts.in_both,
            )
            % {"count": facts.in_both},
        )


def departed(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.unsubscribed or one.bounced:
        yield (
            "warn",
            _("These groups hold %(unsubscribed)s unsubscribed and %(bounced)s bounced people.")
            % {
                "unsubscribed": one.unsubscribed,
                "bounced": one.bounced,
            },
        )


def consent(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.lapsed:
        yield (
            "block",
            ngettext(
                "The consent of %(count)s person in these groups holds no more when it leaves: the law forbids writing to them.",
                "The consent of %(count)s people in these groups holds no more when it leaves: the law forbids writing to them.",
                one.lapsed,
            )
            % {"count": one.lapsed},
        )


def not_twice_a_day(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    for subject, moment in one.near:
        yield (
            "warn",
            _("The same groups get “%(subject)s” within 24 hours (%(when)s).")
            % {
                "subject": subject,
                "when": date_format(moment.astimezone(facts.zone), "DATETIME_FORMAT"),
            },
        )

"""Preflight: what may be wrong with a campaign before it is sent (product.md N5).

`run` does every check over gathered facts; nothing here reads a database or the network (`gather.py` does the reading).
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import content, people, timing
from .facts import EditionFacts, Facts, Finding, GroupFacts, OfCampaign, OfEdition, Report, findings_of

__all__ = ["OF_CAMPAIGN", "OF_EDITION", "EditionFacts", "Facts", "Finding", "GroupFacts", "Report", "run"]

#: (check, what it says when all is well, name of the repair)
OF_EDITION: dict[str, tuple[OfEdition, Promise, str]] = {
    "subject_given": (content.subject_given, _("There is a subject."), "subject"),
    "subject_length": (content.subject_length, _("The subject is short enough."), "subject"),
    "subject_calm": (content.subject_calm, _("The subject does not shout."), "subject"),
    "body_given": (content.body_given, _("There is a body."), "body"),
    "body_language": (content.body_language, _("The body is in the right language."), "body"),
    "text_part": (content.text_part, _("There is a text version."), "text"),
    "body_size": (content.body_size, _("The body is small enough."), "body"),
    "inactive": (content.inactive, _("The body has no scripts or forms."), "body"),
    "unsubscribe_link": (content.unsubscribe_link, _("There is an unsubscribe link."), "body"),
    "identification": (content.identification, _("The sender is identified with a postal address."), "identity"),
    "links_lead_somewhere": (content.links_lead_somewhere, _("Every link leads somewhere."), "body"),
    "links_real": (content.links_real, _("No link leads to an example."), "body"),
    "links_secure": (content.links_secure, _("Every link is secure."), "body"),
    "pictures_described": (content.pictures_described, _("Every picture has an alternative text."), "body"),
    "merge_fields": (content.merge_fields, _("The merge fields are known."), "body"),
    "sender": (
        content.sender,
        _("Cyberimpact has sent from this address before, or it is noted as a validated sender."),
        "sender",
    ),
    "groups_chosen": (people.groups_chosen, _("Groups are chosen."), "groups"),
    "groups_there": (people.groups_there, _("The groups exist."), "groups"),
    "groups_filled": (people.groups_filled, _("Every group has contacts."), "groups"),
    "groups_steady": (people.groups_steady, _("The groups are as they were last read."), "groups"),
    "outbox": (people.outbox, _("No change to these groups is waiting."), "outbox"),
    "contact_languages": (people.contact_languages, _("The contacts have the language of the mailing."), "groups"),
    "departed": (people.departed, _("Nobody who left is in these groups."), "contacts"),
    "consent": (people.consent, _("Every known consent still holds when it leaves."), "contacts"),
    "not_twice_a_day": (people.not_twice_a_day, _("These groups get nothing else within 24 hours."), "other_mailing"),
    "time_given": (timing.time_given, _("A time is chosen."), "time"),
    "time_ahead": (timing.time_ahead, _("The time is far enough ahead."), "time"),
    "time_sayable": (timing.time_sayable, _("The time is clear."), "time"),
    "time_of_day": (timing.time_of_day, _("It leaves in the daytime."), "time"),
    "working_day": (timing.working_day, _("It leaves on an ordinary day."), "time"),
}
OF_CAMPAIGN: dict[str, tuple[OfCampaign, Promise, str]] = {
    "in_both": (people.in_both, _("Nobody gets the mailing in two languages."), "groups"),
    "account": (timing.account, _("The account works."), "token"),
    "token": (timing.token, _("The token is valid for long enough."), "token"),
}
_ORDER = ("block", "warn", "pass")


def run(facts: Facts) -> Report:
    """Every check of every language and of the whole campaign, blocks first; none where no language is left to send."""
    if not facts.editions:
        return Report([])
    findings: list[Finding] = []
    for name, (check, title, repair) in OF_CAMPAIGN.items():
        findings += findings_of(name, str(title), repair, check(facts))
    for edition in facts.editions:
        for name, (of_edition, title, repair) in OF_EDITION.items():
            findings += findings_of(name, str(title), repair, of_edition(facts, edition), edition.language)
    return Report(sorted(findings, key=lambda one: _ORDER.index(one.level)))

"""Checks of what people receive: subject, body, links, pictures, sender, identification."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import body
from .facts import EditionFacts, Facts, Level, Problem

LONGEST_SUBJECT = 70
#: Gmail cuts the rest off (102 kB in its documentation; the mark and the vendor's own links come on top).
BIGGEST_BODY = 100 * 1024
_LEAVE = re.compile(r"unsubscri|d[ée]s[ae]bonn|d[ée]sinscri|opt-?out", re.IGNORECASE)
_NO_HOST = re.compile(r"(^|\.)(example\.(com|org|net|ca)|localhost|local|test|invalid|example)$", re.IGNORECASE)
_PRIVATE = re.compile(r"^(127\.|10\.|192\.168\.|0\.0\.0\.0|\[?::1)")
_FIELD = re.compile(r"^\[[^\]]+\]$")


def subject_given(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if not one.subject.strip():
        yield "block", _("There is no subject.")


def subject_length(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if len(one.subject) > LONGEST_SUBJECT:
        yield (
            "warn",
            _("The subject has %(count)s characters; most mail programs show about %(most)s.")
            % {
                "count": len(one.subject),
                "most": LONGEST_SUBJECT,
            },
        )


def subject_calm(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    letters = [letter for letter in one.subject if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    if (len(letters) >= 8 and capitals > 0.6 * len(letters)) or re.search(r"!!|\?\?|\$\$", one.subject):
        yield "warn", _("The subject shouts (capitals, repeated marks): filters take that for junk mail.")


def body_given(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if not one.html.strip() and not one.text.strip():
        yield "block", _("There is no body.")


def body_language(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    written = body.language_of(_words(one))
    if written and written != one.language:
        yield "warn", _("The body does not look like %(language)s.") % {"language": one.language_name}


def text_part(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.html.strip() and not one.text.strip():
        yield "warn", _("There is no text version, for people and programs that show no HTML.")


def body_size(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    size = len(one.html.encode())
    if size > BIGGEST_BODY:
        yield (
            "warn",
            _("The body has %(size)s kB; Gmail hides what comes after 100 kB, with the unsubscribe link.")
            % {"size": size // 1024},
        )


def inactive(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    found = sorted(body.read(one.html).active)
    if found:
        yield "warn", _("The body has parts that mail programs take out: %(parts)s.") % {"parts": ", ".join(found)}


def unsubscribe_link(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if not _LEAVE.search(one.html or one.text):
        yield "warn", _("No unsubscribe link was found in the body; the law wants one in every mailing.")


def identification(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if not facts.identity_name or not facts.identity_address:
        yield (
            "warn",
            _("The client's name and postal address are not on file, so nobody can check that they are in it."),
        )
        return
    words = body.plain(_words(one))
    missing = [text for text in (facts.identity_name, facts.identity_address) if body.plain(text) not in words]
    if missing:
        level: Level = "block" if len(missing) == 2 else "warn"
        yield (
            level,
            _("The law wants the sender's name and postal address in the body. Missing: %(missing)s.")
            % {"missing": " · ".join(missing)},
        )


def links_lead_somewhere(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    bad = [link for link in body.read(one.html).links if _leads_nowhere(link)]
    if bad:
        yield (
            "block",
            ngettext("%(count)s link leads nowhere: %(links)s.", "%(count)s links lead nowhere: %(links)s.", len(bad))
            % {"count": len(bad), "links": ", ".join(link[:80] or "“”" for link in bad[:5])},
        )


def links_real(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    bad = sorted({host for link in body.read(one.html).links if _is_made_up(host := _host(link))})
    if bad:
        yield (
            "block",
            _("Some links lead to hosts that are examples or inside a network: %(hosts)s.")
            % {"hosts": ", ".join(bad[:5])},
        )


def links_secure(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    bad = [link for link in body.read(one.html).links if link.casefold().startswith("http:")]
    if bad:
        yield (
            "warn",
            _("Some links are not secure (http instead of https): %(links)s.")
            % {"links": ", ".join(link[:80] for link in bad[:5])},
        )


def pictures_described(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    bare = [source for source, has_text in body.read(one.html).images if not has_text]
    if bare:
        yield (
            "warn",
            ngettext(
                "%(count)s picture has no alternative text.", "%(count)s pictures have no alternative text.", len(bare)
            )
            % {"count": len(bare)},
        )


def merge_fields(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if one.unknown_fields:
        yield (
            "warn",
            _("No other body of this client uses these merge fields, so they may be misspelt: %(fields)s.")
            % {"fields": ", ".join(one.unknown_fields[:10])},
        )
    if one.unproven_fields:
        yield (
            "warn",
            _(
                "These have the name of a custom field, but Cyberimpact does not say how custom fields are written: %(fields)s. Send a test and look at it."
            )
            % {"fields": ", ".join(one.unproven_fields[:10])},
        )
    if one.foreign_fields:
        yield (
            "warn",
            _("These look like merge fields of another tool, and people would read them as they are: %(fields)s.")
            % {"fields": ", ".join(one.foreign_fields[:10])},
        )


def sender(facts: Facts, one: EditionFacts) -> Iterator[Problem]:
    if not one.mail_from:
        yield "warn", _("No sender's address is given, so Cyberimpact takes the one of the account.")
    elif not one.sender_known:
        yield (
            "warn",
            _("Cyberimpact never sent a mailing from %(address)s; it refuses senders it has not validated.")
            % {"address": one.mail_from},
        )


def _words(one: EditionFacts) -> str:
    return " ".join(body.read(one.html).words) if one.html.strip() else one.text


def _leads_nowhere(link: str) -> bool:
    if _FIELD.match(link):
        return False
    scheme = link.partition(":")[0].casefold() if ":" in link else ""
    return (
        link in ("", "#")
        or scheme in ("javascript", "data", "vbscript", "file", "about")
        or (scheme == "" and not link.startswith("#"))
    )


def _host(link: str) -> str:
    try:
        return urlsplit(link).hostname or ""
    except ValueError:
        return ""


def _is_made_up(host: str) -> bool:
    return bool(host) and bool(_NO_HOST.search(host) or _PRIVATE.match(host) or "." not in host)

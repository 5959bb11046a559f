"""What may be wrong with a campaign before it is sent: each check is a small pure function over gathered facts (N5).

A check returns a finding that passes, warns or blocks, with a sentence for people and the name of the repair. `run`
does all of them, once for each language where they are about a language. Facts come from `preflight_facts.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Level = Literal["pass", "warn", "block"]
#: Changes are counted as far as this: whether a thousand or a million people are missing makes no difference.
MOST_WAITING = 1_000


@dataclass(frozen=True)
class GroupFacts:
    """A group that an edition is meant for; `found` = the vendor (or, before it was asked, the mirror) has it."""

    title: str
    found: bool = True
    count: int = 1
    is_dynamic: bool = False
    #: How many people the mirror knew in it, when the vendor was asked afresh.
    known_count: int | None = None


@dataclass(frozen=True)
class EditionFacts:
    """One language as it is written."""

    language: str
    language_name: str
    subject: str = ""
    mail_from: str = ""
    from_name: str = ""
    reply_to: str = ""
    html: str = ""
    text: str = ""
    send_at: datetime | None = None
    groups: tuple[GroupFacts, ...] = ()
    #: Changes not at the vendor yet that will put people into the groups or take people out; beyond `MOST_WAITING`, "so many".
    waiting: int = 0
    #: People in the groups, as the mirror knows them: by language, and those who should get nothing (`lapsed`: whose consent
    #: holds no more on the day it leaves).
    languages: dict[str, int] = field(default_factory=dict)
    unsubscribed: int = 0
    bounced: int = 0
    lapsed: int = 0
    #: Merge fields that no body of the client shows; those of them that name a custom field; those of other tools.
    unknown_fields: tuple[str, ...] = ()
    unproven_fields: tuple[str, ...] = ()
    foreign_fields: tuple[str, ...] = ()
    sender_known: bool = True
    #: Other mailings within a day that share a group: (subject, when).
    near: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything that the checks look at."""

    now: datetime
    zone: ZoneInfo
    editions: tuple[EditionFacts, ...]
    #: People in the groups of more than one language.
    in_both: int = 0
    identity_name: str = ""
    identity_address: str = ""
    account_works: bool = True
    account_problem: str = ""
    token_expires_at: datetime | None = None
    #: Whether the vendor's own numbers are among these facts.
    asked: bool = False


@dataclass(frozen=True)
class Finding:
    """What one check says. `repair` names the page that mends it; "" when there is nothing to mend."""

    check: str
    level: Level
    sentence: str
    repair: str = ""
    language: str = ""


@dataclass(frozen=True)
class Report:
    """All findings, blocks first."""

    findings: list[Finding]

    @property
    def blocks(self) -> list[Finding]:
        """What must be mended before anything is sent."""
        return [one for one in self.findings if one.level == "block"]

    @property
    def warnings(self) -> list[Finding]:
        """What somebody should look at."""
        return [one for one in self.findings if one.level == "warn"]

    @property
    def passed(self) -> list[Finding]:
        """What is in order."""
        return [one for one in self.findings if one.level == "pass"]

    @property
    def may_be_sent(self) -> bool:
        """Whether something is left to send and nothing blocks it."""
        return bool(self.findings) and not self.blocks


#: How one problem is told: level, sentence.
Problem = tuple[Level, str]
OfEdition = Callable[[Facts, EditionFacts], Iterator[Problem]]
OfCampaign = Callable[[Facts], Iterator[Problem]]
#: Two mailings to the same people within this time are one too many.
NEAR = timedelta(hours=24)


def findings_of(check: str, title: str, repair: str, problems: Iterator[Problem], language: str = "") -> list[Finding]:
    """The findings of one check: its problems, or that it passed."""
    found = [Finding(check, level, sentence, repair, language) for level, sentence in problems]
    return found or [Finding(check, "pass", title, "", language)]

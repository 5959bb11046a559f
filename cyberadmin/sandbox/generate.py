"""Makes many members fast and always the same for the same seed; used by the demo data and by benches."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from cyberadmin.sandbox.bodies import field_types
from cyberadmin.sandbox.consent import RELATIONS, Terms
from cyberadmin.sandbox.dates import add_months, day_start
from cyberadmin.sandbox.names import (
    COMPANIES,
    DOMAINS,
    FIRSTNAMES,
    LASTNAMES,
    NOTES,
    PLAIN,
    birthdate,
    custom_values,
    postal_code,
)
from cyberadmin.sandbox.people import BOUNCED, INSERT, SUBSCRIBED, UNSUBSCRIBED, Member, fold, values
from cyberadmin.sandbox.schema import MEMBER_INDEX_NAMES, MEMBER_INDEXES, MEMBERSHIP_TRIGGERS
from cyberadmin.sandbox.settings import Settings
from cyberadmin.sandbox.store import touch

DAY = 86_400_000
# Everything generated lies before this day, whenever it is generated, but for recipes of so many `months` later.
HORIZON = date(2025, 10, 1)
OPENING = date(2024, 4, 20)
MANY = 50_000
DEFAULTS = Settings()
# Building dates is slow; few distinct days, by default of as many months from January 2021, are enough for a million people.
CONSENT_DAYS = 57


@dataclass(frozen=True, slots=True)
class Recipe:
    """How many people of which state, in which groups: all of ``group_ids``, or each with its ``chance``."""

    subscribed: int
    unsubscribed: int = 0
    bounced: int = 0
    seed: str = "0"
    prefix: str = ""
    group_ids: tuple[int, ...] = ()
    chances: tuple[float, ...] = ()
    #: So many months later than `HORIZON` it ends; and so many of the last months in which consent was given.
    months: int = 0
    consent_months: int = CONSENT_DAYS

    @property
    def total(self) -> int:
        return self.subscribed + self.unsubscribed + self.bounced

    def state(self, index: int) -> int:
        if index < self.subscribed:
            return SUBSCRIBED
        return UNSUBSCRIBED if index < self.subscribed + self.unsubscribed else BOUNCED


@lru_cache(maxsize=8)
def consents(months: int, last: int) -> tuple[tuple[Terms, int | None, int], ...]:
    """What people of a recipe may have consented to: terms, when they expire, when they were given."""
    places = [(months + CONSENT_DAYS - last + n % last, 1 + (7 * n) % 28) for n in range(CONSENT_DAYS)]
    days = [date(2021 + month // 12, month % 12 + 1, day) for month, day in places]
    return tuple(
        (Terms(relation, day, f"{relation} {day:%Y-%m}"), Terms(relation, day, "").expiration(DEFAULTS), day_start(day))
        for relation in RELATIONS
        for day in days
    )


def generate(conn: sqlite3.Connection, account_id: int, recipe: Recipe, now: int) -> tuple[int, int]:
    """Insert the people of a recipe; their first and last id. Nothing is journalled: this is how the world began."""
    first = int(conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'members'").fetchone()[0]) + 1
    draw = random.Random(recipe.seed)
    types = field_types(conn, account_id)
    many = recipe.total > MANY
    _suspend(conn, indexes=many)
    conn.executemany(
        INSERT, (_row(draw, recipe, account_id, first, index, types, now) for index in range(recipe.total))
    )
    conn.executemany("INSERT INTO memberships VALUES (?, ?)", _memberships(draw, recipe, first))
    last = first + recipe.total - 1
    if recipe.group_ids:
        conn.execute(
            "UPDATE members SET group_count = (SELECT count(*) FROM memberships x WHERE x.member_id = members.id)"
            " WHERE id BETWEEN ? AND ?",
            (first, last),
        )
        conn.execute(
            "UPDATE groups SET members_count = (SELECT count(*) FROM memberships x WHERE x.group_id = groups.id)"
            " WHERE account_id = ?",
            (account_id,),
        )
    _resume(conn)
    touch(conn, account_id, shape=True)
    return first, last


def _suspend(conn: sqlite3.Connection, *, indexes: bool) -> None:
    """Counts (and for many rows the indexes) are made once at the end."""
    for name in ("membership_added", "membership_removed"):
        conn.execute(f"DROP TRIGGER {name}")
    for name in MEMBER_INDEX_NAMES if indexes else ():
        conn.execute(f"DROP INDEX {name}")


def _resume(conn: sqlite3.Connection) -> None:
    for statement in MEMBER_INDEXES.strip().split("\n"):
        conn.execute(statement)
    for trigger in MEMBERSHIP_TRIGGERS.split("END;")[:-1]:
        conn.execute(f"{trigger}END;")


def _memberships(draw: random.Random, recipe: Recipe, first: int) -> Iterator[tuple[int, int]]:
    chances = recipe.chances or (1.0,) * len(recipe.group_ids)
    for group_id, chance in zip(recipe.group_ids, chances, strict=True):
        for index in range(recipe.subscribed):
            if chance >= 1 or draw.random() < chance:
                yield group_id, first + index


def _joined(draw: random.Random, months: int) -> int:
    """Spread over ten years, with one block on the day of an opening."""
    if draw.random() < 0.08:
        return day_start(add_months(OPENING, months)) + draw.randrange(8 * 3_600_000, 20 * 3_600_000)
    return day_start(add_months(HORIZON, months)) - draw.randrange(90 * DAY, 3_650 * DAY)


def _row(
    draw: random.Random, recipe: Recipe, account_id: int, first: int, index: int, types: dict[str, str], now: int
) -> tuple[object, ...]:
    chance = draw.random
    language = "fr_ca" if chance() < 0.72 else "en_ca"
    gender = "f" if chance() < 0.55 else "m"
    firstname = draw.choice(FIRSTNAMES[language, gender])
    lastname = draw.choice(LASTNAMES[language])
    email = f"{recipe.prefix or PLAIN[firstname]}.{PLAIN[lastname]}{index}@{draw.choice(DOMAINS)}"
    terms, expiration, consent_date = draw.choice(consents(recipe.months, recipe.consent_months))
    joined = _joined(draw, recipe.months)
    state = recipe.state(index)
    left = joined + draw.randrange(DAY, 80 * DAY) if state != SUBSCRIBED else None
    received = draw.randrange(40)
    opened = draw.randrange(received + 1)
    told = chance() < 0.9
    return values(
        Member(
            id=first + index, account_id=account_id, state=state,
            email=email.title() if chance() < 0.01 else email, email_fold=fold(email),
            firstname=firstname if told else "", lastname=lastname if told else "",
            company=draw.choice(COMPANIES) if chance() < 0.2 else "",
            gender=gender if chance() < 0.7 else ("o" if chance() < 0.05 else ""),
            language=language if chance() < 0.97 else "", postal_code=postal_code(draw) if chance() < 0.5 else "",
            country="CA" if chance() < 0.8 else "", note=draw.choice(NOTES) if chance() < 0.08 else "",
            birthdate=birthdate(draw) if chance() < 0.3 else None, custom=custom_values(draw, types),
            joined_on=min(joined, now), updated_on=joined + draw.randrange(80 * DAY) if chance() < 0.6 else None,
            consent_type=terms.type, relation_type=terms.relation, consent_date=consent_date,
            consent_expiration=expiration, consent_proof=terms.proof if chance() < 0.7 else "",
            unsubscribed_on=left if state == UNSUBSCRIBED else None,
            bounced_on=left if state == BOUNCED and index % 3 else None,
            received=received, opened=opened, clicked=draw.randrange(opened + 1),
        )
    )  # fmt: skip

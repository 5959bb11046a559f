"""One timeline of two tables: entries of the history, and single edits of mirrored objects; newest first.

Each page starts where the one before ended, by the number of the last row of each table, so the thousandth page opens as
fast as the first and nothing is counted.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.sync.models import ApiCall, Edit

from .words import Kind, actions

PER_PAGE = 50
#: Search text beyond this is left out.
LONGEST = 200
#: A pagination number beyond any row.
_NONE_BEFORE = 1 << 62


@dataclass(frozen=True)
class Asked:
    """What of the history is looked at. `who`: primary key of a log-in, 0 = everybody; dates are whole days."""

    kind: str = ""
    who: int = 0
    text: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, query: Any) -> "Asked":
        """What an address asks for; what it does not know is left out."""
        kind, who = query.get("kind", ""), query.get("who", "")
        return cls(
            kind=kind if kind in list(Kind) else "",
            who=int(who) if who.isdecimal() and len(who) < 10 else 0,
            text=query.get("q", "").replace("\x00", "").strip()[:LONGEST],
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves entries out."""
        return self != Asked()


def reach(user: Any, query: Any, right: policy.Right = "view") -> QuerySet[Account] | None:
    """The clients that an address over several of them is about: those on which one holds `right`, or the one it names.

    None is everything there is, also what is about no client: an administrator's. A client that it names and that is
    not among them, by now or ever, is none at all.
    """
    held = policy.accounts_for(user, right)
    if slug := query.get("client", ""):
        return held.filter(slug=slug[:60])
    return None if user.is_active and user.is_superuser else held


@dataclass(frozen=True)
class Cursor:
    """Where a page starts: below these numbers of the two tables."""

    event: int = _NONE_BEFORE
    edit: int = _NONE_BEFORE

    @classmethod
    def of(cls, text: str) -> "Cursor":
        """From an address; anything else is the beginning."""
        event, _dash, edit = text.partition("-")
        if not (event.isdecimal() and edit.isdecimal() and len(text) < 40):
            return cls()
        return cls(min(int(event), _NONE_BEFORE), min(int(edit), _NONE_BEFORE))

    def __str__(self) -> str:
        return f"{self.event}-{self.edit}"


@dataclass(frozen=True)
class Line:
    """One row of the timeline: an entry or an edit."""

    at: datetime
    row: AuditEvent | Edit
    calls: list[ApiCall] = field(default_factory=list)


def events(accounts: QuerySet[Account] | None, asked: Asked) -> QuerySet[AuditEvent]:
    """Entries about these clients, or (None) all there are, also those about no client."""
    rows = AuditEvent.objects.select_related("account", "actor").order_by("-id")
    if accounts is not None:
        rows = rows.filter(account__in=accounts)
    if asked.kind:
        rows = rows.filter(action__in=actions(Kind(asked.kind)))
    if asked.text:
        rows = rows.annotate(recorded=Cast("detail", TextField()))
        # SQLite keeps JSON as it was written, with accents as escapes.
        escaped = json.dumps(asked.text)[1:-1]
        named = Q(account_name__icontains=asked.text) | Q(why__icontains=asked.text)
        rows = rows.filter(named | Q(recorded__icontains=asked.text) | Q(recorded__icontains=escaped))
    return _narrowed(rows, asked)


def edits(accounts: QuerySet[Account] | None, asked: Asked) -> QuerySet[Edit]:
    """Edits of objects of these clients, or (None) of all."""
    rows = Edit.objects.select_related("change__account", "actor").order_by("-id")
    if asked.kind not in ("", Kind.CHANGE):
        return rows.none()
    if accounts is not None:
        rows = rows.filter(change__account__in=accounts)
    if asked.text:
        rows = rows.filter(Q(change__object_label__icontains=asked.text) | Q(why__icontains=asked.text))
    return _narrowed(rows, asked)


def page(accounts: QuerySet[Account] | None, asked: Asked, start: Cursor) -> tuple[list[Line], Cursor | None]:
    """The lines of a page, and where the next one starts (None = there is none)."""
    found = list(_merged(accounts, asked, start, PER_PAGE + 1))
    shown = found[:PER_PAGE]
    _with_calls(shown)
    return shown, _after(start, shown) if len(found) > PER_PAGE else None


def every(accounts: QuerySet[Account] | None, asked: Asked, piece: int = 1_000) -> Iterator[Line]:
    """All lines, read in pieces."""
    start = Cursor()
    while lines := list(_merged(accounts, asked, start, piece)):
        yield from lines
        start = _after(start, lines)


def _merged(accounts: QuerySet[Account] | None, asked: Asked, start: Cursor, most: int) -> Iterator[Line]:
    entries = [Line(row.at, row) for row in events(accounts, asked).filter(pk__lt=start.event)[:most]]
    changed = [Line(row.at, row) for row in edits(accounts, asked).filter(pk__lt=start.edit)[:most]]
    for _number in range(most):
        if not entries and not changed:
            return
        # Each table keeps its own order, so that no row is lost between two pages where clocks disagree.
        newer = not changed or (bool(entries) and entries[0].at >= changed[0].at)
        yield (entries if newer else changed).pop(0)


def _after(start: Cursor, lines: list[Line]) -> Cursor:
    event = [line.row.pk for line in lines if isinstance(line.row, AuditEvent)]
    edit = [line.row.pk for line in lines if isinstance(line.row, Edit)]
    return Cursor(event[-1] if event else start.event, edit[-1] if edit else start.edit)


def _with_calls(lines: list[Line]) -> None:
    """Put the calls that carried each edit to the vendor beside it, the last three of each."""
    changes = {line.row.change_id for line in lines if isinstance(line.row, Edit)}
    found: dict[int, list[ApiCall]] = {}
    for call in ApiCall.objects.filter(change__in=changes).order_by("-id").defer("request", "response")[: PER_PAGE * 4]:
        found.setdefault(call.change_id or 0, []).append(call)
    for line in lines:
        if isinstance(line.row, Edit):
            line.calls.extend(reversed(found.get(line.row.change_id, [])[:3]))


def _narrowed(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    if asked.who:
        rows = rows.filter(actor=asked.who)
    if asked.since:
        rows = rows.filter(at__gte=_midnight(asked.since))
    if asked.until:
        rows = rows.filter(at__lt=_midnight(asked.until + timedelta(days=1)))
    return rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2999 else None

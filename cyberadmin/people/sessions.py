"""Sessions that end: after an hour without use, after twelve hours, and whenever somebody ends them.

Django's session only carries the handle of a StaffSession row; the row decides. So a session can be listed, ended from
elsewhere, and stays ended whatever the browser keeps (docs/engine.md, security checklist line 15).
"""

import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser, User
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from cyberadmin.accounts.recent import note_age
from cyberadmin.sync.clock import now

from . import forwarded
from .demand import floor, is_demanded
from .models import FactorPolicy, Profile, SecondFactor, StaffSession

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
#: The time of the last use is written down no more often than this.
TOUCH = timedelta(minutes=1)
#: Ended sessions are kept for the list of log-ins.
KEPT = timedelta(days=90)
KEY = "staff_session"

_BROWSERS = (
    ("Edge", "Edg"),
    ("Opera", "OPR"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrom(?:e|ium)"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("macOS", "Mac OS X|Macintosh"),
    ("Linux", "Linux|X11"),
)


@dataclass(frozen=True)
class Standing:
    """Who is behind a request. `user` has shown everything asked for; `half` has shown the password alone."""

    session: StaffSession | None = None
    half: User | None = None
    #: Why the session that the browser still had is worth nothing any more.
    ended: str = ""


def began(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A log-in happened (signal of Django): make its row, and put its handle in the session."""
    before = request.session.get(KEY)
    if before is not None:
        end(StaffSession.objects.filter(handle=before), StaffSession.End.LOGGED_OUT)
    moment = now()
    session = StaffSession.objects.create(
        user=user,
        address=forwarded.client_address(request),
        browser=browser_name(request.META.get("HTTP_USER_AGENT", "")),
        started_at=moment,
        seen_at=moment,
        password_at=moment,
    )
    request.session[KEY] = str(session.handle)


def check(request: HttpRequest) -> Standing:
    """Look the request's session up. One that ended is emptied, and the request becomes nobody's.

    A session whose second factor is still to be shown makes the request nobody's as well: `half` alone says who it is.
    """
    handle = request.session.get(KEY)
    user = request.user
    if not user.is_authenticated:
        if handle is not None:
            # The user was disabled, or the password changed behind this product's back.
            end(StaffSession.objects.filter(handle=handle), StaffSession.End.DISABLED)
            request.session.flush()
        return Standing()
    session = _find(handle, user.pk)
    why = StaffSession.End.ELSEWHERE if session is None else _over(session)
    if session is None or why:
        _forget(request, session, str(why))
        return Standing(ended=(session.end if session is not None else "") or str(why))
    if _is_use(request):
        _touch(session)
    if session.factor_at is None and _factor_asked(session, user):
        half = User.objects.get(pk=user.pk)
        request.user = AnonymousUser()
        return Standing(session, half)
    note_age(request, session.password_at, now())
    return Standing(session)


def end(rows: QuerySet[StaffSession], why: str) -> int:
    """End the sessions among `rows` that are still open; how many there were."""
    return rows.filter(ended_at=None).update(ended_at=now(), end=why)


def open_sessions(user: User) -> QuerySet[StaffSession]:
    """The sessions of one person that may still be used, latest use first."""
    moment = now()
    alive = user.staff_sessions.filter(ended_at=None, seen_at__gt=moment - IDLE, started_at__gt=moment - ABSOLUTE)
    rows: QuerySet[StaffSession] = alive.order_by("-seen_at")
    return rows


def password_typed(request: HttpRequest, session: StaffSession) -> None:
    """The password was typed again in this session."""
    StaffSession.objects.filter(pk=session.pk).update(password_at=now())
    note_age(request, now(), now())


def factor_shown(request: HttpRequest, session: StaffSession) -> None:
    """The second factor was shown: more is allowed from now on, so the session gets a new key."""
    StaffSession.objects.filter(pk=session.pk).update(factor_at=now())
    request.session.cycle_key()


def prune() -> None:
    """Forget sessions that ended long ago."""
    StaffSession.objects.filter(seen_at__lt=now() - KEPT).delete()


def browser_name(agent: str) -> str:
    """What people call their browser: "Firefox, Windows"; "" for what is not known."""
    browser = next((name for name, pattern in _BROWSERS if re.search(pattern, agent)), "")
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, agent)), "")
    return ", ".join(filter(None, (browser, system)))


def _find(handle: Any, user_id: int) -> StaffSession | None:
    """The row of a session, with what decides about its second factor: one query for each request."""
    try:
        key = uuid.UUID(str(handle))
    except ValueError:
        return None
    return (
        StaffSession.objects.filter(handle=key, user_id=user_id)
        .annotate(
            has_factor=Exists(SecondFactor.objects.filter(user_id=OuterRef("user_id"))),
            wanted=Exists(Profile.objects.filter(user_id=OuterRef("user_id"), second_factor_required=True)),
            policy=Subquery(FactorPolicy.objects.values("who")[:1]),
        )
        .first()
    )


def _factor_asked(session: Any, user: Any) -> bool:
    if session.has_factor or session.wanted:
        return True
    return is_demanded(floor(session.policy or ""), user.is_superuser)


def _over(session: StaffSession) -> str:
    """Why a session is over now; "" while it is not."""
    if session.ended_at is not None:
        return session.end
    moment = now()
    if moment - session.started_at >= ABSOLUTE:
        return StaffSession.End.OLD
    return StaffSession.End.IDLE if moment - session.seen_at >= IDLE else ""


def _forget(request: HttpRequest, session: StaffSession | None, why: str) -> None:
    if session is not None and session.ended_at is None:
        end(StaffSession.objects.filter(pk=session.pk), why)
    logout(request)
    request.user = AnonymousUser()


def _is_use(request: HttpRequest) -> bool:
    """Whether a person did this, and not a page that asks for news by itself."""
    return bool(request.META.get("HTTP_SEC_FETCH_DEST", "") != "empty")


def _touch(session: StaffSession) -> None:
    moment = now()
    if moment - session.seen_at < TOUCH:
        return
    try:
        with transaction.atomic():
            StaffSession.objects.filter(pk=session.pk, seen_at__lt=moment).update(seen_at=moment)
    except DatabaseError:
        # A busy database must not keep anybody from reading; the next request tries again.
        return

"""Sessions: a new key at log-in, idle and absolute ends, and every way to end one (engine.md 4, line 15)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from cyberadmin.accounts.models import AuditEvent
from cyberadmin.people import sessions, staff, tasks
from cyberadmin.people.models import StaffSession
from cyberadmin.sync import clock
from tests.people.desk import PASSWORD, Visitor, code_of, give_factor, session_of

pytestmark = pytest.mark.django_db
COOKIE = "cyberadmin_session"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def key(visitor: Visitor) -> str:
    """The session's key in this browser."""
    return str(visitor.cookies[COOKIE].value)


def test_a_log_in_gets_a_key_that_nobody_knew(admin: User, visitor: Visitor) -> None:
    visitor.session.save()  # A key that somebody could have planted.
    planted = key(visitor)
    visitor.enter(admin)
    assert key(visitor) != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_the_second_factor_changes_the_key_again(admin: User, visitor: Visitor) -> None:
    give_factor(admin)
    visitor.log_in("ariane")
    half = key(visitor)
    visitor.post("/second-factor/", {"code": code_of(admin)})
    assert key(visitor) != half
    assert visitor.is_inside()
    stale = Visitor()
    stale.cookies[COOKIE] = half
    assert not stale.is_inside()


def test_an_hour_without_use_ends_it(admin: User, visitor: Visitor) -> None:
    visitor.enter(admin)
    for _ in range(3):
        clock.advance(59 * 60)
        assert visitor.is_inside()
    clock.advance(60 * 60)
    response = visitor.get("/people/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/login/?next=/people/&ended=idle"
    assert "nothing was done for an hour" in visitor.get(response.headers["Location"]).content.decode()
    assert session_of(admin).end == "idle"
    assert not visitor.is_inside()


def test_a_page_that_asks_by_itself_is_no_use(admin: User, visitor: Visitor) -> None:
    visitor.enter(admin)
    for _ in range(3):
        clock.advance(25 * 60)
        visitor.get("/", headers={"sec-fetch-dest": "empty"})
    assert not visitor.is_inside()


def test_twelve_hours_end_it_however_busy(admin: User, visitor: Visitor) -> None:
    visitor.enter(admin)
    for _ in range(23):
        clock.advance(30 * 60)
        assert visitor.is_inside()
    clock.advance(30 * 60)
    assert not visitor.is_inside()
    assert session_of(admin).end == "old"


def test_the_cookie_lives_no_longer_than_a_session(admin: User, visitor: Visitor, settings: object) -> None:
    visitor.enter(admin)
    assert visitor.cookies[COOKIE]["max-age"] == sessions.ABSOLUTE.total_seconds()
    assert visitor.cookies[COOKIE]["httponly"]
    assert visitor.cookies[COOKIE]["samesite"] == "Lax"


def test_a_disabled_persons_session_is_dead_and_stays_dead(admin: User, editor: User) -> None:
    visitor = Visitor().enter(editor)
    staff.disable(admin, editor, "away")
    assert not visitor.is_inside()
    staff.enable(admin, editor)
    assert not visitor.is_inside()
    assert session_of(editor).end == "disabled"
    Visitor().enter(editor)


def test_who_is_disabled_behind_our_back_is_out_for_good(editor: User) -> None:
    visitor = Visitor().enter(editor)
    User.objects.filter(pk=editor.pk).update(is_active=False)
    assert not visitor.is_inside()
    User.objects.filter(pk=editor.pk).update(is_active=True)
    assert not visitor.is_inside()


def test_a_new_password_ends_every_other_session(editor: User) -> None:
    here, there = Visitor().enter(editor), Visitor().enter(editor)
    before = key(here)
    new = "quite another password"
    response = here.send("/me/password/", current=PASSWORD, password=new, again=new)
    assert response.status_code == 302, response.content.decode()
    assert here.is_inside()
    assert key(here) != before
    assert not there.is_inside()
    assert Visitor().log_in("etienne").status_code == 200
    assert Visitor().log_in("etienne", new).status_code == 302
    assert AuditEvent.objects.get(action="password.changed").detail == {"sessions_ended": 1}


@pytest.mark.parametrize("new", ["short", "password1234", "etienne-1234", "qwerty123456"])
def test_weak_passwords_are_refused(editor: User, new: str) -> None:
    visitor = Visitor().enter(editor)
    assert visitor.send("/me/password/", current=PASSWORD, password=new, again=new).status_code == 200
    editor.refresh_from_db()
    assert editor.check_password(PASSWORD)


def test_the_password_in_use_is_asked_for_and_cannot_be_guessed(editor: User) -> None:
    visitor = Visitor().enter(editor)
    new = "quite another password"
    for number in range(8):
        current = PASSWORD if number > 4 else f"guess {number}"
        assert visitor.send("/me/password/", current=current, password=new, again=new).status_code == 200
    editor.refresh_from_db()
    assert editor.check_password(PASSWORD)


def test_a_password_changed_behind_our_back_ends_sessions(editor: User) -> None:
    visitor = Visitor().enter(editor)
    editor.set_password("quite another password")
    editor.save()
    assert not visitor.is_inside()


def test_logging_out_ends_the_session_itself(admin: User, visitor: Visitor) -> None:
    visitor.enter(admin)
    kept = key(visitor)
    assert visitor.get("/logout/").status_code == 405
    assert visitor.post("/logout/").headers["Location"] == "/login/"
    thief = Visitor()
    thief.cookies[COOKIE] = kept
    assert not thief.is_inside()
    assert session_of(admin).end == "logged_out"


def test_logging_in_again_replaces_the_session(admin: User, visitor: Visitor) -> None:
    visitor.enter(admin)
    first = session_of(admin)
    visitor.enter(admin)
    first.refresh_from_db()
    assert first.end == "logged_out"


def test_my_sessions_are_listed_and_ended(editor: User, admin: User) -> None:
    here = Visitor().enter(editor)
    there = Visitor("198.51.100.20", HTTP_USER_AGENT=FIREFOX).enter(editor)
    page = here.get("/me/").content.decode()
    assert "Firefox, Windows" in page
    assert "198.51.100.20" in page
    other = Visitor().enter(admin)
    theirs = session_of(admin)
    assert f"/me/sessions/{theirs.pk}/end/" not in page
    here.post(f"/me/sessions/{theirs.pk}/end/")
    assert other.is_inside()
    here.post(f"/me/sessions/{session_of(editor).pk}/end/")
    assert not there.is_inside()
    assert here.is_inside()


def test_log_out_everywhere_means_here_too(editor: User) -> None:
    visitors = [Visitor().enter(editor) for _ in range(3)]
    assert visitors[0].get("/me/sessions/end/").status_code == 405
    assert visitors[0].post("/me/sessions/end/").headers["Location"] == "/login/"
    assert not any(visitor.is_inside() for visitor in visitors)
    assert AuditEvent.objects.get(action="sessions.ended").detail["sessions"] == 3


def test_a_session_without_its_row_is_worth_nothing(admin: User, visitor: Visitor) -> None:
    visitor.enter(admin)
    StaffSession.objects.all().delete()
    assert not visitor.is_inside()
    visitor.enter(admin)
    session = visitor.session
    session[sessions.KEY] = "no handle at all"
    session.save()
    assert not visitor.is_inside()


def test_another_persons_handle_is_worth_nothing(admin: User, editor: User) -> None:
    thief = Visitor().enter(editor)
    Visitor().enter(admin)
    session = thief.session
    session[sessions.KEY] = str(session_of(admin).handle)
    session.save()
    assert not thief.is_inside()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/18 Safari/605", "Safari, macOS"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit Chrome/140 Mobile Safari/537", "Chrome, Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari/537 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604", "Safari, iPhone"),
        ("curl/8.0", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_browsers_are_named(agent: str, name: str) -> None:
    assert sessions.browser_name(agent) == name


def test_old_rows_are_forgotten(admin: User, visitor: Visitor) -> None:
    visitor.enter(admin)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    StaffSession.objects.update(seen_at=clock.now() - sessions.KEPT - timedelta(days=1))
    tasks.keep_house()
    assert not StaffSession.objects.exists()
    assert not Session.objects.exists()

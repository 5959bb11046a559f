"""The second factor: one use of each code, one step of drift, sealed, and asked for where it is required (lines 12, 13)."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connections

from cyberadmin.accounts import secrets as seals
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.people import demand, factors, throttle, totp
from cyberadmin.people.models import RecoveryCode, SecondFactor
from cyberadmin.sync import clock
from tests.people.desk import Visitor, code_of, give_factor, secret_of
from tests.world import make_user

pytestmark = pytest.mark.django_db


def pressed(visitor: Visitor, code: str) -> int:
    """The answer to a code: 302 when it opened."""
    status: int = visitor.post("/second-factor/", {"code": code}).status_code
    return status


def typed_secret(page: Any) -> str:
    """The key that the set-up page shows for typing."""
    found = re.search(r'pe-key">([A-Z2-7 ]+)<', page.content.decode())
    assert found
    return found.group(1).replace(" ", "")


def test_a_code_opens_once(admin: User) -> None:
    give_factor(admin)
    first, second = Visitor(), Visitor()
    first.log_in("ariane")
    second.log_in("ariane")
    code = code_of(admin)
    assert pressed(first, code) == 302
    assert first.is_inside()
    assert pressed(second, code) == 200
    assert not second.is_inside()
    # Nor does an older one that was never used.
    assert pressed(second, code_of(admin, -1)) == 200
    clock.advance(30)
    assert pressed(second, code_of(admin)) == 302


@pytest.mark.parametrize(("steps", "status"), [(-3, 200), (-2, 200), (-1, 302), (0, 302), (1, 302), (2, 200), (3, 200)])
def test_the_phones_clock_may_be_one_step_off(admin: User, steps: int, status: int) -> None:
    give_factor(admin)
    clock.advance(300)
    visitor = Visitor()
    visitor.log_in("ariane")
    assert pressed(visitor, code_of(admin, steps)) == status


def test_drift_never_adds_up(admin: User) -> None:
    give_factor(admin)
    for ahead, fits in ((1, True), (2, False), (3, False)):
        clock.advance(300)
        visitor = Visitor()
        visitor.log_in("ariane")
        assert (pressed(visitor, code_of(admin, ahead)) == 302) is fits


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_with_one_code_one_opens() -> None:
    user = make_user("racer")
    give_factor(user)
    code, opened = code_of(user), []
    start = threading.Barrier(4)

    def press() -> None:
        start.wait()
        try:
            opened.append(factors.show(user, code))
        except (ValidationError, throttle.Throttled):
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert opened == ["app"]


def test_guessing_codes_is_slowed_wherever_from(admin: User) -> None:
    give_factor(admin)
    visitors = [Visitor(f"203.0.113.{number}") for number in range(1, 9)]
    for visitor in visitors:
        visitor.log_in("ariane")
    answers = [pressed(visitor, "000000") for visitor in visitors]
    assert answers == [200] * 5 + [429] * 3
    refused = visitors[0].post("/second-factor/", {"code": code_of(admin)})
    assert refused.status_code == 429
    assert "Try again in 5 minutes" in refused.content.decode()
    clock.advance(300)
    assert pressed(visitors[0], code_of(admin)) == 302
    assert AuditEvent.objects.filter(action="second_factor.refused").count() == 5


def test_a_recovery_code_opens_once(admin: User) -> None:
    codes = give_factor(admin)
    assert len(set(codes)) == 10
    for spelling in (codes[0], codes[1].upper(), codes[2].replace("-", " ")):
        visitor = Visitor()
        visitor.log_in("ariane")
        assert pressed(visitor, spelling) == 302
        assert visitor.is_inside()
    visitor = Visitor()
    visitor.log_in("ariane")
    assert pressed(visitor, codes[0]) == 200
    assert factors.codes_left(admin) == 7
    assert AuditEvent.objects.filter(action="second_factor.recovery_used").count() == 3


def test_another_persons_codes_open_nothing(admin: User, editor: User) -> None:
    give_factor(admin)
    codes = give_factor(editor)
    visitor = Visitor()
    visitor.log_in("ariane")
    assert pressed(visitor, codes[0]) == 200
    assert pressed(visitor, code_of(editor)) == 200


def test_nothing_is_stored_in_clear(admin: User) -> None:
    codes = give_factor(admin)
    factor = SecondFactor.objects.get(user=admin)
    secret = secret_of(admin)
    assert secret not in factor.secret
    stored = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert len(stored) == 10
    assert not any(code.replace("-", "") in digest for code in codes for digest in stored)
    assert secret not in str(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_a_secret_moved_to_another_person_does_not_open(admin: User, editor: User) -> None:
    give_factor(admin)
    give_factor(editor)
    SecondFactor.objects.filter(user=editor).update(secret=SecondFactor.objects.get(user=admin).secret)
    with pytest.raises(seals.SecretUnreadable):
        factors.show(editor, "123456")


def test_rotating_the_keys_seals_second_factors_anew(admin: User, settings: Any) -> None:
    give_factor(admin)
    before = secret_of(admin)
    new = "k2:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
    settings.CYBERADMIN_KEYS = [new, *settings.CYBERADMIN_KEYS]
    call_command("rotate_keys", verbosity=0)
    settings.CYBERADMIN_KEYS = [new]
    assert secret_of(admin) == before


def test_setting_up_shows_a_picture_a_key_and_the_codes_once(editor: User) -> None:
    visitor = Visitor().enter(editor)
    page = visitor.get("/second-factor/set-up/")
    assert "<svg" in page.content.decode()
    assert "<script>" not in page.content.decode()
    secret = typed_secret(page)
    assert typed_secret(visitor.get("/second-factor/set-up/")) == secret
    assert secret not in str(dict(visitor.session.items()))
    wrong = visitor.post("/second-factor/set-up/", {"code": "000000"})
    assert wrong.status_code == 200
    assert not factors.has_factor(editor)
    done = visitor.post("/second-factor/set-up/", {"code": _code(secret)})
    shown = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.content.decode())
    assert len(shown) == 10
    assert "no-store" in done.headers["Cache-Control"]
    assert visitor.is_inside()
    assert secret_of(editor) == secret
    # The code that proved the app is used up.
    other = Visitor()
    other.log_in("etienne")
    assert pressed(other, _code(secret)) == 200


def _code(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(clock.now().timestamp()))


def test_a_stolen_password_sets_no_new_phone_up(admin: User) -> None:
    give_factor(admin)
    thief = Visitor()
    thief.log_in("ariane")
    for answer in (thief.get("/second-factor/set-up/"), thief.post("/second-factor/set-up/", {"code": "000000"})):
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/second-factor/"


def test_another_phone_replaces_the_first_only_when_it_works(admin: User) -> None:
    give_factor(admin)
    visitor = Visitor().enter(admin)
    before = secret_of(admin)
    secret = typed_secret(visitor.get("/second-factor/set-up/"))
    assert secret_of(admin) == before
    visitor.post("/second-factor/set-up/", {"code": _code(secret)})
    assert secret_of(admin) == secret
    assert factors.codes_left(admin) == 10


def test_new_codes_replace_the_old_ones(admin: User) -> None:
    old = give_factor(admin)
    visitor = Visitor().enter(admin)
    clock.advance(30)
    shown = visitor.send("/me/codes/")
    new = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", shown.content.decode())
    assert len(new) == 10
    other = Visitor()
    other.log_in("ariane")
    assert pressed(other, old[0]) == 200
    assert pressed(other, new[0]) == 302


def test_one_turns_it_off_only_where_it_is_not_asked_for(admin: User, settings: Any) -> None:
    give_factor(admin)
    visitor = Visitor().enter(admin)
    settings.CYBERADMIN_SECOND_FACTOR = "administrators"
    assert visitor.send("/me/second-factor/off/").status_code == 200
    assert factors.has_factor(admin)
    settings.CYBERADMIN_SECOND_FACTOR = "nobody"
    assert visitor.send("/me/second-factor/off/").status_code == 302
    assert not factors.has_factor(admin)


def test_an_administrator_resets_a_colleagues_with_a_reason(admin: User, editor: User) -> None:
    give_factor(editor)
    lost = Visitor().enter(editor)
    visitor = Visitor().enter(admin)
    assert visitor.send(f"/people/{editor.pk}/second-factor/", why="").status_code == 200
    assert factors.has_factor(editor)
    assert visitor.send(f"/people/{editor.pk}/second-factor/", why="phone lost, called back").status_code == 302
    assert not factors.has_factor(editor)
    assert not lost.is_inside()
    event = AuditEvent.objects.get(action="second_factor.reset")
    assert (event.actor, event.detail["user"], event.why) == (admin, "etienne", "phone lost, called back")


def test_nobody_resets_their_own_or_without_being_administrator(admin: User, editor: User, manager: User) -> None:
    give_factor(admin)
    give_factor(editor)
    for actor, user in ((admin, admin), (manager, editor), (editor, editor)):
        with pytest.raises(PermissionDenied):
            factors.reset(actor, user, "why")


def test_the_command_line_resets_the_last_administrators(admin: User, capsys: Any) -> None:
    give_factor(admin)
    call_command("reset_second_factor", "ariane", "--why", "phone in the river")
    assert not factors.has_factor(admin)
    assert AuditEvent.objects.get(action="second_factor.reset").why == "phone in the river"
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "nobody", "--why", "x")


@pytest.mark.parametrize(
    ("installation", "decided", "admins", "others"),
    [
        ("nobody", "", False, False),
        ("nobody", "administrators", True, False),
        ("nobody", "everybody", True, True),
        ("administrators", "", True, False),
        ("administrators", "nobody", True, False),
        ("everybody", "nobody", True, True),
        ("anything else", "", True, True),
    ],
)
def test_the_stricter_rule_counts(
    admin: User, editor: User, settings: Any, installation: str, decided: str, admins: bool, others: bool
) -> None:
    if decided:
        settings.CYBERADMIN_SECOND_FACTOR = "nobody"
        factors.demand_of(admin, decided)
    settings.CYBERADMIN_SECOND_FACTOR = installation
    assert (demand.must_have(admin), demand.must_have(editor)) == (admins, others)
    inside = {user: _reaches(user) for user in (admin, editor)}
    assert inside == {admin: not admins, editor: not others}


def _reaches(user: User) -> bool:
    visitor = Visitor()
    visitor.log_in(user.username)
    return visitor.is_inside()


def test_an_administrator_asks_one_person_alone(admin: User, editor: User, manager: User) -> None:
    Visitor().enter(admin).send(f"/people/{editor.pk}/edit/", second_factor_required="on")
    assert demand.must_have(editor)
    assert not demand.must_have(manager)
    assert not _reaches(editor)
    assert _reaches(manager)


def test_a_rule_counts_for_sessions_that_are_open(admin: User, editor: User) -> None:
    visitor = Visitor().enter(editor)
    chief = Visitor().enter(admin)
    assert chief.send("/people/second-factor/", who="everybody").status_code == 302
    assert not visitor.is_inside()
    assert visitor.get("/").headers["Location"] == "/second-factor/?next=%2F"
    assert visitor.get("/second-factor/").headers["Location"] == "/second-factor/set-up/?next=%2F"


def test_nobody_goes_below_the_installations_rule(admin: User, settings: Any) -> None:
    settings.CYBERADMIN_SECOND_FACTOR = "administrators"
    give_factor(admin)
    visitor = Visitor().enter(admin)
    assert visitor.send("/people/second-factor/", who="nobody").status_code == 200
    assert demand.current() == "administrators"


def test_the_way_through_is_walked_to_the_page_that_was_asked_for(admin: User, everybody: None) -> None:
    visitor = Visitor()
    answer = visitor.log_in("ariane", next="/people/")
    for _ in range(3):
        answer = visitor.get(answer.headers["Location"])
        if answer.status_code == 200:
            break
    secret = typed_secret(answer)
    done = visitor.post(answer.request["PATH_INFO"], {"code": _code(secret), "next": "/people/"})
    assert 'href="/people/"' in done.content.decode()
    assert visitor.get("/people/").status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_nobody_is_led_away(admin: User, visitor: Visitor, target: str) -> None:
    assert visitor.log_in("ariane", next=target).headers["Location"] == "/"

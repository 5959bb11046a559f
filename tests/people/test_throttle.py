"""Guessing passwords: slowed per person and per address, locking nobody else out (engine.md 4, line 14)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.utils.translation import gettext

from cyberadmin.accounts.models import AuditEvent
from cyberadmin.people import throttle
from cyberadmin.people.models import Allowance
from cyberadmin.sync import clock
from tests.people.desk import PASSWORD, Visitor

pytestmark = pytest.mark.django_db

HASHED: list[str] = []


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is looked at: what costs time, and what tells a guesser something."""

    algorithm = "counting"

    def encode(self, password: str, salt: str) -> str:
        HASHED.append(password)
        return super().encode(password, salt)


@pytest.fixture
def counting(settings: Any) -> list[str]:
    """Password checks from here on."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher", *settings.PASSWORD_HASHERS]
    HASHED.clear()
    return HASHED


def assert_slowed(answers: list[int], limit: throttle.Limit, began: float) -> None:
    """Every try of the burst was looked at, and after it only those that the time since `began` paid back."""
    paid_back = int((time.monotonic() - began) / limit.every) + 1
    assert answers[: limit.burst] == [200] * limit.burst
    assert answers.count(429) >= len(answers) - limit.burst - paid_back
    assert set(answers) == {200, 429}


@pytest.mark.any_database
def test_a_thousand_guesses_check_five_passwords(admin: User, editor: User, counting: list[str]) -> None:
    admin.set_password(PASSWORD)
    admin.save()
    counting.clear()
    guesser = Visitor("198.51.100.9")
    answers = [guesser.log_in("ariane", f"guess {number}").status_code for number in range(1_000)]
    assert answers == [200] * 5 + [429] * 995
    assert len(counting) == 5
    # Not even the right one, from there, now.
    assert guesser.log_in("ariane").status_code == 429
    # The person herself, elsewhere, and her colleague at the very same address.
    Visitor("203.0.113.50").enter(admin)
    Visitor("198.51.100.9").enter(editor)


@pytest.mark.any_database
def test_a_thousand_names_are_slowed_by_address_and_known_browsers_are_not(editor: User) -> None:
    at_work = Visitor("198.51.100.9").enter(editor)
    at_work.post("/logout/")
    guesser, began = Visitor("198.51.100.9"), time.monotonic()
    answers = [guesser.log_in(f"name{number}", "guess").status_code for number in range(1_000)]
    assert_slowed(answers, throttle.ADDRESS, began)
    assert Visitor("198.51.100.9").log_in("etienne").status_code == 429
    at_work.enter(editor)


@pytest.mark.any_database
def test_a_thousand_addresses_are_slowed_by_person_and_her_own_browser_is_not(admin: User) -> None:
    own = Visitor().enter(admin)
    own.post("/logout/")
    began = time.monotonic()
    answers = [
        Visitor(f"10.0.{number // 250}.{number % 250}").log_in("ariane", "guess").status_code for number in range(1_000)
    ]
    assert_slowed(answers, throttle.PERSON, began)
    own.enter(admin)


def test_the_mark_of_a_browser_helps_its_person_alone(admin: User, editor: User) -> None:
    known = Visitor("198.51.100.9").enter(editor)
    known.post("/logout/")
    answers = [known.log_in("ariane", "guess").status_code for _ in range(8)]
    assert answers == [200] * 5 + [429] * 3
    forged = Visitor("198.51.100.9")
    forged.cookies[throttle.MARK_COOKIE] = known.cookies[throttle.MARK_COOKIE].value + "x"
    assert forged.log_in("ariane").status_code == 429


def test_waiting_opens_one_try_and_the_page_says_when(admin: User, visitor: Visitor) -> None:
    for _ in range(5):
        visitor.log_in("ariane", "guess")
    refused = visitor.log_in("ariane")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 180
    assert "Try again in 3 minutes, at" in refused.content.decode()
    clock.advance(int(refused.headers["Retry-After"]) + 1)
    assert visitor.log_in("ariane").status_code == 302
    assert visitor.is_inside()


def test_the_page_of_too_many_tries_speaks_french(admin: User) -> None:
    visitor = Visitor(language="fr")
    for _ in range(6):
        response = visitor.log_in("ariane", "guess")
    text = response.content.decode()
    assert "Trop d’essais." in text
    assert "Réessayez dans 3 minutes" in text
    assert 'lang="fr"' in text


def test_a_good_log_in_forgets_the_failures_before(admin: User, visitor: Visitor) -> None:
    for _ in range(3):
        for _ in range(4):
            assert visitor.log_in("ariane", "guess").status_code == 200
        assert visitor.log_in("ariane").status_code == 302
        visitor.post("/logout/")


@pytest.mark.parametrize("spelling", ["ARIANE", " ariane ", "Ariane"])
def test_other_spellings_of_a_name_count_together(admin: User, visitor: Visitor, spelling: str) -> None:
    for _ in range(5):
        visitor.log_in("ariane", "guess")
    assert visitor.log_in(spelling, "guess").status_code == 429


def test_one_subscriber_with_many_ipv6_addresses_is_one_address(admin: User) -> None:
    answers = [Visitor(f"2001:db8:1:2::{number:x}").log_in("ariane", "guess").status_code for number in range(1, 12)]
    assert answers == [200] * 5 + [429] * 6
    assert Visitor("2001:db8:1:3::1").log_in("ariane", "guess").status_code == 200


@pytest.mark.parametrize("kind", ["unknown", "wrong", "inactive", "no staff"])
def test_every_refusal_is_the_same_page_for_the_same_work(kind: str, counting: list[str]) -> None:
    user = User.objects.create_user("somebody", password=PASSWORD, is_staff=kind != "no staff")
    User.objects.filter(pk=user.pk).update(is_active=kind != "inactive")
    counting.clear()
    name, password = ("nobody", PASSWORD) if kind == "unknown" else ("somebody", PASSWORD)
    response = Visitor().log_in(name, "wrong" if kind == "wrong" else password)
    assert response.status_code == 200
    assert len(counting) == 1
    text = response.content.decode()
    assert gettext("This log-in name and this password do not fit. Check both, and capital letters.") in text
    assert "disabled" not in text
    assert "somebody" not in text.replace('value="somebody"', "")


def test_what_was_typed_is_not_kept(admin: User, visitor: Visitor) -> None:
    visitor.log_in("my secret password", "guess")
    for _ in range(6):
        visitor.log_in("ariane", "guess")
    events = AuditEvent.objects.filter(action__startswith="login.").order_by("id")
    assert [event.action for event in events] == ["login.refused"] * 6 + ["login.throttled"]
    assert events[0].detail["user"] == ""
    assert events[1].detail == {"user": "ariane", "address": "203.0.113.7"}
    assert not Allowance.objects.filter(key__contains="ariane").exists()


def test_an_endless_attack_writes_one_line_for_each_wait(admin: User, visitor: Visitor) -> None:
    for _ in range(200):
        visitor.log_in("ariane", "guess")
    assert AuditEvent.objects.filter(action="login.throttled").count() == 1


def test_a_password_too_long_is_refused_before_it_is_hashed(admin: User, visitor: Visitor, counting: list[str]) -> None:
    assert visitor.log_in("ariane", "x" * 100_000).status_code == 200
    assert counting == []


def test_what_is_paid_back_is_forgotten(admin: User, visitor: Visitor) -> None:
    visitor.log_in("ariane", "guess")
    assert Allowance.objects.count() == 3
    throttle.prune()
    assert Allowance.objects.count() == 3
    clock.advance(3_600)
    throttle.prune()
    assert Allowance.objects.count() == 0

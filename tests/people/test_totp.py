"""Codes of authenticator apps, against the published vectors of RFC 6238 (appendix B, SHA-1)."""

from __future__ import annotations

import base64

import pytest

from cyberadmin.people import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_published_vectors(moment: int, code: str) -> None:
    assert totp.code_at(SECRET, totp.step_at(moment)) == code
    assert totp.matching_step(SECRET, code, moment, 0) == totp.step_at(moment)


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(steps: int, fits: bool) -> None:
    moment = 1_800_000_000
    code = totp.code_at(SECRET, totp.step_at(moment) + steps)
    assert (totp.matching_step(SECRET, code, moment, 0) is not None) is fits


def test_a_step_that_is_used_up_fits_no_more() -> None:
    here = totp.step_at(1_800_000_000)
    assert totp.matching_step(SECRET, totp.code_at(SECRET, here), 1_800_000_000, here) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, here - 1), 1_800_000_000, here) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, here + 1), 1_800_000_000, here) == here + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "２８７０８２"])
def test_what_is_no_code_does_not_fit(code: str) -> None:
    assert totp.matching_step(SECRET, code, 59, 0) is None


def test_the_address_for_the_app_is_escaped() -> None:
    address = totp.address(SECRET, "cyberadmin", "é:&?/ a")
    assert address.startswith("otpauth://totp/cyberadmin%3A%C3%A9%3A%26%3F/%20a?secret=")
    assert len(base64.b32decode(totp.new_secret())) == 20
    assert totp.new_secret() != totp.new_secret()

"""Log lines: one JSON object each, with who and which client, and without tokens and addresses."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from cyberadmin import logs

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
ADDRESS = "marie.tremblay@example.com"


def line(
    message: str, *args: object, error: Exception | None = None, formatter: logging.Formatter | None = None
) -> str:
    """One record as it is written."""
    trace = None
    if error is not None:
        try:
            raise error
        except type(error):
            trace = sys.exc_info()
    record = logging.LogRecord("cyberadmin.tests", logging.WARNING, __file__, 1, message, args, trace)
    return (formatter or logs.json_lines()).format(record)


def test_a_line_says_when_where_who_and_which_client() -> None:
    with logs.context(actor=4, account=7, change=9):
        said = json.loads(line("Something %s", "happened"))
    assert said["event"] == "Something happened"
    assert (said["actor"], said["account"], said["change"]) == (4, 7, 9)
    assert (said["level"], said["logger"]) == ("warning", "cyberadmin.tests")
    assert said["timestamp"].endswith("Z")
    assert "actor" not in json.loads(line("Afterwards"))


@pytest.mark.parametrize("formatter", [logs.json_lines(), logs.plain_lines()])
@pytest.mark.parametrize(
    "secret", [ADDRESS, JWT, f"Authorization: Bearer {JWT}", "Basic dXNlcjpwYXNzd29yZA==", f"<{ADDRESS}>"]
)
def test_secrets_are_masked_wherever_they_stand(secret: str, formatter: logging.Formatter) -> None:
    bare = secret.split()[-1].strip("<>")
    with logs.context(detail=secret):
        for said in (
            line("It was %s", secret, formatter=formatter),
            line("It was %s", {"nested": [secret]}, formatter=formatter),
            line("It broke", error=ValueError(secret), formatter=formatter),
        ):
            assert bare not in said


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_a_value_cannot_forge_a_line(breaks: str) -> None:
    forged = f'x{breaks}{{"event": "forged"}}'
    assert len(line("Said %s", forged).split("\n")) == 1
    assert "\r" not in line("Said %s", forged)
    assert len(line("Said %s", forged, formatter=logs.plain_lines()).split("\n")) == 1

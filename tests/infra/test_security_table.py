"""docs/security.md has its 39 lines, and every test that it names is collected."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.infra.console import ROOT

TABLE = ROOT / "docs" / "security.md"
_NAMED = re.compile(r"`(tests/[\w/]+\.py::\w+(?:::\w+)?)`")


def lines() -> dict[int, list[str]]:
    """The cells of each line, by its number."""
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", TABLE.read_text(), re.MULTILINE)
    return {int(number): [cell.strip() for cell in cells.split(" | ")] for number, cells in rows}


def named() -> set[str]:
    return set(_NAMED.findall(TABLE.read_text()))


def test_every_line_has_a_control_and_a_test() -> None:
    table = lines()
    assert sorted(table) == list(range(1, 40))
    for number, cells in table.items():
        assert len(cells[0]) > 40, number
        assert _NAMED.findall(cells[1]), number


def test_every_named_test_is_collected() -> None:
    files = sorted({name.partition("::")[0] for name in named()})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    collected = {line.partition("[")[0] for line in done.stdout.splitlines()}
    assert named() - collected == set()

"""Fails when a leg of the suite was left out: no test ran, a browser test was missing, or anything was skipped for want of
its program. Takes the two JUnit files of the runs on SQLite and on PostgreSQL."""

import sys
import xml.etree.ElementTree as ElementTree

BROWSER = "tests.browser."


def read(path: str) -> tuple[list[str], list[str]]:
    """Names of the tests that ran, and name and reason of those that were skipped."""
    ran, skipped = [], []
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314 - written by pytest a moment ago
        name = f"{case.get('classname')}.{case.get('name')}"
        skip = case.find("skipped")
        if skip is None:
            ran.append(name)
        else:
            skipped.append(f"{name}: {skip.get('message')}")
    return ran, skipped


def problems(first: str, second: str) -> list[str]:
    """What was left out, in sentences."""
    found = []
    ran, skipped = read(first)
    if not any(name.startswith(BROWSER) for name in ran):
        found.append("No browser test ran.")
    # What needs PostgreSQL is run by the second leg, which may skip nothing.
    found += [f"Skipped on SQLite: {line}" for line in skipped if "PostgreSQL" not in line]
    ran, skipped = read(second)
    if not ran:
        found.append("No test ran on PostgreSQL and Redis.")
    found += [f"Skipped on PostgreSQL: {line}" for line in skipped if "SQLite" not in line]
    return found


if __name__ == "__main__":
    lines = problems(*sys.argv[1:])
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.exit(bool(lines))

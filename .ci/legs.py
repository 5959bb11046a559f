"""Fails when a leg of the suite was left out: no test ran, a browser test was missing, or a test was skipped in both
runs. Takes the two JUnit files of the runs on SQLite and on PostgreSQL."""

import sys
import xml.etree.ElementTree as ElementTree

BROWSER = "tests.browser."


def read(path: str) -> tuple[set[str], list[tuple[str, str]]]:
    """Names of the tests that ran, and name and reason of those that were skipped."""
    ran: set[str] = set()
    skipped: list[tuple[str, str]] = []
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314 - written by pytest a moment ago
        name = f"{case.get('classname')}.{case.get('name')}"
        skip = case.find("skipped")
        if skip is None:
            ran.add(name)
        else:
            skipped.append((name, str(skip.get("message"))))
    return ran, skipped


def problems(first: str, second: str) -> list[str]:
    """What was left out, in sentences."""
    found = []
    ran_first, skipped_first = read(first)
    ran_second, skipped_second = read(second)
    if not any(name.startswith(BROWSER) for name in ran_first):
        found.append("No browser test ran.")
    if not ran_second:
        found.append("No test ran on PostgreSQL and Redis.")
    # What one database cannot do is run on the other.
    found += [
        f"Skipped on SQLite, not run on PostgreSQL: {name}: {why}"
        for name, why in skipped_first
        if name not in ran_second
    ]
    found += [
        f"Skipped on PostgreSQL, not run on SQLite: {name}: {why}"
        for name, why in skipped_second
        if name not in ran_first
    ]
    return found


if __name__ == "__main__":
    lines = problems(*sys.argv[1:])
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.exit(bool(lines))

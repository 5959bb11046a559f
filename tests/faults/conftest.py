"""The fault campaign: its desk, and the one line of figures at the end (repeat it with `bin/test --long tests/faults`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.desk import Desk
from tests.faults.oracle import TALLY
from tests.faults.workers import Nursery
from tests.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    """The staff of a fresh client."""
    return Desk(world)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of a parallel run hands its figures to the one that reports."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["faults"] = dict(TALLY.counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    TALLY.counts.update(getattr(node, "workeroutput", {}).get("faults", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TALLY.counts:
        terminalreporter.write_sep("-", "fault campaign; repeat with: bin/test --long tests/faults")
        terminalreporter.write_line(TALLY.line())


@pytest.fixture(scope="session")
def _nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("workers"))
    yield nursery
    nursery.stop()


@pytest.fixture
def workers(_nursery: Nursery, desk: Desk) -> Iterator[Nursery]:
    """Where worker processes come from; none outlives the test."""
    yield _nursery
    _nursery.clear()

"""The supervisor with small children: started again, killed with all they started, stopped in the end."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cyberadmin.console.supervisor import Child, Supervisor, Watchdog, open_log
from tests.infra.console import ROOT, environment, is_alive, until

#: Writes its own process id and that of a child of its own, then waits.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {child.pid}\\n")
time.sleep(600)
"""
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").write("ready")
time.sleep(600)
"""
#: A supervisor in a process of its own, to be killed.
SUPERVISOR = """
import sys
from pathlib import Path
from cyberadmin.console.supervisor import Child, Supervisor
supervisor = Supervisor(print)
supervisor.add(Child("family", [sys.executable, "-c", sys.argv[1], sys.argv[2]], {}, Path(sys.argv[3])))
supervisor.watch()
"""


def families(path: Path) -> list[list[int]]:
    """The process ids that each start of FAMILY wrote."""
    return [[int(pid) for pid in line.split()] for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(said):
    supervisor = Supervisor(said.append, stop_seconds=1)
    yield supervisor
    supervisor.stop()


def start(supervisor, code, path, name="child"):
    return supervisor.add(Child(name, [sys.executable, "-c", code, str(path)], {}, path.with_suffix(".log")))


def test_a_killed_child_takes_its_own_children_along_and_starts_again(supervisor, said, tmp_path):
    path = tmp_path / "pids"
    start(supervisor, FAMILY, path)
    until(lambda: len(families(path)) == 1, 10, "the first start")
    first = families(path)[0]
    os.kill(first[0], signal.SIGKILL)
    supervisor.watch(0.3)
    assert said == [f"child stopped (signal 9); it starts again in 0.5 s. Log: {path.with_suffix('.log')}"]
    until(lambda: supervisor.watch(0.1) or len(families(path)) == 2, 10, "the second start")
    assert not any(map(is_alive, first))
    assert all(map(is_alive, families(path)[1]))


def test_a_child_that_cannot_start_is_tried_ever_more_seldom(supervisor, said, tmp_path):
    start(supervisor, "raise SystemExit(3)", tmp_path / "none")
    until(lambda: supervisor.watch(0.1) or len(said) == 3, 20, "three deaths")
    assert [line.split("again in ")[1].split(" s")[0] for line in said] == ["0.5", "1", "2"]
    assert "exit code 3" in said[0]


def test_a_child_that_stops_answering_is_killed_and_starts_again(supervisor, said, tmp_path):
    path = tmp_path / "pids"
    child = start(supervisor, FAMILY, path)
    until(lambda: families(path), 10, "the first start")
    answers = iter([True, False, True, False, False, False])
    supervisor.watchdogs.append(Watchdog(child, lambda: next(answers, True), every=0.05, patience=3))
    until(lambda: supervisor.watch(0.1) or len(families(path)) == 2, 10, "the second start")
    assert said[0] == "child does not answer any more; it is killed."
    assert said[1].startswith("child stopped (signal 9)")
    assert not any(map(is_alive, families(path)[0]))
    supervisor.watch(0.3)
    assert all(map(is_alive, families(path)[1]))


def test_stop_ends_everything_even_what_ignores_the_request(supervisor, said, tmp_path):
    pids, ready = tmp_path / "pids", tmp_path / "ready"
    family = start(supervisor, FAMILY, pids)
    stubborn = start(supervisor, STUBBORN, ready, "mule")
    until(lambda: families(pids) and ready.exists(), 10, "both started")
    everything = [*families(pids)[0], stubborn.process.pid, family.process.pid]
    supervisor.stop()
    until(lambda: not any(map(is_alive, everything)), 10, "every process gone")
    assert said == ["mule does not stop; it is killed."]


def test_a_request_to_stop_ends_the_watch(supervisor):
    threading.Timer(0.1, supervisor.request_stop).start()
    supervisor.watch(30)
    assert supervisor.stopping


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_a_killed_supervisor_leaves_no_child(tmp_path):
    path = tmp_path / "pids"
    command = [sys.executable, "-c", SUPERVISOR, FAMILY, str(path), str(tmp_path / "log")]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path))
    try:
        until(lambda: families(path), 20, "the child's start")
        leader, grandchild = families(path)[0]
        process.kill()
        process.wait()
        until(lambda: not is_alive(leader), 10, "the child gone")
    finally:
        process.kill()
        process.wait()
        os.kill(grandchild, signal.SIGKILL)


def test_a_long_log_is_set_aside(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("a long enough line\n")
    with open_log(log, limit=10) as file:
        file.write(b"new\n")
    assert log.read_text() == "new\n"
    assert (tmp_path / "web.old.log").read_text() == "a long enough line\n"

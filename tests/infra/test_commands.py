"""bin/setup's sentences on a machine where something is missing, and the guard of .ci/run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.console import ROOT

NEEDED = ("bash", "dirname", "cat", "sha256sum", "cut", "flock", "env")
WITHOUT_VENV = """#!/bin/sh
case "$2" in
  *ensurepip*) exit 1 ;;
esac
exit 0
"""
TOO_OLD = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def setup(tmp_path):
    """Runs bin/setup in a folder of its own, with only the programs it may count on and the pythons given."""
    project, programs = tmp_path / "project", tmp_path / "programs"
    (project / "bin").mkdir(parents=True)
    programs.mkdir()
    shutil.copy(ROOT / "bin/setup", project / "bin/setup")
    for name in NEEDED:
        (programs / name).symlink_to(shutil.which(name))

    def run(*arguments, **pythons):
        for name, script in pythons.items():
            (programs / name).write_text(script)
            (programs / name).chmod(0o755)
        command = [str(project / "bin/setup"), *arguments]
        done = subprocess.run(command, env={"PATH": str(programs)}, capture_output=True, text=True, timeout=60)
        assert not (project / ".venv").exists()
        return done

    return run


@pytest.mark.parametrize("pythons", [{}, {"python3": TOO_OLD}])
def test_a_missing_python_is_told_in_one_sentence(setup, pythons):
    done = setup(**pythons)
    assert done.returncode == 1
    assert done.stderr.startswith("bin/setup: Python 3.11, 3.12 or 3.13 is needed and none was found")
    assert done.stderr.count("\n") == 1


def test_a_missing_venv_module_is_told_with_the_command_that_installs_it(setup):
    done = setup(python3=WITHOUT_VENV)
    assert done.returncode == 1
    assert done.stderr.endswith("install it with: sudo apt-get install python3-venv\n")
    assert done.stderr.count("\n") == 1


def test_an_unknown_option_is_refused(setup):
    done = setup("--everything")
    assert (done.returncode, done.stderr) == (1, "bin/setup: unknown option --everything (only --dev is known).\n")


def test_a_second_setup_changes_nothing():
    stamp = ROOT / ".venv/.installed-2"
    before = stamp.stat().st_mtime_ns
    done = subprocess.run([str(ROOT / "bin/setup"), "--dev"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert stamp.stat().st_mtime_ns == before


def report(path: Path, *cases: str) -> str:
    """A JUnit file with these test cases, each `module` or `module: reason of its skip`."""
    lines = []
    for case in cases:
        module, _, reason = case.partition(": ")
        inside = f'<skipped message="{reason}"/>' if reason else ""
        lines.append(f'<testcase classname="{module}" name="test">{inside}</testcase>')
    path.write_text(f"<testsuites><testsuite>{''.join(lines)}</testsuite></testsuites>")
    return str(path)


BROWSER, ENGINE = "tests.browser.test_walk", "tests.sync.test_push"


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        ([BROWSER, ENGINE], [ENGINE], ""),
        ([BROWSER, f"{ENGINE}: needs PostgreSQL"], [ENGINE], ""),
        ([BROWSER, ENGINE], [f"{ENGINE}: SQLite only"], "No test ran on PostgreSQL"),
        ([BROWSER, ENGINE], [BROWSER, f"{ENGINE}: SQLite only"], ""),
        ([BROWSER, f"{ENGINE}: needs PostgreSQL"], [BROWSER], "not run on PostgreSQL: tests.sync.test_push.test"),
        ([ENGINE], [ENGINE], "No browser test ran."),
        ([f"{BROWSER}: no Chromium"], [ENGINE], "not run on PostgreSQL: tests.browser.test_walk.test: no Chromium"),
        ([BROWSER], [], "No test ran on PostgreSQL and Redis."),
        ([BROWSER], [ENGINE, f"{ENGINE}: needs PostgreSQL"], "not run on SQLite: tests.sync.test_push.test: needs"),
    ],
)
def test_a_leg_that_was_left_out_fails_the_run(tmp_path, first, second, complaint):
    files = [report(tmp_path / "first.xml", *first), report(tmp_path / "second.xml", *second)]
    command = [sys.executable, str(ROOT / ".ci/legs.py"), *files]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=60)
    assert done.returncode == bool(complaint)
    assert complaint in done.stdout

"""`manage.py serve` (bin/start): the whole console on one machine, for development, a demo or a trial.

Starts the sandbox, the web server and a worker with its beat, keeps them running, and prints one address once all of
them answer. Production runs the same parts under its own supervisor (docs/production.md).
"""

import http.client
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _

from cyberadmin.celery import app
from cyberadmin.console.supervisor import Child, Supervisor, Watchdog

HOST = "127.0.0.1"
READY_SECONDS = 120.0
WORKER_THREADS = 8
WEB_THREADS = 4


class StartError(Exception):
    """Something that keeps the console from starting, said in one sentence."""


class Command(BaseCommand):
    help = "Start the console with everything it needs on this machine, and keep it running."
    # The checks of migrate are enough here; the gate runs the whole set.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        web, sandbox = os.environ.get("CYBERADMIN_PORT", "8000"), os.environ.get("CYBERADMIN_SANDBOX_PORT", "8010")
        parser.add_argument("--port", type=int, default=web, help="port of the console (CYBERADMIN_PORT; 0: any)")
        parser.add_argument(
            "--sandbox-port", type=int, default=sandbox, help="port of the sandbox (CYBERADMIN_SANDBOX_PORT; 0: any)"
        )
        parser.add_argument("--empty", action="store_true", help="no demo data and no sandbox")

    def handle(self, **options: Any) -> None:
        translation.activate("fr" if os.environ.get("LANG", "").startswith("fr") else "en")
        self.supervisor = Supervisor(self.say)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.supervisor.request_stop)
        try:
            self.start(options)
            self.supervisor.watch()
        except StartError as error:
            self.stderr.write(str(error))
            sys.exit(1)
        finally:
            self.supervisor.stop()
        self.say(_("Stopped."))

    def say(self, line: str) -> None:
        """One line for the person at the terminal, at once."""
        self.stdout.write(line)
        self.stdout.flush()

    def start(self, options: dict[str, Any]) -> None:
        """Start every part and say where the console is. Raises StartError."""
        if not settings.DEVELOPMENT:
            raise StartError(_("serve is for development and demos; docs/production.md says how to run in production."))
        web_port = free_port(options["port"], "--port", "CYBERADMIN_PORT")
        sandbox_port = (
            0 if options["empty"] else free_port(options["sandbox_port"], "--sandbox-port", "CYBERADMIN_SANDBOX_PORT")
        )
        sandbox = None if options["empty"] else self.add(sandbox_child(sandbox_port))
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        description = self.read_description(sandbox) if sandbox else {}
        environment = {"CYBERIMPACT_SANDBOX_URL": str(description.get("base_url", ""))}
        self.add(web_child(web_port, environment))
        worker = self.add(worker_child(environment))
        lines = self.make_demo(description, environment) if sandbox else first_administrator()
        address = f"http://{HOST}:{web_port}/"
        self.wait_until(lambda: answers(web_port), _("The web server"))
        self.wait_until(worker_answers, _("The worker"))
        # A worker can sit there connected and take nothing any more; this notices within two minutes.
        self.supervisor.watchdogs.append(Watchdog(worker, worker_answers))
        if not self.supervisor.stopping:
            self.say("\n".join(["", f"  {address}", "", *lines, "", _("Ctrl-C stops everything.")]))

    def add(self, child: Child) -> Child:
        """Start a child and keep it running."""
        return self.supervisor.add(child)

    def wait_until(self, is_ready: Any, name: str) -> None:
        """Look after the children until `is_ready()`. Raises StartError when that takes too long."""
        end = time.monotonic() + READY_SECONDS
        while not self.supervisor.stopping and not is_ready():
            if time.monotonic() > end:
                raise StartError(
                    _("%(name)s does not answer; see %(folder)s.") % {"name": name, "folder": log_folder()}
                )
            self.supervisor.watch(0.1)

    def read_description(self, sandbox: Child) -> dict[str, Any]:
        """The line of JSON in which the sandbox says where it is and whom it knows."""
        self.wait_until(lambda: select.select([sandbox.output], [], [], 0)[0], _("The sandbox"))
        line = b"{}" if self.supervisor.stopping else sandbox.output.readline()
        try:
            return dict(json.loads(line))
        except ValueError:
            raise StartError(_("The sandbox did not start; see %(log)s.") % {"log": sandbox.log}) from None

    def make_demo(self, description: dict[str, Any], environment: dict[str, str]) -> list[str]:
        """Run `manage.py demo` and return what it printed. The tokens go through its standard input. Raises StartError."""
        log = log_folder() / "demo.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 - a command of our own
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"],
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        with process:
            pipe(process.stdin).write(json.dumps(description).encode())
            pipe(process.stdin).close()
            self.wait_until(lambda: process.poll() is not None, "demo")
            process.terminate()
            printed = pipe(process.stdout).read()
        if process.returncode and not self.supervisor.stopping:
            raise StartError(_("The demo data could not be made; see %(log)s.") % {"log": log})
        return printed.decode().splitlines()


def free_port(port: int, option: str, variable: str) -> int:
    """The port itself if it is free, any free one for 0. Raises StartError when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            message = _("Port %(port)s is in use by another program; choose another with %(option)s or %(variable)s.")
            raise StartError(message % {"port": port, "option": option, "variable": variable}) from None
        return int(probe.getsockname()[1])


def log_folder() -> Path:
    """Where the children write what they have to say."""
    return Path(settings.DATA_DIR) / "log"


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """A stream that was asked for as a pipe."""
    if stream is None:
        raise TypeError("not a pipe")
    return stream


def python_child(name: str, log: str, module: str, *arguments: str, **more: Any) -> Child:
    """A child that runs a Python module of this environment."""
    environment = more.pop("environment", {})
    return Child(name, [sys.executable, "-m", module, *arguments], environment, log_folder() / log, **more)


def sandbox_child(port: int) -> Child:
    """The stand-in for the vendor, with a store of its own."""
    store = str(Path(settings.DATA_DIR) / "sandbox.sqlite3")
    return python_child(
        _("The sandbox"),
        "sandbox.log",
        "cyberadmin.sandbox",
        "--port",
        str(port),
        "--data",
        store,
        "--seed",
        "demo",
        pipe=True,
    )


def web_child(port: int, environment: dict[str, str]) -> Child:
    """The web server: one process and a few threads are plenty here. No control socket in the home folder."""
    options = ["--bind", f"{HOST}:{port}", "--worker-class", "gthread", "--workers", "1", "--threads", str(WEB_THREADS)]
    options += ["--no-control-socket", "--log-level", "warning", "--timeout", "60", "--graceful-timeout", "10"]
    return python_child(
        _("The web server"), "web.log", "gunicorn", *options, "cyberadmin.wsgi", environment=environment
    )


def worker_child(environment: dict[str, str]) -> Child:
    """The worker and, inside it, the beat. Threads, since pushing and pulling wait for the network."""
    options = ["--beat", "--pool", "threads", "--concurrency", str(WORKER_THREADS), "--loglevel", "WARNING"]
    options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    arguments = ["-A", "cyberadmin.celery", "worker", *options]
    return python_child(_("The worker"), "worker.log", "celery", *arguments, environment=environment)


def answers(port: int) -> bool:
    """Whether our web server answers there with anything but a failure of its own. No proxy is asked."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def worker_answers() -> bool:
    """Whether a worker on our broker answers."""
    return bool(app.control.ping(timeout=0.5))


def first_administrator() -> list[str]:
    """Make the first administrator of an empty console. The password is shown this once and stored only hashed."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return []
    password = secrets.token_urlsafe(12)
    users.create_superuser("admin", password=password)
    line = _(
        "First administrator: %(name)s, password: %(password)s (shown only this once; change it after logging in)."
    )
    return [line % {"name": "admin", "password": password}]

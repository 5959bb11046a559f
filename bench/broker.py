"""How fast and how safely the broker passes doorbells: latency, a long burst with several workers, a killed worker.

    python -m bench.broker --messages 10000 --workers 2 [--broker redis://127.0.0.1:6379/0]

Without --broker it measures the embedded broker with the product's own settings, in a folder of its own.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["embedded"] = "cyberadmin.broker.sqlite:Transport"
app = Celery("bench")
app.config_from_object("tests.settings", namespace="CELERY")
app.conf.beat_schedule = {}
WORKER = ["-A", "bench.broker", "worker", "--pool", "threads", "--concurrency", "8", "--loglevel", "WARNING"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat"]


@app.task(name="bench.mark")
def mark(number: int, sent: float) -> None:
    """Write down when this message was sent and started: one line, appended whole."""
    line = f"{number} {sent} {time.time()}\n".encode()
    descriptor = os.open(os.environ["BENCH_MARKS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line)
    os.close(descriptor)


class Marks:
    """What the workers wrote, read as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: dict[int, list[tuple[float, float]]] = {}
        self.offset = 0
        path.touch()

    def read(self) -> int:
        """Read what is new; the number of different messages that arrived."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in whole.splitlines():
            number, sent, started = line.split()
            self.seen.setdefault(int(number), []).append((float(sent), float(started)))
        return len(self.seen)

    def wait_for(self, number: int, seconds: float) -> bool:
        """Whether this message arrives in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read()
            if number in self.seen:
                return True
            time.sleep(0.01)
        return False


class Workers:
    """Worker processes that are started again when they die, each death counted."""

    def __init__(self, count: int, folder: Path) -> None:
        self.folder = folder
        self.crashes = 0
        self.processes = [self.start(number) for number in range(count)]

    def start(self, number: int) -> subprocess.Popen[bytes]:
        with (self.folder / f"worker{number}.log").open("ab") as log:
            command = [sys.executable, "-m", "celery", *WORKER, "--hostname", f"bench{number}@%h"]
            return subprocess.Popen(command, stdout=log, stderr=log)

    def look_after(self) -> None:
        for number, process in enumerate(self.processes):
            if process.poll() is not None:
                self.crashes += 1
                self.processes[number] = self.start(number)

    def kill_first(self) -> None:
        self.processes[0].send_signal(signal.SIGKILL)
        self.processes[0].wait()
        self.processes[0] = self.start(0)

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def quantiles(values: list[float]) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds."""
    ordered = sorted(values)
    return statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.95) - 1] * 1000


def latency(marks: Marks, workers: Workers, first: int, count: int) -> tuple[float, float]:
    """Single messages with pauses in between, as people's edits come."""
    chance = random.Random(7)
    for number in range(first, first + count):
        mark.delay(number, time.time())
        marks.wait_for(number, 5)
        workers.look_after()
        time.sleep(chance.uniform(0.05, 0.4))
    return quantiles(
        [marks.seen[n][0][1] - marks.seen[n][0][0] for n in range(first, first + count) if n in marks.seen]
    )


def burst(marks: Marks, workers: Workers, first: int, count: int) -> tuple[float, float, int]:
    """All at once: messages sent a second, started a second, and lost."""
    began = time.monotonic()
    for number in range(first, first + count):
        mark.delay(number, time.time())
    published = time.monotonic() - began
    last, quiet_since = marks.read(), time.monotonic()
    while last < first + count and time.monotonic() - quiet_since < 20:
        workers.look_after()
        now = marks.read()
        if now > last:
            last, quiet_since = now, time.monotonic()
        time.sleep(0.05)
    drained = quiet_since - began
    return count / published, len(marks.seen) / max(drained, 0.001), first + count - len(marks.seen)


def recovery(marks: Marks, workers: Workers, number: int) -> float:
    """Seconds from kill -9 of a worker (started again at once) until a message sent meanwhile is started."""
    began = time.monotonic()
    workers.kill_first()
    mark.delay(number, time.time())
    return time.monotonic() - began if marks.wait_for(number, 60) else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--singles", type=int, default=100)
    parser.add_argument("--broker", default="", help="broker URL; default: the embedded one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cyberadmin-bench-") as name:
        folder = Path(name)
        os.environ |= {"CYBERADMIN_DATA": name, "BENCH_MARKS": str(folder / "marks")}
        if options.broker:
            os.environ["CELERY_BROKER_URL"] = options.broker
        print(measure(folder, options))


def measure(folder: Path, options: argparse.Namespace) -> str:
    """Run every part; prints a table and returns one line of JSON."""
    marks, workers = Marks(folder / "marks"), Workers(options.workers, folder)
    try:
        mark.delay(0, time.time())
        if not marks.wait_for(0, 60):
            raise SystemExit("no worker answers")
        p50, p95 = latency(marks, workers, 1, options.singles)
        sent, started, lost = burst(marks, workers, 1 + options.singles, options.messages)
        doubled = sum(len(times) - 1 for times in marks.seen.values())
        seconds = recovery(marks, workers, 1 + options.singles + options.messages)
    finally:
        workers.stop()
    figures = {
        "broker": app.connection_for_write().as_uri(),
        "workers": options.workers,
        "p50_ms": round(p50, 1),
        "p95_ms": round(p95, 1),
        "messages": options.messages,
        "sent_per_second": round(sent),
        "started_per_second": round(started),
        "lost": lost,
        "doubled": doubled,
        "worker_crashes": workers.crashes,
        "recovery_seconds": round(seconds, 2),
    }
    for label, value in figures.items():
        print(f"{label:<20} {value}")
    if workers.crashes:
        print((folder / "worker0.log").read_text()[-3000:], file=sys.stderr)
    return json.dumps(figures)


if __name__ == "__main__":
    main()
